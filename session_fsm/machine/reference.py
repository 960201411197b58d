"""One `transitions.Machine` for a chart: groups expanded, everything by name, no model bound to it.

It is the reference semantics: the fast table is compiled from it, and a machine can be stepped through it instead.
What a chart knows and transitions does not (the row's id, verdicts, effects between leaving and entering) rides on
the library's own extension points, `event_cls` and `transition_cls`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from transitions import Event, EventData, Transition
from transitions import Machine as TransitionsMachine

from session_fsm.chart import Cell, Chart, Condition, Effect, Verdict
from session_fsm.machine.step import Holds, Step

GUARD = "guard"
"The kind under which a walker is asked for the value of a guard."


PLACE = "[place]"
"Where a walker keeps its state. transitions refuses an event of the same name, and no chart can name one like it."


class ChartTransition(Transition):
    """One row of a chart, or the verdict of a cell as a transition that stays and does nothing."""

    def __init__(
        self,
        source: str,
        dest: str | None,
        *_stock: object,
        row: str | None = None,
        verdict: Verdict = "row",
        when: Sequence[Condition] = (),
        effects: Sequence[Effect] = (),
        **_named: object,
    ) -> None:
        # transitions takes None for a row that stays, though its type hints do not say so.
        super().__init__(source, cast(str, dest))
        self.row = row
        self.verdict: Verdict = verdict
        # A row that stays has nothing between leaving and entering, so its effects simply come after.
        self.between = [_spelled(effect) for effect in effects] if dest else []
        self.after = [] if dest else [_spelled(effect) for effect in effects]
        # Added here one by one: transitions sorts `conditions` before `unless`, a chart keeps the order of the file.
        self.conditions = [self.condition_cls(f"{GUARD}:{guard}", target=value) for guard, value in when]

    def execute(self, event_data: EventData) -> bool:
        """Take this row if its guards hold, and tell the walker that it was taken."""
        taken = super().execute(event_data)
        if taken:
            cast(Walker, event_data.model).taken = self
        return taken

    def _change_state(self, event_data: EventData) -> None:
        machine, target = event_data.machine, cast(str, self.dest)
        machine.get_state(self.source).exit(event_data)
        machine.callbacks(self.between, event_data)
        machine.set_state(target, event_data.model)
        machine.get_state(target).enter(event_data)


class ChartEvent(Event):
    """An event of a chart, which can say what it would lead to without any session being there."""

    def step(self, state: str, holds: Holds) -> Step:
        """What stock transitions does with this event in this state."""
        walker = Walker(state, holds)
        self.trigger(walker)
        taken = walker.taken
        return Step(
            state=getattr(walker, PLACE),
            effects=tuple(walker.effects),
            row=taken.row if taken else None,
            # Nothing was taken only when guards break what the chart says of them (excludes, implies).
            verdict=taken.verdict if taken else "impossible",
            guards=tuple(walker.guards.items()),
        )


class Walker:
    """Stands where a model would stand for one event: answers guards, writes down effects, runs nothing."""

    def __init__(self, state: str, holds: Holds) -> None:
        setattr(self, PLACE, state)
        self.holds = holds
        self.guards: dict[str, bool] = {}
        self.effects: list[Effect] = []
        self.taken: ChartTransition | None = None

    def __getattr__(self, name: str) -> Callable[[], bool | None]:
        """transitions asks for its callbacks by name: `guard:strong`, `send:INVITE`."""
        kind, separator, what = name.partition(":")
        if not separator:
            raise AttributeError(name)
        return lambda: self._ask(what) if kind == GUARD else self.effects.append((kind, what))

    def _ask(self, guard: str) -> bool:
        # Guards are pure, so within one step each is asked once.
        if guard not in self.guards:
            self.guards[guard] = bool(self.holds(guard))
        return self.guards[guard]


class ChartMachine(TransitionsMachine):
    """The stock Machine of one chart."""

    event_cls = ChartEvent
    transition_cls = ChartTransition

    def step(self, state: str, event: str, holds: Holds) -> Step:
        """What stock transitions does. Raises KeyError for an event that the chart does not have."""
        return cast(ChartEvent, self.events[event]).step(state, holds)


def build(chart: Chart) -> ChartMachine:
    """The `transitions.Machine` of a chart."""
    machine = ChartMachine(
        model=None,
        states=[
            {
                "name": name,
                "on_enter": [_spelled(effect) for effect in chart.entering(name)],
                "on_exit": [_spelled(effect) for effect in chart.leaving(name)],
                "final": name in chart.final,
            }
            for name in chart.states
        ],
        initial=chart.initial,
        auto_transitions=False,
        model_attribute=PLACE,
        name=chart.id,
    )
    for (state, event), cell in chart.cells.items():
        _add_cell(machine, state, event, cell)
    return machine


def _add_cell(machine: ChartMachine, state: str, event: str, cell: Cell) -> None:
    for row in cell.rows:
        machine.add_transition(event, state, row.to, row=row.id, when=row.when, effects=row.effects.listed())
    if cell.verdict is not None:
        machine.add_transition(event, state, None, verdict=cell.verdict)


def rows_of(machine: ChartMachine, state: str, event: str) -> Sequence[ChartTransition]:
    """The rows of one cell, in order, as the stock Machine holds them."""
    return cast("list[ChartTransition]", machine.events[event].transitions.get(state, []))


def conditions_of(transition: ChartTransition) -> tuple[Condition, ...]:
    """The guards of a row, as the stock Machine holds them."""
    return tuple(
        Condition(str(condition.func).partition(":")[2], condition.target) for condition in transition.conditions
    )


def effects_of(machine: ChartMachine, transition: ChartTransition) -> tuple[Effect, ...]:
    """What a row does, as the stock Machine holds it: leaving, the row's own, entering."""
    if transition.dest is None:
        return _read(transition.after)
    leaving = machine.get_state(transition.source).on_exit
    entering = machine.get_state(transition.dest).on_enter
    return _read([*leaving, *transition.between, *entering])


def _spelled(effect: Effect) -> str:
    return ":".join(effect)


def _read(names: Iterable[object]) -> tuple[Effect, ...]:
    return tuple((kind, what) for kind, _, what in (str(name).partition(":") for name in names))
