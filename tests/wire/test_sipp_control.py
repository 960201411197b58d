"""SIPp and what an application decides about its calls: put off, a fault, leaving; a digest; who sits behind a NAT."""

from __future__ import annotations

import asyncio

import pytest
from answering import next_call, over, taking
from sipp_peer import SippBench

from session_fsm import CallState, Credentials, IncomingInvite, UserAgent
from session_fsm.session.events import AckReceived, CallAnswered, CallEnded, StateChanged

pytestmark = pytest.mark.wire

PATIENCE = 20.0  # seconds
BIND = "127.0.0.1:0"


async def test_a_call_that_is_put_off_is_queued_and_answered_later(sipp: SippBench, agent: UserAgent):
    """182, 180, 200: the caller hears each."""

    async def later(invite: IncomingInvite) -> None:
        await invite.defer(PATIENCE)
        await invite.ring()
        await over(await invite.accept())

    async with taking(agent, later) as calls:
        await (await sipp.caller("uac_queued", agent.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_a_call_of_ours_that_is_queued_goes_on(sipp: SippBench, agent: UserAgent):
    """A 182 is no ringing; the 180 is."""
    callee = await sipp.callee("uas_queued")
    async with agent.make_call(callee.uri) as call:
        await call.wait_for_event(CallAnswered, timeout=PATIENCE)
    await over(call)
    await callee.done()

    states = [event.new_state for event in call.event_log if isinstance(event, StateChanged)]
    assert [CallState.INITIATING, CallState.PROCEEDING, CallState.RINGING, CallState.ACTIVE] == states[:4]


async def test_a_handler_that_raises_refuses_its_call(sipp: SippBench, agent: UserAgent, caplog):
    """500, and the next caller is asked for as before."""

    async def faulty(invite: IncomingInvite) -> None:
        await invite.ring()
        raise RuntimeError("a fault of the application's")

    async with taking(agent, faulty) as calls:
        for _ in range(2):
            await (await sipp.caller("uac_refused_500", agent.address)).done()

    assert [500, 500] == [call.status for call in calls]
    caplog.clear()  # each fault was logged


async def test_who_drains_takes_no_more_calls(sipp: SippBench):
    """503 with Retry-After for a new caller; the one who is there is served to the end."""
    async with UserAgent("sip:bob@127.0.0.1", bind=BIND) as bob:
        first = await sipp.caller("uac_held_open", bob.address)
        call = await (await next_call(bob, PATIENCE)).accept()
        await call.wait_for_event(AckReceived, timeout=PATIENCE)
        draining = asyncio.create_task(bob.drain(PATIENCE))
        await (await sipp.caller("uac_refused_503", bob.address)).done()
        state = call.state
        await call.hang_up()
        await asyncio.gather(draining, first.done())

    assert (CallState.ACTIVE, CallState.TERMINATED) == (state, call.state)


async def test_calls_that_outlast_the_deadline_are_hung_up(sipp: SippBench):
    """SIPp hears a BYE in time."""
    callee = await sipp.callee("uas_plain")
    async with UserAgent("sip:alice@127.0.0.1", bind=BIND) as alice:
        call = alice.make_call(callee.uri)
        await call.wait_for_event(CallAnswered, timeout=PATIENCE)
        await alice.drain(3.0)
        await callee.done()

    assert ["hung up"] == [event.reason for event in call.event_log if isinstance(event, CallEnded)]


async def test_hanging_up_between_a_challenge_and_the_next_response_waits(sipp: SippBench):
    """RFC 3261 §9.1: no CANCEL before a response to the INVITE that answers the challenge; SIPp rings after 200 ms."""
    callee = await sipp.callee("uas_challenges_and_waits")
    secret = Credentials("alice", "secret", "sipp")
    async with UserAgent("sip:alice@127.0.0.1", bind=BIND, credentials=secret) as alice:
        call = alice.make_call(callee.uri)
        heard = await call.wait_for_event(StateChanged, new_state=CallState.PROCEEDING, timeout=PATIENCE)
        await call.wait_for_event(StateChanged, new_state=CallState.INITIATING, after=heard, timeout=PATIENCE)
        await call.hang_up()
        await over(call)
        messages = await callee.done()

    lines = [seen.start_line.partition(" ")[0 if not seen.sent else 2] for seen in messages]
    assert lines.index("180 Ringing") < lines.index("CANCEL")
    assert CallState.CANCELLED is call.state


async def test_a_call_that_nobody_wants_any_more_is_not_proven(sipp: SippBench):
    """RFC 3261 §9.1: the 401 is the final response to a call that was hung up before any; no second INVITE leaves."""
    callee = await sipp.callee("uas_asks_who")
    secret = Credentials("alice", "secret", "sipp")
    async with UserAgent("sip:alice@127.0.0.1", bind=BIND, credentials=secret) as alice:
        async with alice.make_call(callee.uri) as call:
            pass
        await over(call)
        messages = await callee.done()

    heard = [seen.start_line.partition(" ")[0] for seen in messages if not seen.sent]
    sent = [row.machine for row in call.trace if row.event == "[start]" and row.machine.startswith("invite_client")]
    assert (["INVITE", "ACK"], 1, CallState.CANCELLED) == (heard, len(sent), call.state)


async def test_a_caller_behind_a_nat_is_answered_where_it_is(sipp: SippBench, agent: UserAgent):
    """RFC 3581: `received` and `rport` say where the request came from, and the answers go there."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac_natted", agent.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_behind_a_nat_of_ours_peers_are_told_the_advertised_address(sipp: SippBench):
    """In Via, Contact and the description; the answers come back where they were asked from."""
    callee = await sipp.callee("uas_advertised")
    async with UserAgent("sip:alice@127.0.0.1", bind=BIND, advertise="203.0.113.7") as alice:
        async with alice.make_call(callee.uri) as call:
            await call.wait_for_event(CallAnswered, timeout=PATIENCE)
        await over(call)
        await callee.done()

    assert CallState.TERMINATED is call.state
