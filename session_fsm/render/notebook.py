"""Pictures for notebooks: HTML with inline SVG, no link to anywhere. Charts and machines call it to show themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from session_fsm.chart import Chart
from session_fsm.machine import Machine, TraceRow
from session_fsm.machine.trace import summary
from session_fsm.render.arrows import main_path
from session_fsm.render.ladder import ladder
from session_fsm.render.ladder_svg import ladder_svg
from session_fsm.render.picture import chart_svg
from session_fsm.render.svg import states_svg
from session_fsm.render.table import HEAD, blocks

Shown = Chart | Machine | Iterable[TraceRow]

CELL = 'style="text-align:left;vertical-align:top;padding:2px 8px"'


def picture(thing: Shown) -> str:
    """A chart with its rows, a machine with where it stands, or the ladder of a trace, as HTML."""
    if isinstance(thing, Chart):
        return _chart(thing)
    if isinstance(thing, Machine):
        return _machine(thing)
    if isinstance(thing, Iterable):
        return ladder_svg(ladder(thing))
    raise TypeError(f"a chart, a machine or a trace can be shown, not a {type(thing).__name__}")


def states(chart: Chart, here: str | None = None) -> str:
    """A chart's main path, or all its states when it promises to reach none."""
    path = [chart.initial, *(str(row.to) for _, row in main_path(chart))]
    return states_svg(path, here) if len(path) > 1 else states_svg(list(chart.states), here, joined=False)


def _chart(chart: Chart) -> str:
    title = f"<b>{escape(chart.id)}</b> {escape(chart.doc)}"
    rows = "".join(_row(line, "td") for block in blocks(chart) for line in block)
    shown = chart_svg(chart) or states(chart)
    return f"<div>{title}</div>{shown}<table>{_row(HEAD, 'th')}{rows}</table>"


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag} {CELL}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _machine(machine: Machine) -> str:
    chart = machine.chart
    title = f"<b>{escape(machine.label)}</b> is in <b>{escape(machine.state)}</b>"
    facts = "".join(_row((name, value), "td") for name, value in _facts(machine) if value)
    return f"<div>{title}</div>{states(chart, machine.state)}<table>{facts}</table>"


def _facts(machine: Machine) -> Iterator[tuple[str, str]]:
    yield "commands that are possible", ", ".join(machine.possible)
    yield "events that a row takes", ", ".join(machine.binding.table.expected[machine.state])
    if machine.mailbox.running:
        return
    saved = machine.snapshot(dump=summary)
    timers, postponed = saved["timers"], saved["postponed"]
    if isinstance(timers, dict):
        yield "timers", ", ".join(f"{name} in {left:g} s" for name, left in timers.items())
    if isinstance(postponed, list):
        yield "postponed", ", ".join(str(item[0]) for item in postponed)
