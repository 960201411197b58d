"""Every rule that a chart must keep, each fault with file, state and row, all of them at once.

Names are checked on the chart as it is written. Everything else is checked on each role's side of it, because that is
what runs; a fault that only one side has says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from session_fsm.chart.check_cells import check_cells
from session_fsm.chart.check_names import check_unknown, check_unused, unknown
from session_fsm.chart.check_paths import check_paths
from session_fsm.chart.check_timers import check_timers
from session_fsm.chart.model import Chart, Role
from session_fsm.errors import ChartFault

Rule = Callable[[Chart], Iterable[ChartFault]]
"One sort of faults."

SIDES: tuple[Role, Role] = ("uac", "uas")


def check(chart: Chart, *, understood: bool = True) -> list[ChartFault]:
    """Every fault of one chart, without the mere echoes of others.

    A row to a state that does not exist makes others unreachable, so a sort of faults that a misspelt name, or a file
    that was not `understood`, may have made meaningless is left out.
    """
    unused = check_unused(chart) if understood else ()
    rules = list(_meaningful(chart, understood))
    if not chart.sided:
        inside = list(_check_side(chart, rules))
    else:
        inside = list(_merged({role: list(_check_side(chart.for_role(role), rules)) for role in SIDES}))
    return [*check_unknown(chart), *unused, *_without_echoes(chart, inside)]


def _meaningful(chart: Chart, understood: bool) -> Iterator[Rule]:
    misspelt = {use.table for use in unknown(chart)}
    yield check_cells
    if understood and not misspelt & {"states", "events"}:
        yield check_paths
        if "timers" not in misspelt:
            yield check_timers


def _without_echoes(chart: Chart, faults: Iterable[ChartFault]) -> Iterator[ChartFault]:
    """Leave out cells that are undecided in a place where a misspelt name may have decided them."""
    muddled = {use.state for use in unknown(chart) if use.table in ("states", "events")}
    for fault in faults:
        if fault.rule != "undecided" or not (fault.state in muddled or muddled & chart.groups.keys()):
            yield fault


def _check_side(chart: Chart, rules: Iterable[Rule]) -> Iterator[ChartFault]:
    whole = chart.whole or chart
    if chart.initial not in chart.states and chart.initial in whole.states:
        yield ChartFault(chart.file, "role", f"the {chart.role} side has no initial state: {chart.initial} is not its")
    elif chart.initial in chart.states:
        for rule in rules:
            yield from rule(chart)


def _merged(sides: dict[Role, list[ChartFault]]) -> Iterable[ChartFault]:
    """The faults of both sides, each once; what only one side has is marked."""
    uac, uas = (sides[role] for role in SIDES)
    yield from (fault for fault in uac if fault in uas)
    for role, ours, theirs in (("uac", uac, uas), ("uas", uas, uac)):
        yield from (replace(fault, message=f"as {role}: {fault.message}") for fault in ours if fault not in theirs)
