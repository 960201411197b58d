"""Frames in order, holes marked, and nothing waits that need not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.rtp import Frame, LostFrames, Playout, RtpPacket

FRAME = 160


def packet(number: int, start: int = 0) -> RtpPacket:
    """The packet of this number in a stream of 20 ms frames."""
    return RtpPacket(0, number & 0xFFFF, (start + FRAME * number) & 0xFFFFFFFF, 7, bytes(FRAME))


def played(numbers: list[int], window: int = 3) -> tuple[Playout, list[list[int | str]]]:
    """What came out after each packet: numbers, and `lost n` for holes."""
    playout = Playout(window)
    return playout, [told(playout.push(packet(number), 0.0)) for number in numbers]


def told(frames: Sequence[Frame]) -> list[int | str]:
    """Frames in short: the sequence number, or how many are missing."""
    return [f"lost {frame.count}" if isinstance(frame, LostFrames) else frame.sequence for frame in frames]


def test_packets_in_order_do_not_wait():
    """The window costs nothing when nothing is wrong."""
    assert [[1], [2], [3]] == played([1, 2, 3])[1]


def test_a_swapped_pair_comes_out_in_order():
    """The hole fills, and both leave at once."""
    assert [[1], [], [2, 3], [4]] == played([1, 3, 2, 4])[1]


def test_a_hole_is_given_up_after_the_window():
    """Three packets behind the missing one were sent; it is lost, and they leave."""
    playout, frames = played([1, 3, 4, 5, 6])

    assert [[1], [], [], ["lost 1", 3, 4, 5], [6]] == frames
    assert 1 == playout.lost


def test_the_last_moment_is_still_in_time():
    """Two packets wait; the third behind the hole has not been sent yet."""
    assert [[1], [], [], [2, 3, 4]] == played([1, 3, 4, 2])[1]


def test_a_window_of_nothing_never_waits():
    """Then every gap is a loss at once."""
    assert [[1], ["lost 1", 3], []] == played([1, 3, 2], window=0)[1]


def test_a_long_hole_is_one_mark():
    """However far the peer jumps, what comes out is bounded."""
    playout, frames = played([1, 2000])

    assert ["lost 1996"] == frames[1]
    assert ["lost 2", 2000] == told(playout.flush())


def test_a_hole_says_where_the_audio_is_missing():
    """Media time goes on where the last frame ended."""
    playout = Playout(window=0)
    playout.push(packet(1), 0.0)

    assert LostFrames(sequence=2, timestamp=2 * FRAME, count=2) == playout.push(packet(4), 0.0)[0]


def test_a_packet_after_its_time_is_late():
    """It was marked as lost; it is counted and not played."""
    playout, frames = played([1, 3, 4, 5, 2])

    assert ([], 1, 0) == (frames[-1], playout.late, playout.duplicates)


def test_a_packet_from_before_the_first_is_late():
    """The first two packets of a stream may arrive swapped; the stream begins with what came first."""
    playout, _ = played([5, 4])

    assert (1, 0) == (playout.late, playout.duplicates)


@pytest.mark.parametrize("numbers", [[1, 2, 2], [1, 2, 1], [1, 3, 3], [1, 3, 2, 2]])
def test_a_copy_is_a_duplicate(numbers: list[int]):
    """Whether it was played or still waits."""
    playout, _ = played(numbers)

    assert (0, 1) == (playout.late, playout.duplicates)


def test_a_late_packets_copy_is_a_duplicate():
    """It was late once; the second time it is a copy."""
    playout, _ = played([1, 3, 4, 5, 2, 2])

    assert (1, 1) == (playout.late, playout.duplicates)


def test_the_end_flushes_what_waits():
    """Nothing that arrived is kept back."""
    playout, frames = played([1, 3])

    assert [[1], []] == frames
    assert ["lost 1", 3] == told(playout.flush())


def test_numbers_wrap():
    """65535 is followed by 0, also across a hole."""
    _, frames = played([65534, 65536, 65535, 65537])

    assert [[65534], [], [65535, 0], [1]] == frames


def test_a_perfect_stream_has_no_gap():
    """Each frame begins where the one before ended."""
    assert 0 == played([1, 2, 3])[0].longest_gap


def test_no_stream_has_no_gap_to_measure():
    """A figure that was not measured is None."""
    assert Playout().longest_gap is None


def test_the_gap_is_the_media_time_that_is_missing():
    """Two lost frames of 20 ms are 40 ms."""
    playout = played([1, 4], window=0)[0]

    assert 2 * FRAME == playout.longest_gap


def test_silence_that_was_not_sent_is_a_gap_too():
    """Sequence numbers go on, media time jumps (RFC 3551 §4.1)."""
    playout = Playout()
    playout.push(packet(1), 0.0)
    playout.push(packet(2, start=800), 0.0)

    assert (800, 0) == (playout.longest_gap, playout.lost)


def test_a_timestamp_that_steps_back_is_no_gap():
    """Nothing is missing then."""
    playout = Playout()
    playout.push(packet(1, start=8000), 0.0)
    playout.push(packet(2), 0.0)

    assert 0 == playout.longest_gap


def test_a_gap_across_the_timestamps_wrap():
    """Media time is counted modulo 2**32."""
    playout = Playout(window=0)
    playout.push(packet(1, start=2**32 - 2 * FRAME), 0.0)
    playout.push(packet(3, start=2**32 - 2 * FRAME), 0.0)

    assert FRAME == playout.longest_gap


def test_a_restart_is_no_gap():
    """A new source's media time has nothing to do with the old one's."""
    playout = Playout()
    playout.push(packet(1), 0.0)

    assert [] == playout.restart()
    assert [40000] == told(playout.push(packet(40000, start=999), 0.0))
    assert (0, 0, 0) == (playout.longest_gap, playout.lost, playout.late)


ARRIVALS = st.lists(st.integers(0, 30), max_size=60)


@given(st.integers(0, 65535), ARRIVALS, st.integers(0, 5))
def test_whatever_arrives_comes_out_once_and_in_order(first: int, arrivals: list[int], window: int):
    """Frames and holes together cover every number from the first to the last, each once; every packet is accounted."""
    playout = Playout(window)
    frames: list[Frame] = []
    for number in arrivals:
        frames += playout.push(packet(first + number), 0.0)
    frames += playout.flush()

    covered: list[int] = []
    for frame in frames:
        count = frame.count if isinstance(frame, LostFrames) else 1
        covered += [(frame.sequence + at) & 0xFFFF for at in range(count)]
    assert covered == [(covered[0] + at) & 0xFFFF for at in range(len(covered))] if covered else True
    delivered = sum(isinstance(frame, RtpPacket) for frame in frames)
    assert len(arrivals) == delivered + playout.late + playout.duplicates
    assert len(covered) == delivered + playout.lost


@given(ARRIVALS, st.integers(0, 5))
def test_nothing_waits_longer_than_the_window(arrivals: list[int], window: int):
    """At any time at most `window` packets are held back."""
    playout = Playout(window)
    held = 0
    for number in arrivals:
        before = playout.late + playout.duplicates
        frames = playout.push(packet(number), 0.0)
        kept = playout.late + playout.duplicates == before
        held += kept - sum(isinstance(frame, RtpPacket) for frame in frames)
        assert held <= window
