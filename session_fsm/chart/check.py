"""Every rule that a chart must keep, each fault with file, state and row, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator

from session_fsm.chart.check_names import check_names
from session_fsm.chart.model import Chart
from session_fsm.errors import ChartFault


def check(chart: Chart) -> list[ChartFault]:
    """Every fault of one chart. Names come first: while they are wrong, cells would only repeat the complaint."""
    return list(check_names(chart)) or list(_undecided(chart))


def _undecided(chart: Chart) -> Iterator[ChartFault]:
    for state in chart.states:
        for event in chart.events:
            if (state, event) not in chart.cells:
                yield ChartFault(chart.file, "undecided", f"{event} is undecided", state)
