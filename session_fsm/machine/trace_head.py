"""The line before the rows of a trace: which charts made it, and the folder of those that stood in place of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from session_fsm.chart import Chart

SCHEMA = 1
"The version of the form of a trace's lines."
CHARTS = "charts"
MADE_WITH = "made_with"


@dataclass(frozen=True, slots=True)
class Made:
    """One chart as a trace remembers it."""

    version: int
    fingerprint: str

    def __str__(self) -> str:
        return f"version {self.version} ({self.fingerprint})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a trace says of all its rows."""

    charts: str = ""
    "The folder of charts that stood in the place of shipped ones, as seen from the file; empty when there was none."
    made_with: Mapping[str, Made] = field(default_factory=dict)
    "Chart -> what it was then; empty in a trace that does not say."


NO_HEAD = Head()


def made(chart: Chart) -> Made:
    """A chart as it is now."""
    return Made(chart.version, chart.fingerprint)


def head_line(charts: str, used: Iterable[Chart]) -> str:
    """The line, or nothing when there is nothing to say."""
    now = {chart.id: {"version": chart.version, "fingerprint": chart.fingerprint} for chart in used}
    told = {key: value for key, value in ((CHARTS, charts), (MADE_WITH, now)) if value}
    return json.dumps({"schema": SCHEMA, **told}, ensure_ascii=False) + "\n" if told else ""


def head_of(line: str) -> Head:
    """What the first line of a trace says; an empty head when it is a row already, or nothing of ours."""
    try:
        return read_head(json.loads(line)) or NO_HEAD
    except (AttributeError, KeyError, TypeError, ValueError):
        return NO_HEAD


def other_charts(head: Head, used: Iterable[tuple[str, int]], charts: Mapping[str, Chart]) -> Iterator[str]:
    """A sentence for each chart of a trace that is another now, in its version or in what it means.

    `used` are (chart, version) of its rows; `charts` those that are there now, and what is not there is passed over.
    """
    for name, version in dict.fromkeys(used):
        if name not in charts:
            continue
        then = head.made_with.get(name)
        now = made(charts[name])
        if version != now.version:
            yield f"it is of chart {name} version {version}; possible: version {now.version}"
        elif then is not None and then != now:
            yield f"it is of chart {name} {then}; possible: {now}"


def read_head(data: object) -> Head | None:
    """The head, when this is one. Raises KeyError, TypeError or AttributeError for one that is broken."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not {"schema"} < data.keys() <= KEYS:
        return None
    told = cast("Mapping[str, Mapping[str, object]]", data.get(MADE_WITH, {}))
    found = {name: Made(cast(int, one["version"]), str(one["fingerprint"])) for name, one in told.items()}
    return Head(charts=str(data.get(CHARTS, "")), made_with=found)


KEYS = {"schema", CHARTS, MADE_WITH}
