"""A state machine of one's own: a chart, two functions, and time that is only ever a number.

Run it with `python examples/own_chart.py`; it prints what happened, row by row.
"""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart import Chart
from session_fsm.errors import LocalProtocolError
from session_fsm.machine import Machine, TraceRow

CHART = Path(__file__).with_name("door.toml")


def invited(guests: set[str], name: str) -> bool:
    return name in guests


def greet(guests: set[str], name: str) -> None:
    print(f"Welcome, {name}!")


def main() -> None:
    rows: list[TraceRow] = []
    door = Machine(
        Chart.load(CHART),
        guards={"invited": invited},
        effects={"greet": greet},
        context={"Ada"},
        trace=rows,
    )
    door.feed("knock", "Eve", now=0.0)
    door.feed("knock", "Ada", now=1.0)
    door.feed("lock", now=2.0)  # postponed: it locks when the spring has shut it, at 6.0
    door.expire(now=6.0)
    try:
        door.feed("lock", now=7.0)
    except LocalProtocolError as error:
        print(error)

    kept = door.snapshot(now=7.0)
    door = Machine.restore(
        Chart.load(CHART), kept, now=0.0, guards={"invited": invited}, effects={"greet": greet}, context={"Eve"}
    )
    door.feed("unlock", now=1.0)
    door.feed("knock", "Eve", now=2.0)

    for row in rows:
        print(f"{row.time:4.1f}  {row.event:13} {row.from_state:>7} -> {row.to_state:7} {row.verdict}")
    print(f"in the end it is {door.state} and shuts at {door.next_deadline()}")


if __name__ == "__main__":
    main()
