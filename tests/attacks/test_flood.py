"""More calls than anybody can take: bounded memory, one 503 each, and a real caller still gets through."""

from __future__ import annotations

import asyncio
import socket

import pytest

from session_fsm import IncomingInvite, UserAgent
from session_fsm.session.events import CallAnswered, CallEnded
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Network, Phone, ScriptedPeer

INVITES_A_SECOND = 500

INVITE = """\
INVITE {uri} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK{n}
Max-Forwards: 70
From: <sip:mallory@127.0.0.1>;tag=m
To: <sip:bob@127.0.0.1>
Call-ID: flood-{n}
CSeq: 1 INVITE
Contact: <sip:mallory@127.0.0.1:9>
Content-Length: 0

"""


def invite(mallory: ScriptedPeer, bob: Phone, number: int) -> None:
    """One INVITE of a call that nobody means."""
    mallory.request("INVITE", bob, body=mallory.sdp(), call_id=f"flood-{number}")


def flooded(mallory: ScriptedPeer, number: int, **settings: object) -> tuple[Network, Phone]:
    """A network on which Bob got so many INVITEs, none of which is ever acknowledged."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(**settings))
    net = Network(bob, mallory)
    for n in range(number):
        invite(mallory, bob, n)
    net.deliver()
    return net, bob


def test_the_calls_of_one_source_are_bounded(mallory):
    """Those that are too many get 503 with Retry-After, and nothing of them is kept."""
    _, bob = flooded(mallory, 30, max_waiting_per_source=10)

    assert (10, 20) == (len(bob.coordinator.sessions), bob.sent.count(status=503))
    assert 5 == bob.sent.response(503).retry_after


def test_the_calls_of_many_sources_are_bounded_too():
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_waiting=10, twice_from=1))
    net = Network(bob)
    for n in range(30):
        stranger = ScriptedPeer(f"stranger{n}", f"10.0.1.{n}")
        net.add(stranger)
        stranger.request("INVITE", bob, body=stranger.sdp(), call_id=f"flood-{n}")
    net.deliver()

    assert (10, 20) == (len(bob.coordinator.sessions), bob.sent.count(status=503))


def test_an_ipv6_network_is_one_source():
    """A host with a network of 64 bits has addresses enough to be as many callers as it likes."""
    bob = Phone("bob", "2001:db8::2", settings=Settings(max_waiting_per_source=2))
    net = Network(bob)
    for n in range(1, 5):
        stranger = ScriptedPeer(f"stranger{n}", f"2001:db8:66::{n:x}")
        net.add(stranger)
        named = f"<sip:stranger@[{stranger.address[0]}]>"
        headers = [
            ("Via", f"SIP/2.0/UDP [{stranger.address[0]}]:5060;branch=z9hG4bKflood{n}"),
            ("From", f"{named};tag=s"),
            ("To", "<sip:bob@[2001:db8::2]>"),
            ("Contact", named),
        ]
        stranger.request("INVITE", bob, uri="sip:bob@[2001:db8::2]", call_id=f"flood-{n}", headers=headers)
    net.deliver()

    assert (2, 2) == (len(bob.coordinator.sessions), bob.sent.count(status=503))


@pytest.mark.parametrize("answer", [Line.accept, Line.reject])
def test_calls_that_were_decided_count_until_the_caller_acknowledges(mallory, answer):
    """An application that takes or refuses everything at once makes nobody true."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_waiting_per_source=10), when_called=answer)
    net = Network(bob, mallory)
    for n in range(30):
        invite(mallory, bob, n)
    net.deliver()

    assert 20 == bob.sent.count(status=503)


