"""CPU a call-frame with many legs of G.711, and how punctually the frames leave."""

from __future__ import annotations

import json
import select
import statistics
from pathlib import Path

from tools import compiled
from tools.bench.children import ROOT, Child, ours
from tools.bench.measure import Row, Table
from tools.bench.others import Aiosipua

LEGS = 100
SECONDS = 3.0
FRAMES = 50  # a second and leg, each way
ROUNDS = 3


def run(other: Aiosipua) -> Table:
    table = Table(name="legs", title=f"G.711, {LEGS} legs: CPU a call-frame (one out and one in)", unit="µs")
    for form, folder in _forms().items():
        table.rows.append(_measured(f"silence sent, nobody reads{form}", folder))
        table.rows.append(_measured(f"audio written and read{form}", folder, "app"))
    table.notes.append(f"{ROUNDS} rounds of {SECONDS:g} s; late is from a slot's deadline to the leaving of its frames")
    return table


def _forms() -> dict[str, Path]:
    """How each form of the package is called, and the folder it runs in."""
    return {"": ROOT} | ({", compiled": compiled.PLACE} if compiled.ready() else {})


def _measured(name: str, folder: Path, *arguments: str) -> Row:
    late: list[float] = []
    with (
        Child(ours("legs", "answer"), folder=folder) as callee,
        Child(ours("legs", "call", str(callee.port), str(LEGS), *arguments), folder=folder) as caller,
    ):
        values = [_a_round(caller, late) for _ in range(ROUNDS)]
    percentiles = statistics.quantiles(late, n=100)
    more = {"late p50, ms": percentiles[49] * 1000, "late p99, ms": percentiles[98] * 1000}
    return Row(name=name, value=statistics.median(values), more=more)


def _a_round(caller: Child, late: list[float]) -> float:
    caller.say("begin")
    before = caller.cpu()
    select.select([], [], [], SECONDS)
    used = caller.cpu() - before
    caller.say("end")
    late.extend(json.loads(caller.line()))
    return used / (LEGS * FRAMES * SECONDS) * 1e6
