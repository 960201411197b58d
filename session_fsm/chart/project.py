"""One role's side of a chart: what belongs to the other role is gone, and whatever only that used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from session_fsm.chart.model import Chart, Decisions, Event, Guard, Role, Row, State

Value = TypeVar("Value")


def project(chart: Chart, role: Role) -> Chart:
    """The chart as `role` sees it. Names that only the other role's rows use are dropped with them."""
    states = {name: state for name, state in chart.states.items() if state.role in ("both", role)}
    events = {name: event for name, event in chart.events.items() if event.role in ("both", role)}
    sides = {name: _ours(role, state.decisions, states, events) for name, state in states.items()}
    states = {name: replace(state, decisions=sides[name]) for name, state in states.items()}
    groups = {
        name: replace(
            group,
            states=tuple(state for state in group.states if state in states),
            decisions=_ours(role, group.decisions, states, events),
        )
        for name, group in chart.groups.items()
    }
    groups = {name: group for name, group in groups.items() if group.states}
    side = replace(
        chart,
        role=role,
        states=states,
        groups=groups,
        final=tuple(name for name in chart.final if name in states),
        properties={
            name: replace(claim, states=tuple(state for state in claim.states if state in states))
            for name, claim in chart.properties.items()
        },
        whole=chart,
    )
    return _without_the_unused(side, events)


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


def _without_the_unused(side: Chart, events: Mapping[str, Event]) -> Chart:
    """Drop names that only the other side's rows use; a name that no side uses stays, to be complained of."""
    whole = side.whole or side
    ours, everyone = used(side), used(whole)
    gone = {kind: everyone[kind] - ours[kind] for kind in everyone}
    timers = _keep(side.timers, gone["start"])
    kept = {
        name: event
        for name, event in events.items()
        if event.kind != "timer" or any(timer in timers for timer in event.origin)
    }
    return replace(
        side,
        timers=timers,
        events=kept,
        # A timer that only the other side starts takes its rows with it.
        states={n: replace(s, decisions=_ours(side.role, s.decisions, side.states, kept)) for n, s in side.states.items()},
        groups={n: replace(g, decisions=_ours(side.role, g.decisions, side.states, kept)) for n, g in side.groups.items()},
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