@pytest.mark.parametrize("settings", [{"max_unacknowledged": 5}, {"max_unacknowledged_per_source": 5}])
def test_answered_calls_that_nobody_acknowledges_are_fewer(mallory, settings):
    """Audio leaves with the 200, fifty packets a second, so these are what a flood costs most by."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(**settings, twice_from=1), when_called=Line.accept)
    net = Network(bob, mallory)
    for n in range(30):
        invite(mallory, bob, n)
        net.deliver()

    assert (5, 25) == (len(bob.coordinator.sessions), bob.sent.count(status=503))


def test_one_that_is_answered_in_vain_leaves_room_for_the_next(mallory):
    """64*T1 later it is over, and counts no more; nor does one that is refused after all."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_unacknowledged=1), when_called=Line.accept)
    net = Network(bob, mallory)
    for n in range(3):
        invite(mallory, bob, n)
        net.run_for(100.0)

    assert (3, 0) == (len(bob.lines), bob.sent.count(status=503))
    assert 0 == len(bob.coordinator._endpoint.waiting)


def test_answered_calls_of_one_source_leave_room_for_another(mallory, carol):
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_unacknowledged_per_source=5), when_called=Line.accept)
    net = Network(bob, mallory, carol)
    for n in range(30):
        invite(mallory, bob, n)
    line = carol.call(bob)
    net.deliver()

    assert "Active" == line.state


def test_a_caller_that_acknowledges_may_call_as_often_as_it_likes(carol):
    """A proxy's many calls are no flood."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_waiting_per_source=1), when_called=Line.accept)
    net = Network(bob, carol)
    for _ in range(20):
        carol.call(bob)
        net.deliver()

    assert (20, 0) == (len(bob.coordinator.sessions), bob.sent.count(status=503))


def test_after_a_flood_nothing_is_left(mallory):
    """Every session that it made is gone when nobody answers for it."""
    net, bob = flooded(mallory, 50, max_waiting_per_source=10)
    net.run_until_quiet()

    assert type(bob.leftovers)() == bob.leftovers


def test_a_real_call_is_set_up_within_two_seconds_of_a_flood(mallory, carol):
    """The flood goes on before, meanwhile and after; the real call comes from somewhere else."""
    net, bob = flooded(mallory, 2000, max_waiting_per_source=100)
    bob.when_called = Line.accept
    net.add(carol)
    line = carol.call(bob)
    for n in range(2 * INVITES_A_SECOND):
        invite(mallory, bob, 10_000 + n)
        net.run_for(1 / INVITES_A_SECOND)

    assert line.only(CallAnswered).time <= 2.0
    assert "Active" == line.state


async def test_a_real_call_is_set_up_while_a_flood_goes_on():
    """The same through real sockets: the flood lasts until the real call has audio."""
    settings = Settings(max_waiting_per_source=50)
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=settings) as bob,
        UserAgent("sip:carol@127.0.0.1", bind="127.0.0.2:0") as carol,
    ):
        serving = asyncio.create_task(bob.serve(answer_and_stay))
        with Flood(bob):
            async with carol.make_call(bob.contact) as call:
                await call.wait_for_media()
        assert bob.counters["refused.503"]
        # Nobody answers the BYEs of the flood's calls.
        await bob.drain(0.1)
        await serving


async def answer_and_stay(incoming: IncomingInvite) -> None:
    """Take every call, and leave hanging up to the caller."""
    call = await incoming.accept()
    await call.wait_for_event(CallEnded)


class Flood:
    """INVITEs as fast as this process can send them, a few in each turn of the event loop."""

    def __init__(self, bob: UserAgent) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._bob = bob
        self._sent = 0
        self._next: asyncio.Handle | None = None

    def __enter__(self) -> None:
        for _ in range(10):
            self._send()

    def __exit__(self, *error: object) -> None:
        self._next.cancel()
        self._socket.close()

    def _send(self) -> None:
        if self._next is not None:
            self._next.cancel()
        for _ in range(20):
            self._sent += 1
            text = INVITE.format(uri=self._bob.contact, n=self._sent)
            self._socket.sendto(text.replace("\n", "\r\n").encode(), self._bob.address)
        self._next = asyncio.get_running_loop().call_soon(self._send)
