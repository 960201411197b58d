"""A chart's names tied to Python functions, checked both ways once and shared by any number of machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, cast

from session_fsm.chart import NOWHERE, Chart, Effect, Seconds, Timer
from session_fsm.chart.reading import suggestion
from session_fsm.errors import ChartError, ChartFault
from session_fsm.machine.compile import compile_chart, reference_machine
from session_fsm.machine.reference import ChartMachine
from session_fsm.machine.step import Holds, Step, Table, step

if TYPE_CHECKING:
    from session_fsm.machine.machine import Machine

Predicate = Callable[..., object]
"A guard: f(context, payload), whose truth counts."

Action = Callable[..., object]
"An effect, or what sends: f(context, payload); what it returns is passed over."

Emit = Callable[..., object]
"What emits: f(context, name, payload)."

ENGINES = ("table", "transitions")


@dataclass(slots=True, kw_only=True, eq=False)
class TimerPlan:
    """One timer with its durations worked out for the binding's parameters."""

    name: str
    timer: Timer
    seconds: Seconds
    grow: float
    cap: Seconds


class Deed:
    """One effect of a step, with its name in the chart. Made when a chart is bound, shared by all its machines."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, machine: Machine, payload: object) -> None:
        """Do it for this machine, with the payload of the event that it takes."""
        raise NotImplementedError


class Calling(Deed):
    """Calls a function."""

    __slots__ = ("_action",)

    def __init__(self, name: str, action: Action) -> None:
        super().__init__(name)
        self._action = action

    def run(self, machine: Machine, payload: object) -> None:
        """Call it."""
        self._action(machine.context, payload)


class Starting(Deed):
    """Starts a timer."""

    __slots__ = ("_plan",)

    def __init__(self, plan: TimerPlan) -> None:
        super().__init__(plan.name)
        self._plan = plan

    def run(self, machine: Machine, payload: object) -> None:
        """Start it, from the beginning if it runs."""
        machine.start_timer(self._plan)


class Cancelling(Deed):
    """Cancels a timer."""

    __slots__ = ()

    def run(self, machine: Machine, payload: object) -> None:
        """Cancel it, if it runs."""
        machine.cancel_timer(self.name)


class Binding:
    """A chart with the functions behind its guards, effects, sends and emits.

    Every name is resolved here, once: what the chart names and the code does not bind, and what the code binds and
    the chart does not name, is a ChartError with all of them. A function that belongs to the other role's side of the
    same chart is passed over.
    """

    __slots__ = (
        "_by_effects",
        "_calls",
        "chart",
        "deeds",
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
        emits: Mapping[str, Action | Deed] | None = None,
        parameters: Mapping[str, Seconds] | None = None,
        engine: str = "table",
    ) -> None:
        """`emits` has a function f(context, payload), or a deed, for each emission, where `emit` is one for all."""
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
        calls: dict[tuple[str, str], Action | Deed] = {("do", name): call for name, call in (effects or {}).items()}
        calls |= {("send", name): call for name, call in (sends or {}).items()}
        calls |= {("emit", name): call for name, call in emits.items()}
        self._calls = calls
        self._by_effects: dict[tuple[Effect, ...], list[Deed]] = {}
        self.deeds = [self.deeds_of(step.effects) for step in self.table.steps]

    def deeds_of(self, effects: tuple[Effect, ...]) -> list[Deed]:
        """What is done for a step's effects, in their order."""
        if effects not in self._by_effects:
            self._by_effects[effects] = [self._deed(kind, name) for kind, name in effects]
        return self._by_effects[effects]

    def _deed(self, kind: str, name: str) -> Deed:
        if kind == "start":
            return Starting(self.plans[name])
        if kind == "cancel":
            return Cancelling(name)
        call = self._calls[kind, name]
        return call if isinstance(call, Deed) else Calling(name, call)


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
    if isinstance(chart, Binding):
        functions = guards is not None or effects is not None or sends is not None or emit is not None
        if functions or parameters is not None or engine is not None:
            raise TypeError("a Binding has its functions, parameters and engine already; give them to it instead")
        return chart
    return Binding(
        chart,
        guards=guards,
        effects=effects,
        sends=sends,
        emit=emit,
        parameters=parameters,
        engine=engine or "table",
    )


def _stock_walk(machine: ChartMachine, table: Table) -> Callable[[str, str, Holds], Step]:
    """Stepping by stock transitions. It has no place before the initial state, so entering that is the table's."""

    def walk(state: str, event: str, holds: Holds) -> Step:
        return step(table, state, event, holds) if state == NOWHERE else machine.step(state, event, holds)

    return walk


def _plan(timer: Timer, parameters: Mapping[str, Seconds]) -> TimerPlan:
    cap = inf if timer.cap is None else timer.cap.seconds(parameters)
    return TimerPlan(
        name=timer.name, timer=timer, seconds=timer.after.seconds(parameters), grow=float(timer.grow), cap=cap
    )


def _emission(emit: Emit, name: str) -> Action:
    def emission(context: object, payload: object) -> None:
        emit(context, name, payload)

    return emission


def _faults(
    chart: Chart,
    guards: Mapping[str, Predicate],
    effects: Mapping[str, Action],
    sends: Mapping[str, Action],
    emits: Mapping[str, Action | Deed],
    parameters: Mapping[str, Seconds],
) -> Iterator[ChartFault]:
    file, whole = chart.file or chart.id, chart.whole or chart
    pairs: list[tuple[str, Iterable[str], Iterable[str], Mapping[str, Action | Deed]]] = [
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
            if not callable(function) and not isinstance(function, Deed):
                yield ChartFault(file, "unbound", f"{what} {name} is bound to {function!r}, which cannot be called")
    if chart.emits and not emits:
        yield ChartFault(file, "unbound", f"the chart emits {', '.join(chart.emits)}, and there is no `emit` function")
    yield from _strangers(file, "parameter", parameters, chart.parameters)


def _strangers(file: str, what: str, bound: Iterable[str], known: Iterable[str]) -> Iterator[ChartFault]:
    for name in bound:
        if name not in known:
            message = f"{what} {name} is bound and the chart does not name it; {suggestion(name, known)}"
            yield ChartFault(file, "not-in-chart", message)
