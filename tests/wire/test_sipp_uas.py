"""We call SIPp: its stock scenario, and ours for what it does not do by itself."""

from __future__ import annotations

import pytest
from answering import over
from sipp_peer import SippBench

from session_fsm import CallFailedError, CallState, MediaDirection, MediaState, UserAgent
from session_fsm.session.events import CallAnswered, CallEnded, MediaChange, MediaEvent, StateChanged

pytestmark = pytest.mark.wire


async def test_the_stock_callee_completes_its_call(sipp: SippBench, agent: UserAgent):
    """SIPp's own `uas`: 180, 200, then our BYE; it stays 4 s longer, in case its last answer is lost."""
    callee = await sipp.callee("uas")

    async with agent.make_call(callee.uri) as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    await over(call)
    await callee.done()

    assert CallState.TERMINATED is call.state


async def test_nothing_is_repeated_that_was_answered_in_time(sipp: SippBench, agent: UserAgent):
    """One INVITE, one ACK, one BYE."""
    callee = await sipp.callee("uas_plain")

    async with agent.make_call(callee.uri) as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    messages = await callee.done()

    assert ["INVITE", "ACK", "BYE"] == [seen.start_line.partition(" ")[0] for seen in messages if not seen.sent]


@pytest.mark.parametrize(("status", "reason"), [(486, "Busy Here"), (603, "Decline")])
async def test_a_refusal_is_known_at_once(sipp: SippBench, agent: UserAgent, status: int, reason: str):
    """Whoever waits for media gets status and reason when the datagram arrives, and the refusal gets its ACK."""
    callee = await sipp.callee(f"uas_refuse_{status}")
    call = agent.make_call(callee.uri)

    with pytest.raises(CallFailedError) as failed:
        await call.wait_for_media()
    await callee.done()

    assert (status, reason) == (failed.value.status, failed.value.reason)


