"""Pictures for notebooks: HTML with inline SVG, no link to anywhere. What can be shown calls it to show itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from session_fsm.chart import Chart
from session_fsm.errors import printable
from session_fsm.machine import Machine, TraceRow
from session_fsm.machine.trace import summary
from session_fsm.render.arrows import main_path
from session_fsm.render.ladder import ladder
from session_fsm.render.ladder_svg import ladder_svg
from session_fsm.render.picture import chart_svg, lit_panel, panel, panels_svg
from session_fsm.render.svg import states_svg
from session_fsm.render.table import HEAD, blocks
from session_fsm.render.theme import Theme
from session_fsm.session.session import Session

Shown = Chart | Machine | Session | Iterable[TraceRow]

CELL = 'style="text-align:left;vertical-align:top;padding:2px 8px"'


def picture(thing: Shown) -> str:
    """A chart with its rows, a machine or a session with where it stands, or the ladder of a trace, as HTML."""
    if isinstance(thing, Chart):
        return _chart(thing)
    if isinstance(thing, Machine):
        return _machine(thing)
    if isinstance(thing, Session):
        return _session(thing)
    if isinstance(thing, Iterable):
        return ladder_svg(ladder(thing))
    raise TypeError(f"a chart, a machine, a session or a trace can be shown, not a {type(thing).__name__}")


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
    title = f"<b>{escape(machine.label)}</b> is in <b>{escape(machine.state)}</b>"
    facts = "".join(_row((name, value), "td") for name, value in _facts(machine) if value)
    return f"<div>{title}</div>{_lit([machine], _own_rows(machine))}<table>{facts}</table>"


def _own_rows(machine: Machine) -> list[TraceRow]:
    """What the machine's trace says of it, where that can be read."""
    rows: Iterable[TraceRow] = machine.trace if isinstance(machine.trace, Iterable) else ()
    return [row for row in rows if row.machine == machine.label and row.chart == machine.chart.id]


def _lit(machines: Sequence[Machine], rows: Sequence[TraceRow] = ()) -> str:
    """Machines side by side, each with its state lit, and with the way that it took as far as there is a trace.

    Where nothing can lay out a chart, a row of states.
    """
    panels = [panel(machine.chart, rows) if rows else lit_panel(machine.chart, machine.state) for machine in machines]
    ready = [each for each in panels if each is not None]
    if len(ready) < len(machines):
        return "".join(f"<div>{states(machine.chart, machine.state)}</div>" for machine in machines)
    return f'<div style="overflow-x:auto">{panels_svg([ready], Theme.LIGHT)}</div>'


def _session(session: Session) -> str:
    """Call and media as they stand and how they came there, and the messages that passed."""
    rows = tuple(session.rows)
    stands = f"call <b>{escape(session.call.state)}</b>, media <b>{escape(session.media.state)}</b>"
    title = f"{escape(session.role)}, with {escape(printable(session.remote_uri))}: {stands}"
    return f"<div>{title}</div>{_lit([session.call, session.media], rows)}{ladder_svg(ladder(rows)) if rows else ''}"


def _facts(machine: Machine) -> Iterator[tuple[str, str]]:
    yield "commands that are possible", ", ".join(machine.possible)
    yield "events that a row takes", ", ".join(machine.binding.table.states[machine.state].expected)
    if machine.mailbox.running:
        return
    saved = machine.snapshot(dump=summary)
    timers, postponed = saved["timers"], saved["postponed"]
    if isinstance(timers, dict):
        yield "timers", ", ".join(f"{name} in {left:g} s" for name, left in timers.items())
    if isinstance(postponed, list):
        yield "postponed", ", ".join(str(item[0]) for item in postponed)
