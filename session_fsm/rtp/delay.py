"""How long the packets of one source should wait, from how unevenly they arrive.

Sources: R. Ramjee, J. Kurose, D. Towsley, H. Schulzrinne, "Adaptive playout mechanisms for packetized audio
applications in wide-area networks", INFOCOM 1994, algorithm 4 (average and variation of the transit time, and what
to do in a delay spike). Knows no clock: arrivals are given, in seconds of one monotonic clock.
"""

from __future__ import annotations

Seconds = float

RISE = 1 / 8  # weight of a new packet; Ramjee algorithm 4, 1 - alpha
# Departure from Ramjee: the variation falls more slowly than it rises, as in baresip's buffer, so that the delay does
# not swing with every packet. Their delay is set once a talkspurt; ours follows every packet.
FALL = 1 / 64
DEVIATIONS = 4.0  # how many variations a packet may be later than the average; Ramjee, all four algorithms
SPIKE = 0.1  # seconds that a packet's transit differs from the one before; 800 samples in Ramjee's algorithm 4
SPIKE_OVER = 63 / 8000  # seconds of slope below which the spike has passed; 63 samples there
STEP = 2.0  # seconds; no network does that, so the peer's media clock was set anew
WORTH_IT = 0.02  # seconds: a shorter wait than a packet's length mends nothing, so no packet waits at all


class PlayoutDelay:
    """The playout delay of one source: zero as long as its packets come evenly, then as much as they need.

    `minimum` and `maximum` bound it, in seconds. Timestamps are ticks of the source's clock, modulo 2**32.
    """

    __slots__ = (
        "_before",
        "_change",
        "_media",
        "_seconds_a_tick",
        "_steepness",
        "_timestamp",
        "average",
        "maximum",
        "minimum",
        "variation",
    )

    def __init__(self, minimum: Seconds, maximum: Seconds, clock_rate: int = 8000) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.average: Seconds | None = None
        "Of the transit times, against a zero that means nothing; None before the first packet."
        self.variation: Seconds = 0.0
        "By how much transit times differ from their average."
        self._seconds_a_tick = 1 / clock_rate
        self._timestamp = 0
        self._media = self._before = self._change = 0.0
        # How steeply transit times rise or fall in a spike; None when there is none.
        self._steepness: Seconds | None = None

    @property
    def target(self) -> Seconds:
        """How much later than the average transit time a packet is played out."""
        wanted = DEVIATIONS * self.variation
        return min(max(wanted if wanted >= WORTH_IT else 0.0, self.minimum), self.maximum)

    def forget(self) -> None:
        """Another source, or a pause: what was learnt of variation stays, the next packet begins a new average."""
        self.average = None

    def note(self, timestamp: int, arrival: Seconds) -> Seconds:
        """Take one packet's arrival into account: how long it should wait from then on."""
        average = self.average
        if average is None:
            return self._begin(timestamp, arrival)
        ticks = (timestamp - self._timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        self._timestamp = timestamp
        media = self._media = self._media + ticks * self._seconds_a_tick
        transit = arrival - media
        change = transit - self._before
        if self._steepness is not None or not -SPIKE < change < SPIKE:
            if not -STEP < change < STEP:
                return self._begin(timestamp, arrival)
            average = self._ride(average, change)
        else:
            average += (transit - average) * RISE
        self._before = transit
        self._change = change
        self.average = average
        lateness = transit - average
        deviation = lateness if lateness >= 0 else -lateness
        variation = self.variation
        variation += (deviation - variation) * (RISE if deviation > variation else FALL)
        self.variation = variation
        if variation < _STEADY and not self.minimum:
            return 0.0
        return min(max(self.target - lateness, 0.0), self.maximum)

    def _begin(self, timestamp: int, arrival: Seconds) -> Seconds:
        self._timestamp = timestamp
        self._media = self._change = 0.0
        self._steepness = None
        self._before = self.average = arrival
        return self.target

    def _ride(self, average: Seconds, change: Seconds) -> Seconds:
        """Transit times jumped: the average goes with them until they no longer rise or fall steeply."""
        if self._steepness is None:
            self._steepness = 0.0
        else:
            # Ramjee: var/2 + |(2n[i] - n[i-1] - n[i-2]) / 8|, here with differences of successive transit times.
            self._steepness = self._steepness / 2 + abs(2 * change + self._change) / 8
            if self._steepness <= SPIKE_OVER:
                self._steepness = None
        return average + change


_STEADY = WORTH_IT / DEVIATIONS  # seconds of variation below which nothing waits
