"""Waiting for what happened: nothing is missed, nothing is waited for in vain, and a time-out says why."""

from __future__ import annotations

import asyncio
import logging

import pytest
from calling import connected, next_call

from session_fsm import CallFailedError, CallState, MediaDirection, MediaState, WaitTimeout
from session_fsm.event_log import EventLog
from session_fsm.session.events import (
    AudioChannelsReady,
    CallAnswered,
    CallEnded,
    CallFailed,
    FirstAudioFrameReceived,
    FlowDirection,
    IncomingCall,
    MediaChange,
    MediaEvent,
    MediaFlowEstablished,
    SessionCreated,
)


async def test_a_late_subscriber_reads_everything_from_the_beginning(alice, bob):
    """Events are kept: whoever begins to listen after the answer still sees the first one."""
    calling, _ = await connected(alice, bob)

    kinds = []
    async for event in calling.events():
        kinds.append(type(event))
        if kinds[-1] is AudioChannelsReady:
            break

    assert SessionCreated is kinds[0]
    assert kinds.index(CallAnswered) < kinds.index(FirstAudioFrameReceived)


async def test_following_a_call_ends_with_it(alice, bob):
    """`async for event in call.events()` needs no break: the last event is the end."""
    calling, _ = await connected(alice, bob)
    await calling.hang_up()

    assert CallEnded in [type(event) async for event in calling.events()]


async def test_two_waits_in_a_row_miss_nothing_between_them(alice, bob):
    """A state that has come and gone before the wait begins counts as reached."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    await invite.ring()
    answering = await invite.accept()
    await answering.wait_for_media()
    await calling.wait_for_media()

    await calling.wait_for_state(CallState.RINGING, timeout=20)
    await calling.wait_for_state(MediaState.ESTABLISHED, timeout=20)
    await calling.wait_for_event(CallAnswered, timeout=20)


async def test_a_wait_can_be_narrowed_down(alice, bob):
    """By the values of fields, and by what came before."""
    calling, _ = await connected(alice, bob)

    outbound = await calling.wait_for_event(MediaFlowEstablished, direction=FlowDirection.OUTBOUND, timeout=20)
    both = await calling.wait_for_event(MediaFlowEstablished, after=outbound, timeout=20)
    same = await calling.wait_for_event(MediaFlowEstablished, where=lambda event: event.time >= both.time, timeout=20)

    assert FlowDirection.BIDIRECTIONAL is both.direction
    assert both is same


async def test_a_field_that_an_event_lacks_is_named(alice, bob):
    """A mistyped field would never match; so it is refused, with the fields there are."""
    calling, _ = await connected(alice, bob)

    with pytest.raises(TypeError, match=r"CallEnded has no field 'stauts'; its fields are .*status"):
        await calling.wait_for_event(CallEnded, stauts=487)


async def test_a_wait_that_runs_out_says_what_has_not_happened(alice, bob):
    """The message names both states, the last events and the transition that is missing."""
    calling = alice.make_call(bob.contact)
    await (await next_call(bob)).ring()

    with pytest.raises(WaitTimeout) as timeout:
        await calling.wait_for_state(MediaState.ACTIVE, timeout=0.1)

    message = str(timeout.value)
    assert "no MediaState Active within 0.1 s: call is Ringing, media is Negotiating" in message
    assert "last events: " in message
    assert "MediaStateChanged" in message
    assert "Negotiating → Ready on agreed" in message
    assert isinstance(timeout.value, TimeoutError)


async def test_a_failure_ends_every_wait_at_once(alice, bob):
    """Whatever is waited for: once it can no longer come, the wait ends with the call's status."""
    calling = alice.make_call(bob.contact)
    waits = asyncio.gather(
        calling.wait_for_media(),
        calling.wait_for_state(MediaState.ESTABLISHED),
        calling.wait_for_event(FirstAudioFrameReceived),
        return_exceptions=True,
    )
    await (await next_call(bob)).reject(480)

    assert [480, 480, 480] == [failure.status for failure in await asyncio.wait_for(waits, 20)]
    assert 480 == (await calling.wait_for_event(CallFailed, timeout=0.1)).status


async def test_a_wait_after_the_end_fails_at_once(alice, bob):
    """There is nothing left to wait for."""
    calling, _ = await connected(alice, bob)
    await calling.hang_up()
    await calling.wait_for_event(CallEnded)

    with pytest.raises(CallFailedError, match="the call has ended"):
        await calling.audio_channels()


async def test_the_user_agent_waits_over_all_its_calls(alice, bob):
    """The same waits, for any call."""
    calling, answering = await connected(alice, bob)

    assert answering.id == (await bob.wait_for_event(IncomingCall, timeout=0.1)).session_id
    await alice.wait_for_state(CallState.ACTIVE, timeout=0.1)
    with pytest.raises(WaitTimeout, match=r"no CallEnded in any call within 0\.1 s"):
        await alice.wait_for_event(CallEnded, timeout=0.1)
    await calling.hang_up()
    assert calling.id == (await alice.wait_for_event(CallEnded, timeout=20)).session_id


async def test_hold_and_resume_are_told_on_both_sides(alice, bob):
    """A re-INVITE with `inactive` leads both to Held, one with `sendrecv` back to Active on new evidence."""
    calling, answering = await connected(alice, bob)

    await calling.reinvite(MediaDirection.INACTIVE)
    await asyncio.gather(*(call.wait_for_state(MediaState.HELD, timeout=20) for call in (calling, answering)))
    assert not calling.media.transmitting
    await calling.wait_for_media(timeout=0.1)
    held = await answering.wait_for_event(MediaEvent, event=MediaChange.HELD)

    await calling.reinvite(MediaDirection.SENDRECV)
    await asyncio.gather(
        calling.wait_for_state(MediaState.ACTIVE, timeout=20),
        answering.wait_for_state(MediaState.ACTIVE, timeout=20, after=held),
    )
    assert calling.media.transmitting
    assert answering.media.transmitting


async def test_each_event_is_logged_with_the_state_after_it(alice, bob, caplog):
    """The three lines of the reference documents, for each side."""
    caplog.set_level(logging.INFO, "session_fsm")

    await connected(alice, bob)

    for line in (
        "[UAC] Event: CallInitiated, Media State: Negotiating",
        "[UAC] Event: CallAnswered, Media State: Ready",
        "[UAC] Event: MediaFlowEstablished, Media State: Established",
        "[UAS] Event: IncomingCall, Media State: Negotiating",
        "[UAS] Event: CallAnswered, Media State: Ready",
        "[UAS] Event: MediaFlowEstablished, Media State: Established",
    ):
        assert line in caplog.messages


async def test_a_wait_that_is_cancelled_as_an_event_comes_is_only_cancelled():
    """Both in one turn of the loop: the wait ends as cancelled, and the log goes on."""
    log = EventLog()
    waiting = asyncio.create_task(log.seek(lambda event: True))
    await asyncio.wait({waiting}, timeout=0)

    waiting.cancel()
    log.close()
    outcome = await asyncio.gather(waiting, return_exceptions=True)

    assert asyncio.CancelledError is type(outcome[0])
