"""What docs/pictures holds: every shipped chart, a call painted on its charts and its ladder, each light and dark.

`make charts` writes them with the pages. The calls are made on the virtual network, and so are always the same.
"""

from __future__ import annotations

from session_fsm.chart import Chart, shipped
from session_fsm.machine import TraceRow
from session_fsm.render import ladder
from session_fsm.render.ladder_svg import ladder_svg
from session_fsm.render.page import picture_name, pictured
from session_fsm.render.picture import chart_svg, pair, panel, panels_svg
from session_fsm.render.theme import Theme
from session_fsm.testing import Line, Network, Phone


def call() -> tuple[list[TraceRow], list[TraceRow]]:
    """Both sides' traces of a plain call of one second."""
    alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2", when_called=Line.accept)
    net = Network(alice, bob, delay=0.003)
    line = alice.call(bob)
    net.run_for(1)
    line.hang_up()
    net.run_until_quiet()
    return list(alice.rows), list(bob.rows)


def pictures() -> dict[str, str]:
    """Every picture as it should be: file name -> SVG."""
    charts = {name: Chart.load(name) for name in shipped()}
    left, right = call()
    found: dict[str, str] = {}
    for theme in Theme:
        for chart in charts.values():
            found |= {
                f"{picture_name(side)}-{theme}.svg": chart_svg(side, theme=theme) or "" for side in pictured(chart)
            }
        found[f"ladder-{theme}.svg"] = ladder_svg(ladder(left, right), theme)
        found[f"run-{theme}.svg"] = chart_svg(charts["media"], theme=theme, rows=left) or ""
        panels = [made for chart in pair("uac", charts) if (made := panel(chart)) is not None]
        found[f"pair-{theme}.svg"] = panels_svg([panels], theme)
    return found
