"""What a recorded run is to a chart's picture: where it was, which rows it took and when, and which a guard refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from session_fsm.chart import START, Chart, Row
from session_fsm.machine import TraceRow
from session_fsm.render.arrows import Arrow


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that a run took."""

    number: int
    time: float
    "Seconds since the run began."
    event: str
    row: str
    from_state: str
    to_state: str
    n: int
    "The number of its row in the trace."


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was tried in vain."""

    row: Row
    state: str
    guard: str
    "The guard that said no, as the row has it: `name` or `not name`."
    time: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """One machine's way through its chart."""

    here: str
    "Where it was at the end."
    visited: dict[str, float]
    "State -> when it was first entered."
    taken: dict[str, tuple[int, ...]] = field(default_factory=dict)
    "Row -> the numbers of the steps that took it."
    refused: dict[str, str] = field(default_factory=dict)
    "Row -> the guard that said no, of rows that were never taken."
    steps: tuple[Taken, ...] = ()
    tried: tuple[Refused, ...] = ()

    def numbers(self, arrow: Arrow, rows: Iterable[str]) -> list[int]:
        """The numbers of the steps that went along an arrow by one of these rows: from the arrow's own state."""
        wanted = set(rows)
        return [step.number for step in self.steps if step.row in wanted and _leaves(arrow, step.from_state)]

    def was_refused(self, arrow: Arrow, rows: Iterable[str]) -> bool:
        """Whether one of these rows was tried where the arrow begins, and a guard said no."""
        wanted = set(rows) & self.refused.keys()
        return any(refusal.row.id in wanted and _leaves(arrow, refusal.state) for refusal in self.tried)


def _leaves(arrow: Arrow, state: str) -> bool:
    """Whether an arrow begins in a state: a box and a sign stand for all of theirs."""
    return arrow.start != "state" or arrow.source == state


def painted(chart: Chart, rows: Iterable[TraceRow]) -> Paint | None:
    """A run's way through one chart, from the rows of one machine; None when there are none of this chart."""
    mine = _of_first_machine(chart, rows)
    if not mine:
        return None
    begin = mine[0][0]
    found = [row for _, row in mine]
    steps = tuple(_steps(found, begin))
    taken: dict[str, tuple[int, ...]] = {}
    for step in steps:
        taken[step.row] = (*taken.get(step.row, ()), step.number)
    tried = tuple(refusal for refusal in _tried(chart, found, begin) if refusal.row.id not in taken)
    visited: dict[str, float] = {}
    for row in found:
        visited.setdefault(row.to_state, row.time - begin)
    return Paint(
        here=found[-1].to_state,
        visited=visited,
        taken=taken,
        refused={refusal.row.id: refusal.guard for refusal in tried},
        steps=steps,
        tried=tried,
    )


def _of_first_machine(chart: Chart, rows: Iterable[TraceRow]) -> list[tuple[float, TraceRow]]:
    """The rows of the first machine of this chart, each with the moment at which the whole run began."""
    every = list(rows)
    fits = [
        row for row in every if row.chart == chart.id and (chart.role == "both" or row.role in ("", "both", chart.role))
    ]
    first = next(iter(fits), None)
    if first is None:
        return []
    begin = every[0].time
    key = (first.session, first.role, first.machine)
    mine = [row for row in fits if (row.session, row.role, row.machine) == key]
    return [(begin, row) for row in mine]


def _steps(rows: Sequence[TraceRow], begin: float) -> Iterable[Taken]:
    number = 0
    for row in rows:
        if row.row is not None and row.event != START:
            number += 1
            yield Taken(number, row.time - begin, row.event, row.row, row.from_state, row.to_state, row.n)


def _tried(chart: Chart, rows: Sequence[TraceRow], begin: float) -> Iterable[Refused]:
    """Each row before the one that was taken, with its first guard that did not hold; each once."""
    seen: set[str] = set()
    for row in rows:
        cell = chart.cells.get((row.from_state, row.event))
        values = dict(row.guards)
        for candidate in cell.rows if cell is not None else ():
            if candidate.id == row.row:
                break
            no = next((c for c in candidate.when if c.guard in values and values[c.guard] != c.value), None)
            if no is not None and candidate.id not in seen:
                seen.add(candidate.id)
                yield Refused(candidate, row.from_state, str(no), row.time - begin, row.n)
