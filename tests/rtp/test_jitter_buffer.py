"""Frames in order and in time, each at most once, whatever the network did to the packets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.rtp import Frame, JitterBuffer, LostFrames, RtpPacket
from session_fsm.rtp.jitter_buffer import HELD_AT_MOST, PATIENCE

FRAME, PERIOD = 160, 0.02


def packet(number: int, timestamp: int | None = None) -> RtpPacket:
    """The packet of this number in a stream of 20 ms frames."""
    at = FRAME * number if timestamp is None else timestamp
    return RtpPacket(0, number & 0xFFFF, at & 0xFFFFFFFF, 7, bytes(FRAME))


def told(frames: Sequence[Frame]) -> list[int | str]:
    """Frames in short: the sequence number, or how many are missing."""
    return [f"lost {frame.count}" if isinstance(frame, LostFrames) else frame.sequence for frame in frames]


class Out(NamedTuple):
    """A frame that came out, and when."""

    at: float
    frame: Frame


def played(arrivals: Sequence[tuple[float, int]], buffer: JitterBuffer) -> list[Out]:
    """What comes out of packets that arrive at these times, with a look every 5 ms until nothing waits."""
    out: list[Out] = []
    now = arrivals[0][0] if arrivals else 0.0
    for arrival, number in arrivals:
        while now < arrival:
            out += [Out(now, frame) for frame in buffer.due(now)]
            now += 0.005
        out += [Out(arrival, frame) for frame in buffer.push(packet(number), arrival)]
        now = max(now, arrival)
    while buffer.waits:
        now += 0.005
        out += [Out(now, frame) for frame in buffer.due(now)]
    return out


def test_even_packets_leave_as_they_come():
    """Evidence and the first frames are not held back for a jitter that nobody has seen."""
    buffer = JitterBuffer(0.0, 0.2)

    assert [[n] for n in range(50)] == [told(buffer.push(packet(n), PERIOD * n)) for n in range(50)]


def test_the_first_frame_waits_for_nothing():
    """Not even where a least delay is asked for."""
    assert [5] == told(JitterBuffer(0.1, 0.2).push(packet(5), 3.0))


def test_a_least_delay_holds_back_what_follows():
    """The second packet is due a tenth of a second after its arrival."""
    buffer = JitterBuffer(0.1, 0.2)
    buffer.push(packet(0), 0.0)

    assert [] == told(buffer.push(packet(1), 0.02))
    assert ([], [1]) == (told(buffer.due(0.1)), told(buffer.due(0.121)))


def test_a_swapped_pair_is_put_right():
    """The hole fills before patience ends."""
    buffer = JitterBuffer(0.0, 0.2)
    times = ((0, 0.0), (2, 0.04), (1, 0.041), (3, 0.06))

    assert [[0], [], [1, 2], [3]] == [told(buffer.push(packet(n), at)) for n, at in times]
    assert (0, 0) == (buffer.lost, buffer.late)


def test_patience_ends():
    """Forty milliseconds after the packet behind it came, a hole is given up; then its packet is late."""
    buffer = JitterBuffer(0.0, 0.2)
    buffer.push(packet(0), 0.0)
    buffer.push(packet(2), 0.04)

    assert [] == buffer.due(0.04 + PATIENCE - 0.001)
    assert ["lost 1", 2] == told(buffer.due(0.04 + PATIENCE))
    assert [] == told(buffer.push(packet(1), 0.1))
    assert (1, 1, 0) == (buffer.lost, buffer.late, buffer.duplicates)


def test_silence_that_was_not_sent_is_no_loss():
    """DTX: the timestamp jumps, the sequence number does not, the marker is set."""
    buffer = JitterBuffer(0.0, 0.2)
    buffer.push(packet(0), 0.0)
    after = packet(1, timestamp=100 * FRAME)._replace(marker=True)

    assert (after,) == buffer.push(after, 100 * PERIOD)
    assert 0 == buffer.lost


def test_uneven_packets_come_out_evenly():
    """Transit times swing between 0 and 60 ms; after some seconds frames leave 20 ms apart, give or take one look."""
    arrivals = [(PERIOD * n + (0.06 if n % 3 == 1 else 0.0), n) for n in range(600)]
    buffer = JitterBuffer(0.0, 0.2)

    out = played(sorted(arrivals), buffer)

    assert list(range(600)) == told([each.frame for each in out])
    settled = [each.at for each in out][300:]
    steps = [after - before for before, after in pairwise(settled)]
    assert max(steps) < 0.036
    assert buffer.delay > 0.02


def test_a_flood_is_not_hoarded():
    """A peer that sends faster than its own media clock gets no more than a fixed number of places."""
    buffer = JitterBuffer(0.0, 0.2)
    held = 0
    for n in range(5000):
        held += 1 - len(buffer.push(packet(n), 1e-5 * n))
        assert held <= HELD_AT_MOST


def test_the_end_hands_out_everything():
    """A call that ends loses nothing that had arrived."""
    buffer = JitterBuffer(0.15, 0.2)
    for n in (0, 1, 3):
        buffer.push(packet(n), PERIOD * n)

    assert [1, "lost 1", 3] == told(buffer.flush())
    assert not buffer.waits


NETWORK = st.lists(
    st.tuples(st.floats(0.0, 0.3), st.booleans(), st.booleans()), max_size=60
)  # of each packet: its transit time, whether it is lost, whether it comes twice


@given(NETWORK, st.integers(0, 65535), st.sampled_from([(0.0, 0.0), (0.0, 0.2), (0.04, 0.1)]))
def test_whatever_the_network_does_frames_come_in_order_once(
    network: list[tuple[float, bool, bool]], first: int, bounds: tuple[float, float]
):
    """Frames and holes cover each number once, in order; every packet is accounted; nothing waits beyond its bound."""
    arrivals = [
        (PERIOD * n + transit + 0.001 * copy, first + n)
        for n, (transit, lost, twice) in enumerate(network)
        if not lost
        for copy in range(1 + twice)
    ]
    arrivals.sort()
    buffer = JitterBuffer(*bounds)

    out = played(arrivals, buffer)

    covered: list[int] = []
    for _, frame in out:
        count = frame.count if isinstance(frame, LostFrames) else 1
        covered += [(frame.sequence + at) & 0xFFFF for at in range(count)]
    assert covered == [(covered[0] + at) & 0xFFFF for at in range(len(covered))] if covered else True
    delivered = [each for each in out if isinstance(each.frame, RtpPacket)]
    assert len(arrivals) == len(delivered) + buffer.late + buffer.duplicates
    assert len(covered) == len(delivered) + buffer.lost
    came = {number & 0xFFFF: at for at, number in reversed(arrivals)}
    for at, frame in delivered:
        assert packet((frame.sequence - first & 0xFFFF) + first) == frame
        assert at - came[frame.sequence] <= bounds[1] + 0.006


@pytest.mark.parametrize("bounds", [(0.0, 0.0), (0.0, 0.2)])
def test_a_buffer_starts_anew_with_its_source(bounds: tuple[float, float]):
    """Another source's numbers and media clock have nothing to do with the old ones."""
    buffer = JitterBuffer(*bounds)
    buffer.push(packet(0), 0.0)

    assert [] == buffer.restart()
    assert [40000] == told(buffer.push(packet(40000, timestamp=123456789), 0.02))


HOSTILE = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 2**32 - 1) | st.integers(0, 8000), st.floats(0.0, 3.0)), max_size=60
)  # of each packet: its number, any timestamp at all, and how long after the one before it came


@given(HOSTILE, st.sampled_from([(0.0, 0.2), (0.05, 0.1)]))
def test_timestamps_that_lie_change_the_pace_and_nothing_else(
    packets: list[tuple[int, int, float]], bounds: tuple[float, float]
):
    """Whatever a peer's media clock says: in order, once, each packet within its bound, all accounted for."""
    buffer = JitterBuffer(*bounds)
    now, out = 0.0, []
    for number, timestamp, pause in packets:
        now += pause
        held = buffer.due(now)
        for each in (*held, *buffer.push(packet(number, timestamp), now)):
            out.append(Out(now, each))
        assert 0.0 <= buffer.delay <= bounds[1]
    out += [Out(now + bounds[1], each) for each in buffer.due(now + bounds[1])]

    assert not buffer.waits
    delivered = [each.frame.sequence for each in out if isinstance(each.frame, RtpPacket)]
    assert sorted(set(delivered)) == delivered
    assert len(packets) == len(delivered) + buffer.late + buffer.duplicates
