"""What a chart means, in a few letters: another one as soon as a row, a guard, an effect or a timer is another.

Words for people (docs, sources, reasons) and claims about the chart are no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from session_fsm.chart.model import Chart, Decisions, Effects

LENGTH = 12  # hexadecimal digits


def fingerprint(chart: Chart) -> str:
    """The fingerprint of a chart; one side of it has that of the whole."""
    told = "\n".join(map(repr, _meaning(chart.whole or chart)))
    return hashlib.sha256(told.encode()).hexdigest()[:LENGTH]


def _meaning(chart: Chart) -> Iterator[tuple[object, ...]]:
    yield chart.id, chart.role, chart.initial, chart.final
    yield "parameters", *sorted(chart.parameters.items())
    for timer in chart.timers.values():
        yield "timer", timer.name, str(timer.after), timer.event, timer.grow, str(timer.cap), timer.gives_up
    for event in chart.events.values():
        # Where a fact of the world or a message comes from is told in words.
        origin = () if event.kind in ("world", "message") else event.origin
        yield "event", event.name, event.kind, origin, event.role, event.of
    for guard in chart.guards.values():
        yield "guard", guard.name, guard.excludes, guard.implies
    yield "names", *map(tuple, (chart.effects, chart.sends, chart.emits))
    for state in chart.states.values():
        yield "state", state.name, state.role, state.timers, _done(state.enter), _done(state.exit)
        yield from _decided(state.decisions)
    for group in chart.groups.values():
        yield "group", group.name, group.states, group.everywhere
        yield from _decided(group.decisions)


def _decided(decisions: Decisions) -> Iterator[tuple[object, ...]]:
    for row in decisions.rows:
        yield "row", row.id, row.event, tuple(map(str, row.when)), row.to, _done(row.effects), row.role
    for event, rulings in decisions.verdicts.items():
        yield "verdict", event, *((ruling.verdict, ruling.role) for ruling in rulings)


def _done(effects: Effects) -> tuple[tuple[str, str], ...]:
    return effects.listed()
