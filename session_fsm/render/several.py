"""Several charts in one text: what tells their names apart, and what each is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_fsm.chart import Chart


def title_of(chart: Chart) -> str:
    """A chart's name, and its side where it has one."""
    return f"{chart.id} ({chart.role.upper()})" if chart.role != "both" else chart.id


def parts(charts: Sequence[Chart]) -> Iterator[tuple[str, Chart]]:
    """Each chart with a word of its own; the word of a chart that is alone is empty."""
    for chart in charts:
        word = chart.id if chart.role == "both" else f"{chart.id}_{chart.role}"
        yield (word if len(charts) > 1 else ""), chart
