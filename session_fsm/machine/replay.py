"""Steps charts over a recorded run and says where it first goes another way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from session_fsm.chart import NOWHERE, START, Chart
from session_fsm.machine.compile import compile_chart
from session_fsm.machine.step import Step, Table, step
from session_fsm.machine.trace import TraceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a recorded run and its replay part."""

    n: int
    "The number of the recorded row."
    machine: str
    what: str
    "chart, from, guards, to, verdict, row or effects."
    recorded: object
    replayed: object

    def __str__(self) -> str:
        return (
            f"row {self.n} ({self.machine}): {self.what} was {self.recorded!r} and is {self.replayed!r} in the replay"
        )


def replay(rows: Iterable[TraceRow], charts: Iterable[Chart]) -> Difference | None:
    """The first difference, or None. The machines of one session must have labels of their own.

    A trace may begin in the middle: a machine's first row says where it stands, each further one must start from there.
    Rows of no chart, such as those of a datagram that reached no machine, are passed over.
    """
    known = {chart.id: chart for chart in charts}
    tables: dict[tuple[str, str], Table] = {}
    states: dict[tuple[str, str], str] = {}
    for row in rows:
        if not row.chart:
            continue
        key = (row.session, row.machine)
        stood = NOWHERE if row.event == START else states.get(key, row.from_state)
        if stood != row.from_state:
            return _difference(row, "from", row.from_state, stood)
        found = _replayed(row, known, tables)
        if isinstance(found, Difference):
            return found
        states[key] = row.to_state
    return None


def _replayed(row: TraceRow, known: dict[str, Chart], tables: dict[tuple[str, str], Table]) -> Difference | None:
    chart = known.get(row.chart)
    if chart is None or chart.version != row.version:
        there = f"version {chart.version}" if chart else "no such chart"
        return _difference(row, "chart", f"{row.chart} version {row.version}", there)
    side = (row.chart, row.role)
    if side not in tables:
        tables[side] = compile_chart(chart.for_role("uas" if row.role == "uas" else "uac") if chart.sided else chart)
    found = _stepped(tables[side], row)
    if found is None:
        return _difference(row, "guards", row.guards, "others are asked, or the event is unknown")
    pairs = (
        ("to", row.to_state, found.state),
        ("verdict", row.verdict, found.verdict),
        ("row", row.row, found.row),
        ("guards", row.guards, found.guards),
        ("effects", row.effects, found.effects),
    )
    return next((_difference(row, what, ours, theirs) for what, ours, theirs in pairs if ours != theirs), None)


def _stepped(table: Table, row: TraceRow) -> Step | None:
    try:
        return step(table, row.from_state, row.event, dict(row.guards).__getitem__)
    except KeyError:
        return None


def _difference(row: TraceRow, what: str, recorded: object, replayed: object) -> Difference:
    return Difference(n=row.n, machine=row.machine, what=what, recorded=recorded, replayed=replayed)
