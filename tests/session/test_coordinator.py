"""The door: `session_fsm/session/coordinator.py`, used without any network."""

from __future__ import annotations

from random import Random

import pytest

from session_fsm.errors import LocalProtocolError, Malformed
from session_fsm.sdp import LocalMedia, MediaDirection
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.orders import Edge, EdgeFacts
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Method, Network, Phone

MEDIA = LocalMedia(("10.0.0.1", 40000))


@pytest.fixture
def door() -> SessionCoordinator:
    return SessionCoordinator("sip:alice@10.0.0.1", ("10.0.0.1", 5060), dice=Random(1))


def test_a_new_door_has_nothing_to_hand_out(door):
    assert (None, None, None, None) == (
        door.poll_transmit(),
        door.poll_media(),
        door.poll_event(),
        door.next_deadline(),
    )


def test_a_call_is_one_datagram_and_a_deadline(door):
    door.make_call("sip:bob@10.0.0.2", media=MEDIA, now=100.0)

    first, second = door.poll_transmit(), door.poll_transmit()
    assert (("10.0.0.2", 5060), None, 100.5) == (first.destination, second, door.next_deadline())


def test_the_same_dice_make_the_same_call():
    """Nothing else is random."""
    sent = []
    for _ in range(2):
        door = SessionCoordinator("sip:alice@10.0.0.1", ("10.0.0.1", 5060), dice=Random(7))
        door.make_call("sip:bob@10.0.0.2", media=MEDIA, now=5.0)
        sent.append(door.poll_transmit().data)

    assert sent[0] == sent[1]


@pytest.mark.parametrize(
    "uri", ["tel:+1234", "sips:bob@10.0.0.2", "sip:bob@10.0.0.2;transport=tcp", "bob", "", "sip:", "sip:bob@"]
)
def test_a_uri_that_cannot_be_called_is_refused(door, uri):
    with pytest.raises(Malformed):
        door.make_call(uri, media=MEDIA, now=0.0)

    assert ({}, None) == (dict(door.sessions), door.poll_transmit())


@pytest.mark.parametrize(
    "header",
    [("Subject", "a\r\nContact: <sip:evil@example.com>"), ("Subject", "a\nb"), ("Sub\r\nject", "a"), ("X", "\r")],
)
def test_a_header_with_a_line_break_is_refused(door, header):
    """Header injection: nothing is sent, nothing is kept."""
    with pytest.raises(Malformed):
        door.make_call("sip:bob@10.0.0.2", media=MEDIA, now=0.0, headers=[header])

    assert ({}, None) == (dict(door.sessions), door.poll_transmit())


@pytest.mark.parametrize("header", [("Not a token", "x"), ("", "x"), ("A:B", "x")])
def test_a_header_name_that_is_none_is_refused(door, header):
    with pytest.raises(Malformed):
        door.make_call("sip:bob@10.0.0.2", media=MEDIA, now=0.0, headers=[header])

    assert ({}, None) == (dict(door.sessions), door.poll_transmit())


@pytest.mark.parametrize("uri", ["sip:bob@10.0.0.2\r\nX: y", "sip:bo b@10.0.0.2", "sip:bob@10.0.0.2\n"])
def test_a_uri_with_a_line_break_or_a_blank_is_refused(door, uri):
    with pytest.raises(Malformed):
        door.make_call(uri, media=MEDIA, now=0.0)

    assert door.poll_transmit() is None


@pytest.mark.parametrize("text", ["Busy\r\nX-Evil: 1", "Busy\nHere"])
def test_a_reason_with_a_line_break_is_refused(net, alice, bob, text):
    alice.call(bob)
    net.deliver()

    with pytest.raises(Malformed):
        bob.line.reject(486, text)

    assert ("Initiating", []) == (bob.line.state, bob.sent.names)


def test_a_refusal_with_an_injected_header_is_refused(net, alice, bob):
    alice.call(bob)
    net.deliver()

    with pytest.raises(Malformed):
        bob.line.reject(486, headers=[("Retry-After", "5\r\nX-Evil: 1")])

    assert ("Initiating", []) == (bob.line.state, bob.sent.names)


@pytest.mark.parametrize("contact", ["sip:x@y\r\nX-Evil: 1", "tel:+1\r\nX-Evil: 1", "nobody"])
def test_a_redirection_to_what_is_no_uri_is_refused(net, alice, bob, contact):
    alice.call(bob)
    net.deliver()

    with pytest.raises(Malformed):
        bob.line.redirect(contact)

    assert "Initiating" == bob.line.state


def test_a_redirection_needs_a_contact(net, alice, bob):
    alice.call(bob)
    net.deliver()

    with pytest.raises(ValueError, match="at least one contact"):
        bob.line.redirect()


