"""`session-fsm charts`: the shipped charts with their sizes."""

from __future__ import annotations

from rich import box
from rich.table import Table

from session_fsm.chart import Chart, shipped
from session_fsm.command.exits import Exit
from session_fsm.command.jsonlines import Line
from session_fsm.command.palette import terminal
from session_fsm.command.reporting import put


def list_charts(*, as_json: bool) -> Exit:
    """Print one line a chart."""
    lines = [chart_line(Chart.load(name)) for name in shipped()]
    if as_json:
        for line in lines:
            put(line)
        return Exit.HOLDS
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, justify in (("chart", "left"), ("states", "right"), ("events", "right"), ("rows", "right")):
        table.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # they are literals
    table.add_column("source")
    for line in lines:
        table.add_row(*(str(line[key]) for key in ("id", "states", "events", "rows", "source")))
    console = terminal()
    console.print(table, soft_wrap=False)
    return Exit.HOLDS


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
