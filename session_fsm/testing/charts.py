"""What a test can ask of any chart: that it is total, that all of it can be reached, and how much a run has shown.

>>> from session_fsm.chart import Chart
>>> door = Chart.load("door.toml")
>>> assert_total(door)
>>> assert_reachable(door)
>>> rows = [row for walk in tour(door) for row in play(door, walk)]
>>> print(row_coverage(rows, door))
all 6 rows of door were taken
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from session_fsm.chart import Chart, Role, check, read_file
from session_fsm.machine import Machine, TraceRow
from session_fsm.machine.binding import Action, Emit
from session_fsm.testing.walks import Move, Place, Turn, Ways, ways

Walk = Sequence[Move]
"One run of a chart, from its initial state."

SIDES: tuple[Role, Role] = ("uac", "uas")


def assert_total(chart: Chart | str | Path) -> None:
    """Fail with every rule that the chart breaks: cells that are undecided or decided twice, gaps, unheard timers."""
    faults = check(chart) if isinstance(chart, Chart) else read_file(chart)[1]
    if faults:
        raise AssertionError("\n".join(["the chart is not total:", *map(str, faults)]))


def assert_reachable(chart: Chart, *states: str) -> None:
    """Fail unless each state (or each of those named) can be reached, each row taken, and an end found from everywhere.

    Guards, timers and postponed events are followed, so it finds more than the rules that are checked at load.
    """
    for name in states:
        if name not in chart.states:
            raise ValueError(f"{chart.id} has no state {name}; it has {', '.join(chart.states)}")
    missing = [line for side in sides_of(chart) for line in _unreachable(side, states)]
    if missing:
        raise AssertionError("\n".join([f"not all of {chart.id} can be reached:", *missing]))


def _unreachable(chart: Chart, states: Sequence[str]) -> list[str]:
    found = ways(chart)
    side = f"as {chart.role}: " if chart.whole else ""
    wanted = [name for name in states or chart.states if name in chart.states]
    lines = [f"{side}no run leads to {state}" for state in wanted if state not in found.states]
    if states:
        return lines
    lines += [f"{side}no run takes the row {row}" for row in row_ids(chart) if row not in found.rows]
    if chart.final:
        endless = {place.state for place in set(found.turns) - found.that_end()}
        lines += [f"{side}no final state can be reached from {state}" for state in chart.states if state in endless]
    return lines


def tour(chart: Chart) -> list[Walk]:
    """Walks from the initial state that together take every row that can be taken: greedy, always to the nearest."""
    found = ways(chart)
    left = found.rows
    walks: list[list[Move]] = []
    here = found.start
    while left:
        way = _nearest(found, here, left)
        if way is None or not walks:
            walks.append([])
            here = found.start
            way = _nearest(found, here, left)
        assert way is not None  # every row that is left can be taken from the start
        for turn in way:
            walks[-1].append(turn.move)
            left -= turn.rows
            here = turn.after
    return [tuple(walk) for walk in walks]


def _nearest(found: Ways, start: Place, wanted: set[str]) -> list[Turn] | None:
    """The shortest way to a turn that takes a row of those that are wanted."""
    parents: dict[Place, tuple[Place, Turn] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        place = waiting.popleft()
        turns = found.turns.get(place, ())
        best = max(turns, key=lambda turn: len(turn.rows & wanted), default=None)
        if best is not None and best.rows & wanted:
            way = [best]
            while (parent := parents[place]) is not None:
                place, turn = parent
                way.append(turn)
            return way[::-1]
        for turn in turns:
            if turn.after not in parents:
                parents[turn.after] = (place, turn)
                waiting.append(turn.after)
    return None


def play(
    chart: Chart,
    walk: Walk,
    *,
    effects: Mapping[str, Action] | None = None,
    sends: Mapping[str, Action] | None = None,
    emit: Emit | None = None,
    context: object = None,
) -> list[TraceRow]:
    """Run a walk on a machine whose guards have the walk's values. What is not given does nothing. Gives the trace."""
    rows: list[TraceRow] = []
    values: dict[str, bool] = {}
    machine = Machine(
        chart,
        guards={name: (lambda context, payload, name=name: values.get(name, False)) for name in chart.guards},
        effects=filled(chart.effects, effects),
        sends=filled(chart.sends, sends),
        emit=emit or silent,
        context=context,
        trace=rows,
    )
    machine.start(now=0.0)
    for move in walk:
        values.clear()
        values.update(move.guards)
        machine.feed(move.event)
    return rows


def filled(names: Iterable[str], given: Mapping[str, Action] | None) -> dict[str, Action]:
    """What is given, and for every other name a function that does nothing."""
    return {**dict.fromkeys(names, silent), **(given or {})}


def silent(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class RowCoverage:
    """Which rows of a chart a trace has taken, and which it has not."""

    chart: str
    taken: Mapping[str, int]
    "Row -> how often."
    missing: tuple[str, ...]

    @property
    def total(self) -> int:
        """All rows."""
        return len(self.taken) + len(self.missing)

    @property
    def complete(self) -> bool:
        """Whether every row was taken."""
        return not self.missing

    def __str__(self) -> str:
        if self.complete:
            return f"all {self.total} rows of {self.chart} were taken"
        return f"{len(self.taken)} of {self.total} rows of {self.chart} were taken; not: {', '.join(self.missing)}"


def row_coverage(rows: Iterable[TraceRow], chart: Chart) -> RowCoverage:
    """How much of a chart, or of the side of it that is given, these rows have shown."""
    names = row_ids(chart)
    counts = Counter(row.row for row in rows if row.chart == chart.id and row.row in names)
    taken = {name: counts[name] for name in names if name in counts}
    return RowCoverage(chart.id, taken, tuple(name for name in names if name not in counts))


def row_ids(chart: Chart) -> list[str]:
    """The rows of a chart by id, in the order of the file; a group's row is one, in however many states."""
    return list(dict.fromkeys(row.id for _, decisions in chart.all_decisions() for row in decisions.rows))


def sides_of(chart: Chart) -> tuple[Chart, ...]:
    """The charts that can run: the chart itself, or its two sides."""
    return tuple(chart.for_role(role) for role in SIDES) if chart.sided else (chart,)
