"""What is measured of a stream from time to time: its figures, the band they fall into, and whether anybody is there.

Pure: times in, values out.
"""

from __future__ import annotations

from session_fsm.rtp import IncomingStream, MediaMetrics, MediaQuality, classify

Seconds = float

REFUSED_FOR = 1.0  # seconds of refused packets before the path is said to have failed: at a call's two ends ports race


class Figures:
    """Loss, jitter, round trip and bit rate over intervals, and the band that each falls into."""

    __slots__ = ("_began_at", "_due_at", "_every", "_incoming", "band", "metrics", "seconds")

    def __init__(self, incoming: IncomingStream, every: Seconds) -> None:
        self.metrics: MediaMetrics | None = None
        self.band: MediaQuality | None = None
        "Of the last interval in which anything was expected; which one counts, the chart of quality says."
        self.seconds: Seconds = 0.0
        "How long the last interval was."
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
        self.seconds = now - self._began_at
        self._began_at, self._due_at = now, now + self._every
        self.metrics = metrics
        band = classify(metrics)
        if band is None or band is self.band:
            return False
        self.band = band
        return True


class Refusals:
    """Packets that nobody takes. For a moment that is normal; when it goes on, the path has failed."""

    __slots__ = ("_since", "_told")

    def __init__(self) -> None:
        self._since: Seconds | None = None
        self._told = False

    @property
    def any(self) -> bool:
        """Whether a packet was refused since the last one that was heard."""
        return self._since is not None

    def clear(self) -> None:
        """Somebody is there."""
        self._since, self._told = None, False

    def have_failed(self, now: Seconds) -> bool:
        """One more was refused: whether this is the moment to say that the path has failed."""
        if self._since is None:
            self._since = now
        if self._told or now - self._since < REFUSED_FOR:
            return False
        self._told = True
        return True


class Silence:
    """How long nothing has come. Thirty seconds are worth a warning, once; the call ends for it only if so asked."""

    __slots__ = ("_after", "_given_up", "_most", "heard_at", "is_told", "reported_at")

    def __init__(self, after: Seconds, most: Seconds | None) -> None:
        self.reported_at: Seconds = 0.0
        "When the last RTCP of the peer came."
        self._most = most
        self._given_up = False
        self.heard_at: Seconds = 0.0
        "When the last packet of the peer came, or the path was opened."
        self.is_told = False
        self._after = after

    def begin(self, now: Seconds) -> None:
        """The path is open: from now on somebody may be missed."""
        self.heard_at, self.is_told, self._given_up = now, False, False

    def has_come(self, now: Seconds) -> Seconds | None:
        """How long it lasts, when this is the moment to tell of it; else None."""
        lasts = now - self.heard_at
        if self.is_told or lasts < self._after:
            return None
        self.is_told = True
        return lasts

    def is_too_long(self, now: Seconds) -> bool:
        """Whether this is the moment to give up, once: no RTP and no RTCP for longer than was allowed."""
        if self._most is None or self._given_up or now - max(self.heard_at, self.reported_at) < self._most:
            return False
        self._given_up = True
        return True
