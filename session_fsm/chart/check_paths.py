"""The rules about ways through a chart: every state can be entered and left, and the end can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from session_fsm.chart.model import Chart
from session_fsm.errors import ChartFault


def check_paths(chart: Chart) -> Iterator[ChartFault]:
    """Unreachable states, traps, states without a way to the end, events postponed for ever."""
    for state in chart.states:
        if state not in chart.analysis.reachable:
            message = f"no row leads here from {chart.initial}"
            yield ChartFault(chart.file, "unreachable-state", message, state)
        elif state not in chart.final:
            yield from _ways_out(chart, state)
    yield from _postponed(chart)


def _ways_out(chart: Chart, state: str) -> Iterator[ChartFault]:
    onward = chart.analysis.onward[state]
    if not onward - {state}:
        message = "no row leads out of this state and it is not final"
        yield ChartFault(chart.file, "trap", message, state)
    elif chart.final and not onward & set(chart.final):
        message = f"no final state can be reached from here; final are: {', '.join(chart.final)}"
        yield ChartFault(chart.file, "no-way-out", message, state)


def _postponed(chart: Chart) -> Iterator[ChartFault]:
    for (state, event), cell in chart.cells.items():
        if cell.verdict != "postponed":
            continue
        later = chart.analysis.onward[state] - {state}
        if not any((other, event) in chart.cells and chart.cells[other, event].rows for other in later):
            message = f"{event} is postponed here and no state that can follow has a row for it"
            yield ChartFault(chart.file, "postponed-forever", message, state)
