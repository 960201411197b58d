"""Another clock drawn to ours, without a sound."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from session_fsm.audio.drift import JUMP, SLACK, Drift

PIECE = 160  # samples, 20 ms


def run(drift: Drift, minutes: float, ppm: float, jitter: int = 0) -> list[int]:
    """Pieces of a clock that is off by so much; after each one, by how many samples its place is off."""
    dice = Random(1)
    off = []
    for n in range(round(minutes * 3000)):
        came = round(n * PIECE / (1 + ppm * 1e-6))
        drift.note(came + dice.randint(0, jitter), came + dice.randint(0, jitter) - n * PIECE)
        off.append(n * PIECE + drift.correction - came)
        drift.fit(np.zeros(PIECE, np.int16))
    return off


@pytest.mark.parametrize("ppm", [200, -200, 20, 0])
@pytest.mark.parametrize("jitter", [0, 400])
def test_a_clock_that_is_off_stays_in_step(ppm, jitter):
    """Within 20 ms in five minutes, in which 200 ppm alone are 60 ms."""
    off = run(Drift(), 5, ppm, jitter)

    assert max(map(abs, off)) < 160


def test_a_clock_that_is_right_is_left_alone():
    """However unevenly its audio comes: nothing is stretched."""
    drift = Drift()
    run(drift, 2, 0, jitter=1600)

    assert abs(drift.correction) <= SLACK


@pytest.mark.parametrize("late", [500, -500])
def test_a_piece_is_stretched_by_a_sample(late):
    """Its ends stay, so that it joins the next one."""
    drift = Drift()
    drift.note(0, late)
    drift.note(20_000, late)
    piece = np.arange(0, 1600, 10, dtype=np.int16)
    fitted = drift.fit(piece)

    assert PIECE + (1 if late > 0 else -1) == len(fitted)
    assert (piece[0], piece[-1]) == (fitted[0], fitted[-1])
    assert (np.diff(fitted) > 0).all()


def test_what_is_far_off_is_put_right_at_once():
    """A loop that stood still for two seconds."""
    drift = Drift()
    drift.note(0, JUMP + 1)
    before = drift.correction
    drift.note(20_000, JUMP + 1)

    assert (0, JUMP + 1) == (before, drift.correction)


def test_the_least_late_one_counts():
    """The others waited on their way."""
    drift = Drift()
    for n in range(200):
        drift.note(n * PIECE, 3000 if n % 10 else 0)

    assert 0 == drift.correction
