"""What one source sends, counted as RFC 3550 counts it: A.1 sequence numbers, A.3 loss, A.8 jitter.

Fed with every packet in the order of arrival; `arrival` is given, in seconds of one monotonic clock.
"""

from __future__ import annotations

from enum import StrEnum

from session_fsm.rtp.rtcp import ReportBlock

Seconds = float
Ticks = float
"Of the stream's clock: 8000 a second for G.711."

SEQUENCE_MODULO = 1 << 16
TIMESTAMP_MODULO = 1 << 32
MAX_DROPOUT = 3000  # packets ahead that are still a gap, a minute at 50 packets a second; RFC 3550 A.1
MAX_MISORDER = 100  # packets behind that are still late, two seconds; RFC 3550 A.1
MIN_SEQUENTIAL = 2  # packets in sequence before a source is believed; RFC 3550 A.1
LOST_LIMITS = (-0x800000, 0x7FFFFF)  # a signed 24 bit field; RFC 3550 A.3


class Validity(StrEnum):
    """What a packet's sequence number says about it."""

    VALID = "valid"
    "It belongs to the stream: in order, ahead with a gap, late or duplicate."
    PROBATION = "probation"
    "The source has not yet sent enough packets in sequence."
    JUMP = "jump"
    "It is too far off. It counts for nothing unless its successor follows."
    RESTART = "restart"
    "The successor of a jump: the source started anew, and so do the figures."


class Reception:
    """The figures of one synchronization source.

    Source: RFC 3550 A.1, A.3, A.8 and §6.4.1. `probation=0` believes the first packet, for an address that was
    negotiated; `probation=MIN_SEQUENTIAL` is the RFC's rule for a source that nobody announced.
    """

    __slots__ = (
        "_arrival",
        "_bad",
        "_expected_before",
        "_probation",
        "_received_before",
        "_timestamp",
        "base",
        "clock_rate",
        "cycles",
        "jitter",
        "newest",
        "received",
    )

    base: int
    "The first sequence number that counts."
    newest: int
    "The highest one so far, -1 before the first."
    cycles: int
    "How often the numbers wrapped, times 65536."
    received: int
    "Valid packets, late ones and duplicates included (A.3)."
    jitter: Ticks
    _arrival: Seconds | None
    _bad: int

    def __init__(self, clock_rate: int = 8000, probation: int = 0) -> None:
        self.clock_rate = clock_rate
        self._probation = probation
        self._begin(-1)

    def update(self, sequence: int, timestamp: int, arrival: Seconds) -> Validity:
        """Count one packet."""
        if sequence - self.newest == 1 and self.received:
            # The fast path that A.1 suggests: the very next packet, without a wrap.
            self.newest = sequence
            self.received += 1
        else:
            validity = self._judge(sequence)
            if validity is not Validity.VALID:
                if validity is Validity.RESTART:
                    self._arrival, self._timestamp = arrival, timestamp
                return validity
        if self._arrival is not None:
            # A.8: the difference of two packets' spacing at the receiver and at the sender. Differences first, so that
            # neither clock's wrap nor its offset matters.
            sent = (timestamp - self._timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            spread = (arrival - self._arrival) * self.clock_rate - sent
            self.jitter += ((spread if spread >= 0 else -spread) - self.jitter) / 16
        self._arrival = arrival
        self._timestamp = timestamp
        return Validity.VALID

    def interrupt(self) -> None:
        """The peer was asked to stop sending: the spacing of its next packet says nothing about jitter."""
        self._arrival = None

    def _judge(self, sequence: int) -> Validity:
        if self.newest < 0:
            self._begin(sequence)
            # A.1: a new source's first packet is the first of its probation.
            self.newest = sequence if not self._probation else (sequence - 1) % SEQUENCE_MODULO
        if self._probation:
            return self._try_out(sequence)
        ahead = (sequence - self.newest) % SEQUENCE_MODULO
        if ahead < MAX_DROPOUT:
            if sequence < self.newest:
                self.cycles += SEQUENCE_MODULO
            self.newest = sequence
        elif ahead <= SEQUENCE_MODULO - MAX_MISORDER:
            if sequence != self._bad:
                self._bad = (sequence + 1) % SEQUENCE_MODULO
                return Validity.JUMP
            self._begin(sequence)
            self.received = 1
            return Validity.RESTART
        self.received += 1
        return Validity.VALID

    def _try_out(self, sequence: int) -> Validity:
        follows = sequence == (self.newest + 1) % SEQUENCE_MODULO
        self.newest = sequence
        self._probation = self._probation - 1 if follows else MIN_SEQUENTIAL - 1
        if self._probation:
            return Validity.PROBATION
        self._begin(sequence)
        self.received = 1
        return Validity.VALID

    def _begin(self, sequence: int) -> None:
        """A.1 `init_seq`, with the jitter of A.8 started anew as well."""
        self.base = self.newest = sequence
        self._bad = -1
        self.cycles = self.received = self._received_before = self._expected_before = 0
        self.jitter = 0.0
        self._arrival, self._timestamp = None, 0

    @property
    def highest(self) -> int:
        """The extended highest sequence number (RFC 3550 §6.4.1): cycles in the upper, the number in the lower half."""
        return (self.cycles + max(self.newest, 0)) % TIMESTAMP_MODULO

    @property
    def expected(self) -> int:
        """How many packets the source has sent since the first one that was received (A.3)."""
        return self.cycles + self.newest - self.base + 1 if self.received else 0

    @property
    def lost(self) -> int:
        """Expected less received; duplicates can make it negative (A.3)."""
        return min(max(self.expected - self.received, LOST_LIMITS[0]), LOST_LIMITS[1])

    @property
    def jitter_ms(self) -> float | None:
        """The jitter in milliseconds; None before two packets were compared."""
        return self.jitter * 1000 / self.clock_rate if self.received > 1 else None

    def report(self, ssrc: int, last_sr: int = 0, delay: int = 0) -> ReportBlock:
        """The block about this source for our next report. Closes the interval over which the fraction counts (A.3)."""
        expected, received = self.expected, self.received
        expected_now, received_now = expected - self._expected_before, received - self._received_before
        self._expected_before, self._received_before = expected, received
        lost_now = expected_now - received_now
        fraction = (lost_now << 8) // expected_now if expected_now > 0 and lost_now > 0 else 0
        jitter = min(int(self.jitter), TIMESTAMP_MODULO - 1)
        return ReportBlock(ssrc, min(fraction, 255), self.lost, self.highest, jitter, last_sr, delay)
