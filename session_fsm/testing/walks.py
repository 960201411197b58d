"""Every way through one chart, as plain data: where a machine of it can stand, and what can happen to it there.

Guards are tried both ways within what the chart says of them, a timer may fire wherever it runs, and of each event at
most one waits postponed. Nothing of the user's runs here; the steps are those of the one step function.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from session_fsm.chart import NOWHERE, START, Chart
from session_fsm.chart.guards import excluded, implied
from session_fsm.machine import Step, Table, compile_chart, step

MOST_PLACES = 20_000  # a chart of a person's size has some hundreds


class Place(NamedTuple):
    """Where a machine stands, as far as it decides what can follow."""

    state: str
    timers: frozenset[str] = frozenset()
    "Those that run."
    postponed: tuple[str, ...] = ()
    "Oldest first."


class Move(NamedTuple):
    """One event from outside, or of a timer, with the value of each guard that is asked until all is quiet again."""

    event: str
    guards: tuple[tuple[str, bool], ...] = ()

    def __str__(self) -> str:
        values = [name if value else f"not {name}" for name, value in self.guards]
        return f"{self.event} [{' and '.join(values)}]" if values else self.event


class Taken(NamedTuple):
    """One step within a turn."""

    state: str
    event: str
    step: Step


class Turn(NamedTuple):
    """A move and all that follows from it."""

    move: Move
    taken: tuple[Taken, ...]
    after: Place

    @property
    def rows(self) -> frozenset[str]:
        """The rows that it takes."""
        return frozenset(taken.step.row for taken in self.taken if taken.step.row not in (None, START))


@dataclass(slots=True, eq=False)
class Ways:
    """Everything that can be reached in a chart."""

    chart: Chart
    start: Place
    turns: dict[Place, tuple[Turn, ...]] = field(default_factory=dict)
    complete: bool = True
    "False when there are more places than anybody would wait for."

    @property
    def states(self) -> set[str]:
        """The states that can be reached."""
        return {place.state for place in self.turns}

    @property
    def rows(self) -> set[str]:
        """The rows that can be taken."""
        return {row for turns in self.turns.values() for turn in turns for row in turn.rows}

    @property
    def cells(self) -> set[tuple[str, str]]:
        """(state, event) that can come up."""
        return {(taken.state, taken.event) for turns in self.turns.values() for turn in turns for taken in turn.taken}

    def that_end(self) -> set[Place]:
        """The places from which a final state can be reached."""
        before: dict[Place, set[Place]] = {}
        for place, turns in self.turns.items():
            for turn in turns:
                before.setdefault(turn.after, set()).add(place)
        found = {place for place in self.turns if place.state in self.chart.final}
        waiting = list(found)
        while waiting:
            for place in before.get(waiting.pop(), set()) - found:
                found.add(place)
                waiting.append(place)
        return found


@lru_cache(maxsize=64)
def ways(chart: Chart) -> Ways:
    """Walk a chart breadth first. Raises ChartError for one that leaves a cell undecided, or has two sides."""
    table = compile_chart(chart)
    start = _after(table.start, Place(NOWHERE), None)
    found = Ways(chart, start)
    waiting = deque([start])
    seen = {start}
    while waiting:
        place = waiting.popleft()
        found.turns[place] = tuple(turns_from(table, place))
        for turn in found.turns[place]:
            if turn.after not in seen and len(seen) < MOST_PLACES:
                seen.add(turn.after)
                waiting.append(turn.after)
            found.complete &= turn.after in seen
    return found


def turns_from(table: Table, place: Place) -> Iterator[Turn]:
    """Every turn that can be taken from a place: each event, and for each the values of the guards that matter.

    What a chart calls impossible is what its surroundings never do, and it is taken at its word. Who waits for such an
    event, because it was postponed, meets it all the same.
    """
    for event in table.chart.events.values():
        if event.kind != "timer":
            if table.chart.cells[place.state, event.name].verdict != "impossible":
                yield from _branches(table, place, event.name, None)
        else:
            for timer in event.origin:
                if timer in place.timers:
                    yield from _branches(table, place, event.name, timer)


def _branches(table: Table, place: Place, event: str, timer: str | None) -> Iterator[Turn]:
    """One turn for each way in which the guards can be answered."""
    open_scripts: list[tuple[bool, ...]] = [()]
    while open_scripts:
        answers = Answers(table.chart, open_scripts.pop())
        turn = _turn(table, place, event, timer, answers)
        open_scripts += answers.others
        if turn is not None:
            yield turn


class Answers:
    """Answers guards by a script, and beyond its end by the first value that is possible. Remembers the other one."""

    def __init__(self, chart: Chart, script: tuple[bool, ...]) -> None:
        self.chart = chart
        self.script = script
        self.known: dict[str, bool] = {}
        self.others: list[tuple[bool, ...]] = []

    def __call__(self, guard: str) -> bool:
        """The guard's value, the same for the whole turn."""
        if guard in self.known:
            return self.known[guard]
        asked = len(self.known)
        values = possible_values(self.chart, self.known, guard)
        if asked < len(self.script):
            value = self.script[asked]
        else:
            value = values[0]
            before = tuple(self.known.values())
            self.others += [(*before, other) for other in values[1:]]
        self.known[guard] = value
        return value


def possible_values(chart: Chart, known: dict[str, bool], guard: str) -> list[bool]:
    """The values that a guard can have beside those that are known; pairs are enough, see `chart.guards`."""
    true = [name for name, value in known.items() if value]
    can_hold = all(known.get(name, True) for name in implied(chart.guards, guard)) and not any(
        excluded(chart.guards, guard, name) for name in (*true, guard)
    )
    must_hold = any(guard in implied(chart.guards, name) for name in true)
    return [value for value in (True, False) if (can_hold if value else not must_hold)]


def _turn(table: Table, place: Place, event: str, timer: str | None, answers: Answers) -> Turn | None:
    """A move and what had been postponed until it; None when a second event of one kind would have to wait."""
    taken: list[Taken] = []
    here = place._replace(timers=place.timers - {timer})
    queue = deque([event])
    while queue:
        event_now = queue.popleft()
        found = step(table, here.state, event_now, answers)
        taken.append(Taken(here.state, event_now, found))
        waits = event_now if found.verdict == "postponed" else None
        if waits in here.postponed:
            return None
        after = _after(found, here, waits)
        if after.state != here.state:
            queue.extendleft(reversed(after.postponed))
            after = after._replace(postponed=())
        here = after
    return Turn(Move(event, tuple(answers.known.items())), tuple(taken), here)


def _after(found: Step, before: Place, waits: str | None) -> Place:
    timers = set(before.timers)
    for kind, name in found.effects:
        if kind == "start":
            timers.add(name)
        elif kind == "cancel":
            timers.discard(name)
    return Place(found.state, frozenset(timers), (*before.postponed, waits) if waits else before.postponed)
