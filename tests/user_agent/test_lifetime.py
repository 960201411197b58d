"""A user agent begins once and ends once, in one event loop."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from calling import connected, next_call

from session_fsm import CallFailedError, SessionFsmError, UserAgent
from session_fsm.session.events import CallEnded, CallFailed, IncomingCall

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
    while not agent._leaving.begun:
        await asyncio.wait([closing], timeout=0)

    with pytest.raises(SessionFsmError, match="was closed"):
        agent.make_call(bob.contact)
    await closing
    with pytest.raises(CallFailedError):
        await call.wait_for_media()


async def test_draining_lets_a_call_end_by_itself(alice):
    """The user agent is gone as soon as its last call is, long before the deadline."""
    bob = UserAgent("sip:bob@127.0.0.1", bind=ANY)
    await bob.start()
    calling, answering = await connected(alice, bob)
    draining = asyncio.create_task(bob.drain(deadline=100))
    await calling.hang_up()
    await draining

    assert "the peer hung up" == answering.reason
    assert bob._open_driver is None


async def test_draining_turns_new_callers_away(alice):
    """They hear 503 with Retry-After, also those that nobody has taken yet, while a call that is up goes on."""
    bob = UserAgent("sip:bob@127.0.0.1", bind=ANY)
    await bob.start()
    contact = bob.contact
    calling, _ = await connected(alice, bob)
    waiting = alice.make_call(contact)
    await bob.wait_for_event(IncomingCall, where=lambda event: len(bob.calls) == 2)
    draining = asyncio.create_task(bob.drain(deadline=100))
    failed = await waiting.wait_for_event(CallFailed)
    late = await alice.make_call(contact).wait_for_event(CallFailed)

    assert (503, 503, "Active") == (failed.status, late.status, calling.state)
    await calling.hang_up()
    await draining


async def test_draining_hangs_up_what_goes_on(alice):
    """In time for the BYE's answer; nothing is left at the deadline."""
    before = len(os.listdir("/proc/self/fd"))
    bob = UserAgent("sip:bob@127.0.0.1", bind=ANY)
    await bob.start()
    calling, answering = await connected(alice, bob)
    await bob.drain(deadline=0.2)
    ended = await calling.wait_for_event(CallEnded)

    assert ("the peer hung up", "hung up") == (ended.reason, answering.reason)
    assert before == len(os.listdir("/proc/self/fd"))


async def test_a_drained_user_agent_serves_no_more(alice):
    """`serve` returns when the handlers that run have; so a program needs no more than `async with` to end."""
    bob = UserAgent("sip:bob@127.0.0.1", bind=ANY)
    taken = asyncio.Event()

    async def answer(invite):
        call = await invite.accept()
        taken.set()
        await call.wait_for_event(CallEnded)

    async with bob:
        serving = asyncio.create_task(bob.serve(answer))
        calling = alice.make_call(bob.contact)
        await taken.wait()
        draining = asyncio.create_task(bob.drain(deadline=100))
        await calling.hang_up()
        await serving
        await draining


@pytest.mark.parametrize("times", [1, 2])
async def test_a_signal_drains_and_the_second_one_hangs_up(alice, times):
    """As a service manager stops a program: SIGTERM, and no second one unless it is in a hurry."""
    async with UserAgent("sip:bob@127.0.0.1", bind=ANY) as bob:
        bob.drain_on(signal.SIGUSR1, deadline=1000 if times == 2 else 0.2)
        calling, answering = await connected(alice, bob)
        for _ in range(times):
            signal.raise_signal(signal.SIGUSR1)
            await bob._leaving.changed.wait()
        ended = await calling.wait_for_event(CallEnded)
        await bob._leaving.done.wait()

    assert ("the peer hung up", "hung up") == (ended.reason, answering.reason)


async def test_another_event_loop_is_told_where_it_is(alice, bob):
    """Rather than waiting for ever for an event that wakes nobody there."""
    call = alice.make_call(bob.contact)
    await next_call(bob)

    for use in (call.hang_up, lambda: call.wait_for_event(CallEnded), lambda: alice.wait_for_event(CallEnded)):
        with pytest.raises(SessionFsmError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, use())
    with pytest.raises(SessionFsmError, match="another event loop"):
        await asyncio.to_thread(alice.make_call, bob.contact)
