"""We call SIPp, which sends back every RTP packet that it gets: what we hear is measured on our side."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest
from answering import over
from sipp_peer import SippBench

from session_fsm import CallState, MediaState, UserAgent
from session_fsm.audio import Tone, goertzel
from session_fsm.session.events import AudioChannelsReady, CallAnswered, MediaChange, MediaEvent

pytestmark = pytest.mark.wire


async def test_without_an_offer_the_ack_answers(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §13.2.1: the 200 offers; media is ready when the ACK has left."""
    callee = await sipp.callee("uas_delayed_offer", rtp_echo=True)

    async with agent.make_call(callee.uri, offer=False) as call:
        await call.wait_for_media(timeout=20)
    await callee.done()

    assert MediaState.ACTIVE in call.summary().media_path


async def test_early_media_is_heard_before_the_answer(sipp: SippBench, agent: UserAgent):
    """The answer in a 183 opens the path: our own audio comes back while the call is not answered."""
    callee = await sipp.callee("uas_early_media", rtp_echo=True)

    async with agent.make_call(callee.uri) as call:
        early = await call.wait_for_event(AudioChannelsReady, timeout=20)
        await call.wait_for_event(CallAnswered, timeout=20)
    await callee.done()

    assert CallState.PROCEEDING is early.call_state


async def test_our_tone_comes_back_without_a_gap(sipp: SippBench, agent: UserAgent):
    """SIPp echoes RTP: what we hear is what we play, frame by frame."""
    callee = await sipp.callee("uas_plain", rtp_echo=True)
    seconds, hz = 2, 440.0

    async with agent.make_call(callee.uri) as call:
        tx, rx = await call.audio_channels_when_ready()
        tone = iter(Tone(hz))

        async def play() -> None:
            for _ in range(50 * seconds):
                await tx.send(next(tone))

        playing = asyncio.create_task(play())
        heard = []
        async for frame in rx:
            heard.append(frame)
            if len(heard) == 50 * seconds:
                break
        await playing
    await callee.done()

    samples = np.concatenate([frame.samples for frame in heard[10:]])
    assert goertzel(samples, hz, 8000) > 5 * goertzel(samples, 2 * hz, 8000)
    assert [] == [frame for frame in heard if frame.lost]
    assert {160} == {later.timestamp - frame.timestamp for frame, later in pairwise(heard)}


async def test_sent_frames_come_back_each(sipp: SippBench, agent: UserAgent):
    """What the echo received is what we sent, but for what was under way at the end."""
    callee = await sipp.callee("uas_plain", rtp_echo=True)

    async with agent.make_call(callee.uri) as call:
        _, rx = await call.audio_channels_when_ready()
        count = 0
        async for _ in rx:
            count += 1
            if count == 50:
                break
    await callee.done()
    await over(call)

    summary = call.summary()
    assert 0 == summary.frames_lost
    assert summary.frames_sent - summary.frames_received <= 2
    assert 0 == summary.longest_gap_ms


async def test_a_peer_that_dies_is_hung_up_at_once(sipp: SippBench, agent: UserAgent):
    """Its ports are gone: the media plane says so, the call goes on, and our BYE need not wait for a timer."""
    callee = await sipp.callee("uas_plain", rtp_echo=True)
    call = agent.make_call(callee.uri)
    await call.wait_for_media(timeout=20)

    await callee.stop()
    await call.wait_for_event(MediaEvent, event=MediaChange.PATH_FAILED, timeout=20)
    state = call.state
    await call.hang_up()
    async with asyncio.timeout(0.5):
        await over(call)

    assert CallState.ACTIVE is state
    assert CallState.TERMINATED is call.state


async def test_ipv6(sipp: SippBench):
    """The same call with addresses of the other family, media included."""
    async with UserAgent("sip:alice@[::1]", bind="[::1]:0") as alice:
        callee = await sipp.callee("uas_ipv6", host="::1", rtp_echo=True)
        async with alice.make_call(callee.uri) as call:
            await call.wait_for_media(timeout=20)
        await callee.done()

    assert MediaState.ACTIVE in call.summary().media_path
