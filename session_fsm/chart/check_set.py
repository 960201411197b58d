"""The rules about charts that talk to each other: what one emits another receives, and the other way round."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from session_fsm.chart.model import Chart
from session_fsm.chart.reading import suggestion
from session_fsm.errors import ChartFault


def check_set(charts: Sequence[Chart], application_events: Collection[str]) -> list[ChartFault]:
    """Every fault between the charts of a whole set; `application_events` are the names of what the user is told."""
    events = [event for chart in charts for event in chart.events.values() if event.kind == "machine"]
    received = {origin for event in events for origin in event.origin}
    emitted = {f"{chart.id}.{name}" for chart in charts for name in chart.emits}
    ids = {chart.id for chart in charts}
    faults: list[ChartFault] = []
    for chart in charts:
        faults += _emits(chart, received, application_events)
        faults += _receives(chart, emitted, ids)
    return faults


def is_application_event(name: str) -> bool:
    """Whether an emitted name is CamelCase, a class of the application's events, and not for another chart."""
    return name[:1].isupper()


def _emits(chart: Chart, received: Collection[str], application_events: Collection[str]) -> Iterator[ChartFault]:
    for name in chart.emits:
        event = name.partition(":")[0]
        if is_application_event(name) and event not in application_events:
            message = f"it emits {name}, which is no application event; {suggestion(event, application_events)}"
            yield ChartFault(chart.file, "not-an-application-event", message)
        elif not is_application_event(name) and f"{chart.id}.{name}" not in received:
            message = f'it emits {name} and no chart receives it: none has an event with machine = "{chart.id}.{name}"'
            yield ChartFault(chart.file, "emit-unheard", message)


def _receives(chart: Chart, emitted: Collection[str], ids: Collection[str]) -> Iterator[ChartFault]:
    for event in chart.events.values():
        for origin in event.origin if event.kind == "machine" else ():
            if origin not in emitted:
                sender = origin.partition(".")[0]
                known = [name for name in emitted if name.startswith(f"{sender}.")] if sender in ids else ids
                message = f"event {event.name} waits for {origin}, which nobody emits; {suggestion(origin, known)}"
                yield ChartFault(chart.file, "event-unraised", message)
