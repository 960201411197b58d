"""One timer on the event loop that rings at an absolute deadline and tells the time. Never too early."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

Seconds = float


class Alarm:
    """Calls `ring(now)` once the deadline has come. Set again, it rings at the earlier of the two deadlines.

    Whoever is rung finds out for itself what is due and sets the next deadline, so ringing too often does no harm,
    and a deadline that moves later, as almost all do, costs nothing.
    """

    __slots__ = ("_clock", "_deadline", "_is_exact", "_loop", "_ring", "_timer")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Callable[[], Seconds], ring: Callable[[Seconds], None]
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: Seconds = math.inf
        self._is_exact = isinstance(loop, asyncio.BaseEventLoop)

    def set(self, deadline: Seconds | None) -> None:
        """Ring at this time; None changes nothing."""
        if deadline is None or deadline >= self._deadline:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._deadline = deadline
        wait = max(0.0, deadline - self._clock())
        # uvloop rounds to the nearest millisecond: rounded down, it would wake up too soon and have to wait again.
        self._timer = self._loop.call_later(wait if self._is_exact else math.ceil(wait * 1000) / 1000, self._wake)

    def cancel(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._deadline = math.inf

    def _wake(self) -> None:
        self._timer = None
        deadline, self._deadline = self._deadline, math.inf
        now = self._clock()
        if now < deadline:
            self.set(deadline)
        else:
            self._ring(now)
