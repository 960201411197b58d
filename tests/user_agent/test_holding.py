"""Hold and resume over real UDP: they return when the peer has agreed, and audio stops and comes back."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from calling import connected, next_call, play, play_until_the_end

from session_fsm import Call, CallFailedError, CallState, LocalProtocolError, MediaDirection, RefusedError
from session_fsm.audio.tone import goertzel
from session_fsm.session.events import CallHeld, CallResumed, RemoteHold, RemoteResume

LIMIT = 5  # seconds that any wait may take on a busy machine


async def heard(call: Call, hz: float, *, frames: int = 10) -> bool:
    """Whether the next frames carry this tone."""
    _, receiver = await call.audio_channels()
    samples = [(await anext(receiver)).samples for _ in range(frames)]
    return bool(goertzel(np.concatenate(samples), hz, 8000) > 1000)


async def test_hold_and_resume_return_once_the_peer_has_agreed(alice, bob):
    calling, answering = await connected(alice, bob)

    await calling.hold(timeout=LIMIT)
    assert (CallState.ON_HOLD, MediaDirection.SENDONLY) == (calling.state, calling.media.direction)
    await answering.wait_for_event(RemoteHold, timeout=LIMIT)
    await calling.wait_for_event(CallHeld, timeout=LIMIT)

    await calling.resume(timeout=LIMIT)
    assert (CallState.ACTIVE, MediaDirection.SENDRECV) == (calling.state, calling.media.direction)
    await answering.wait_for_event(RemoteResume, timeout=LIMIT)
    await calling.wait_for_event(CallResumed, timeout=LIMIT)


async def test_a_held_peer_sends_nothing(alice, bob):
    calling, answering = await connected(alice, bob)
    await calling.hold(timeout=LIMIT)
    await answering.wait_for_event(RemoteHold, timeout=LIMIT)

    assert (False, True) == (answering.media.transmitting, calling.media.transmitting)


@pytest.mark.parametrize("music", [True, False])
async def test_a_held_peer_hears_music_or_silence(alice, bob, music):
    calling, answering = await connected(alice, bob)
    tx, _ = await calling.audio_channels()
    playing = asyncio.create_task(play_until_the_end(tx, 440))
    await calling.hold(music=music, timeout=LIMIT)
    await answering.wait_for_event(RemoteHold, timeout=LIMIT)
    async with asyncio.timeout(LIMIT):
        while await heard(answering, 440) is not music:
            continue

    await calling.hang_up()
    await playing


async def test_audio_is_heard_again_after_a_resume(alice, bob):
    calling, answering = await connected(alice, bob)
    await calling.hold(timeout=LIMIT)
    await calling.resume(timeout=LIMIT)
    await asyncio.gather(calling.wait_for_media(timeout=LIMIT), answering.wait_for_media(timeout=LIMIT))
    tx, _ = await answering.audio_channels()
    playing = asyncio.create_task(play_until_the_end(tx, 880))
    async with asyncio.timeout(LIMIT):
        while not await heard(calling, 880):
            continue

    await calling.hang_up()
    await playing


async def test_a_hold_that_is_not_possible_names_what_is(alice, bob):
    """The call goes on."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    with pytest.raises(LocalProtocolError, match=r"cannot hold: call is .*; possible now: hang_up"):
        await calling.hold()
    answering = await invite.accept()
    await asyncio.gather(calling.wait_for_media(timeout=LIMIT), answering.wait_for_media(timeout=LIMIT))
    with pytest.raises(LocalProtocolError, match="cannot resume: hold is Live; possible now: hold"):
        await calling.resume()
    await play((await calling.audio_channels())[0], 440, 2)


async def test_nothing_is_missed_while_both_hold(alice, bob):
    """Neither side is to send, so no silence is one until they talk again."""
    calling, answering = await connected(alice, bob)
    streams = calling.media._stream, answering.media._stream
    await calling.hold()
    await answering.hold()
    held = [stream._expects for stream in streams]
    await calling.resume()
    await answering.resume()

    assert ([False, False], [True, True]) == (held, [stream._expects for stream in streams])


async def test_two_holds_at_once_follow_each_other(alice, bob):
    """The second is refused: it is held by then."""
    calling, _ = await connected(alice, bob)
    outcomes = await asyncio.gather(calling.hold(), calling.hold(), return_exceptions=True)

    assert [None, LocalProtocolError] == [outcomes[0], type(outcomes[1])]


async def test_a_call_that_ends_ends_the_wait(alice, bob):
    calling, answering = await connected(alice, bob)
    await answering.hang_up()
    with pytest.raises((CallFailedError, LocalProtocolError)):
        await calling.hold(timeout=LIMIT)


def test_a_refusal_is_one_sentence():
    error = RefusedError("be held", 488, "488 Not Acceptable Here")

    assert "the peer refused to be held: 488 Not Acceptable Here; the call goes on as it was" == str(error)
