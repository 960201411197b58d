"""Who hears what a chart emits. Read from the charts: an event that says `machine = "dialog.answered"` is a receiver.

Nothing here knows a chart by name; a new one is heard as soon as it declares its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from session_fsm.chart import Chart


class Route(NamedTuple):
    """One receiver of an emission."""

    chart: str
    "The receiving chart's id."
    event: str
    "What the receiver calls it."
    of: str
    "The purpose that the emitting transaction must have; empty when any will do."


Routes = Mapping[tuple[str, str], tuple[Route, ...]]
"(emitting chart, emission) -> its receivers, in the order of the charts."


def routes_of(charts: Iterable[Chart]) -> Routes:
    """Every route between these charts."""
    found: dict[tuple[str, str], list[Route]] = {}
    for chart in charts:
        for event in chart.events.values():
            for origin in event.origin if event.kind == "machine" else ():
                emitter, _, emission = origin.partition(".")
                found.setdefault((emitter, emission), []).append(Route(chart.id, event.name, event.of))
    return {key: tuple(routes) for key, routes in found.items()}
