"""Every rule that a chart must keep, each fault with file, state and row, all of them at once.

Names are checked on the chart as it is written. Everything else is checked on each role's side of it, because that is
what runs; a fault that only one side has says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from session_fsm.chart.check_cells import check_cells
from session_fsm.chart.check_names import check_names
from session_fsm.chart.check_paths import check_paths
from session_fsm.chart.check_timers import check_timers
from session_fsm.chart.model import Chart, Role
from session_fsm.errors import ChartFault

SIDES: tuple[Role, Role] = ("uac", "uas")


def check(chart: Chart) -> list[ChartFault]:
    """Every fault of one chart. Unknown names come alone: while a name is wrong, the rest would only echo it."""
    names = list(check_names(chart))
    if any(fault.rule == "unknown-name" for fault in names):
        return names
    if not chart.sided:
        return names + list(_check_side(chart))
    sides = {role: list(_check_side(chart.for_role(role))) for role in SIDES}
    return names + list(_merged(sides))


def _check_side(chart: Chart) -> Iterator[ChartFault]:
    if chart.initial not in chart.states:
        yield ChartFault(chart.file, "role", f"the {chart.role} side has no initial state: {chart.initial} is not its")
        return
    for rule in (check_cells, check_paths, check_timers):
        yield from rule(chart)


def _merged(sides: dict[Role, list[ChartFault]]) -> Iterable[ChartFault]:
    """The faults of both sides, each once; what only one side has is marked."""
    uac, uas = (sides[role] for role in SIDES)
    yield from (fault for fault in uac if fault in uas)
    for role, ours, theirs in (("uac", uac, uas), ("uas", uas, uac)):
        yield from (replace(fault, message=f"as {role}: {fault.message}") for fault in ours if fault not in theirs)
