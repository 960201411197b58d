"""`session-fsm draw`: a chart, the call and media of a role, or both roles, as a picture or as text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from session_fsm.chart import Chart, Role, read_file
from session_fsm.command.chart_set import charts_in, every_chart
from session_fsm.command.exits import CommandError, Exit, exit_for
from session_fsm.command.formats import Format
from session_fsm.command.traces import check_versions, folder_for, read_trace, write_out
from session_fsm.errors import ChartFault
from session_fsm.machine import TraceRow
from session_fsm.render import dot, mermaid, table
from session_fsm.render.picture import Panel, pair, panel, panels_svg
from session_fsm.render.plantuml import plantuml
from session_fsm.render.png import can_make_png, png
from session_fsm.render.scxml import scxml
from session_fsm.render.theme import Theme
from session_fsm.render.xstate import xstate

TEXTS: Mapping[Format, Callable[..., str]] = {
    Format.MERMAID: mermaid,
    Format.PLANTUML: plantuml,
    Format.DOT: dot,
    Format.SCXML: scxml,
    Format.XSTATE: xstate,
    Format.TABLE: lambda *charts: "\n".join(map(table, charts)),
}
PICTURES = (Format.SVG, Format.PNG)
SIDES: Mapping[str, tuple[Role, ...]] = {"pair:uac": ("uac",), "pair:uas": ("uas",), "both": ("uac", "uas")}
MISSING = "install session-fsm[draw] for pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What was asked for on the command line."""

    name: str
    form: Format
    output: Path | None = None
    trace: Path | None = None
    theme: Theme = Theme.LIGHT
    charts: Path | None = None


def draw(asked: Drawn) -> Exit:
    """Draw sound charts to a file, or to standard output."""
    lines = _charts(asked)
    rows: list[TraceRow] = []
    if asked.trace is not None:
        rows = _run(asked, lines)
        lines = [[_sided(chart, rows) for chart in line] for line in lines]
    if asked.form in PICTURES:
        return _picture(asked, lines, rows)
    charts = [chart for line in lines for chart in line]
    write_out(TEXTS[asked.form](*charts), asked.output)
    return Exit.HOLDS


def _charts(asked: Drawn) -> list[list[Chart]]:
    """The charts to draw, line by line."""
    folder = asked.charts if asked.trace is None else folder_for(asked.trace, asked.charts)
    if asked.name in SIDES:
        known = every_chart(folder, or_file=asked.charts is None)
        return [pair(role, known) for role in SIDES[asked.name]]
    others = charts_in(folder, or_file=asked.charts is None)
    if asked.name in others:
        return [[others[asked.name]]]
    chart, faults = read_file(asked.name)
    if chart is None or faults:
        raise CommandError("\n".join(_complaint(fault, others) for fault in faults), exit_for(faults))
    return [[chart]]


def _complaint(fault: ChartFault, others: Mapping[str, Chart]) -> str:
    """A fault, and for a name that nothing has the other names that are possible."""
    more = ", ".join((*others, *SIDES)) if fault.rule == "no-such-chart" else ""
    return f"{fault}; or {more}" if more else str(fault)


def _run(asked: Drawn, lines: Sequence[Sequence[Chart]]) -> list[TraceRow]:
    """The rows to paint. Complains when none is of a chart that is drawn."""
    if asked.trace is None:
        return []
    if asked.form not in PICTURES:
        raise CommandError(f"--trace: {asked.form} shows no run; possible: --format {' or '.join(PICTURES)}")
    rows = read_trace(asked.trace)
    charts = {chart.id: chart for line in lines for chart in line}
    check_versions(asked.trace, rows, charts)
    if not any(row.chart in charts for row in rows):
        found = ", ".join(dict.fromkeys(row.chart for row in rows))
        raise CommandError(f"{asked.trace}: it has no row of {', '.join(charts)}; possible: {found}")
    return rows


def _sided(chart: Chart, rows: Sequence[TraceRow]) -> Chart:
    """The side of a chart that the run is of."""
    role = next((row.role for row in rows if row.chart == chart.id), "both")
    return chart.for_role("uac" if role == "uac" else "uas") if chart.sided and role in ("uac", "uas") else chart


def _picture(asked: Drawn, lines: Sequence[Sequence[Chart]], rows: Sequence[TraceRow]) -> Exit:
    panels = [[panel(chart, rows) for chart in line] for line in lines]
    ready: list[list[Panel]] = [[each for each in line if each is not None] for line in panels]
    charts = [chart for line in lines for chart in line]
    if sum(map(len, ready)) < len(charts):
        return _instead(asked, charts, "nothing here can lay out this chart")
    drawn = panels_svg(ready, asked.theme)
    if asked.form is Format.SVG:
        write_out(drawn, asked.output)
        return Exit.HOLDS
    if not can_make_png():
        return _instead(asked, charts, "nothing here can make a PNG")
    write_out(png(drawn), asked.output)
    return Exit.HOLDS


def _instead(asked: Drawn, charts: Sequence[Chart], why: str) -> Exit:
    """What can always be drawn: Mermaid, and behind it the table, as comments of it."""
    output = asked.output.with_suffix(".mmd") if asked.output is not None else None
    where = f" in {output}" if output is not None else ""
    tables = "".join(f"%% {line}".rstrip() + "\n" for line in TEXTS[Format.TABLE](*charts).splitlines())
    write_out(mermaid(*charts) + tables, output)
    sys.stderr.write(f"session-fsm: {why}, so here it is as mermaid and as a table{where}; {MISSING}\n")
    return Exit.HOLDS
