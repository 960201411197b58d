"""Deadlines and who waits for them: a line for each duration, where whoever comes later waits longer.

Charts know few durations, and most timers are cancelled. So nothing is sorted: to start one is to join its line at the
end, to cancel one is to leave the line, from wherever it stands; the next to fire is the first of one of the lines.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from session_fsm.chart import Seconds

Owner = TypeVar("Owner")

MOST_LINES = 64  # more durations than all charts have; whatever else there is shares a line
ODD = -1.0  # the key of that line: no duration


class Timer(Generic[Owner]):
    """One timer that runs."""

    __slots__ = ("after", "before", "beside", "deadline", "line", "name", "number", "owner")

    def __init__(self, deadline: Seconds, number: int, owner: Owner, name: str, line: Line[Owner]) -> None:
        self.deadline = deadline
        self.number = number
        "Of equal deadlines the one that was started first comes first."
        self.owner = owner
        self.name = name
        self.line: Line[Owner] | None = line
        "Where it waits; None once it has fired or was cancelled."
        self.before: Timer[Owner] | None = None
        self.after: Timer[Owner] | None = None
        self.beside: Timer[Owner] | None = None
        "For its owner: the next one that the same owner runs."


class Line(Generic[Owner]):
    """Timers that fire one after the other."""

    __slots__ = ("first", "last")

    def __init__(self) -> None:
        self.first: Timer[Owner] | None = None
        self.last: Timer[Owner] | None = None

    def join(self, timer: Timer[Owner]) -> None:
        """Take a place: the last one, where all have the same duration."""
        before = self.last
        while before is not None and before.deadline > timer.deadline:
            before = before.before
        timer.before = before
        if before is None:
            timer.after, self.first = self.first, timer
        else:
            timer.after, before.after = before.after, timer
        if timer.after is None:
            self.last = timer
        else:
            timer.after.before = timer

    def leave(self, timer: Timer[Owner]) -> None:
        """Give the place up."""
        before, after = timer.before, timer.after
        if before is None:
            self.first = after
        else:
            before.after = after
        if after is None:
            self.last = before
        else:
            after.before = before
        timer.line = timer.before = timer.after = None


class Timers(Generic[Owner]):
    """Every timer that runs. Of equal deadlines the one that was started first comes first."""

    __slots__ = ("_count", "_lines", "_next", "_number")

    def __init__(self) -> None:
        self._lines: dict[Seconds, Line[Owner]] = {}
        # Who fires next, as long as that is known.
        self._next: Timer[Owner] | None = None
        self._count = 0
        self._number = 0

    def __len__(self) -> int:
        return self._count

    def start(self, now: Seconds, seconds: Seconds, owner: Owner, name: str) -> Timer[Owner]:
        """Start one that fires so many seconds from now."""
        line = self._lines.get(seconds)
        if line is None:
            line = self._new_line(seconds)
        timer = Timer(now + seconds, self._number, owner, name, line)
        line.join(timer)
        self._number += 1
        self._count += 1
        if self._count == 1 or (self._next is not None and timer.deadline < self._next.deadline):
            self._next = timer
        return timer

    def cancel(self, timer: Timer[Owner]) -> None:
        """Stop one; one that has fired or was cancelled is passed over."""
        if timer.line is not None:
            timer.line.leave(timer)
            self._count -= 1
            if timer is self._next:
                self._next = None

    def next_deadline(self) -> Seconds | None:
        """When the next one fires, or None when none is running."""
        first = self._first()
        return None if first is None else first.deadline

    def mark(self) -> int:
        """A number that separates the timers that are started by now from those started later."""
        return self._number

    def pop_due(self, now: Seconds, before: int) -> tuple[Owner, str] | None:
        """Take the next one that is due, if it was started before the mark."""
        first = self._first()
        if first is None or first.deadline > now or first.number >= before:
            return None
        self.cancel(first)
        return first.owner, first.name

    def clear(self) -> None:
        """Cancel all of them."""
        while (first := self._first()) is not None:
            self.cancel(first)

    def _first(self) -> Timer[Owner] | None:
        found = self._next
        if found is None and self._count:
            for line in self._lines.values():
                first = line.first
                if first is not None and (found is None or _comes_before(first, found)):
                    found = first
            self._next = found
        return found

    def _new_line(self, seconds: Seconds) -> Line[Owner]:
        """The line of a duration that has none: where there are too many, those that nobody waits in make room."""
        if len(self._lines) >= MOST_LINES:
            self._lines = {each: line for each, line in self._lines.items() if line.first is not None}
        if len(self._lines) >= MOST_LINES:
            seconds = ODD
        if seconds not in self._lines:
            self._lines[seconds] = Line()
        return self._lines[seconds]


def _comes_before(one: Timer[Owner], other: Timer[Owner]) -> bool:
    return one.deadline < other.deadline or (one.deadline == other.deadline and one.number < other.number)


def running(timer: Timer[Owner] | None) -> list[Timer[Owner]]:
    """This one and those beside it, in the order in which they were started."""
    found = []
    while timer is not None:
        found.append(timer)
        timer = timer.beside
    return found[::-1]
