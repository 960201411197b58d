"""What can be fuzzed by name: the pair of two phones, or one chart, or one side of it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from session_fsm.chart import Chart
from session_fsm.session.building import shipped_charts
from session_fsm.session.settings import Settings
from session_fsm.testing.chart_run import ChartRun
from session_fsm.testing.charts import SIDES, sides_of
from session_fsm.testing.pair_run import PairRun
from session_fsm.testing.properties import chart_properties, pair_properties
from session_fsm.testing.runs import Target
from session_fsm.testing.walks import ways

PAIR = "pair"
WIRE = "pair:wire"
"Two user agents over UDP; their charts are those of a folder, which other processes can read."


def pair_target(
    *,
    unrestricted: bool = False,
    settings: Settings | None = None,
    charts: Mapping[str, Chart] | None = None,
) -> Target[PairRun]:
    """Two phones on the virtual network."""
    # What replaces none of ours is no part of a call.
    charts = {name: chart for name, chart in (charts or {}).items() if name in shipped_charts()}
    used = list({**shipped_charts(), **charts}.values())

    def begin() -> PairRun:
        return PairRun(unrestricted=unrestricted, settings=settings, charts=charts)

    def reachable() -> Set[tuple[str, ...]]:
        # The explorer needs what only who fuzzes needs.
        from session_fsm.testing.reachable import reachable_pairs

        return reachable_pairs(used)

    return Target(name=PAIR, charts=used, begin=begin, properties=pair_properties(used), reachable=reachable)


def chart_target(chart: Chart) -> Target[ChartRun]:
    """One chart by itself, which must not have two sides."""
    if chart.sided:
        raise ValueError(f"{chart.id} has a uac and a uas side; choose one with for_role")
    name = chart.id if chart.whole is None else f"{chart.id}:{chart.role}"
    return Target(
        name=name,
        charts=[chart],
        begin=lambda: ChartRun(chart),
        properties=chart_properties(chart),
        reachable=lambda: ways(chart).cells,
    )


def targets(
    name: str,
    *,
    unrestricted: bool = False,
    charts: Mapping[str, Chart] | None = None,
    folder: Path | None = None,
) -> list[Target[Any]]:
    """The targets of this name: `pair`, `pair:wire`, a chart's name, `NAME:uac`, `NAME:uas`, or a file.

    A sided chart gives two. Two user agents over UDP read their charts from a folder.
    Raises ChartError for a chart that cannot be read, or does not hold.
    """
    if name == PAIR:
        return [pair_target(unrestricted=unrestricted, charts=charts)]
    if name == WIRE:
        from session_fsm.testing.wire_run import wire_target

        pair = pair_target(charts=charts)
        return [wire_target(folder=folder, charts=charts, reachable=pair.reachable, unrestricted=unrestricted)]
    bare, _, side = name.rpartition(":")
    role = next((role for role in SIDES if bare and role == side), None)
    chart = (charts or {}).get(bare if role else name) or Chart.load(bare if role else name)
    if role is not None:
        return [chart_target(chart.for_role(role))]
    return [chart_target(side) for side in sides_of(chart)]
