"""The rules about names: what a chart uses it declares, and what it declares it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from session_fsm.chart.model import Chart, Decisions, Effects, Row
from session_fsm.chart.project import used
from session_fsm.chart.reading import suggestion
from session_fsm.errors import ChartFault

# Kind of effect -> the table of the chart that declares its names.
DECLARED_IN = {"cancel": "timers", "start": "timers", "do": "effects", "send": "sends", "emit": "emits"}


def check_names(chart: Chart) -> Iterator[ChartFault]:
    """Unknown names everywhere, then names that nothing uses."""
    unknown = [*_in_header(chart), *_in_states(chart), *_in_groups(chart), *_in_guards(chart)]
    yield from unknown or _unused(chart)


def _unknown(
    chart: Chart, what: str, name: str, known: Iterable[str], state: str | None = None, row: str | None = None
) -> ChartFault:
    message = f"{what} {name} is not declared; {suggestion(name, known)}"
    return ChartFault(chart.file, "unknown-name", message, state, row)


def _in_header(chart: Chart) -> Iterator[ChartFault]:
    if chart.initial not in chart.states:
        yield _unknown(chart, "initial state", chart.initial, chart.states)
    for name in chart.final:
        if name not in chart.states:
            yield _unknown(chart, "final state", name, chart.states)
    for claim in chart.properties.values():
        for name in claim.states:
            if name not in chart.states:
                yield _unknown(chart, f"property {claim.name}: state", name, chart.states)


def _in_states(chart: Chart) -> Iterator[ChartFault]:
    for state in chart.states.values():
        for timer in state.timers:
            if timer not in chart.timers:
                yield _unknown(chart, "timer", timer, chart.timers, state.name)
        yield from _in_effects(chart, state.enter, state.name, "enter")
        yield from _in_effects(chart, state.exit, state.name, "exit")
        yield from _in_decisions(chart, state.decisions, state.name)


def _in_groups(chart: Chart) -> Iterator[ChartFault]:
    for group in chart.groups.values():
        for name in group.states:
            if name not in chart.states:
                yield _unknown(chart, "state", name, chart.states, group.name)
        yield from _in_decisions(chart, group.decisions, group.name)


def _in_decisions(chart: Chart, decisions: Decisions, place: str) -> Iterator[ChartFault]:
    for row in decisions.rows:
        yield from _in_row(chart, row, place)
    for event, rulings in decisions.verdicts.items():
        if event not in chart.events:
            yield _unknown(chart, f"{rulings[0].verdict} event", event, chart.events, place)


def _in_row(chart: Chart, row: Row, place: str) -> Iterator[ChartFault]:
    if row.event not in chart.events:
        yield _unknown(chart, "event", row.event, chart.events, place, row.id)
    if row.to is not None and row.to not in chart.states:
        yield _unknown(chart, "target state", row.to, chart.states, place, row.id)
    for condition in row.when:
        if condition.guard not in chart.guards:
            yield _unknown(chart, "guard", condition.guard, chart.guards, place, row.id)
    yield from _in_effects(chart, row.effects, place, row.id)


def _in_effects(chart: Chart, effects: Effects, place: str, row: str) -> Iterator[ChartFault]:
    for kind, name in effects.listed():
        known = getattr(chart, DECLARED_IN[kind])
        if name not in known:
            yield _unknown(chart, f"`{kind}`: in [{DECLARED_IN[kind]}]", name, known, place, row)


def _in_guards(chart: Chart) -> Iterator[ChartFault]:
    for guard in chart.guards.values():
        for name in (*guard.excludes, *guard.implies):
            if name not in chart.guards:
                yield _unknown(chart, f"guard {guard.name} names guard", name, chart.guards)


def _unused(chart: Chart) -> Iterator[ChartFault]:
    names = used(chart)
    parameters = {
        duration.parameter for timer in chart.timers.values() for duration in (timer.after, timer.cap) if duration
    }
    heard = {row.event for _, decisions in chart.all_decisions() for row in decisions.rows}
    declared: tuple[tuple[str, Iterable[str], set[str | None]], ...] = (
        ("parameter", chart.parameters, parameters),
        ("timer", chart.timers, {*names["start"]}),
        ("guard", chart.guards, {*names["guard"]}),
        ("effect", chart.effects, {*names["do"]}),
        ("send", chart.sends, {*names["send"]}),
        ("emit", chart.emits, {*names["emit"]}),
    )
    for what, known, where in declared:
        for name in known:
            if name not in where:
                yield ChartFault(chart.file, "unused-name", f"{what} {name} is declared and nothing uses it")
    for event in chart.events.values():
        # A message may be ignored everywhere: a peer sends what it likes. The rest is declared because it matters.
        if event.name not in heard and event.kind not in ("message", "timer"):
            yield ChartFault(chart.file, "unused-name", f"{event.kind} event {event.name} is in no row of any state")
