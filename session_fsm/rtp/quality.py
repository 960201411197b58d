"""How good a stream sounds, as four bands over what was measured.

Pure arithmetic: no clock, no sockets. The bands are those of the event plan that this engine implements.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The upper edge of each band: packet loss as a fraction of one, jitter in milliseconds.
GOOD_BELOW = (0.01, 50.0)
DEGRADED_BELOW = (0.05, 150.0)
POOR_BELOW = (0.10, 300.0)


class MediaQuality(StrEnum):
    """The band that a stream's loss and jitter fall into."""

    GOOD = "Good"
    "Loss under 1 % and jitter under 50 ms."
    DEGRADED = "Degraded"
    "Loss under 5 % and jitter under 150 ms."
    POOR = "Poor"
    "Loss under 10 % and jitter under 300 ms."
    FAILED = "Failed"
    "Anything beyond."


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaMetrics:
    """What was measured of one stream. A figure that was not measured is None, never zero."""

    packet_loss: float | None = None
    "Lost packets as a fraction of the expected ones, 0.0 to 1.0."
    discarded: float | None = None
    "Packets that came too late to be heard, as a fraction of the expected ones."
    jitter_ms: float | None = None
    "Interarrival jitter (RFC 3550 §6.4.1), in milliseconds."
    round_trip_ms: float | None = None
    "Round trip from RTCP (RFC 3550 §6.4.1, LSR and DLSR), in milliseconds."
    bitrate_bps: int | None = None
    "Payload bits a second over the time that was measured."


def classify(metrics: MediaMetrics) -> MediaQuality | None:
    """The band of these metrics, or None as long as loss or jitter has not been measured."""
    loss, jitter = metrics.packet_loss, metrics.jitter_ms
    if loss is None or jitter is None:
        return None
    loss += metrics.discarded or 0.0  # what came too late to be heard is as good as lost
    for quality, (loss_edge, jitter_edge) in _BANDS:
        if loss < loss_edge and jitter < jitter_edge:
            return quality
    return MediaQuality.FAILED


_BANDS = (
    (MediaQuality.GOOD, GOOD_BELOW),
    (MediaQuality.DEGRADED, DEGRADED_BELOW),
    (MediaQuality.POOR, POOR_BELOW),
)
