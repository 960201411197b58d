"""Many calls with SIPp, in both directions, and nothing left of them."""

from __future__ import annotations

import asyncio

import pytest
from answering import over, taking
from leftovers import held, lingered
from schedule import HASTY_T1
from sipp_peer import SippBench

from session_fsm import CallState, Settings, UserAgent
from session_fsm.session.events import CallAnswered

pytestmark = pytest.mark.wire

HASTY = Settings(t1=HASTY_T1, t4=HASTY_T1)
MANY = 200


async def answered(agent: UserAgent, target: str) -> CallState:
    """Call, hang up once the call is answered, and tell how it ended."""
    async with agent.make_call(target) as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    await over(call)
    return call.state


async def test_two_hundred_calls_a_second_leave_nothing_behind(sipp: SippBench):
    """Every call is answered once, and no call, socket, task or timer is left."""
    before = held()

    # However slow this machine is, none of them is one too many.
    roomy = Settings(max_unacknowledged_per_source=MANY)
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=roomy) as bob, taking(bob) as calls:
        options = {"call_count": MANY, "limit": MANY, "rate": MANY, "trace_message": False}
        await (await sipp.caller("uac_plain", bob.address, **options)).done()

    assert MANY * [CallState.TERMINATED] == [call.state for call in calls]
    assert before == held()


async def test_two_hundred_calls_of_ours_leave_nothing_behind(sipp: SippBench):
    """Twenty at a time: every call is answered, and no call, socket, task or timer is left."""
    before = held()
    callee = await sipp.callee("uas_plain", call_count=MANY, limit=MANY, trace_message=False)

    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice:
        states = []
        for _ in range(MANY // 20):
            states += await asyncio.gather(*(answered(alice, callee.uri) for _ in range(20)))
    await callee.done()

    assert MANY * [CallState.TERMINATED] == states
    assert before == held()


async def test_a_call_that_was_answered_is_forgotten_after_its_last_timer(sipp: SippBench):
    """RFC 3261 §17.2.2: timer J is the last one; then the session is gone."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=HASTY) as bob, taking(bob) as calls:
        await (await sipp.caller("uac_plain", bob.address)).done()
        await lingered(bob)

        assert 1 == len(calls)
        assert {} == dict(bob._driver.coordinator.sessions)


async def test_a_call_that_was_made_is_forgotten_after_its_last_timer(sipp: SippBench):
    """RFC 6026 §7.2: timer M is the last one; then the session is gone."""
    callee = await sipp.callee("uas_plain")

    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", settings=HASTY) as alice:
        assert CallState.TERMINATED is await answered(alice, callee.uri)
        await lingered(alice)

        assert {} == dict(alice._driver.coordinator.sessions)
    await callee.done()
