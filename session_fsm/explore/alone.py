"""Any one chart by itself: every message, command and fact comes at any time, every guard is tried both ways.

What the chart calls impossible is taken at its word: it says what its surroundings never do. Only messages always come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_fsm.chart import Chart
from session_fsm.explore.abstract import Event, Key, Place, Side
from session_fsm.explore.apart import ApartSide


class AloneSide(ApartSide):
    """One machine of one chart."""

    def __init__(self, chart: Chart, side: Side) -> None:
        super().__init__([chart], side)
        self.key = Key(chart.id)

    def opened(self) -> Sequence[Key]:
        """It."""
        return (self.key,)

    def own(self, place: Place) -> Iterator[Event]:
        """Everything that its chart knows of."""
        stand = place.machines[0][1]
        yield from self.timers(self.key, stand)
        chart = self.rules.charts[self.key.chart]
        for event in chart.events.values():
            cell = chart.cells[stand.state, event.name]
            does = bool(cell.rows) or (cell.verdict == "postponed" and event.name not in stand.postponed)
            if does and event.kind in ("message", "command", "world", "machine"):
                yield Event("command" if event.kind == "command" else "world", event.name, self.key)
