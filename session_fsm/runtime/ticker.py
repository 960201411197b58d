"""One clock pulse for all calls: each stream's turn comes every 20 ms, on absolute deadlines.

A timer or task for each call drifts and wakes the process a thousand times a second; one ticker does neither. The
turns are spread over five slots, so that the packets of all calls do not leave in one burst, yet those of one slot are
encoded in one batch.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from session_fsm.runtime.alarm import Alarm, Seconds

FRAME = 0.020  # seconds of audio in a packet; RFC 3551 §4.2, the default packetization of G.711
SLOTS = 5
SLOT = FRAME / SLOTS
UNEVEN_BY = 4  # streams that a slot may have more than the emptiest one, before a new stream waits for a later slot
CATCH_UP = 0.2  # seconds; what was missed beyond this (a suspended process) is not made up for in a burst

Stream = TypeVar("Stream")


class Ticker(Generic[Stream]):
    """Calls `tick(streams, now)` for the streams whose 20 ms are over. Runs only while there are any."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], Seconds],
        tick: Callable[[Collection[Stream], Seconds], None],
    ) -> None:
        self._tick = tick
        self._slots: list[dict[Stream, None]] = [{} for _ in range(SLOTS)]
        self._slot_of: dict[Stream, int] = {}
        self._joining: dict[int, dict[Stream, None]] = {}
        self._loads = [0] * SLOTS
        self._zero: Seconds = 0.0
        self._turn = 0
        self._alarm = Alarm(loop, clock, self._wake)

    def __len__(self) -> int:
        return len(self._slot_of)

    def join(self, stream: Stream, now: Seconds) -> None:
        """Give this stream its turns: the first one not sooner than a frame from `now`, then every 20 ms."""
        if stream in self._slot_of:
            return
        if not self._slot_of:
            self._zero, self._turn = now, 0
        turn = self._choose(now)
        self._slot_of[stream] = turn
        self._loads[turn % SLOTS] += 1
        self._joining.setdefault(turn, {})[stream] = None
        self._arm()

    def leave(self, stream: Stream) -> None:
        """Take this stream's turns away, at once."""
        turn = self._slot_of.pop(stream, None)
        if turn is None:
            return
        self._loads[turn % SLOTS] -= 1
        self._joining.get(turn, {}).pop(stream, None)
        self._slots[turn % SLOTS].pop(stream, None)
        if not self._slot_of:
            self.close()

    def close(self) -> None:
        """Stop; streams that are still in get no more turns."""
        self._alarm.cancel()
        self._joining.clear()
        self._slot_of.clear()
        self._slots = [{} for _ in range(SLOTS)]
        self._loads = [0] * SLOTS

    def _choose(self, now: Seconds) -> int:
        # A little is taken off before rounding up: a deadline that is met exactly must not be missed by 1e-16 s.
        first = max(math.ceil((now + FRAME - self._zero) / SLOT - 1e-6), self._turn)
        fair = min(self._loads) + UNEVEN_BY
        return next(turn for turn in range(first, first + SLOTS) if self._loads[turn % SLOTS] <= fair)

    def _arm(self) -> None:
        """Set the timer for the next slot that has anybody in it."""
        turn = self._turn
        while not self._loads[turn % SLOTS]:
            turn += 1
        self._turn = turn
        self._alarm.set(self._zero + turn * SLOT)

    def _wake(self, now: Seconds) -> None:
        self._forgive(now)
        while self._slot_of and self._zero + self._turn * SLOT <= now:
            self._run(self._turn, now)
        if self._slot_of:
            self._arm()

    def _run(self, turn: int, now: Seconds) -> None:
        self._turn = turn + 1
        streams = self._slots[turn % SLOTS]
        joining = self._joining.pop(turn, None)
        if joining:
            streams.update(joining)
        if streams:
            self._tick(streams, now)

    def _forgive(self, now: Seconds) -> None:
        late = now - (self._zero + self._turn * SLOT)
        if late > CATCH_UP:
            self._zero += late - CATCH_UP
