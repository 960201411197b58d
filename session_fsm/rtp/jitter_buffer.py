"""Packets into order, and in time: what comes unevenly is held back just as long as it must be, what is missing marked.

Beside the window of `playout` this one counts seconds and adapts. `now` is given. No packet is dropped or repeated to
change the delay: whoever reads gets every frame once, with its RTP timestamp, a little sooner or later.
"""

from __future__ import annotations

from collections.abc import Sequence

from session_fsm.rtp.delay import PlayoutDelay
from session_fsm.rtp.packet import RtpPacket
from session_fsm.rtp.playout import Frame, Playout

Seconds = float

PATIENCE = 0.040  # seconds: how long the packets behind a hole wait at least, so that a swapped pair is put right
HELD_AT_MOST = 128  # packets; a peer that sends faster than its media clock says gets no more memory than this


class JitterBuffer(Playout):
    """Orders the packets of one stream and hands them out at the pace at which they were sent.

    As long as they come evenly nothing waits: a packet in order leaves the moment it came. A hole is given up when the
    packets behind it have waited for PATIENCE and for their own turn, but never longer than `maximum` seconds.
    """

    __slots__ = ("_delay", "_patience", "_times")

    def __init__(self, minimum: Seconds, maximum: Seconds, clock_rate: int = 8000) -> None:
        super().__init__()
        self._delay = PlayoutDelay(minimum, maximum, clock_rate)
        self._patience = min(PATIENCE, maximum)
        # Of each packet that waits: its turn, and when the hole before it is given up.
        self._times: dict[int, tuple[Seconds, Seconds]] = {}

    @property
    def delay(self) -> Seconds:
        """How long packets are held back beyond the average transit time, in seconds."""
        return self._delay.target

    def push(self, packet: RtpPacket, arrival: Seconds) -> Sequence[Frame]:
        """Take one packet in; hand out, in order, everything that need not wait any longer."""
        wait = self._delay.note(packet.timestamp, arrival)
        if not wait and packet.sequence == self._next and not self._waiting:
            self._deliver(packet)
            return (packet,)
        if self._next is None:
            # The first one is somebody's proof that audio flows: it waits for nothing.
            wait = 0.0
        if not self._place(packet):
            return self.due(arrival) if self._waiting else ()
        self._schedule(packet.sequence, arrival + wait, arrival + max(wait, self._patience))
        return self.due(arrival)

    def _schedule(self, sequence: int, turn: Seconds, patience: Seconds) -> None:
        """Note when this one's turn comes; not later than that of the packets behind it, which wait for it."""
        if sequence != self._newest:
            for later, times in self._times.items():
                if (later - sequence & 0xFFFF) < 0x8000:
                    turn, patience = min(turn, times[0]), min(patience, times[1])
        self._times[sequence] = turn, patience

    def due(self, now: Seconds) -> Sequence[Frame]:
        """What has waited long enough by now, holes before it marked."""
        frames: list[Frame] = []
        while self._waiting:
            assert self._next is not None  # something waits, so something came
            packet = self._waiting.get(self._next)
            crowded = len(self._waiting) > HELD_AT_MOST
            if packet is None:
                missing = self._hole()
                if not crowded and self._times[self._next + missing & 0xFFFF][1] > now:
                    break
                frames.append(self._give_up(self._next, missing))
            elif not crowded and self._times[self._next][0] > now:
                break
            else:
                del self._waiting[self._next], self._times[self._next]
                self._deliver(packet)
                frames.append(packet)
        return frames

    def flush(self) -> list[Frame]:
        """Hand out what still waits, with the holes before it marked: the stream ended, paused or started anew."""
        self._delay.forget()
        self._times.clear()
        return super().flush()
