"""CPU a call-frame with many legs of G.711, and how punctually the frames leave."""

from __future__ import annotations

import json
import select
import statistics

from tools.bench.children import Child, ours
from tools.bench.measure import Row, Table
from tools.bench.others import Aiosipua

LEGS = 100
SECONDS = 3.0
FRAMES = 50  # a second and leg, each way
ROUNDS = 3


def run(other: Aiosipua) -> Table:
    table = Table(name="legs", title=f"G.711, {LEGS} legs: CPU a call-frame (one out and one in)", unit="µs")
    for name, arguments in (("silence sent, nobody reads", ()), ("audio written and read", ("app",))):
        late: list[float] = []
        with (
            Child(ours("legs", "answer")) as callee,
            Child(ours("legs", "call", str(callee.port), str(LEGS), *arguments)) as caller,
        ):
            values = [_a_round(caller, late) for _ in range(ROUNDS)]
        percentiles = statistics.quantiles(late, n=100)
        more = {"late p50, ms": percentiles[49] * 1000, "late p99, ms": percentiles[98] * 1000}
        table.rows.append(Row(name=name, value=statistics.median(values), more=more))
    table.notes.append(f"{ROUNDS} rounds of {SECONDS:g} s; late is from a slot's deadline to the leaving of its frames")
    return table


def _a_round(caller: Child, late: list[float]) -> float:
    caller.say("begin")
    before = caller.cpu()
    select.select([], [], [], SECONDS)
    used = caller.cpu() - before
    caller.say("end")
    late.extend(json.loads(caller.line()))
    return used / (LEGS * FRAMES * SECONDS) * 1e6
