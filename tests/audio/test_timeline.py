"""Two sides on one time axis: everything comes out once, in its place, whatever the order it went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.audio import Samples
from session_fsm.audio.timeline import HEARD, SAID, RecordMode, Timeline, record_mode


def level(value: int, count: int = 4) -> Samples:
    """So many samples of one value."""
    return np.full(count, value, np.int16)


def laid(mode: RecordMode) -> list[object]:
    """Something on each side, overlapping by half."""
    timeline = Timeline(mode, 100)
    timeline.put(HEARD, 0, level(1))
    timeline.put(SAID, 2, level(10))
    return timeline.rest().tolist()


def test_a_channel_a_side():
    """Left what was heard, right what was said."""
    assert [[1, 0], [1, 0], [1, 10], [1, 10], [0, 10], [0, 10]] == laid(RecordMode.STEREO)


def test_mixed_is_the_sum():
    """As somebody beside them would hear it."""
    assert [1, 1, 11, 11, 10, 10] == laid(RecordMode.MIXED)


def test_two_loud_sides_do_not_wrap():
    """A sum that is too large is as loud as can be."""
    timeline = Timeline(RecordMode.MIXED, 100)
    for side in (HEARD, SAID):
        timeline.put(side, 0, level(30000, 1))
        timeline.put(side, 1, level(-30000, 1))

    assert [32767, -32768] == timeline.rest().tolist()


def test_what_was_taken_out_stays_as_it_is():
    """Audio that comes later than its window is counted, and the part that is in time is kept."""
    timeline = Timeline(RecordMode.MIXED, 100)
    timeline.put(HEARD, 0, level(1, 10))
    first = timeline.take(8)
    timeline.put(SAID, 4, level(10, 8))

    assert [1] * 8 == first.tolist()
    assert [11, 11, 10, 10] == timeline.rest().tolist()
    assert 4 == timeline.too_late


def test_a_long_pause_is_silence():
    """A step far beyond the window moves it on."""
    timeline = Timeline(RecordMode.MIXED, 10)
    out = timeline.put(HEARD, 0, level(1))
    out += timeline.put(HEARD, 1000, level(2))
    out.append(timeline.rest())

    whole = np.concatenate(out)
    assert (1004, [1, 1, 1, 1], [2, 2, 2, 2]) == (len(whole), whole[:4].tolist(), whole[1000:].tolist())
    assert not whole[4:1000].any()


@given(st.lists(st.tuples(st.sampled_from([HEARD, SAID]), st.integers(0, 60), st.integers(1, 50)), max_size=12))
def test_everything_in_time_comes_out_in_its_place(pieces: list[tuple[int, int, int]]):
    """Compared with an axis that is as long as it needs to be. What overlaps on one side is the later one's."""
    timeline = Timeline(RecordMode.STEREO, 40)
    expected = np.zeros((200, 2), np.int16)
    out = []
    for value, (side, place, count) in enumerate(pieces, 1):
        begin = max(place, timeline.start)
        out += timeline.put(side, place, level(value, count))
        expected[begin : max(place + count, begin), side] = value
    out.append(timeline.rest())

    whole = np.concatenate([np.zeros((0, 2), np.int16), *out])
    assert np.array_equal(expected[: len(whole)], whole)
    assert not expected[len(whole) :].any()


def test_another_mode_is_refused():
    with pytest.raises(ValueError, match="mode is 'both'; it can be heard, mixed, stereo"):
        record_mode("both")
