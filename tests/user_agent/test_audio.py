"""Two user agents hear each other over real sockets."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
import uvloop
from calling import connected, hear, next_call, play, play_until_the_end

from session_fsm import AudioFrame, Call, CallFailedError, MediaState, UserAgent
from session_fsm.audio import goertzel
from session_fsm.runtime.channels import RECEIVE_QUEUE
from session_fsm.runtime.framing import FRAME_SAMPLES, Samples
from session_fsm.session.events import (
    AudioChannelsReady,
    CallEnded,
    DialogStateChanged,
    FirstAudioFrameReceived,
    MediaQualityChange,
)

FRAMES = 50


def tone_ratio(heard: Samples, wanted_hz: float, other_hz: float) -> float:
    """How much stronger one tone is than the other."""
    return goertzel(heard, wanted_hz, 8000) / max(goertzel(heard, other_hz, 8000), 1e-9)


async def exchange(alice: UserAgent, bob: UserAgent) -> tuple[Samples, Samples, Call, Call]:
    """A call in which alice plays 440 Hz and bob 880 Hz: what alice heard, what bob heard, both calls."""
    calling, answering = await connected(alice, bob)
    alice_tx, alice_rx = await calling.audio_channels()
    bob_tx, bob_rx = await answering.audio_channels()
    async with asyncio.TaskGroup() as tasks:
        alice_heard = tasks.create_task(hear(alice_rx))
        bob_heard = tasks.create_task(hear(bob_rx))
        tasks.create_task(play_until_the_end(bob_tx, 880))
        await play(alice_tx, 440, FRAMES)
        await calling.hang_up()
    return alice_heard.result(), bob_heard.result(), calling, answering


async def test_each_side_hears_the_others_tone(alice, bob):
    """440 Hz one way, 880 Hz the other: the peer's tone is at least five times the own one, and no frame is lost."""
    alice_heard, bob_heard, calling, answering = await exchange(alice, bob)

    assert tone_ratio(alice_heard, 880, 440) > 5
    assert tone_ratio(bob_heard, 440, 880) > 5
    assert len(bob_heard) >= FRAMES * FRAME_SAMPLES
    assert (0, 0) == (calling.summary().frames_lost, answering.summary().frames_lost)
    assert (0.0, 0.0) == (calling.summary().longest_gap_ms, answering.summary().longest_gap_ms)


def test_uvloop_carries_a_call_too():
    """Everything above works on another event loop, error queue of the socket included."""

    async def call() -> tuple[Samples, Samples]:
        async with (
            UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
            UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
        ):
            with pytest.raises(CallFailedError, match="unreachable"):
                await alice.make_call("sip:nobody@127.0.0.1:9").wait_for_media()
            alice_heard, bob_heard, _, _ = await exchange(alice, bob)
            return alice_heard, bob_heard

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        alice_heard, bob_heard = runner.run(call())

    assert tone_ratio(alice_heard, 880, 440) > 5
    assert tone_ratio(bob_heard, 440, 880) > 5


async def test_both_sides_climb_the_same_ladder(alice, bob):
    """The media states are the same for both roles, and each side sends to the other's port."""
    calling, answering = await connected(alice, bob)

    assert (calling.media.local, calling.media.remote) == (answering.media.remote, answering.media.local)
    assert calling.media.transmitting
    assert answering.media.transmitting
    await calling.hang_up()
    await answering.wait_for_state(MediaState.CLOSED)
    ladder = ("Idle", "Negotiating", "Ready", "Established", "Active", "Closed")
    assert ladder == calling.summary().media_path == answering.summary().media_path


async def test_both_sides_are_told_in_the_same_order(alice, bob):
    """Design §5: what both roles are told comes in one order, whichever events of its own each has between."""
    calling, answering = await connected(alice, bob)
    await calling.hang_up()
    await answering.wait_for_event(CallEnded)
    await calling.wait_for_event(CallEnded)
    shared = {type(event) for event in calling.event_log} & {type(event) for event in answering.event_log}
    # The callee's dialog has one state more, between its 200 and the ACK (RFC 5407 §2).
    shared.remove(DialogStateChanged)

    # Until audio flows; how a call ends differs by who hangs up.
    told = [
        [
            type(event)
            for event in call.event_log
            if type(event) in shared and event.media_state is not MediaState.CLOSED
        ]
        for call in (calling, answering)
    ]
    assert told[0] == told[1]
    assert AudioChannelsReady in told[0]


async def test_silence_leaves_until_the_application_writes(alice, bob):
    """Two applications that each wait for the other do not wait for ever: both are Active, and heard nothing."""
    calling, answering = await connected(alice, bob)

    _, rx = await answering.audio_channels()
    frame = await anext(rx)

    assert not frame.lost
    assert not np.any(frame.samples)
    await calling.hang_up()


