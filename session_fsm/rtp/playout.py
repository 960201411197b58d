"""Packets into the order of their sequence numbers, by a short fixed window; what is missing is marked, never invented.

A packet in order comes out at once. Only behind a hole do packets wait, until the missing one comes or `window` packets
after it have been sent. Knows no clock: the window counts packets, so that it costs nothing when nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from session_fsm.rtp.packet import RtpPacket

DEFAULT_WINDOW = 3  # packets, 60 ms of G.711 at 20 ms a packet
REMEMBERED_HOLES = 128  # more than MAX_MISORDER: what is older than that is no late packet but a jump


@dataclass(frozen=True, slots=True)
class LostFrames:
    """A hole: so many packets in a row did not come in time. Carries no audio."""

    sequence: int
    "Of the first missing packet."
    timestamp: int
    "Where the frame before the hole ended, which is where the missing audio begins."
    count: int


Frame = RtpPacket | LostFrames
Seconds = float


class Playout:
    """Orders the packets of one stream and counts what was lost, late or sent twice.

    `ticks_per_octet` says how long a payload lasts: 1 for G.711, one octet a sample.
    """

    __slots__ = (
        "_end",
        "_holes",
        "_newest",
        "_next",
        "_passed",
        "_paused",
        "_waiting",
        "duplicates",
        "late",
        "longest_gap",
        "lost",
        "ticks_per_octet",
        "window",
    )

    def __init__(self, window: int = DEFAULT_WINDOW, ticks_per_octet: int = 1) -> None:
        self.window = window
        self.ticks_per_octet = ticks_per_octet
        self.lost = self.late = self.duplicates = 0
        self.longest_gap: int | None = None
        "The longest stretch of media time for which no frame came, in ticks; None before the first frame."
        self._waiting: dict[int, RtpPacket] = {}
        self._holes: dict[int, None] = {}
        self._newest = self._end = self._passed = 0
        self._next: int | None = None
        self._paused = False

    @property
    def waits(self) -> bool:
        """Whether anything is held back."""
        return bool(self._waiting)

    @property
    def delay(self) -> Seconds:
        """How long packets are held back on purpose, in seconds: not at all; only holes make them wait."""
        return 0.0

    def push(self, packet: RtpPacket, arrival: Seconds) -> Sequence[Frame]:
        """Take one packet in; hand out, in order, everything that need not wait any longer."""
        if packet.sequence == self._next and not self._waiting:
            self._deliver(packet)
            return (packet,)
        return self._release(self.window) if self._place(packet) else ()

    def due(self, now: Seconds) -> Sequence[Frame]:
        """What is to be handed out by now: nothing, because this window counts packets and not time."""
        return ()

    def flush(self) -> list[Frame]:
        """Hand out what still waits, with the holes before it marked: the stream ended, paused or started anew."""
        return self._release(0) if self._waiting else []

    def interrupt(self) -> list[Frame]:
        """The peer was asked to stop sending: flush, and count no gap before its next packet."""
        self._paused = True
        return self.flush()

    def restart(self) -> list[Frame]:
        """The source started anew: flush, and take the next packet as the first. The counts go on."""
        frames = self.flush()
        self._holes.clear()
        self._next, self._passed = None, 0
        return frames

    def _place(self, packet: RtpPacket) -> bool:
        """Put a packet where it belongs. Whether its turn is still to come."""
        sequence = packet.sequence
        if self._next is None:
            self._next = self._newest = sequence
            self._end = packet.timestamp
            self.longest_gap = self.longest_gap or 0
        ahead = sequence - self._next & 0xFFFF
        if ahead >= 0x8000:
            self._count_behind(sequence, 0x10000 - ahead)
            return False
        if sequence in self._waiting:
            self.duplicates += 1
            return False
        if not self._waiting or (sequence - self._newest & 0xFFFF) < 0x8000:
            self._newest = sequence
        self._waiting[sequence] = packet
        return True

    def _count_behind(self, sequence: int, behind: int) -> None:
        """A packet whose turn is over: late if its place was given up or lies before the first packet, else a copy."""
        if sequence in self._holes:
            del self._holes[sequence]
            self.late += 1
        elif behind > self._passed:
            self.late += 1
        else:
            self.duplicates += 1

    def _release(self, window: int) -> list[Frame]:
        """Everything that is in order, holes counted as lost once `window` packets after them were sent."""
        frames: list[Frame] = []
        while self._waiting:
            assert self._next is not None
            packet = self._waiting.pop(self._next, None)
            if packet is not None:
                self._deliver(packet)
                frames.append(packet)
                continue
            overdue = (self._newest - self._next & 0xFFFF) - window + 1
            if overdue <= 0:
                break
            frames.append(self._give_up(self._next, min(overdue, self._hole())))
        return frames

    def _hole(self) -> int:
        """How many packets are missing before the first that waits."""
        start = self._next or 0
        return min(sequence - start & 0xFFFF for sequence in self._waiting)

    def _give_up(self, sequence: int, count: int) -> LostFrames:
        self.lost += count
        self._passed += count
        self._next = sequence + count & 0xFFFF
        for missing in range(max(0, count - REMEMBERED_HOLES), count):
            self._holes[sequence + missing & 0xFFFF] = None
        for _ in range(len(self._holes) - REMEMBERED_HOLES):
            del self._holes[next(iter(self._holes))]
        return LostFrames(sequence, self._end, count)

    def _deliver(self, packet: RtpPacket) -> None:
        """One frame leaves in its turn. The gap before it is measured in media time."""
        timestamp = packet.timestamp
        if timestamp != self._end or self._paused:
            gap = timestamp - self._end & 0xFFFFFFFF
            # Half the range or more is a step back: nothing is missing, the audio overlaps.
            if gap < 0x80000000 and gap > (self.longest_gap or 0) and packet.payload and not self._paused:
                self.longest_gap = gap
            self._paused = False
        if not packet.payload:
            # A telephone event: media time goes on without audio, and none is missing.
            self._paused = True
        self._end = timestamp + len(packet.payload) * self.ticks_per_octet & 0xFFFFFFFF
        self._next = packet.sequence + 1 & 0xFFFF
        self._passed += 1
