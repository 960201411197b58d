"""The only transition function: table, state, event and the values of guards in; the new state and effects out.

It is pure. Machines, tests, the explorer, the replayer and the drawings all call this one; a machine, which looks its
cell up itself, calls only the half of it that decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from session_fsm.chart import Chart, Effect, Verdict

Holds = Callable[[str], object]
"Says by its truth whether the guard of this name holds now; asked at most once a step for each guard."


@dataclass(slots=True, kw_only=True)
class Step:
    """What one event leads to. Made when the chart is compiled and shared by every machine: never change one."""

    state: str
    "Where the machine is afterwards."
    effects: tuple[Effect, ...] = ()
    "(kind, name) in the order in which they run."
    row: str | None = None
    "The id of the row that took the event, or None when a verdict did."
    verdict: Verdict = "row"
    guards: tuple[tuple[str, bool], ...] = ()
    "The guards that were asked, in order, with their values."
    index: int = field(default=-1, compare=False, repr=False)
    "Its place in the table's list of steps; -1 when it was not made by a table."
    to: Standing | None = field(default=None, compare=False, repr=False)
    "The state in the table; None when it was not made by one."


@dataclass(slots=True, eq=False)
class Ask:
    """A guard that is asked before anything is decided."""

    guard: str
    yes: Ask | Step
    no: Ask | Step


@dataclass(slots=True, kw_only=True, eq=False)
class Standing:
    """A state of a table: what can happen there."""

    name: str
    "The state, or NOWHERE."
    shown: str
    "The same, but that a machine that has not entered its initial state shows that one."
    cells: dict[str, Ask | Step]
    "Event -> the first guard to ask, or the step itself."
    is_final: bool
    rests: bool
    "Whether only time leads out of it: by a message or a command nothing is told, and at most repeated."
    commands: tuple[str, ...]
    "The commands that are possible, by the names that users know."
    expected: tuple[str, ...]
    "The events that a row may take."


@dataclass(slots=True, kw_only=True, eq=False)
class Table:
    """A chart as nested tables, compiled from its `transitions.Machine`."""

    chart: Chart
    states: dict[str, Standing]
    "Every state, and NOWHERE, where a machine stands before it enters its initial state."
    steps: tuple[Step, ...]
    "Every step that the chart can make, by index."
    start: Step
    "Entering the initial state."


def step(table: Table, state: str, event: str, holds: Holds) -> Step:
    """What an event leads to. Raises KeyError for a state or an event that the chart does not have."""
    return decide(table.states[state].cells[event], holds)


def decide(cell: Ask | Step, holds: Holds) -> Step:
    """The step that a cell leads to, with these values of its guards."""
    while isinstance(cell, Ask):
        cell = cell.yes if holds(cell.guard) else cell.no
    return cell
