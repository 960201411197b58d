"""Chart -> transitions.Machine -> table, and the proof that the two agree.

The table is a decision tree for each (state, event): which guard to ask next, down to a step that is made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from session_fsm.chart import NOWHERE, START, Chart, valuations
from session_fsm.errors import ChartError, ChartFault
from session_fsm.machine.reference import ChartMachine, ChartTransition, build, conditions_of, effects_of, rows_of
from session_fsm.machine.step import Ask, Standing, Step, Table, step


@lru_cache(maxsize=256)
def reference_machine(chart: Chart) -> ChartMachine:
    """The `transitions.Machine` of a chart, built once. Raises ChartError when it leaves a cell undecided."""
    file = chart.file or chart.id
    faults = [
        ChartFault(file, "undecided", f"nothing decides what {event} does", state)
        for state in chart.states
        for event in chart.events
        if (state, event) not in chart.cells
    ]
    if chart.sided:
        faults = [ChartFault(file, "role", "the chart has a uac and a uas side; choose one with for_role")]
    if faults:
        raise ChartError(faults)
    return build(chart)


@lru_cache(maxsize=256)
def compile_chart(chart: Chart) -> Table:
    """The table of a chart, compiled once from its `transitions.Machine`."""
    # Its own, which is let go: kept, it would be half of all objects that every pass of the collector looks at.
    machine = reference_machine.__wrapped__(chart)
    steps: list[Step] = []
    resting = _resting(chart)
    states = {}
    for state in machine.states:
        tree = _Tree(machine, state, steps)
        states[state] = Standing(
            name=state,
            shown=state,
            cells={event: tree.decide(rows_of(machine, state, event), {}) for event in machine.events},
            is_final=state in chart.final,
            rests=state in resting,
            commands=_commands(chart, state),
            expected=_expected(chart, state),
        )
    start = Step(state=chart.initial, effects=chart.entering(chart.initial), row=START, index=len(steps))
    steps.append(start)
    for each in steps:
        each.to = states[each.state]
    states[NOWHERE] = replace(states[chart.initial], name=NOWHERE, cells={START: start})
    return Table(chart=chart, states=states, steps=tuple(steps), start=start)


class _Tree:
    """Grows the decision trees of one state's cells, and numbers the steps that they end in."""

    def __init__(self, machine: ChartMachine, state: str, steps: list[Step]) -> None:
        self.machine = machine
        self.place = state
        self.steps = steps

    def decide(self, rows: Sequence[ChartTransition], known: Mapping[str, bool]) -> Ask | Step:
        """The tree for these rows, where some guards are already known."""
        if not rows:
            # Only guards that break what the chart says of them (excludes, implies) can come here.
            return self._step(Step(state=self.place, verdict="impossible", guards=tuple(known.items())))
        row = rows[0]
        for guard, value in conditions_of(row):
            if guard not in known:
                yes = self.decide(rows, {**known, guard: True})
                return Ask(guard, yes, self.decide(rows, {**known, guard: False}))
            if known[guard] != value:
                return self.decide(rows[1:], known)
        return self._step(
            Step(
                state=row.dest or self.place,
                effects=effects_of(self.machine, row),
                row=row.row,
                verdict=row.verdict,
                guards=tuple(known.items()),
            )
        )

    def _step(self, found: Step) -> Step:
        found.index = len(self.steps)
        self.steps.append(found)
        return found


def _commands(chart: Chart, state: str) -> tuple[str, ...]:
    possible = []
    for event in chart.events.values():
        cell = chart.cells[state, event.name]
        if event.kind == "command" and (cell.rows or cell.verdict == "postponed"):
            possible.append(event.origin[0])
    return tuple(possible)


def _expected(chart: Chart, state: str) -> tuple[str, ...]:
    return tuple(
        event.name for event in chart.events.values() if event.kind != "timer" and chart.cells[state, event.name].rows
    )


def _resting(chart: Chart) -> frozenset[str]:
    moved = {
        state
        for (state, event), cell in chart.cells.items()
        if chart.events[event].kind in ("message", "command")
        and any(row.to is not None or row.effects.emit for row in cell.rows)
    }
    return frozenset(chart.states) - moved


def prove_equal(chart: Chart) -> list[str]:
    """Every difference between the table and stock transitions, over each state, event and value of the guards."""
    table, machine = compile_chart(chart), reference_machine(chart)
    differences = []
    for (state, event), cell in chart.cells.items():
        for valuation in valuations(chart, cell.guards()):
            ours = step(table, state, event, valuation.__getitem__)
            theirs = machine.step(state, event, valuation.__getitem__)
            if ours != theirs:
                differences.append(f"{chart.id}: {event} in {state} with {valuation}: {ours} != {theirs}")
    return differences
