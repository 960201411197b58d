"""A chart's names tied to Python functions, checked both ways once and shared by any number of machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import cast

from session_fsm.chart import NOWHERE, Chart, Effect, Seconds, Timer
from session_fsm.chart.reading import suggestion
from session_fsm.errors import ChartError, ChartFault
from session_fsm.machine.compile import compile_chart, reference_machine
from session_fsm.machine.reference import ChartMachine
from session_fsm.machine.step import Holds, Step, Table, step

Predicate = Callable[..., object]
"A guard: f(context, payload), whose truth counts."

Action = Callable[..., object]
"An effect, or what sends: f(context, payload); what it returns is passed over."

Emit = Callable[..., object]
"What emits: f(context, name, payload)."

ENGINES = ("table", "transitions")

NOTHING = (None,) * 6


@dataclass(slots=True, kw_only=True, eq=False)
class TimerPlan:
    """One timer with its durations worked out for the binding's parameters."""

    name: str
    timer: Timer
    seconds: Seconds
    cap: Seconds


# What to call for one effect. A timer that is started has a plan instead, a timer that is cancelled only its name.
Planned = tuple[Action | None, TimerPlan | None, str]


class Binding:
    """A chart with the functions behind its guards, effects, sends and emits.

    Every name is resolved here, once: what the chart names and the code does not bind, and what the code binds and
    the chart does not name, is a ChartError with all of them. A function that belongs to the other role's side of the
    same chart is passed over.
    """

    __slots__ = (
        "_by_effects",
        "_calls",
        "actions",
        "chart",
        "engine",
        "guards",
        "parameters",
        "plans",
        "table",
        "walk",
    )

    def __init__(
        self,
        chart: Chart,
        *,
        guards: Mapping[str, Predicate] | None = None,
        effects: Mapping[str, Action] | None = None,
        sends: Mapping[str, Action] | None = None,
        emit: Emit | None = None,
        emits: Mapping[str, Action] | None = None,
        parameters: Mapping[str, Seconds] | None = None,
        engine: str = "table",
    ) -> None:
        """`emits` has a function f(context, payload) for each emission, where `emit` is one function for all."""
        if engine not in ENGINES:
            raise ValueError(f"engine is {engine!r}; it can be {' or '.join(ENGINES)}")
        self.table = compile_chart(chart)
        if emits is None:
            emits = {name: _emission(emit, name) for name in chart.emits if emit is not None}
        faults = list(_faults(chart, guards or {}, effects or {}, sends or {}, emits, parameters or {}))
        if faults:
            raise ChartError(faults)
        self.chart = chart
        self.engine = engine
        self.walk: Callable[[str, str, Holds], Step] | None = None
        if engine == "transitions":
            self.walk = _stock_walk(reference_machine(chart), self.table)
        self.guards = dict(guards or {})
        self.parameters = {**chart.parameters, **(parameters or {})}
        self.plans = {name: _plan(timer, self.parameters) for name, timer in chart.timers.items()}
        calls = {("do", name): call for name, call in (effects or {}).items()}
        calls |= {("send", name): call for name, call in (sends or {}).items()}
        calls |= {("emit", name): call for name, call in emits.items()}
        self._calls = calls
        self._by_effects: dict[tuple[Effect, ...], tuple[Planned, ...]] = {}
        self.actions = [self.planned(step.effects) for step in self.table.steps]

    def planned(self, effects: tuple[Effect, ...]) -> tuple[Planned, ...]:
        """What to call for a step's effects, in their order."""
        if effects not in self._by_effects:
            self._by_effects[effects] = tuple(self._planned(kind, name) for kind, name in effects)
        return self._by_effects[effects]

    def _planned(self, kind: str, name: str) -> Planned:
        if kind == "start":
            return None, self.plans[name], name
        if kind == "cancel":
            return None, None, name
        return self._calls[kind, name], None, name


def bound(
    chart: Chart | Binding,
    guards: Mapping[str, Predicate] | None,
    effects: Mapping[str, Action] | None,
    sends: Mapping[str, Action] | None,
    emit: Emit | None,
    parameters: Mapping[str, Seconds] | None,
    engine: str | None,
) -> Binding:
    """The binding itself, or the chart bound to these. Raises TypeError for a binding and functions besides."""
    if isinstance(chart, Chart):
        return Binding(
            chart,
            guards=guards,
            effects=effects,
            sends=sends,
            emit=emit,
            parameters=parameters,
            engine=engine or "table",
        )
    if (guards, effects, sends, emit, parameters, engine) != NOTHING:
        raise TypeError("a Binding has its functions, parameters and engine already; give them to it instead")
    return chart


def _stock_walk(machine: ChartMachine, table: Table) -> Callable[[str, str, Holds], Step]:
    """Stepping by stock transitions. It has no place before the initial state, so entering that is the table's."""

    def walk(state: str, event: str, holds: Holds) -> Step:
        return step(table, state, event, holds) if state == NOWHERE else machine.step(state, event, holds)

    return walk


def _plan(timer: Timer, parameters: Mapping[str, Seconds]) -> TimerPlan:
    cap = inf if timer.cap is None else timer.cap.seconds(parameters)
    return TimerPlan(name=timer.name, timer=timer, seconds=timer.after.seconds(parameters), cap=cap)


def _emission(emit: Emit, name: str) -> Action:
    def emission(context: object, payload: object) -> None:
        emit(context, name, payload)

    return emission


def _faults(
    chart: Chart,
    guards: Mapping[str, Predicate],
    effects: Mapping[str, Action],
    sends: Mapping[str, Action],
    emits: Mapping[str, Action],
    parameters: Mapping[str, Seconds],
) -> Iterator[ChartFault]:
    file, whole = chart.file or chart.id, chart.whole or chart
    pairs = [
        ("guard", chart.guards, whole.guards, guards),
        ("effect", chart.effects, whole.effects, effects),
        ("send", chart.sends, whole.sends, sends),
    ]
    if emits:
        pairs.append(("emission", chart.emits, whole.emits, emits))
    for what, needed, known, bound in pairs:
        for name in needed:
            if name not in bound:
                message = f"{what} {name} has no function; {suggestion(name, bound)}"
                yield ChartFault(file, "unbound", message)
        yield from _strangers(file, what, bound, known)
        for name, function in cast("Mapping[str, object]", bound).items():
            if not callable(function):
                yield ChartFault(file, "unbound", f"{what} {name} is bound to {function!r}, which cannot be called")
    if chart.emits and not emits:
        yield ChartFault(file, "unbound", f"the chart emits {', '.join(chart.emits)}, and there is no `emit` function")
    yield from _strangers(file, "parameter", parameters, chart.parameters)


def _strangers(file: str, what: str, bound: Iterable[str], known: Iterable[str]) -> Iterator[ChartFault]:
    for name in bound:
        if name not in known:
            message = f"{what} {name} is bound and the chart does not name it; {suggestion(name, known)}"
            yield ChartFault(file, "not-in-chart", message)
