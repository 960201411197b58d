"""Packets of any length become frames of 20 ms, and no sample loses its place in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.rtp import LostFrames, RtpPacket
from session_fsm.runtime.framing import AudioFrame, Framing


def decode(payload: bytes) -> np.ndarray:
    return np.frombuffer(payload, np.uint8).astype(np.int16)


def packets(sizes: list[int], start: int = 1000) -> list[RtpPacket]:
    """Packets that follow on each other; each sample tells its own time."""
    made, at = [], start
    for number, size in enumerate(sizes):
        payload = bytes((at + n) % 256 for n in range(size))
        made.append(RtpPacket(0, number, at & 0xFFFFFFFF, 7, payload))
        at += size
    return made


def frames_of(heard: list[RtpPacket | LostFrames]) -> list[AudioFrame]:
    """What a reader gets, the end included."""
    framing = Framing()
    frames = [frame for each in heard for frame in framing.cut(decode, each)]
    return [*frames, *framing.rest()]


@pytest.mark.parametrize("milliseconds", [1, 10, 20, 30, 40, 60, 120])
def test_whatever_a_packet_holds_a_frame_lasts_twenty_milliseconds(milliseconds: int):
    """From 1 ms to 120 ms: the same audio, in whole frames."""
    frames = frames_of(packets([8 * milliseconds] * (240 // milliseconds)))

    assert [160] * 12 == [len(frame) for frame in frames]
    assert [1000 + 160 * n for n in range(12)] == [frame.timestamp for frame in frames]


@given(st.lists(st.integers(min_value=0, max_value=960), max_size=20), st.sampled_from([0, 2**32 - 512]))
def test_no_sample_is_lost_or_moved(sizes: list[int], start: int):
    """Each sample comes out at its own RTP time, also where that wraps."""
    sent = packets(sizes, start)
    frames = frames_of(list(sent))

    assert b"".join(packet.payload for packet in sent) == b"".join(bytes(frame.samples.tolist()) for frame in frames)
    assert all(int(frame.samples[0]) == frame.timestamp % 256 for frame in frames)
    assert all(160 == len(frame) for frame in frames[:-1])


def test_a_frame_has_the_number_of_the_packet_in_which_it_begins():
    """Two packets of 30 ms are three frames: the second begins in the first packet."""
    assert [0, 0, 1] == [frame.sequence for frame in frames_of(packets([240, 240]))]


def test_the_last_frame_before_a_gap_is_short():
    """The peer fell silent and speaks again later: what came before is not held back, nor moved."""
    before, after = packets([240]), [RtpPacket(0, 1, 9000, 7, bytes(160))]

    assert [(1000, 160), (1160, 80), (9000, 160)] == [(f.timestamp, len(f)) for f in frames_of([*before, *after])]


def test_lost_audio_is_as_long_as_the_packets_were():
    """One lost packet of 30 ms is 30 ms that are marked, and nothing else is."""
    first, _, third = packets([240, 240, 240])
    frames = frames_of([first, LostFrames(1, 1240, 1), third])

    assert [(1000, 160, False), (1160, 80, False), (1240, 160, True), (1400, 80, True), (1480, 160, False)] == [
        (frame.timestamp, len(frame), frame.lost) for frame in frames[:5]
    ]
