"""Digits, mute and barge-in between two user agents over UDP."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from calling import connected, hear, next_call

from session_fsm import Call, CallFailedError, CallState, LocalProtocolError, MediaState, UserAgent
from session_fsm.runtime.framing import FRAME_SAMPLES
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import DtmfReceived, MediaChange, MediaEvent
from session_fsm.session.settings import Settings

LOUD = np.full(FRAME_SAMPLES, 8000, np.int16)


def digits(call: Call) -> list[tuple[str, int | None, str]]:
    """What the other side dialled."""
    return [(e.digit, e.duration_ms, str(e.method)) for e in call.event_log if isinstance(e, DtmfReceived)]


async def dialled(call: Call, digit: str) -> None:
    """Return when this digit has come."""
    await call.wait_for_event(DtmfReceived, digit=digit, timeout=10)


async def test_digits_go_both_ways_at_once(alice, bob):
    """Between the audio packets; nothing of the audio counts as lost."""
    calling, answering = await connected(alice, bob)

    await asyncio.gather(
        calling.send_dtmf("12#", duration_ms=60, gap_ms=40), answering.send_dtmf("*D", duration_ms=60, gap_ms=40)
    )
    await asyncio.gather(dialled(answering, "#"), dialled(calling, "D"))

    assert [("1", 60, "rtp"), ("2", 60, "rtp"), ("#", 60, "rtp")] == digits(answering)
    assert [("*", 60, "rtp"), ("D", 60, "rtp")] == digits(calling)
    assert (0, 0) == (calling.media.statistics.lost, answering.media.statistics.lost)


async def test_digits_by_info(alice, bob):
    """Each one waits for the peer's 200."""
    calling, answering = await connected(alice, bob)

    await answering.send_dtmf("90", duration_ms=40, gap_ms=40, via="info")

    assert [("9", 40, "info"), ("0", 40, "info")] == digits(calling)


async def test_a_peer_that_takes_no_events_gets_info(alice):
    """`auto` takes the way that there is."""
    settings = Settings(telephone_events=False)
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=settings) as bob:
        calling, answering = await connected(alice, bob)
        await calling.send_dtmf("5")

    assert [("5", 160, "info")] == digits(answering)


async def test_two_series_do_not_mix(alice, bob):
    """The second one waits until the first is through."""
    calling, answering = await connected(alice, bob)

    await asyncio.gather(*(calling.send_dtmf(text, duration_ms=40, gap_ms=40) for text in ("12", "34")))
    await dialled(answering, "4")

    assert "1234" == "".join(digit for digit, *_ in digits(answering))


async def test_a_call_that_ends_ends_the_wait(alice, bob):
    """Whoever dials hears that the call is over."""
    calling, answering = await connected(alice, bob)
    dialled = calling.send_dtmf("1", duration_ms=8000)  # begins first: the digit is on its way
    outcome, _ = await asyncio.wait_for(asyncio.gather(dialled, answering.hang_up(), return_exceptions=True), 10)

    assert isinstance(outcome, CallFailedError)
    assert "the call has ended" in str(outcome)


async def test_what_is_no_digit_is_named(alice, bob):
    """Before anything is sent."""
    calling, _ = await connected(alice, bob)

    with pytest.raises(ValueError, match="'x' is no digit; it can hold 0 to 9"):
        await calling.send_dtmf("12x")


async def test_a_call_that_is_not_answered_takes_no_digits(alice, bob):
    """The message says where the call stands, and what may be done with it."""
    calling = alice.make_call(bob.contact)
    await calling.wait_for_state(CallState.PROCEEDING, timeout=10)

    with pytest.raises(LocalProtocolError, match=r"send_dtmf by auto: call is Proceeding; possible now: hang_up"):
        await calling.send_dtmf("1")


async def test_a_muted_call_is_silent_and_goes_on(alice, bob):
    """The peer hears silence, without a gap, and our audio again afterwards."""
    calling, answering = await connected(alice, bob)
    tx, _ = await calling.audio_channels()
    _, rx = await answering.audio_channels()
    calling.mute()
    for _ in range(5):
        await tx.send(LOUD)
    await tx.drain()
    muted = calling.muted
    calling.unmute()
    for _ in range(3):
        await tx.send(LOUD)
    await tx.drain()
    await calling.hang_up()

    heard = await hear(rx)
    assert (True, False) == (muted, calling.muted)
    assert 3 * FRAME_SAMPLES == np.count_nonzero(np.abs(heard.astype(int)) > 4000)
    assert 0 == answering.media.statistics.lost


async def test_who_mutes_before_answering_is_not_heard(alice, bob):
    """It is remembered until there is audio; what is written is heard from `unmute` on, and no packet is missing."""
    calling = alice.make_call(bob.contact)
    incoming = await next_call(bob)
    incoming.call.mute()
    answering = await incoming.accept()
    tx, _ = await answering.audio_channels()
    for _ in range(5):
        await tx.send(LOUD)
    await tx.drain()
    answering.unmute()
    for _ in range(3):
        await tx.send(LOUD)
    await tx.drain()
    _, rx = await calling.audio_channels()
    await answering.hang_up()

    heard = await hear(rx)
    assert 3 * FRAME_SAMPLES == np.count_nonzero(np.abs(heard.astype(int)) > 4000)
    assert 0 == calling.media.statistics.lost


async def test_muting_does_not_make_a_wait_miss_what_was(alice, bob):
    """Other commands make states that were left count no more; this one concerns no state of a call."""
    calling, _ = await connected(alice, bob)
    calling.mute()

    await calling.wait_for_state(MediaState.ESTABLISHED, timeout=1)
    told = await calling.wait_for_event(MediaEvent, event=MediaChange.MUTED, timeout=1)
    assert (MediaState.ACTIVE, "") == (told.media_state, told.detail)


async def test_a_call_that_is_over_cannot_be_muted(alice, bob):
    """One sentence that says where it stands."""
    calling, _ = await connected(alice, bob)
    await calling.hang_up()
    await calling.wait_for_state(CallState.TERMINATED)

    with pytest.raises(LocalProtocolError, match="cannot mute: call is Terminated"):
        calling.mute()


async def test_barge_in_drops_what_was_queued(alice, bob):
    """What is sent after `flush` is heard next; `flush` says how much was dropped."""
    calling, answering = await connected(alice, bob)
    audio = await calling.audio_channels()
    _, rx = await answering.audio_channels()
    prompt = asyncio.create_task(audio.send(np.full(80_000, 8000, np.int16)))
    async for frame in rx:
        if np.max(np.abs(frame.samples.astype(int))) > 4000:
            break

    dropped = audio.flush()
    await asyncio.wait_for(prompt, 10)
    await audio.send(np.full(FRAME_SAMPLES, 1000, np.int16))
    await audio.drain()
    await calling.hang_up()

    rest = np.abs((await hear(rx)).astype(int))
    assert 0 < dropped <= 16 * FRAME_SAMPLES
    assert np.count_nonzero(rest > 4000) < 40 * FRAME_SAMPLES
    assert FRAME_SAMPLES == np.count_nonzero((rest > 500) & (rest < 1500))


async def test_a_held_call_drains_as_time_passes(alice, bob):
    """Audio that may not be sent is not kept for later."""
    calling, _ = await connected(alice, bob)
    audio = await calling.audio_channels()
    await calling.reinvite(MediaDirection.INACTIVE)
    await audio.send(LOUD)

    await asyncio.wait_for(audio.drain(), 10)