@pytest.mark.parametrize("command", ["ring", "accept", "reject", "redirect", "progress", "reinvite"])
def test_a_command_for_a_session_that_never_was(door, command):
    arguments = {
        "accept": {"media": MEDIA},
        "progress": {"media": MEDIA},
        "redirect": {"contacts": ["sip:a@b"]},
        "reinvite": {"direction": MediaDirection.SENDRECV},
    }

    with pytest.raises(LocalProtocolError, match=f"cannot {command}: call is over"):
        getattr(door, command)("nobody", now=0.0, **arguments.get(command, {}))


def test_an_edge_of_a_session_that_is_gone_is_passed_over(door):
    door.media_edge("nobody", Edge.FIRST_FRAME, EdgeFacts(), 0.0)

    assert door.poll_event() is None


def test_expire_before_anything_is_due_does_nothing(door):
    door.make_call("sip:bob@10.0.0.2", media=MEDIA, now=0.0)
    door.poll_transmit()
    door.expire(0.4)

    assert (None, 0.5) == (door.poll_transmit(), door.next_deadline())


def test_a_late_expire_fires_what_was_due_once(door):
    """The driver may be late; the machine goes on from the time it is told."""
    door.make_call("sip:bob@10.0.0.2", media=MEDIA, now=0.0)
    door.poll_transmit()
    door.expire(3.0)

    assert (True, None, 4.0) == (door.poll_transmit() is not None, door.poll_transmit(), door.next_deadline())


def test_noise_is_counted_and_never_answered(door):
    for noise in (b"", b"\r\n\r\n", b"\x00\xff" * 100, b"GET / HTTP/1.1\r\n\r\n"):
        door.receive(noise, ("10.0.0.66", 5060), 0.0)

    assert (None, {}) == (door.poll_transmit(), dict(door.sessions))


def test_a_listener_gets_every_row_of_every_machine(net, peer):
    """Rows of transactions too, and those of datagrams that reached no machine."""
    bob = Phone("bob", "10.0.0.3")
    net.add(bob)
    peer.request("INVITE", bob, body=peer.sdp())
    peer.send(b"noise", bob)
    net.deliver()

    machines = {"invite_server:INVITE", "call", "offer_answer", "media", "wire"}
    assert machines == {row.machine for row in bob.rows}


def test_an_answer_of_which_nothing_is_kept_leaves_a_row(net, bob, peer):
    """RFC 3261 §8.2.7: no transaction says it, so the wire does."""
    peer.request("OPTIONS", bob)
    peer.request("BYE", bob)
    net.deliver()

    assert ["OPTIONS: 200", "481 to BYE"] == [row.payload["what"] for row in bob.rows]


def test_the_trace_of_a_session_is_bounded(net, alice):
    bob = Phone("bob", "10.0.0.3", settings=Settings(trace_rows=5), when_called=Line.accept)
    net.add(bob)
    alice.call(bob)
    net.deliver()

    assert 5 == len(list(bob.line.session.rows))


def test_a_trace_can_be_turned_off(net, alice):
    bob = Phone("bob", "10.0.0.3", settings=Settings(trace_rows=0), when_called=Line.accept)
    net.add(bob)
    line = alice.call(bob)
    net.deliver()

    assert ("Active", []) == (line.media, list(bob.line.session.rows) if not bob.rows else [])


def test_an_unreachable_destination_concerns_only_who_sent_there(net, alice, bob, peer):
    other = alice.call(bob)
    net.refuse(peer)
    line = alice.call(peer)
    net.deliver()

    assert ("Failed", "Initiating") == (line.state, other.state)


def test_ipv6_is_written_in_brackets(peer):
    alice, bob = Phone("alice", "2001:db8::1"), Phone("bob", "2001:db8::2", when_called=Line.accept)
    net = Network(alice, bob)
    line = alice.call("sip:bob@[2001:db8::2]")
    net.deliver()

    assert ("Active", "Active") == (line.media, bob.line.media)
    assert "sip:alice@[2001:db8::1]:5060" == str(bob.received.request(Method.INVITE).contact.uri)


def test_a_listener_that_raises_breaks_no_call(caplog):
    """A full disk under `--trace` must not cost a step its effects: the state is committed, so they have to run."""

    def full_disk(row: object) -> None:
        raise OSError(28, "No space left on device")

    door = SessionCoordinator("sip:alice@10.0.0.1", ("10.0.0.1", 5060), dice=Random(1), on_trace=full_disk)
    door.make_call("sip:bob@10.0.0.2", media=MEDIA, now=100.0)
    door.receive(b"no SIP at all", ("10.0.0.2", 5060), 100.0)

    assert b"INVITE" == door.poll_transmit().data[:6]
    assert (1, True) == (len(caplog.records), 1 < door.counters["fault.on_trace"])
    caplog.clear()  # this one fault is the application's
