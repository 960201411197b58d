"""`session-fsm charts`: the shipped charts with their sizes."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from session_fsm.chart import Chart
from session_fsm.command.chart_set import every_chart
from session_fsm.command.exits import Exit
from session_fsm.command.jsonlines import Line
from session_fsm.command.palette import terminal
from session_fsm.command.reporting import put


def list_charts(folder: Path | None = None, *, as_json: bool) -> Exit:
    """Print one line a chart; a folder's charts stand in the place of ours."""
    lines = [chart_line(chart) for chart in every_chart(folder).values()]
    if as_json:
        for line in lines:
            put(line)
        return Exit.HOLDS
    console = terminal()
    console.print(Text(_row("chart", "states", "events", "rows", "source"), "bold"))
    for line in lines:
        console.print(Text(_row(*(line[key] for key in ("id", "states", "events", "rows", "source")))))
    return Exit.HOLDS


def _row(name: object, states: object, events: object, rows: object, source: object) -> str:
    return f"{name!s:<19}{states!s:>8}{events!s:>8}{rows!s:>6}   {source}"


def chart_line(chart: Chart) -> Line:
    """One chart in figures."""
    return {
        "type": "Chart",
        "id": chart.id,
        "version": chart.version,
        "role": chart.role,
        "states": len(chart.states),
        "events": len(chart.events),
        "rows": sum(len(decisions.rows) for _, decisions in chart.all_decisions()),
        "source": chart.source,
        "doc": chart.doc,
        "file": chart.file,
    }
