"""One role's side of a chart: what belongs to the other role is gone, and whatever only that used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from session_fsm.chart.model import Chart, Decisions, Event, Guard, Role, Row, State, Timer

Value = TypeVar("Value")


# The same side each time: whatever is worked out for a chart is kept by the chart, and a side has its own.
@lru_cache(maxsize=256)
def project(chart: Chart, role: Role) -> Chart:
    """The chart as `role` sees it. Names that only the other role's rows use are dropped with them."""
    started = used(chart)["start"]
    side = _cut(chart, role, chart.timers)
    # A timer that only the other side starts takes its rows with it, and those may have started further timers.
    while lost := (started - used(side)["start"]) & set(side.timers):
        side = _cut(chart, role, _keep(side.timers, lost))
    return _without_the_unused(chart, side)


def _cut(chart: Chart, role: Role, timers: Mapping[str, Timer]) -> Chart:
    """The states, events and rows of one role, with no other timers than these."""
    states = {name: state for name, state in chart.states.items() if state.role in ("both", role)}
    events = {
        name: event
        for name, event in chart.events.items()
        if event.role in ("both", role) and (event.kind != "timer" or not timers.keys().isdisjoint(event.origin))
    }
    groups = {
        name: replace(
            group,
            states=tuple(state for state in group.states if state in states),
            decisions=_ours(role, group.decisions, states, events),
        )
        for name, group in chart.groups.items()
    }
    return replace(
        chart,
        role=role,
        states={name: replace(s, decisions=_ours(role, s.decisions, states, events)) for name, s in states.items()},
        events=events,
        groups={name: group for name, group in groups.items() if group.states},
        timers=dict(timers),
        final=tuple(name for name in chart.final if name in states),
        properties={
            name: replace(claim, states=tuple(state for state in claim.states if state in states))
            for name, claim in chart.properties.items()
        },
        whole=chart,
    )


def _ours(role: Role, decisions: Decisions, states: Mapping[str, State], events: Mapping[str, Event]) -> Decisions:
    rows = tuple(
        row
        for row in decisions.rows
        if row.role in ("both", role) and row.event in events and (row.to is None or row.to in states)
    )
    verdicts = {
        event: kept
        for event, rulings in decisions.verdicts.items()
        if event in events and (kept := tuple(ruling for ruling in rulings if ruling.role in ("both", role)))
    }
    return Decisions(rows=rows, verdicts=verdicts)


def _without_the_unused(whole: Chart, side: Chart) -> Chart:
    """Drop names that only the other side's rows use; a name that no side uses stays, to be complained of."""
    ours, everyone = used(side), used(whole)
    gone = {kind: everyone[kind] - ours[kind] for kind in everyone}
    return replace(
        side,
        guards={name: _guard(guard, gone["guard"]) for name, guard in _keep(side.guards, gone["guard"]).items()},
        effects=_keep(side.effects, gone["do"]),
        sends=_keep(side.sends, gone["send"]),
        emits=_keep(side.emits, gone["emit"]),
    )


def used(chart: Chart) -> dict[str, set[str]]:
    """The names that a chart's rows and states use, by kind: guard, cancel, do, send, emit, start."""
    names: dict[str, set[str]] = {kind: set() for kind in ("guard", "cancel", "do", "send", "emit", "start")}
    rows: Iterable[Row] = [row for _, decisions in chart.all_decisions() for row in decisions.rows]
    places = [row.effects for row in rows]
    for state in chart.states.values():
        places += [state.enter, state.exit]
        names["start"].update(state.timers)
    for effects in places:
        for kind, name in effects.listed():
            names[kind].add(name)
    names["guard"].update(condition.guard for row in rows for condition in row.when)
    return names


def _keep(names: Mapping[str, Value], gone: set[str]) -> dict[str, Value]:
    return {name: value for name, value in names.items() if name not in gone}


def _guard(guard: Guard, gone: set[str]) -> Guard:
    return replace(
        guard,
        excludes=tuple(name for name in guard.excludes if name not in gone),
        implies=tuple(name for name in guard.implies if name not in gone),
    )
