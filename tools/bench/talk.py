"""Two processes: from `make_call` to an answer, to audio both ways, and to the news that a call has failed."""

from __future__ import annotations

import json
import statistics

from tools.bench.callees import free_port
from tools.bench.children import Child, ours
from tools.bench.measure import Mark, Row, Table
from tools.bench.others import Aiosipua

CALLS = 16  # the first one warms both processes up and is not counted
BOTH_WAYS = 10.0  # milliseconds


def run(other: Aiosipua) -> Table:
    table = Table(name="talk", title="Two processes, from make_call", unit="ms")
    found: dict[str, list[float]] = {}
    with Child(ours("callee")) as callee:
        # Nobody listens on the last port: the kernel says so, and the call fails at once.
        ports = [str(port) for port in (*callee.ports, free_port())]
        with Child(ours("caller", *ports, str(CALLS))) as caller:
            for number in range(CALLS):
                figures = _one(caller, callee)
                for name, milliseconds in figures.items() if number else ():
                    found.setdefault(name, []).append(milliseconds)
    for name, values in found.items():
        more = {"slowest": max(values)}
        table.rows.append(Row(name=name, value=statistics.median(values), more=more))
    both = statistics.median(found["audio both ways"])
    table.marks.append(Mark(text="make_call to audio both ways, ms", found=both, limit=BOTH_WAYS))
    table.notes.append(f"{CALLS - 1} calls one after the other, after one that is not counted")
    return table


def _one(caller: Child, callee: Child) -> dict[str, float]:
    """One call of each kind. The monotonic clock is the same in all processes of a machine."""
    talked = json.loads(caller.line())
    heard_there = float(callee.line())
    caller.say("hang up")
    busy, silent = json.loads(caller.line()), json.loads(caller.line())
    start = talked["start"]
    return {
        "answered": (talked["answered"] - start) * 1000,
        "audio both ways": (max(talked["heard"], heard_there) - start) * 1000,
        "channels in the caller's hands": (talked["channels"] - start) * 1000,
        "failed: busy": (busy["failed"] - busy["start"]) * 1000,
        "failed: unreachable port": (silent["failed"] - silent["start"]) * 1000,
    }
