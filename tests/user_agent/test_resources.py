"""Nothing is left behind: no task, no socket, no timer, no object."""

from __future__ import annotations

import asyncio
import gc
import os
import weakref
from collections import Counter

import pytest
from calling import next_call

from session_fsm import Call, CallState, LocalProtocolError, UserAgent
from session_fsm.machine import Machine
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.session.dialog import Dialog
from session_fsm.session.events import CallEnded
from session_fsm.session.session import Session
from session_fsm.session.transaction import Transaction

pytestmark = pytest.mark.slow

SESSIONS = 1000  # on each side
AT_A_TIME = 10
T1 = 0.05  # so that 64*T1, for which transactions linger (RFC 3261 §17), is over soon; a busy machine needs it
WATCHED = (Call, Session, Machine, Transaction, Dialog, MediaStream)


def open_files() -> int:
    """How many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def alive() -> Counter[str]:
    """How many objects of the classes that make a call there are."""
    gc.collect()
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, WATCHED))


def timers() -> int:
    """Timers of the running loop that will still ring."""
    return sum(not timer.cancelled() for timer in asyncio.get_running_loop()._scheduled)


async def one_call(alice: UserAgent, bob: UserAgent) -> weakref.ref[Call]:
    """Place a call, answer it, hang up."""
    async with alice.make_call(bob.contact) as call:
        await call.wait_for_media()
    await call.wait_for_event(CallEnded)
    return weakref.ref(call)


async def answer(bob: UserAgent) -> None:
    """Answer every call; the callers hang up."""
    async for invite in bob.incoming_calls():
        await invite.accept()


async def test_a_thousand_calls_leave_nothing_behind():
    """After a thousand sessions on each side, and after both user agents are left, everything is as before."""
    before, files, tasks, rings = alive(), open_files(), len(asyncio.all_tasks()), timers()
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", t1=T1) as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", t1=T1) as alice,
    ):
        answering = asyncio.create_task(answer(bob))
        calls = []
        for _ in range(SESSIONS // AT_A_TIME):
            calls += await asyncio.gather(*(one_call(alice, bob) for _ in range(AT_A_TIME)))
        assert 0 == len(alice._driver.media) == len(bob._driver.media)
    await answering
    del alice, bob  # each has the chart of its own end

    assert before == alive()
    assert {None} == {call() for call in calls}
    assert (files, tasks, rings) == (open_files(), len(asyncio.all_tasks()), timers())


async def test_calls_that_were_never_taken_leave_nothing_behind():
    """A user agent that is left while calls ring on both sides releases them too."""
    before, files, tasks = alive(), open_files(), len(asyncio.all_tasks())
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", t1=T1) as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", t1=T1) as alice,
    ):
        for _ in range(5):
            alice.make_call(bob.contact)
        await (await next_call(bob)).ring()
    del alice, bob

    assert (before, files, tasks) == (alive(), open_files(), len(asyncio.all_tasks()))


async def test_a_kept_call_keeps_no_other():
    """A call and an invitation that somebody holds on to outlive their user agents, and lead back to nothing else."""
    before = alive()
    bob = UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", t1=T1)
    alice = UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", t1=T1)
    async with bob, alice:
        kept, other = alice.make_call(bob.contact), alice.make_call(bob.contact)
        invite = await next_call(bob)
        await invite.accept()
        await kept.wait_for_media()
    gone = [weakref.ref(each) for each in (alice, bob, other)]
    del alice, bob, other

    after = alive()
    assert (2, 2) == (after["Call"] - before["Call"], after["Session"] - before["Session"])
    assert [None] * 3 == [ref() for ref in gone]
    assert (CallState.TERMINATED, CallState.TERMINATED) == (kept.state, invite.call.state)
    assert kept.summary().frames_sent > 0
    await kept.hang_up()
    with pytest.raises(LocalProtocolError, match="over"):
        await kept.send_dtmf("1")
