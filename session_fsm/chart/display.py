"""How charts, machines, sessions and traces show themselves in a notebook: by the drawing wing, else as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import import_module

from session_fsm.chart.model import Chart


def html(chart: Chart) -> str:
    """A chart's picture, or the table of its rows."""
    return picture(chart) or table(
        f"{chart.id} (version {chart.version})",
        ("state", "event", "guard", "to", "effects"),
        (
            (state, event, " and ".join(map(str, row.when)), row.to or "", ", ".join(f"{k} {n}" for k, n in effects))
            for (state, event), cell in chart.cells.items()
            for row in cell.rows
            for effects in [row.effects.listed()]
        ),
    )


def picture(thing: object) -> str | None:
    """What the drawing wing makes of a chart, a machine, a session or a trace; None when there is no such wing."""
    try:
        notebook = import_module("session_fsm.render.notebook")
    except ModuleNotFoundError:
        return None
    return str(notebook.picture(thing))


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain HTML table."""
    lines = [f"<table><caption>{escape(title)}</caption>", _line("th", head)]
    lines += [_line("td", row) for row in rows]
    return "\n".join([*lines, "</table>"])


def _line(tag: str, cells: Iterable[object]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"
