"""What a chart means, in a few letters: another one as soon as a row, a guard, an effect or a timer is another.

Words for people (docs, sources, reasons) and claims about the chart are no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from session_fsm.chart.model import Chart, Row

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
        yield "state", state.name, state.role, state.timers, state.enter.listed(), state.exit.listed()
    # Groups only save words: what counts is what each state decides, on each side.
    for side in (chart.for_role("uac"), chart.for_role("uas")) if chart.sided else (chart,):
        for place, cell in sorted(side.cells.items()):
            yield side.role, *place, cell.verdict, *map(_told, cell.rows)


def _told(row: Row) -> tuple[object, ...]:
    return row.id, tuple(map(str, row.when)), row.to, row.effects.listed()