async def test_cancel(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §9.1: CANCEL while it rings; the 487 is acknowledged and ends the call."""
    callee = await sipp.callee("uas_cancelled")
    call = agent.make_call(callee.uri)

    await call.wait_for_state(CallState.RINGING, timeout=20)
    await call.hang_up()
    await over(call)
    await callee.done()

    assert (CallState.CANCELLED, 487) == (call.state, call.status)


async def test_hanging_up_at_once_waits_for_the_first_response(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §9.1: no CANCEL before a provisional response."""
    callee = await sipp.callee("uas_cancelled")

    async with agent.make_call(callee.uri) as call:
        pass
    messages = await callee.done()
    await over(call)

    assert ["INVITE", "180", "CANCEL"] == [
        (seen.start_line.split()[1] if seen.sent else seen.start_line.split()[0]) for seen in messages[:3]
    ]
    assert CallState.CANCELLED is call.state


async def test_nobody_answers(sipp: SippBench, agent: UserAgent):
    """After `no_answer` the call is cancelled, and has failed."""
    callee = await sipp.callee("uas_cancelled")
    call = agent.make_call(callee.uri, no_answer=0.1)

    with pytest.raises(CallFailedError) as failed:
        await call.wait_for_media()
    await callee.done()

    assert CallState.FAILED is call.state
    assert "answer" in failed.value.reason


async def test_the_callee_hangs_up(sipp: SippBench, agent: UserAgent):
    """Its BYE is answered and ends the call."""
    callee = await sipp.callee("uas_hangs_up")
    call = agent.make_call(callee.uri)

    await over(call)
    await callee.done()

    assert CallState.TERMINATED is call.state
    assert None is call.status


async def test_every_200_is_acknowledged(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §13.2.2.4: a repeated 200 means that the ACK was lost; it gets the same one again.

    SIPp takes our second ACK for a repetition and sends the 200 once more, until the BYE: each gets its ACK.
    """
    callee = await sipp.callee("uas_repeats_200")

    async with agent.make_call(callee.uri) as call:
        await callee.until_received("ACK", 2)
    messages = await callee.done()
    await over(call)

    acks = [seen.text for seen in messages if seen.start_line.startswith("ACK")]
    answers = [seen for seen in messages if seen.sent and "200" in seen.start_line and seen.body]
    assert 1 == len(set(acks))
    assert len(answers) - len(acks) in (0, 1)
    assert 1 == len([event for event in call.event_log if isinstance(event, CallAnswered)])


async def test_reinvites_of_the_callee_change_the_direction(sipp: SippBench, agent: UserAgent):
    """RFC 3264 §6.1: the scenario looks at each of our answers."""
    callee = await sipp.callee("uas_reinvites")
    call = agent.make_call(callee.uri)

    await over(call)
    await callee.done()

    states = [event.new_state for event in call.event_log if isinstance(event, StateChanged)]
    assert [CallState.ACTIVE, CallState.ON_HOLD, CallState.ACTIVE, CallState.TERMINATED] == states[-4:]
    assert MediaState.HELD in call.summary().media_path


async def test_our_reinvites_are_agreed(sipp: SippBench, agent: UserAgent):
    """Hold, and take back: what is in force changes with the answer."""
    callee = await sipp.callee("uas_reinvited")
    call = agent.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=20)

    await call.reinvite(MediaDirection.SENDONLY)
    await call.wait_for_state(CallState.ON_HOLD, timeout=20)
    held = call.media.direction
    await call.reinvite(MediaDirection.SENDRECV)
    await call.wait_for_state(CallState.ACTIVE, timeout=20)
    taken_back = call.media.direction
    await call.hang_up()
    await callee.done()

    assert (MediaDirection.SENDONLY, MediaDirection.SENDRECV) == (held, taken_back)


async def test_a_refused_reinvite_changes_nothing(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §14.1: as if there had been none."""
    callee = await sipp.callee("uas_refuses_reinvite")
    call = agent.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=20)

    await call.reinvite(MediaDirection.INACTIVE)
    await call.wait_for_event(MediaEvent, event=MediaChange.REOFFER_REFUSED, timeout=20)
    direction, state = call.media.direction, call.state
    await call.hang_up()
    await callee.done()

    assert (MediaDirection.SENDRECV, CallState.ACTIVE) == (direction, state)


async def test_a_redirection_is_followed(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §8.1.3.4: the call goes to the Contact of the 302."""
    target = await sipp.callee("uas_plain")
    callee = await sipp.callee("uas_redirect", key_vals={"target_uri": target.uri})

    async with agent.make_call(callee.uri) as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    await callee.done()
    await target.done()
    await over(call)

    assert CallState.TERMINATED is call.state


async def test_the_route_set_is_followed(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §12.2.1.1: ACK and BYE carry what Record-Route said; the scenario looks."""
    callee = await sipp.callee("uas_record_route")

    async with agent.make_call(callee.uri) as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    await callee.done()
    await over(call)


async def test_a_second_fork_that_answers_is_hung_up(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §13.2.2.4: the first 200 wins; the other gets an ACK and a BYE."""
    callee = await sipp.callee("uas_forked")

    async with agent.make_call(callee.uri) as call:
        await callee.until_received("BYE", 1)
        state = call.state
    await callee.done()
    await over(call)

    assert CallState.ACTIVE is state


async def test_a_call_that_is_over_says_so_once(sipp: SippBench, agent: UserAgent):
    """CallEnded is the last event, and the only one of its kind."""
    callee = await sipp.callee("uas_plain")

    async with agent.make_call(callee.uri) as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    await callee.done()
    await over(call)

    assert isinstance(call.event_log[-1], CallEnded)
    assert 1 == len([event for event in call.event_log if isinstance(event, CallEnded)])


async def test_an_answer_that_crosses_our_cancel_is_hung_up(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §9.1: the 200 gets its ACK, then a BYE."""
    callee = await sipp.callee("uas_cancel_crosses")
    call = agent.make_call(callee.uri)

    await call.wait_for_state(CallState.RINGING, timeout=20)
    await call.hang_up()
    await callee.done()
    await over(call)

    assert [] == [event for event in call.event_log if isinstance(event, CallAnswered)]
    assert CallState.TERMINATED is call.state


async def test_an_answer_without_a_description_ends_the_call(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §13.2.1: our offer had to be answered in the 200 at the latest: ACK and BYE."""
    callee = await sipp.callee("uas_answers_nothing")
    call = agent.make_call(callee.uri)

    with pytest.raises(CallFailedError):
        await call.wait_for_media(timeout=20)
    await callee.done()

    assert CallState.TERMINATED is call.state


async def test_a_challenge_fails_the_call_with_its_status(sipp: SippBench, agent: UserAgent):
    """We have no credentials to give."""
    callee = await sipp.callee("uas_challenges")
    call = agent.make_call(callee.uri)

    with pytest.raises(CallFailedError) as failed:
        await call.wait_for_media(timeout=20)
    await callee.done()

    assert 407 == failed.value.status


async def test_crossed_byes_are_both_answered(sipp: SippBench, agent: UserAgent):
    """RFC 5407 §3.1.7: and the call ends once."""
    callee = await sipp.callee("uas_crossed_byes")

    async with agent.make_call(callee.uri) as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    await callee.done()
    await over(call)

    assert 1 == len([event for event in call.event_log if isinstance(event, CallEnded)])


async def test_a_host_name_is_resolved(sipp: SippBench, agent: UserAgent):
    """The URI names a host; the INVITE finds its address."""
    callee = await sipp.callee("uas_plain")

    async with agent.make_call(f"sip:service@localhost:{callee.address[1]}") as call:
        await call.wait_for_event(CallAnswered, timeout=20)
    await callee.done()
    await over(call)

    assert CallState.TERMINATED is call.state
