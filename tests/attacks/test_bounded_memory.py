"""What a stranger, or the other party of a call, can make us keep: counted by its size, bounded, gone in the end."""

from __future__ import annotations

import pytest

from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Network, Phone

FILLING = 60_000  # octets
SUBJECT = [("Subject", "x" * FILLING)]


def nothing(phone: Phone) -> bool:
    """Whether nothing is left of anything."""
    return type(phone.leftovers)() == phone.leftovers


@pytest.fixture
def strict(mallory) -> tuple[Network, Phone]:
    """Bob, who has room for 32 calls of strangers and for 32 requests in each call."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_waiting_per_source=32, max_requests=32))
    return Network(bob, mallory), bob


@pytest.fixture
def up(strict, mallory) -> tuple[Network, Phone, str]:
    """He is in a call with Mallory; the last is his tag."""
    net, bob = strict
    bob.when_called = Line.accept
    mallory.request("INVITE", bob, body=mallory.sdp())
    net.deliver()
    tag = mallory.received.response(200).to_tag
    mallory.request("ACK", bob, to_tag=tag)
    net.deliver()
    return net, bob, tag


def test_large_invites_fill_the_room_of_many(strict, mallory):
    """Read, a message takes up to twenty times its octets: of 64 kB each, there is room for a sixteenth as many."""
    net, bob = strict
    for n in range(32):
        mallory.request("INVITE", bob, body=mallory.sdp(), call_id=f"flood-{n}", headers=SUBJECT)
    net.deliver()

    assert (3, 29) == (len(bob.coordinator.sessions), bob.sent.count(status=503))


def test_an_invite_of_any_size_comes_in_where_nobody_waits(mallory):
    """However small the room is."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_waiting=1))
    net = Network(bob, mallory)
    mallory.request("INVITE", bob, body=mallory.sdp(), headers=SUBJECT)
    net.deliver()

    assert 1 == len(bob.coordinator.sessions)


@pytest.mark.parametrize("method", ["OPTIONS", "INFO", "UPDATE", "INVITE", "DANCE", "REFER"])
def test_requests_of_a_call_are_bounded(up, mallory, method):
    """Each keeps a transaction for 64*T1; one too many gets 503 with Retry-After, of which nothing is kept."""
    net, bob, tag = up
    body = mallory.sdp(version=2) if method in ("UPDATE", "INVITE") else b""
    for n in range(100):
        mallory.request(method, bob, to_tag=tag, cseq=2 + n, body=body)
        net.deliver()

    assert bob.coordinator.open_machines()["transactions"] <= 32
    assert 5 == bob.sent.response(503).retry_after
    assert "Active" == bob.line.state


def test_large_requests_of_a_call_are_bounded_sooner(up, mallory):
    net, bob, tag = up
    for n in range(100):
        mallory.request("OPTIONS", bob, to_tag=tag, cseq=2 + n, headers=SUBJECT)
        net.deliver()

    assert bob.coordinator.open_machines()["transactions"] <= 4


def test_the_bye_has_room_when_nothing_else_has(up, mallory):
    """Nobody is kept in a call; and afterwards nothing is left."""
    net, bob, tag = up
    for n in range(100):
        mallory.request("OPTIONS", bob, to_tag=tag, cseq=2 + n)
    mallory.request("BYE", bob, to_tag=tag, cseq=200)
    net.run_until_quiet()

    assert ("Terminated", True) == (bob.line.state, nothing(bob))


def test_after_64_t1_there_is_room_again(up, mallory):
    net, bob, tag = up
    for n in range(100):
        mallory.request("OPTIONS", bob, to_tag=tag, cseq=2 + n)
    net.run_for(33.0)
    mallory.request("OPTIONS", bob, to_tag=tag, cseq=200)
    net.deliver()

    assert 200 == mallory.received[-1].status


def test_what_is_refused_leaves_no_row(strict, mallory):
    """Rows of no session's are told to a listener and kept by nobody: ten thousand of them would be a flood's mark."""
    net, bob = strict
    mallory.send(b"garbage", bob)
    mallory.request("BYE", bob, to_tag="guessed", headers=SUBJECT)
    net.deliver()

    assert {"dropped", "refused"} <= {row.event for row in bob.rows}
    assert 0 == len(bob.coordinator._endpoint.trace)


@pytest.mark.parametrize(("headers", "taken"), [([], 1000), (SUBJECT, 66)], ids=["small", "large"])
def test_responses_to_one_request_are_bounded(net, carol, mallory, headers, taken):
    """Every one makes rows of a trace. What is beyond is dropped and counted, and the call can still be hung up."""
    mallory.when("CANCEL", lambda cancel: mallory.respond(cancel, 200))
    line = carol.call(mallory)
    net.deliver()
    for _ in range(1200):
        mallory.respond(mallory.received[0], 180, headers=headers)
    net.deliver()
    assert 1200 - taken == carol.counters["dropped.one response too many"]

    line.hang_up()
    net.run_until_quiet()
    assert ("Cancelled", True) == (line.state, nothing(carol))


def test_a_flood_of_monstrous_messages_is_dropped_unread(net, bob, mallory, carol):
    """Sixty kilobytes of Vias take ten milliseconds to read; who calls meanwhile does not wait behind a thousand."""
    vias = b"Via: SIP/2.0/UDP a\r\n" * 3000
    for _ in range(200):
        mallory.send(b"OPTIONS sip:bob@10.0.0.2 SIP/2.0\r\n" + vias + b"\r\n", bob)
    bob.when_called = Line.accept
    line = carol.call(bob)
    net.deliver()

    assert "Active" == line.state
    assert 151 == bob.coordinator.counters["dropped.laborious message, of too many"]
