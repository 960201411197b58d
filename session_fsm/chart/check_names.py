"""The rules about names: what a chart uses it declares, and what it declares it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from session_fsm.chart.model import Chart, Decisions, Effects, Row
from session_fsm.chart.project import used
from session_fsm.chart.reading import suggestion
from session_fsm.errors import ChartFault

# Kind of effect -> the table of the chart that declares its names.
DECLARED_IN = {"cancel": "timers", "start": "timers", "do": "effects", "send": "sends", "emit": "emits"}


class Use(NamedTuple):
    """One place where a chart uses a name."""

    table: str
    "The table that has to declare it: states, events, guards, effects, sends, emits or timers."
    what: str
    "What the name stands for there, as a message says it."
    name: str
    state: str | None = None
    row: str | None = None


def check_unknown(chart: Chart) -> Iterator[ChartFault]:
    """Names that are used and not declared."""
    for use in unknown(chart):
        message = f"{use.what} {use.name} is not declared; {suggestion(use.name, getattr(chart, use.table))}"
        yield ChartFault(chart.file, "unknown-name", message, use.state, use.row)


def unknown(chart: Chart) -> list[Use]:
    """Every use of a name that is not declared."""
    uses = (*_in_header(chart), *_in_states(chart), *_in_groups(chart), *_in_guards(chart))
    return [use for use in uses if use.name not in getattr(chart, use.table)]


def _in_header(chart: Chart) -> Iterator[Use]:
    if chart.initial:
        yield Use("states", "initial state", chart.initial)
    for name in chart.final:
        yield Use("states", "final state", name)
    for claim in chart.properties.values():
        for name in claim.states:
            yield Use("states", f"property {claim.name}: state", name)


def _in_states(chart: Chart) -> Iterator[Use]:
    for state in chart.states.values():
        for timer in state.timers:
            yield Use("timers", "timer", timer, state.name)
        yield from _in_effects(state.enter, state.name, "enter")
        yield from _in_effects(state.exit, state.name, "exit")
        yield from _in_decisions(state.decisions, state.name)


def _in_groups(chart: Chart) -> Iterator[Use]:
    for group in chart.groups.values():
        for name in group.states:
            yield Use("states", "state", name, group.name)
        yield from _in_decisions(group.decisions, group.name)


def _in_decisions(decisions: Decisions, place: str) -> Iterator[Use]:
    for row in decisions.rows:
        yield from _in_row(row, place)
    for event, rulings in decisions.verdicts.items():
        yield Use("events", f"{rulings[0].verdict} event", event, place)


def _in_row(row: Row, place: str) -> Iterator[Use]:
    yield Use("events", "event", row.event, place, row.id)
    if row.to is not None:
        yield Use("states", "target state", row.to, place, row.id)
    for condition in row.when:
        yield Use("guards", "guard", condition.guard, place, row.id)
    yield from _in_effects(row.effects, place, row.id)


def _in_effects(effects: Effects, place: str, row: str) -> Iterator[Use]:
    for kind, name in effects.listed():
        yield Use(DECLARED_IN[kind], f"`{kind}`: in [{DECLARED_IN[kind]}]", name, place, row)


def _in_guards(chart: Chart) -> Iterator[Use]:
    for guard in chart.guards.values():
        for name in (*guard.excludes, *guard.implies):
            yield Use("guards", f"guard {guard.name} names guard", name)


def check_unused(chart: Chart) -> Iterator[ChartFault]:
    """Names that nothing uses. A table of which some name was misspelt is passed over: that may be the very one."""
    names = used(chart)
    durations = [duration for timer in chart.timers.values() for duration in (timer.after, timer.cap) if duration]
    declared: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("parameter", "parameters", {duration.parameter for duration in durations if duration.parameter}),
        ("timer", "timers", names["start"]),
        ("guard", "guards", names["guard"]),
        ("effect", "effects", names["do"]),
        ("send", "sends", names["send"]),
        ("emit", "emits", names["emit"]),
    )
    misspelt = {use.table for use in unknown(chart)}
    for what, table, where in declared:
        for name in getattr(chart, table):
            if name not in where and table not in misspelt:
                yield ChartFault(chart.file, "unused-name", f"{what} {name} is declared and nothing uses it")
    heard = {row.event for _, decisions in chart.all_decisions() for row in decisions.rows}
    for event in chart.events.values():
        # A message may be ignored everywhere: a peer sends what it likes. The rest is declared because it matters.
        if event.name not in heard and event.kind not in ("message", "timer") and "events" not in misspelt:
            yield ChartFault(chart.file, "unused-name", f"{event.kind} event {event.name} is in no row of any state")
