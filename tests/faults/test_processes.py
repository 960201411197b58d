"""Faults of processes, sockets and programs: each call ends in a named state with a reason, and nothing is left.

Lost, late, doubled and crossing messages are in tests/session/test_loss.py and test_races.py, each on the virtual
network, where every timer fires.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from session_fsm import Call, CallState, IncomingInvite, MediaSettings, MediaState, TransportError, UserAgent
from session_fsm.machine import Machine
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.session.dialog import Dialog
from session_fsm.session.events import CallEnded, CallFailed, IncomingCall, MediaEvent
from session_fsm.session.session import Session
from session_fsm.session.transaction import Transaction

pytestmark = pytest.mark.slow

WATCHED = (Call, Session, Machine, Transaction, Dialog, MediaStream)
STALL = 2.0  # seconds


def held() -> tuple[int, int, int, Counter[str]]:
    """Files, tasks, timers and the objects of calls that this process holds."""
    gc.collect()
    loop = asyncio.get_running_loop()
    return (
        len(os.listdir("/proc/self/fd")),
        len(asyncio.all_tasks()),
        sum(not timer.cancelled() for timer in loop._scheduled),
        Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, WATCHED)),
    )


@pytest.fixture(autouse=True)
async def _nothing_is_left() -> AsyncIterator[None]:
    before = held()
    yield
    assert before == held()


def agent(name: str, **said: object) -> UserAgent:
    """A user agent on the loopback interface."""
    return UserAgent(f"sip:{name}@127.0.0.1", bind="127.0.0.1:0", **said)


async def answered(alice: UserAgent, bob: UserAgent) -> tuple[Call, Call]:
    """A call with audio both ways."""
    calling = alice.make_call(bob.contact)
    answering = await (await anext(bob.incoming_calls())).accept()
    await asyncio.gather(calling.wait_for_media(), answering.wait_for_media())
    return calling, answering


async def kill(bob: UserAgent) -> None:
    """As a process that is killed: its sockets are gone, and it says nothing to anybody."""
    driver = bob._open_driver
    for stream in driver.media._streams.values():
        stream._rtp.close()
        stream._rtcp.close()
    driver._socket.close()
    driver.media._streams.clear()
    await driver.close()
    for call in list(bob._calls.values()):
        bob._over(call)
    bob._open_driver = None


async def test_a_peer_that_is_killed_is_noticed_by_the_media_time_out():
    """`MediaSettings.give_up_after`: no RTP and no RTCP for so long; the call is hung up, with the reason."""
    async with agent("alice", media=MediaSettings(give_up_after=0.3)) as alice:
        bob = agent("bob")
        await bob.start()
        calling, _ = await answered(alice, bob)
        await kill(bob)
        ended = await calling.wait_for_event(CallEnded)

        assert ("nothing was heard for too long", CallState.TERMINATED) == (ended.reason, calling.state)


async def test_a_peer_that_is_killed_is_noticed_by_our_next_request():
    """Without a media time-out: the BYE that nobody answers ends the call, at once where its port is closed."""
    async with agent("alice") as alice:
        bob = agent("bob")
        await bob.start()
        calling, _ = await answered(alice, bob)
        await kill(bob)
        await calling.hang_up()
        ended = await calling.wait_for_event(CallEnded)

        assert ("hung up", CallState.TERMINATED) == (ended.reason, calling.state)


async def test_a_silent_call_goes_on_unless_it_is_told_otherwise():
    """A peer that is muted, or whose audio is broken, is no peer that is gone."""
    async with (
        agent("alice", media=MediaSettings(stall_after=0.1)) as alice,
        agent("bob") as bob,
    ):
        calling, answering = await answered(alice, bob)
        answering.media._stream.sends = False
        await calling.wait_for_state(MediaState.STALLED)

        assert CallState.ACTIVE is calling.state


async def test_a_sip_port_in_use_is_named():
    async with agent("alice") as alice:
        with pytest.raises(TransportError, match=f"cannot listen on 127.0.0.1:{alice.address[1]}: the port is in use"):
            await UserAgent("sip:bob@127.0.0.1", bind=alice.address).start()


def free_pairs(count: int) -> tuple[int, int]:
    """A range of so many RTP ports with their RTCP ports, all free."""
    for first in range(20_000, 60_000, 2 * count):
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2 * count)]
        try:
            for n, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + n))
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
        return first, first + 2 * count - 1
    raise AssertionError("no free ports")


async def test_an_rtp_port_in_use_is_passed_over():
    """Another program holds the first of the range: the call gets the next pair."""
    first, last = free_pairs(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", first))
        async with agent("alice", rtp_ports=(first, last)) as alice, agent("bob") as bob:
            calling, _ = await answered(alice, bob)

            assert first + 2 == calling.media.local[1]
            await calling.hang_up()
            await calling.wait_for_event(CallEnded)


async def test_a_caller_hears_503_when_no_rtp_port_is_left_and_all_come_back():
    """The range holds two calls; the third is refused, and when the two are over there is room for two again."""
    first, last = free_pairs(2)
    async with agent("alice") as alice, agent("bob", rtp_ports=(first, last)) as bob:
        for _ in range(2):
            calls = [await answered(alice, bob) for _ in range(2)]
            late = alice.make_call(bob.contact)
            invite = await anext(bob.incoming_calls())
            with pytest.raises(TransportError, match="every RTP port"):
                await invite.accept()
            assert 503 == (await late.wait_for_event(CallFailed)).status
            for calling, answering in calls:
                await calling.hang_up()
                await answering.wait_for_event(CallEnded)
            while bob.calls:
                await bob._leaving.changed.wait()
                bob._leaving.changed.clear()


async def test_a_handler_without_a_port_gives_503():
    """`serve` as well: it is no fault of the handler's."""
    first, last = free_pairs(1)
    async with agent("alice") as alice, agent("bob", rtp_ports=(first, last)) as bob:
        serving = asyncio.create_task(bob.serve(take))
        good = alice.make_call(bob.contact)
        await good.wait_for_media()
        failed = await alice.make_call(bob.contact).wait_for_event(CallFailed)

        assert (503, CallState.ACTIVE) == (failed.status, good.state)
        await good.hang_up()
        await bob.close()
        await serving


