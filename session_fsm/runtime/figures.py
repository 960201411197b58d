"""What is measured of a stream from time to time: its figures, the band they fall into, and how long it is refused.

Pure: times in, values out.
"""

from __future__ import annotations

from session_fsm.rtp import IncomingStream, MediaMetrics, MediaQuality, classify

Seconds = float

REFUSED_FOR = 1.0  # seconds of refused packets before the path is said to have failed: at a call's two ends ports race


class Figures:
    """Loss, jitter, round trip and bit rate over intervals, and the band that each falls into."""

    __slots__ = ("_began_at", "_due_at", "_every", "_incoming", "band", "heard", "heard_for", "metrics")

    def __init__(self, incoming: IncomingStream, every: Seconds) -> None:
        self.metrics: MediaMetrics | None = None
        "Of the last interval."
        self.heard: MediaMetrics | None = None
        "Of the last interval in which anything was expected."
        self.heard_for: Seconds = 0.0
        "How long that one was."
        self.band: MediaQuality | None = None
        "Of these figures; which band counts, the chart of quality says."
        self._incoming = incoming
        self._every = every
        self._began_at: Seconds = 0.0
        self._due_at: Seconds = float("inf")

    def begin(self, now: Seconds) -> None:
        """The path is open: the first figures are due after one interval."""
        self._began_at, self._due_at = now, now + self._every

    def entered_band(self, now: Seconds, round_trip: Seconds | None) -> bool:
        """Measure, if it is time to. Whether this interval is in another band than the one before."""
        if now < self._due_at:
            return False
        metrics = self._incoming.measure(now, round_trip)
        seconds = now - self._began_at
        self._began_at, self._due_at = now, now + self._every
        self.metrics = metrics
        band = classify(metrics)
        if band is None:
            return False
        self.heard, self.heard_for = metrics, seconds
        if band is self.band:
            return False
        self.band = band
        return True


class Refusals:
    """Packets that nobody takes. For a moment that is normal; when it goes on, the path has failed."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since: Seconds | None = None

    @property
    def any(self) -> bool:
        """Whether a packet was refused since the last one that was heard."""
        return self._since is not None

    def clear(self) -> None:
        """Somebody is there."""
        self._since = None

    def go_on(self, now: Seconds) -> bool:
        """One more was refused: whether that goes on for too long by now."""
        if self._since is None:
            self._since = now
        return now - self._since >= REFUSED_FOR
