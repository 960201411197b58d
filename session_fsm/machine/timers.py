"""One heap for the timers of all machines of a mailbox, cancelled lazily.

Cancelling forgets who waited; the entry in the heap stays until it comes up, or until too many such entries lie
there. Nothing that was cancelled is kept alive.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

from session_fsm.chart import Seconds

Owner = TypeVar("Owner")

SLACK = 64  # cancelled entries that may lie in the heap before it is worth sweeping; a sweep costs about 10 µs then


class TimerHeap(Generic[Owner]):
    """Deadlines and who waits for them. Of equal deadlines the one that was set first comes first."""

    __slots__ = ("_heap", "_live", "_next")

    def __init__(self) -> None:
        self._heap: list[tuple[Seconds, int]] = []
        self._live: dict[int, tuple[Seconds, Owner, str]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._live)

    def set(self, deadline: Seconds, owner: Owner, name: str) -> int:
        """Start one; returns the number by which it is cancelled."""
        number = self._next
        self._next = number + 1
        self._live[number] = (deadline, owner, name)
        heappush(self._heap, (deadline, number))
        return number

    def cancel(self, number: int) -> None:
        """Stop one; a number that has fired or was cancelled is passed over."""
        live = self._live
        if live.pop(number, None) is not None and len(self._heap) > 2 * len(live) + SLACK:
            self._heap = [entry for entry in self._heap if entry[1] in live]
            heapify(self._heap)

    def deadline(self, number: int) -> Seconds:
        """When a running one fires."""
        return self._live[number][0]

    def next_deadline(self) -> Seconds | None:
        """When the next one fires, or None when none is running."""
        heap, live = self._heap, self._live
        while heap:
            if heap[0][1] in live:
                return heap[0][0]
            heappop(heap)
        return None

    def mark(self) -> int:
        """A number that separates the timers that are set by now from those set later."""
        return self._next

    def pop_due(self, now: Seconds, before: int) -> tuple[Owner, str] | None:
        """Take the next one that is due, if it was set before the mark."""
        deadline = self.next_deadline()
        if deadline is None or deadline > now or self._heap[0][1] >= before:
            return None
        _, owner, name = self._live.pop(heappop(self._heap)[1])
        return owner, name
