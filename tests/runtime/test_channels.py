"""The application's ends of the audio: paced, bounded, and never in the way of reception."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from session_fsm.errors import CallFailedError
from session_fsm.rtp import LostFrames, RtpPacket
from session_fsm.runtime.channels import RECEIVE_QUEUE, SEND_QUEUE, AudioChannels, AudioReceiver, AudioSender
from session_fsm.runtime.framing import FRAME_SAMPLES, LOST_AT_MOST

FRAME = np.zeros(FRAME_SAMPLES, np.int16)
ENDED = CallFailedError(None, "the call has ended")


def decode(payload: bytes) -> np.ndarray:
    """A codec that is easy to read."""
    return np.frombuffer(payload, np.uint8).astype(np.int16)


def packet(sequence: int) -> RtpPacket:
    """One frame of ones."""
    return RtpPacket(0, sequence, sequence * FRAME_SAMPLES, 7, b"\1" * FRAME_SAMPLES)


async def settle() -> None:
    """Let every task that can run do so."""
    loop = asyncio.get_running_loop()
    for _ in range(10):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


async def test_a_writer_waits_when_the_queue_is_full_and_is_woken_when_half_has_left():
    """One wake-up for several frames, so that pacing costs little."""
    sender = AudioSender()

    async def write() -> None:
        for _ in range(SEND_QUEUE + 1):
            await sender.send(FRAME)

    writing = asyncio.create_task(write())
    await settle()
    assert (SEND_QUEUE, False) == (len(sender.frames), writing.done())
    while len(sender.frames) > sender.low:
        sender.frames.popleft()
    sender.make_room()
    await writing

    assert sender.low + 1 == len(sender.frames)


async def test_the_application_may_reuse_its_array():
    """What was sent is a copy."""
    sender = AudioSender()
    frame = FRAME.copy()
    await sender.send(frame)
    frame[:] = 7

    assert not np.any(sender.frames[0])


async def test_a_cancelled_writer_does_not_disturb_another():
    """Each has a wait of its own."""
    sender = AudioSender()
    for _ in range(SEND_QUEUE):
        await sender.send(FRAME)
    one, other = (asyncio.create_task(sender.send(FRAME)) for _ in range(2))
    await settle()
    one.cancel()
    await settle()
    sender.frames.clear()
    sender.make_room()

    await asyncio.wait_for(other, 20)
    assert 1 == len(sender.frames)


async def test_the_end_wakes_a_writer_with_the_reason():
    """Nobody waits for room that never comes."""
    sender = AudioSender()
    writing = asyncio.create_task(sender.send(np.zeros(FRAME_SAMPLES * (SEND_QUEUE + 1), np.int16)))
    await settle()
    sender.end(ENDED)

    with pytest.raises(CallFailedError, match="the call has ended"):
        await writing


async def test_draining_fails_with_the_call():
    """Frames that can no longer leave are not waited for, and whoever wanted them heard is told."""
    sender = AudioSender()
    await sender.send(FRAME)
    draining = asyncio.create_task(sender.drain())
    await settle()
    sender.end(ENDED)

    with pytest.raises(CallFailedError, match="the call has ended"):
        await asyncio.wait_for(draining, 20)


async def test_flushing_drops_what_has_not_left():
    """Barge-in: what is sent next is the next to leave, and a writer that waits for room gives up its old audio."""
    sender = AudioSender()
    writing = asyncio.create_task(sender.send(np.ones(FRAME_SAMPLES * (SEND_QUEUE + 4) + 10, np.int16)))
    await settle()

    dropped = sender.flush()
    await asyncio.wait_for(writing, 20)
    await sender.send(FRAME)

    assert FRAME_SAMPLES * SEND_QUEUE + 10 == dropped
    assert 1 == len(sender.frames)
    assert not np.any(sender.frames[0])


async def test_flushing_ends_a_drain():
    """Nothing is left to wait for."""
    sender = AudioSender()
    await sender.send(np.ones(FRAME_SAMPLES * 2, np.int16))
    draining = asyncio.create_task(sender.drain())
    await settle()
    sender.flush()

    await asyncio.wait_for(draining, 20)


async def test_a_reader_gets_what_came_before_the_end():
    """Then its iteration stops."""
    receiver = AudioReceiver()
    receiver.put(decode, packet(1))
    receiver.end()

    assert [1] == [frame.sequence async for frame in receiver]


async def test_two_readers_share_the_frames():
    """Each frame goes to one of them, and both end."""
    receiver = AudioReceiver()

    async def read() -> list[int]:
        return [frame.sequence async for frame in receiver]

    readers = [asyncio.create_task(read()) for _ in range(2)]
    for sequence in range(4):
        await settle()
        receiver.put(decode, packet(sequence))
    await settle()
    receiver.end()

    assert [0, 1, 2, 3] == sorted(n for each in await asyncio.gather(*readers) for n in each)


async def test_a_full_queue_drops_the_oldest():
    """What is live is worth more than what is late."""
    receiver = AudioReceiver()
    for sequence in range(RECEIVE_QUEUE + 3):
        receiver.put(decode, packet(sequence))
    receiver.end()

    assert 3 == receiver.dropped
    assert 3 == (await anext(receiver)).sequence


async def test_a_hole_in_pieces_keeps_its_time():
    """Each lost frame has the place in time that it would have had; a hole of minutes is cut short."""
    receiver = AudioReceiver()
    receiver.put(decode, packet(9))
    receiver.put(decode, LostFrames(10, 1600, 1))
    receiver.put(decode, LostFrames(11, 1600, 2))
    receiver.put(decode, LostFrames(13, 1600, 3000))
    receiver.end()

    frames = [frame async for frame in receiver]

    assert [1440, 1600, 1760, 1920, 2080] == [frame.timestamp for frame in frames[:5]]
    assert [False, True, True, True, True] == [frame.lost for frame in frames[:5]]
    assert 1 + 3 + LOST_AT_MOST == len(frames)


@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 60])
async def test_audio_is_cut_into_packets_of_the_agreed_length(milliseconds):
    """Whatever lengths the application writes, packets are whole and in order, also what was queued before."""
    sender = AudioSender()
    audio = np.arange(8 * 240, dtype=np.int16)
    await sender.send(audio[:500])
    sender.cut_to(8 * milliseconds)
    await sender.send(audio[500:])

    assert {8 * milliseconds} == {len(packet) for packet in sender.frames}
    assert np.array_equal(audio, np.concatenate(sender.frames))


async def test_the_queue_holds_as_much_time_whatever_a_packet_holds():
    """A writer of 60 ms packets is not a second ahead, one of 10 ms not without reserve."""
    room = {}
    for milliseconds in (10, 20, 60):
        sender = AudioSender()
        sender.cut_to(8 * milliseconds)
        writing = asyncio.create_task(sender.send(np.zeros(8000, np.int16)))
        await settle()
        room[milliseconds] = len(sender.frames) * milliseconds
        writing.cancel()

    assert {10: 320, 20: 320, 60: 300} == room


async def test_both_ends_unpack():
    """`tx, rx = …`, as in the reference documents."""
    tx, rx = AudioChannels(AudioSender(), AudioReceiver())

    assert (AudioSender, AudioReceiver) == (type(tx), type(rx))
