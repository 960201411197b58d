"""CPU a call as callee: INVITE, 180, 200, ACK and BYE, with SIPp as the caller."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence

from tools.bench.callees import AGENT, COMPILED, COMPILED_AGENT, HOST, OURS, THEIRS, THEIRS_RTP, WITH_RTP, callees
from tools.bench.children import Child
from tools.bench.measure import Measure, Table, interleaved
from tools.bench.others import Aiosipua, sipp

RATES = (1000, 500, 250)  # calls a second: the first that every contestant takes
RATE_WITH_RTP = 250  # what the slowest contestant with ports of its own takes without repetitions
SECONDS = 2  # of calls in a round
TIMEOUT = 30


def run(other: Aiosipua) -> Table:
    table = Table(name="uas", title="CPU a call as callee", unit="µs", base=THEIRS if other.python else OURS)
    program = sipp()
    if program is None:
        table.notes.append("skipped: SIPp is not installed (Debian: apt-get install sip-tester)")
        return table
    with callees(other, with_sipp=True) as running:
        for child in running.values():
            call(program, child, 1, 1)
        rate = _pace(program, [child for name, child in running.items() if name not in WITH_RTP])
        table.rows = interleaved(
            {
                name: _a_call(program, child, RATE_WITH_RTP if name in WITH_RTP else rate)
                for name, child in running.items()
            },
            base=table.base,
        )
    table.must("CPU a call, compiled, of aiosipua's", COMPILED, THEIRS, 0.5)
    table.must("CPU a call, pure Python, of aiosipua's", OURS, THEIRS, 0.5)
    table.must("CPU a call with RTP, compiled, of aiosipua's with aiortp", COMPILED_AGENT, THEIRS_RTP, 0.5)
    table.must("CPU a call with RTP, pure Python, of aiosipua's with aiortp", AGENT, THEIRS_RTP, 0.5)
    table.notes.append(f"{rate} calls a second from SIPp for {SECONDS} s in each round, {RATE_WITH_RTP} with RTP ports")
    if COMPILED not in running:
        table.notes.append("pure Python only: `make compile` makes the compiled form")
    if other.reason:
        table.notes.append(f"without aiosipua: {other.reason}")
    return table


def _pace(program: str, children: Sequence[Child]) -> int:
    """The rate that all of them take on this machine, as it is now."""
    for rate in RATES:
        try:
            for child in children:
                call(program, child, rate * SECONDS, rate)
        except RuntimeError:
            continue
        return rate
    raise RuntimeError(f"not every contestant takes {RATES[-1]} calls a second here and now")


def _a_call(program: str, child: Child, rate: int) -> Measure:
    calls = rate * SECONDS

    def measure() -> float:
        before = child.cpu()
        call(program, child, calls, rate)
        return (child.cpu() - before) / calls * 1e6

    return measure


def call(program: str, child: Child, calls: int, rate: int) -> None:
    """Let SIPp make these calls. Raises RuntimeError when one of them failed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        command = [program, "-sn", "uac", f"{HOST}:{child.port}", "-i", HOST, "-m", str(calls), "-r", str(rate)]
        done = subprocess.run(
            [*command, "-d", "0", "-nostdin", "-timeout", f"{TIMEOUT}s"],
            cwd=place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT + 10,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"SIPp ended with {done.returncode}: not every one of {calls} calls went well")
