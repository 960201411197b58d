"""Deadlines and who waits for them: a line for each duration, where whoever comes later waits longer.

Charts know few durations, and most timers are cancelled. So nothing is sorted: to start one is to join its line at the
end, to cancel one is to leave the line, from wherever it stands; the next to fire is the first of one of the lines.
Whoever has a timer stands in the line itself: thousands of machines wait for their last one, and nothing else is kept.
"""

from __future__ import annotations

from session_fsm.chart import Seconds

MOST_LINES = 64  # more durations than all charts have; whatever else there is shares a line
ODD = -1.0  # the key of that line: no duration


class Place:
    """What can stand in a line, for one timer at a time."""

    __slots__ = ("_after", "_before", "_deadline", "_line", "_number", "_timer")

    def __init__(self) -> None:
        self._line: Line | None = None
        "Where it stands; None while its timer does not run."
        self._before: Place | None = None
        self._after: Place | None = None
        self._timer = ""
        self._deadline: Seconds = 0.0
        self._number = 0
        "Of equal deadlines the one that was started first comes first."

    def ring(self) -> None:
        """The deadline has come, and the place is left. Each kind of place tells its owner in its own way."""
        raise NotImplementedError


class Timed(Place):
    """Who has timers, by their names: the first stands in its own place, those beside it in places of their own."""

    __slots__ = ("_beside",)

    def __init__(self) -> None:
        super().__init__()
        self._beside: Further | None = None

    @property
    def deadlines(self) -> dict[str, Seconds]:
        """When each timer that runs will fire, in the order in which they were started."""
        found: list[Place] = [self]
        beside = self._beside
        while beside is not None:
            found.append(beside)
            beside = beside.next
        return {place._timer: place._deadline for place in sorted(found, key=_number_of) if place._line is not None}

    def _wait(self, timers: Timers, timer: str, now: Seconds, seconds: Seconds) -> None:
        """Start a timer that does not run."""
        place: Place = self
        if self._line is not None:
            place = self._beside = Further(self, self._beside)
        timers.start(place, timer, now, seconds)

    def _stop(self, timers: Timers, timer: str) -> None:
        """Cancel a timer, if it runs."""
        if self._line is not None and self._timer == timer:
            timers.cancel(self)
            return
        place = self._beside
        while place is not None and place._timer != timer:
            place = place.next
        if place is not None:
            timers.cancel(place)
            self.part_from(place)

    def part_from(self, place: Further) -> None:
        """The timer of that place runs no more."""
        before = self._beside
        if before is place:
            self._beside = place.next
        while before is not None and before is not place:
            if before.next is place:
                before.next = place.next
            before = before.next

    def ring(self) -> None:
        """Its own place was left."""
        self.rung(self._timer)

    def rung(self, timer: str) -> None:
        """A timer has come up. What follows is the owner's."""
        raise NotImplementedError


class Further(Place):
    """The place of a timer beside another of the same owner."""

    __slots__ = ("_owner", "next")

    def __init__(self, owner: Timed, beside: Further | None) -> None:
        super().__init__()
        self._owner = owner
        self.next = beside

    def ring(self) -> None:
        """The owner's timer has come up."""
        self._owner.part_from(self)
        self._owner.rung(self._timer)


class Line:
    """Places whose timers fire one after the other."""

    __slots__ = ("first", "last")

    def __init__(self) -> None:
        self.first: Place | None = None
        self.last: Place | None = None

    def join(self, place: Place) -> None:
        """Let it stand where its deadline belongs: at the end, where all have the same duration."""
        before = self.last
        while before is not None and before._deadline > place._deadline:
            before = before._before
        place._before = before
        if before is None:
            place._after, self.first = self.first, place
        else:
            place._after, before._after = before._after, place
        if place._after is None:
            self.last = place
        else:
            place._after._before = place
        place._line = self

    def leave(self, place: Place) -> None:
        """Let it go."""
        before, after = place._before, place._after
        if before is None:
            self.first = after
        else:
            before._after = after
        if after is None:
            self.last = before
        else:
            after._before = before
        place._line = place._before = place._after = None


class Timers:
    """Every timer that runs. Of equal deadlines the one that was started first comes first."""

    __slots__ = ("_count", "_lines", "_next", "_number")

    def __init__(self) -> None:
        self._lines: dict[Seconds, Line] = {}
        # Who fires next, as long as that is known.
        self._next: Place | None = None
        self._count = 0
        self._number = 0

    def __len__(self) -> int:
        return self._count

    def start(self, place: Place, timer: str, now: Seconds, seconds: Seconds) -> None:
        """Let this place, which stands nowhere, wait for so many seconds from now."""
        line = self._lines.get(seconds)
        if line is None:
            line = self._new_line(seconds)
        place._timer = timer
        place._deadline = deadline = now + seconds
        place._number = self._number
        line.join(place)
        self._number += 1
        self._count += 1
        if self._count == 1 or (self._next is not None and deadline < self._next._deadline):
            self._next = place

    def cancel(self, place: Place) -> None:
        """Let it wait no longer; one that stands nowhere is passed over."""
        if place._line is not None:
            place._line.leave(place)
            self._count -= 1
            if place is self._next:
                self._next = None

    def next_deadline(self) -> Seconds | None:
        """When the next one fires, or None when none is running."""
        first = self._first()
        return None if first is None else first._deadline

    def mark(self) -> int:
        """A number that separates the timers that are started by now from those started later."""
        return self._number

    def pop_due(self, now: Seconds, before: int) -> Place | None:
        """Take the next one that is due out of its line, if it was started before the mark."""
        first = self._first()
        if first is None or first._deadline > now or first._number >= before:
            return None
        self.cancel(first)
        return first

    def clear(self) -> None:
        """Cancel all of them."""
        while (first := self._first()) is not None:
            self.cancel(first)

    def _first(self) -> Place | None:
        found = self._next
        if found is None and self._count:
            for line in self._lines.values():
                first = line.first
                if first is not None and (found is None or _comes_before(first, found)):
                    found = first
            self._next = found
        return found

    def _new_line(self, seconds: Seconds) -> Line:
        """The line of a duration that has none: where there are too many, those that nobody waits in make room."""
        if len(self._lines) >= MOST_LINES:
            self._lines = {each: line for each, line in self._lines.items() if line.first is not None}
        if len(self._lines) >= MOST_LINES:
            seconds = ODD
        if seconds not in self._lines:
            self._lines[seconds] = Line()
        return self._lines[seconds]


def _comes_before(one: Place, other: Place) -> bool:
    return one._deadline < other._deadline or (one._deadline == other._deadline and one._number < other._number)


def _number_of(place: Place) -> int:
    return place._number
