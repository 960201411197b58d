"""A user agent begins once and ends once, in one event loop."""

from __future__ import annotations

import asyncio
import os

import pytest
from calling import next_call

from session_fsm import CallFailedError, SessionFsmError, UserAgent
from session_fsm.session.events import CallEnded

NAME, ANY = "sip:alice@127.0.0.1", "127.0.0.1:0"


async def test_a_user_agent_that_was_closed_stays_so():
    """Its log is closed; opened again it could neither take calls nor be closed."""
    before = len(os.listdir("/proc/self/fd"))
    async with UserAgent(NAME, bind=ANY) as agent:
        pass

    for again in (agent.start, agent.__aenter__):
        with pytest.raises(SessionFsmError, match="make another one"):
            await again()
    with pytest.raises(SessionFsmError, match="make another one"):
        agent.make_call("sip:bob@127.0.0.1:9")
    await agent.close()
    assert before == len(os.listdir("/proc/self/fd"))


async def test_whoever_closes_too_returns_when_it_is_closed(bob):
    """Not before: what follows may need the port."""
    agent = UserAgent(NAME, bind=ANY)
    await agent.start()
    agent.make_call(bob.contact)
    closing = [asyncio.create_task(agent.close()) for _ in range(3)]

    await asyncio.wait(closing, return_when=asyncio.FIRST_COMPLETED)

    assert agent._open_driver is None
    await asyncio.gather(*closing)


async def test_no_call_begins_while_the_others_are_hung_up(bob):
    agent = UserAgent(NAME, bind=ANY)
    await agent.start()
    call = agent.make_call(bob.contact)
    await next_call(bob)
    closing = asyncio.create_task(agent.close())
    while not agent._leaving:
        await asyncio.wait([closing], timeout=0)

    with pytest.raises(SessionFsmError, match="was closed"):
        agent.make_call(bob.contact)
    await closing
    with pytest.raises(CallFailedError):
        await call.wait_for_media()


async def test_another_event_loop_is_told_where_it_is(alice, bob):
    """Rather than waiting for ever for an event that wakes nobody there."""
    call = alice.make_call(bob.contact)
    await next_call(bob)

    for use in (call.hang_up, lambda: call.wait_for_event(CallEnded), lambda: alice.wait_for_event(CallEnded)):
        with pytest.raises(SessionFsmError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, use())
    with pytest.raises(SessionFsmError, match="another event loop"):
        await asyncio.to_thread(alice.make_call, bob.contact)
