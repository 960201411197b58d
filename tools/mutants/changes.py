"""Every mutant of a chart, made on its values: rows redirected, stripped, turned into ignored, guards negated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from session_fsm.chart import Chart
from session_fsm.chart.model import NO_EFFECTS, Condition, Decisions, Effects, Group, Row, Ruling, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A chart with one thing changed, and where that shows."""

    chart: Chart
    place: str
    "The row's id, or `entering STATE`."
    change: str
    "What was done to it, in words."
    kind: str
    "redirected, stripped, ignored, negated, entered without, or historical."
    cells: frozenset[tuple[str, str]] = frozenset()
    "(state, event) of the cells that the row stands in; only a run that comes there can notice."
    entered: str | None = None
    "The state whose entering was changed."

    @property
    def name(self) -> str:
        """How tables and explanations call it."""
        return f"{self.chart.id} {self.place}: {self.change}"


def mutants_of(chart: Chart) -> Iterator[Mutant]:
    """All of them, in the order of the file."""
    for place, decisions in chart.all_decisions():
        for row in decisions.rows:
            yield from _of_row(chart, place, row)
    for state in chart.states.values():
        yield from _of_entering(chart, state)


def _of_row(chart: Chart, place: State | Group, row: Row) -> Iterator[Mutant]:
    def made(kind: str, change: str, *rows: Row, ruling: Ruling | None = None) -> Mutant:
        changed = _exchanged(chart, place, row, rows, ruling)
        cells = frozenset((s, row.event) for s in _states_of(place))
        return Mutant(chart=changed, place=row.id, change=change, kind=kind, cells=cells)

    elsewhere = _next_state(chart, place, row)
    if elsewhere is not None:
        yield made("redirected", f"to {elsewhere}", replace(row, to=elsewhere))
    if row.to is not None:
        yield made("redirected", "stays", replace(row, to=None))
    for kind, name in dict.fromkeys(row.effects.listed()):
        yield made("stripped", f"without {kind} {name}", replace(row, effects=_without(row.effects, kind, name)))
    if row.when or _other_ruling(place, row):
        # A guarded row that does nothing is the same as `ignored` under its guards.
        yield made("ignored", "ignored", replace(row, to=None, effects=NO_EFFECTS))
    else:
        yield made("ignored", "ignored", ruling=Ruling("ignored", "mutant", row.role))
    for n, condition in enumerate(row.when):
        negated = Condition(condition.guard, not condition.value)
        when = (*row.when[:n], negated, *row.when[n + 1 :])
        yield made("negated", f"when {negated}", replace(row, when=when))


def _other_ruling(place: State | Group, row: Row) -> bool:
    """Whether a second ruling for this event would clash with one that is there."""
    return any(ruling.role in ("both", row.role) for ruling in place.decisions.verdicts.get(row.event, ()))


def _of_entering(chart: Chart, state: State) -> Iterator[Mutant]:
    def made(change: str, changed: State) -> Mutant:
        states = {**chart.states, state.name: changed}
        return Mutant(
            chart=replace(chart, states=states, file=f"{chart.id}, mutant"),
            place=f"entering {state.name}",
            change=change,
            kind="entered without",
            entered=state.name,
        )

    for kind, name in dict.fromkeys(state.enter.listed()):
        yield made(f"without {kind} {name}", replace(state, enter=_without(state.enter, kind, name)))
    for timer in state.timers:
        left = tuple(other for other in state.timers if other != timer)
        yield made(f"without timer {timer}", replace(state, timers=left))


def _without(effects: Effects, kind: str, name: str) -> Effects:
    left = tuple(other for other in getattr(effects, kind) if other != name)
    return replace(effects, **{kind: left})


def _states_of(place: State | Group) -> tuple[str, ...]:
    return (place.name,) if isinstance(place, State) else place.states


def _next_state(chart: Chart, place: State | Group, row: Row) -> str | None:
    """The next state in the file that this row could lead to, other than where it stands or leads now."""
    role = next((r for r in (row.role, chart.events[row.event].role) if r != "both"), "both")
    if role == "both" and isinstance(place, State):
        role = place.role
    names = list(chart.states)
    here = names.index(row.to or _states_of(place)[0])
    for name in names[here + 1 :] + names[:here]:
        if name not in (row.to, *_states_of(place)) and chart.states[name].role in ("both", role):
            return name
    return next((name for name in names if name != row.to and chart.states[name].role in ("both", role)), None)


def _exchanged(
    chart: Chart, place: State | Group, row: Row, rows: tuple[Row, ...], ruling: Ruling | None = None
) -> Chart:
    """The chart with other rows in the place of one, or with a ruling instead."""
    before = place.decisions
    at = next(n for n, other in enumerate(before.rows) if other is row)
    verdicts: Mapping[str, tuple[Ruling, ...]] = before.verdicts
    if ruling is not None:
        verdicts = {**verdicts, row.event: (*verdicts.get(row.event, ()), ruling)}
    return exchanged(
        chart, place, Decisions(rows=(*before.rows[:at], *rows, *before.rows[at + 1 :]), verdicts=verdicts)
    )


def exchanged(chart: Chart, place: State | Group, decisions: Decisions) -> Chart:
    """The chart with one state or group that decides otherwise."""
    changed = replace(place, decisions=decisions)
    file = f"{chart.id}, mutant"
    if isinstance(changed, State):
        return replace(chart, states={**chart.states, place.name: changed}, file=file)
    return replace(chart, groups={**chart.groups, place.name: changed}, file=file)
