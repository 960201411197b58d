"""A Hypothesis rule machine made from any chart. Needs Hypothesis.

It draws events, payloads and the values of guards that nobody binds; time jumps from timer to timer. What is bound
runs: the user's guards, effects and sends, against a context that is made afresh for each run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from session_fsm.chart import NOWHERE, Chart, Seconds
from session_fsm.chart.guards import excluded, implied
from session_fsm.errors import LocalProtocolError
from session_fsm.machine import Machine, TraceRow, reference_machine, replay
from session_fsm.machine.binding import Action, Emit, Predicate
from session_fsm.testing.charts import filled, silent
from session_fsm.testing.walks import possible_values

Invariant = Callable[[Machine], object]
"Looks at the machine after each event, and asserts."

ANY_SHARE = 0.2  # of the events are drawn from all that may happen, whether or not the state has a row for them


class ChartMachine(RuleBasedStateMachine):
    """What all rule machines have in common; `machine_of` makes one for a chart."""

    chart: ClassVar[Chart]
    bind: ClassVar[Callable[[ChartMachine], Machine]]
    payloads: ClassVar[Mapping[str, st.SearchStrategy[Any]]]
    checks: ClassVar[Sequence[Invariant]]
    any_share: ClassVar[float]
    taken: ClassVar[Counter[str]]
    "Row -> how often it was taken, over all runs so far."

    def __init__(self) -> None:
        super().__init__()
        self.now: Seconds = 0.0
        self.rows: list[TraceRow] = []
        self.data: st.DataObject | None = None
        self.known: dict[str, bool] = {}
        self.machine = type(self).bind(self)
        self.machine.start(now=self.now)

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        """An event, mostly one that a row may take."""
        event = data.draw(st.sampled_from(self.choices()), label="event")
        strategy = self.payloads.get(event)
        payload = data.draw(strategy, label=f"{event} with") if strategy is not None else None
        self.drawing(data)
        before = self.machine.state
        try:
            self.machine.feed(event, payload, self.now)
        except LocalProtocolError as refusal:
            note(f"  {refusal}")
            assert before == self.machine.state, f"{event} was refused and changed the state"
        self.tell(event)

    @precondition(lambda self: self.machine.next_deadline() is not None)
    @rule(data=st.data())
    def time_passes(self, data: st.DataObject) -> None:
        """Time jumps to the next timer."""
        self.drawing(data)
        self.now = self.machine.next_deadline() or self.now
        self.machine.expire(self.now)
        self.tell(f"{self.now:g} s")

    @invariant()
    def holds(self) -> None:
        """Nothing that the chart calls impossible has happened, and what the user asks is so."""
        impossible = [row for row in self.rows if row.verdict == "impossible"]
        assert not impossible, f"{impossible[0].event} came in {impossible[0].from_state}, where it is impossible"
        for check in self.checks:
            check(self.machine)

    def teardown(self) -> None:
        """The run is data: it replays, and stock `transitions` steps the same."""
        self.taken.update(row.row for row in self.rows if row.row is not None)
        difference = replay(self.rows, [self.chart])
        assert difference is None, str(difference)
        for row in self.rows:
            self.compare(row)

    # Inside.

    def choices(self) -> list[str]:
        """What may happen now, those that a row may take several times, which leaves `any_share` for the rest."""
        cells = {name: self.chart.cells[self.machine.state, name] for name in self.chart.events}
        outside = [name for name, event in self.chart.events.items() if event.kind != "timer"]
        enabled = [name for name in outside if cells[name].rows or cells[name].verdict == "postponed"]
        others = [name for name in outside if name not in enabled and cells[name].verdict != "impossible"]
        if not enabled or not others or self.any_share <= 0:
            return enabled or others
        times = len(others) * (1 - self.any_share) / (self.any_share * len(enabled))
        return enabled * max(1, round(times)) + others

    def drawing(self, data: st.DataObject) -> None:
        """From now on guards are drawn from this."""
        self.data = data
        self.known = {}

    def drawn(self, guard: str) -> bool:
        """The value of a guard that nobody binds: the same until all is quiet again."""
        if guard not in self.known:
            values = possible_values(self.chart, self.known, guard)
            if len(values) > 1 and self.data is not None:
                self.known[guard] = self.data.draw(st.sampled_from(values), label=guard)
            else:
                self.known[guard] = values[0]
        return self.known[guard]

    def tell(self, what: str) -> None:
        """Say in a counterexample where this has led."""
        note(f"  {what} -> {self.machine.state}")

    def compare(self, row: TraceRow) -> None:
        """One row against stock transitions, and against what the chart says of its guards."""
        true = [name for name, value in row.guards if value]
        for name in true:
            lacking = [guard for guard, value in row.guards if not value and guard in implied(self.chart.guards, name)]
            clashing = [guard for guard in true if excluded(self.chart.guards, name, guard)]
            assert not lacking, f"{name} held and {lacking[0]} did not; the chart says that one implies the other"
            assert not clashing, f"{name} and {clashing[0]} both held; the chart says that one excludes the other"
        if row.from_state != NOWHERE:
            stock = reference_machine(self.chart).step(row.from_state, row.event, dict(row.guards).__getitem__)
            assert (row.to_state, row.row, row.effects) == (stock.state, stock.row, stock.effects)


def machine_of(
    chart: Chart,
    *,
    guards: Mapping[str, Predicate] | None = None,
    effects: Mapping[str, Action] | None = None,
    sends: Mapping[str, Action] | None = None,
    emit: Emit | None = None,
    context: Callable[[], object] | None = None,
    payloads: Mapping[str, st.SearchStrategy[Any]] | None = None,
    parameters: Mapping[str, Seconds] | None = None,
    invariants: Sequence[Invariant] = (),
    any_share: float = ANY_SHARE,
) -> type[ChartMachine]:
    """A rule machine of this chart: run it by `run_state_machine_as_test`, or let pytest find its `TestCase`.

    `context` makes the context of one run. `payloads` has a strategy for each event that brings something. A guard
    without a function is drawn, an effect without one does nothing. `invariants` look at the machine after each step.
    """
    _check_known(chart, "payload is given for the event", payloads, chart.events)
    _check_known(chart, "guard is bound as", guards, chart.guards)
    _check_known(chart, "effect is bound as", effects, chart.effects)
    _check_known(chart, "send is bound as", sends, chart.sends)

    def bind(run: ChartMachine) -> Machine:
        drawn = {name: (lambda context, payload, name=name: run.drawn(name)) for name in chart.guards}
        return Machine(
            chart,
            guards={**drawn, **(guards or {})},
            effects=filled(chart.effects, effects),
            sends=filled(chart.sends, sends),
            emit=emit or silent,
            parameters=parameters,
            context=context() if context else None,
            trace=run.rows,
        )

    name = "".join(part.capitalize() for part in chart.id.split("_"))
    members = {
        "__doc__": f"Events of {chart.id} in any order.",
        "chart": chart,
        "bind": staticmethod(bind),
        "payloads": dict(payloads or {}),
        "checks": tuple(invariants),
        "any_share": any_share,
        "taken": Counter(),
    }
    return type(f"{name}Machine", (ChartMachine,), members)


def _check_known(chart: Chart, what: str, given: Mapping[str, object] | None, known: Collection[str]) -> None:
    for name in given or {}:
        if name not in known:
            raise ValueError(f"a {what} {name}, and {chart.id} has none of that name; it has {', '.join(known)}")
