"""Machines on the charts of the tests, with functions that write down that they were called."""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart import Chart
from session_fsm.machine import Binding, Machine, Mailbox, TraceRow

CHARTS = Path(__file__).parents[1] / "data" / "charts"
DOOR = Chart.load(CHARTS / "door.toml")


def door_binding(engine: str = "table") -> Binding:
    """The door; its context is a list that takes the names of what ran, a kick is as strong as its payload is true."""
    return Binding(
        DOOR,
        guards={"strong": lambda log, payload: bool(payload)},
        effects={"count": lambda log, payload: log.append("count")},
        sends={"creak": lambda log, payload: log.append("creak")},
        emit=lambda log, name, payload: log.append(name),
        engine=engine,
    )


def a_door(engine: str = "table", mailbox: Mailbox | None = None) -> tuple[Machine, list[str], list[TraceRow]]:
    """A door, what its effects write down, and its trace."""
    log: list[str] = []
    rows: list[TraceRow] = []
    return Machine(door_binding(engine), context=log, trace=rows, mailbox=mailbox), log, rows


def stub_binding(chart: Chart, engine: str = "table") -> Binding:
    """Any chart with effects that do nothing and guards that read their bit of the payload, a number."""
    bits = {name: 1 << n for n, name in enumerate(chart.guards)}
    return Binding(
        chart,
        guards={name: (lambda context, payload, bit=bit: bool((payload or 0) & bit)) for name, bit in bits.items()},
        effects={name: lambda context, payload: None for name in chart.effects},
        sends={name: lambda context, payload: None for name in chart.sends},
        emit=lambda context, name, payload: None,
        engine=engine,
    )


def happened(rows: list[TraceRow]) -> list[tuple[str, str, str]]:
    """The rows as (event, verdict, state afterwards), without the entry."""
    return [(row.event, row.verdict, row.to_state) for row in rows if row.from_state != "[*]"]
