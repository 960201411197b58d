"""One clock pulse for all calls: each stream's turn comes once a packet, on absolute deadlines.

A timer or task for each call drifts and wakes the process a thousand times a second; one ticker does neither. The
turns are spread over slots of 5 ms, so that the packets of all calls do not leave in one burst, yet those of one slot
are encoded in one batch, whatever they hold.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection
from typing import Final, Generic, TypeVar

from session_fsm.runtime.alarm import Alarm, Seconds

FRAME: Final = 0.020  # seconds of audio in a packet; RFC 3551 §4.2, the default packetization of G.711
SLOT: Final = 0.005  # seconds; every packet time is a multiple of it
UNEVEN_BY: Final = 4  # streams more than in the emptiest slot, and a new one waits for a later slot
CATCH_UP: Final = 0.2  # seconds; what was missed beyond this (a suspended process) is not made up for in a burst

Stream = TypeVar("Stream")


class Ticker(Generic[Stream]):
    """Calls `tick(streams, now)` for the streams whose packet is due. Rests when its next pulse finds none."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], Seconds],
        tick: Callable[[Collection[Stream], Seconds], None],
    ) -> None:
        self._tick = tick
        self._rings: dict[int, _Ring[Stream]] = {}
        "Slots in a packet time -> who has it."
        self._turn_of: dict[Stream, tuple[_Ring[Stream], int]] = {}
        self._zero: Seconds = 0.0
        self._turn = 0
        self._alarm = Alarm(loop, clock, self._wake)

    def __len__(self) -> int:
        return len(self._turn_of)

    def join(self, stream: Stream, now: Seconds, every: Seconds = FRAME) -> None:
        """Give this stream its turns: the first one not sooner than a packet time from `now`, then one each.

        A stream that is in keeps the turns that it has, unless its packet time has changed.
        """
        slots = round(every / SLOT)
        if stream in self._turn_of:
            if len(self._turn_of[stream][0]) == slots:
                return
            self.leave(stream)
        if not self._turn_of:
            self._zero, self._turn = now, 0
        # A little is taken off before rounding up: a deadline that is met exactly must not be missed by 1e-16 s.
        first = max(math.ceil((now - self._zero) / SLOT + slots - 1e-6), self._turn)
        ring = self._rings.get(slots)
        if ring is None:
            ring = self._rings[slots] = _Ring(slots)
        self._turn_of[stream] = ring, ring.add(stream, first)
        self._arm()

    def leave(self, stream: Stream) -> None:
        """Take this stream's turns away, at once."""
        had = self._turn_of.pop(stream, None)
        if had is not None:
            # The alarm stays as it is: it finds nobody then, or whoever has come meanwhile.
            had[0].remove(stream, had[1])

    def close(self) -> None:
        """Stop; streams that are still in get no more turns."""
        self._alarm.cancel()
        self._turn_of.clear()
        self._rings.clear()

    def _arm(self) -> None:
        """Set the timer for the next slot that has anybody in it."""
        self._turn = min([ring.next_turn(self._turn) for ring in self._rings.values() if ring.streams])
        self._alarm.set(self._zero + self._turn * SLOT)

    def _wake(self, now: Seconds) -> None:
        self._forgive(now)
        while self._turn_of and self._zero + self._turn * SLOT <= now:
            self._run(self._turn, now)
        if self._turn_of:
            self._arm()

    def _run(self, turn: int, now: Seconds) -> None:
        self._turn = turn + 1
        due = [streams for ring in self._rings.values() if (streams := ring.due(turn))]
        if due:
            self._tick(due[0] if len(due) == 1 else [stream for streams in due for stream in streams], now)

    def _forgive(self, now: Seconds) -> None:
        late = now - (self._zero + self._turn * SLOT)
        if late > CATCH_UP:
            self._zero += late - CATCH_UP


class _Ring(Generic[Stream]):
    """The streams of one packet time, each in one of its slots."""

    def __init__(self, slots: int) -> None:
        self._slots: list[dict[Stream, None]] = [{} for _ in range(slots)]
        self._joining: dict[int, dict[Stream, None]] = {}
        self._loads = [0] * slots
        self.streams = 0
        "How many have this packet time."

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, stream: Stream, first: int) -> int:
        """Put a stream into the first slot from this turn on that is not too full; its first turn."""
        slots = len(self._slots)
        fair = min(self._loads) + UNEVEN_BY
        turn = first
        while self._loads[turn % slots] > fair:
            turn += 1
        self._loads[turn % slots] += 1
        self.streams += 1
        self._joining.setdefault(turn, {})[stream] = None
        return turn

    def remove(self, stream: Stream, turn: int) -> None:
        """Take a stream out whose first turn was this one."""
        slot = turn % len(self._slots)
        self._loads[slot] -= 1
        self.streams -= 1
        self._slots[slot].pop(stream, None)
        joining = self._joining.get(turn)
        if joining is not None:
            joining.pop(stream, None)
            if not joining:
                del self._joining[turn]

    def next_turn(self, turn: int) -> int:
        """The first turn from this one on whose slot has anybody."""
        while not self._loads[turn % len(self._loads)]:
            turn += 1
        return turn

    def due(self, turn: int) -> Collection[Stream]:
        """Whose turn it is."""
        streams = self._slots[turn % len(self._slots)]
        joining = self._joining.pop(turn, None)
        if joining:
            streams.update(joining)
        return streams
