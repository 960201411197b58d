"""The four bands."""

from __future__ import annotations

import pytest

from session_fsm.rtp import MediaMetrics, MediaQuality, classify


@pytest.mark.parametrize(
    ("loss", "jitter", "expected"),
    [
        (0.0, 0.0, MediaQuality.GOOD),
        (0.0099, 49.9, MediaQuality.GOOD),
        (0.01, 0.0, MediaQuality.DEGRADED),
        (0.0, 50.0, MediaQuality.DEGRADED),
        (0.0499, 149.9, MediaQuality.DEGRADED),
        (0.05, 0.0, MediaQuality.POOR),
        (0.0, 150.0, MediaQuality.POOR),
        (0.0999, 299.9, MediaQuality.POOR),
        (0.10, 0.0, MediaQuality.FAILED),
        (0.0, 300.0, MediaQuality.FAILED),
    ],
)
def test_loss_and_jitter_choose_the_band(loss: float, jitter: float, expected: MediaQuality):
    """The worse of the two decides; an edge belongs to the band beyond it."""
    assert expected is classify(MediaMetrics(packet_loss=loss, jitter_ms=jitter))


def test_what_came_too_late_is_as_good_as_lost():
    """Nobody hears it, whatever the counter of lost packets says."""
    assert MediaQuality.POOR is classify(MediaMetrics(packet_loss=0.03, discarded=0.03, jitter_ms=1.0))


@pytest.mark.parametrize(
    "metrics", [MediaMetrics(), MediaMetrics(packet_loss=0.0), MediaMetrics(jitter_ms=1.0, round_trip_ms=5.0)]
)
def test_what_was_not_measured_has_no_quality(metrics: MediaMetrics):
    """Half of the evidence is none."""
    assert classify(metrics) is None