async def test_the_old_way_still_works(alice, bob):
    """`audio_channels()` a while after the answer returns at once, and nothing that came meanwhile is lost."""
    calling, answering = await connected(alice, bob)
    await calling.wait_for_event(MediaQualityChange)

    tx, _ = await calling.audio_channels()
    _, rx = await answering.audio_channels()
    await play(tx, 440, 10)
    await calling.hang_up()

    assert goertzel((await hear(rx))[-10 * FRAME_SAMPLES :], 440, 8000) > 1e6


async def test_the_expert_way_still_works(alice, bob):
    """Waiting for the first frame and then taking the channels needs no further wait."""
    calling = alice.make_call(bob.contact)
    await (await next_call(bob)).accept()

    first = await calling.wait_for_event(FirstAudioFrameReceived, timeout=20)
    tx, rx = await calling.audio_channels(timeout=20)

    assert calling.media.statistics is not None
    assert first.ssrc
    assert (tx, rx) == await calling.audio_channels_when_ready()


async def test_channels_work_as_one_object(alice, bob):
    """`audio.send(frame)` and `async for frame in audio`, as in the first example of the README: an echo."""
    calling, answering = await connected(alice, bob)
    echo = await answering.audio_channels()

    async def answer() -> None:
        async for frame in echo:
            await echo.send(frame)

    answering_task = asyncio.create_task(answer())
    tx, rx = await calling.audio_channels()
    await play(tx, 440, FRAMES)
    heard = [frame.samples for frame in [await anext(rx) for _ in range(FRAMES)]]
    await calling.hang_up()
    await asyncio.gather(answering_task, return_exceptions=True)

    assert goertzel(np.concatenate(heard), 440, 8000) > 1e6


async def test_a_closed_reader_does_not_end_reception(alice, bob):
    """Law 8: frames for a reader that closed are dropped and counted, and reception goes on."""
    calling, answering = await connected(alice, bob)
    tx, _ = await calling.audio_channels()
    _, rx = await answering.audio_channels()
    rx.close()
    calling_frames = aiter(await calling.audio_channels())

    await play(tx, 440, 20)
    while answering.media.frames_unread < 19:
        # Drained means that they have left, not that they have come through the jitter buffer.
        await anext(calling_frames)

    assert [] == [frame async for frame in rx]
    assert MediaState.ACTIVE is answering.media.state


async def test_a_reader_that_never_reads_costs_its_oldest_frames(alice, bob):
    """Law 8: a full queue drops its oldest frames, which are counted; what is kept is the newest audio."""
    calling, answering = await connected(alice, bob)
    stream = answering.media._stream
    packets = [stream.outgoing.packet(bytes([n % 256]) * FRAME_SAMPLES) for n in range(RECEIVE_QUEUE + 100)]

    for n, packet in enumerate(packets):
        stream._take(packet, stream.destination, 0.02 * n)

    assert answering.media.frames_unread >= 100
    assert MediaState.ACTIVE is answering.media.state
    await calling.hang_up()
    await answering.wait_for_state(MediaState.CLOSED)
    assert RECEIVE_QUEUE == len([frame async for frame in stream.receiver])


async def test_sending_after_the_end_says_so(alice, bob):
    """Whoever writes to a call that is over hears that, instead of writing into the void."""
    calling, _ = await connected(alice, bob)
    tx, _ = await calling.audio_channels()
    await calling.hang_up()

    with pytest.raises(CallFailedError, match="the call has ended"):
        await tx.send(np.zeros(FRAME_SAMPLES, np.int16))


@pytest.mark.parametrize(
    "audio", [np.zeros(160), np.zeros((2, 160), np.int16), b"\0" * 320], ids=["float", "two-dimensional", "bytes"]
)
async def test_audio_of_the_wrong_kind_is_refused(alice, bob, audio):
    """The message names what was found."""
    calling, _ = await connected(alice, bob)
    tx, _ = await calling.audio_channels()

    with pytest.raises(TypeError, match="numpy array of int16, not"):
        await tx.send(audio)


async def test_audio_of_any_length_is_cut_into_frames(alice, bob):
    """A quarter of a second in one piece is paced like single frames, and its rest is padded by `drain`."""
    calling, answering = await connected(alice, bob)
    tx, _ = await calling.audio_channels()
    _, rx = await answering.audio_channels()
    loud = np.full(2000, 8000, np.int16)

    await tx.send(loud)
    await tx.drain()
    await calling.hang_up()

    heard = await hear(rx)
    assert 2000 == np.count_nonzero(np.abs(heard.astype(int)) > 4000)


def test_a_frame_is_an_array_to_numpy():
    """Frames go into numpy functions as they are."""
    frame = AudioFrame(np.arange(160, dtype=np.int16), 0, 0)

    assert 320 == len(np.concatenate([frame, frame]))
    assert 159 == np.max(frame)