async def take(invite: IncomingInvite) -> None:
    """Answer, and leave hanging up to the caller."""
    call = await invite.accept()
    await call.wait_for_event(CallEnded)


async def test_a_handler_that_never_returns_holds_up_nobody_else():
    """Other calls are served meanwhile; leaving hangs up its call, which ends it."""

    async def block(invite: IncomingInvite) -> None:
        if "blocked" in invite.target:
            await invite.ring()
            await invite.call.wait_for_event(CallEnded, timeout=None)
            return
        await take(invite)

    async with agent("alice") as alice, agent("bob") as bob:
        serving = asyncio.create_task(bob.serve(block))
        stuck = alice.make_call(bob.contact.replace("bob@", "blocked@"))
        await stuck.wait_for_state(CallState.RINGING)
        good = alice.make_call(bob.contact)
        await good.wait_for_media()

        assert CallState.RINGING is stuck.state
        await good.hang_up()
        await bob.drain(0.2)
        await serving
        assert 603 == (await stuck.wait_for_event(CallFailed)).status


async def test_a_receiver_of_the_trace_that_raises_ends_no_call(caplog):
    """An application's own fault is logged once, and counted."""

    def fail(row: object) -> None:
        raise RuntimeError("a fault of the application's")

    async with agent("alice", on_trace=fail) as alice, agent("bob") as bob:
        calling, _ = await answered(alice, bob)

        assert CallState.ACTIVE is calling.state
        assert alice.counters["fault.on_trace"] > 1
        await calling.hang_up()
        await calling.wait_for_event(CallEnded)
    caplog.clear()


async def test_a_loop_that_stands_still_for_two_seconds_loses_no_call():
    """Everything of both sides waits; then the call goes on, and ends as it should."""
    async with agent("alice") as alice, agent("bob") as bob:
        calling, answering = await answered(alice, bob)
        until = time.monotonic() + STALL
        while time.monotonic() < until:
            pass
        before = calling.media._stream.incoming.packets
        _, rx = await calling.audio_channels()
        async for _ in rx:
            if calling.media._stream.incoming.packets > before + 5:
                break

        assert (CallState.ACTIVE, CallState.ACTIVE) == (calling.state, answering.state)
        await calling.hang_up()
        assert "the peer hung up" == (await answering.wait_for_event(CallEnded)).reason


async def test_a_wall_clock_that_jumps_an_hour_moves_no_timer(monkeypatch):
    """Forward and back, in the middle of a call: neither silence nor a report is told, and audio goes on."""
    ahead, read = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: read() + ahead[0])
    async with agent("alice", media=MediaSettings(give_up_after=60, stall_after=10)) as alice, agent("bob") as bob:
        calling, answering = await answered(alice, bob)
        incoming = calling.media._stream.incoming
        for jump in (3600.0, -3600.0):
            ahead[0] = jump
            before = incoming.packets
            async for _ in (await calling.audio_channels()).receiver:
                if incoming.packets > before + 15:
                    break

        assert (MediaState.ACTIVE, CallState.ACTIVE) == (calling.media.state, answering.state)
        assert not [event for event in calling.event_log if isinstance(event, MediaEvent)]
        await calling.hang_up()
        await calling.wait_for_event(CallEnded)


async def test_an_icmp_error_ends_a_call_that_rings():
    """The callee's process is gone: the CANCEL finds its port closed."""
    async with agent("alice") as alice:
        bob = agent("bob")
        await bob.start()
        calling = alice.make_call(bob.contact)
        await (await anext(bob.incoming_calls())).ring()
        await calling.wait_for_state(CallState.RINGING)
        await kill(bob)
        await calling.hang_up()
        ended = await calling.wait_for_event(CallEnded)

        assert (CallState.CANCELLED, 487) == (calling.state, ended.status)


async def test_a_caller_that_is_killed_while_it_rings_leaves_nothing():
    """Its call gets 480 in the end, which nobody acknowledges."""
    async with agent("bob") as bob:
        alice = agent("alice")
        await alice.start()
        alice.make_call(bob.contact)
        invite = await anext(bob.incoming_calls())
        await kill(alice)
        await invite.reject(486)
        await bob.wait_for_event(CallFailed)
        await bob.wait_for_event(IncomingCall)

        assert CallState.FAILED is invite.state
