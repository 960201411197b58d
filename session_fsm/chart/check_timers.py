"""The rules about timers: what may fire is heard, what is declared may run.

Where a timer may run is followed from the rows that start it to those that cancel it, whatever the guards say.
"""

from __future__ import annotations

from collections.abc import Iterator

from session_fsm.chart.model import Chart, Timer
from session_fsm.errors import ChartFault


def check_timers(chart: Chart) -> Iterator[ChartFault]:
    """Timers that can fire where nobody hears them, timers that can never run, rows that wait for one in vain."""
    for timer in chart.timers.values():
        where = [state for state in chart.states if timer.name in chart.analysis.running[state]]
        if not where:
            message = f"timer {timer.name} can never run: no state that can be reached starts it and lets it live"
            yield ChartFault(chart.file, "timer-never-runs", message)
            continue
        yield from _unheard(chart, timer, where)
    yield from _in_vain(chart)


def _unheard(chart: Chart, timer: Timer, where: list[str]) -> Iterator[ChartFault]:
    event, running = timer.event, f"timer {timer.name} may be running here"
    for state in where:
        cell = chart.cells.get((state, event))
        if cell is None:
            message = f"{running} and nothing decides {event}; give it a row, ignore it, or cancel the timer before"
            yield ChartFault(chart.file, "timer-unheard", message, state)
        elif cell.verdict == "impossible":
            message = f"{running}, so {event} is not impossible; give it a row, ignore it, or cancel the timer before"
            yield ChartFault(chart.file, "timer-unheard", message, state)
    if all((state, event) in chart.cells and not chart.cells[state, event].rows for state in where):
        message = f"{event} is in no row of a state where timer {timer.name} may run: {', '.join(where)}"
        yield ChartFault(chart.file, "timer-unheard", message)


def _in_vain(chart: Chart) -> Iterator[ChartFault]:
    """Rows for a timer's event in places where it cannot come up."""
    running = chart.analysis.running
    postponed = {event for (_, event), cell in chart.cells.items() if cell.verdict == "postponed"}
    for place, decisions in chart.all_decisions():
        states = [state for state in chart.states if state == place.name or state in getattr(place, "states", ())]
        for row in decisions.rows:
            timers = chart.events[row.event].origin
            waits = chart.events[row.event].kind == "timer" and row.event not in postponed
            if waits and not any(running[state] & set(timers) for state in states):
                message = f"it waits for {row.event}, but timer {' or '.join(timers)} cannot be running here"
                yield ChartFault(chart.file, "dead-row", message, place.name, row.id)
