"""CPU a call as callee: INVITE, 180, 200, ACK and BYE, with SIPp as the caller."""

from __future__ import annotations

import subprocess
import tempfile

from tools.bench.callees import AGENT, COMPILED, COMPILED_AGENT, HOST, OURS, THEIRS, THEIRS_RTP, callees
from tools.bench.children import Child
from tools.bench.measure import Measure, Table, interleaved
from tools.bench.others import Aiosipua, sipp

RATE = 250  # calls a second: what the slowest contestant takes on a slow machine without repetitions
CALLS = 600
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
        table.rows = interleaved({name: _a_call(program, child) for name, child in running.items()}, base=table.base)
    table.must("CPU a call, compiled, of aiosipua's", COMPILED, THEIRS, 0.5)
    table.must("CPU a call, pure Python, of aiosipua's", OURS, THEIRS, 0.5)
    table.must("CPU a call with RTP, compiled, of aiosipua's with aiortp", COMPILED_AGENT, THEIRS_RTP, 0.5)
    table.must("CPU a call with RTP, pure Python, of aiosipua's with aiortp", AGENT, THEIRS_RTP, 0.5)
    table.notes.append(f"{CALLS} calls at {RATE} a second from SIPp in each round")
    if COMPILED not in running:
        table.notes.append("pure Python only: `make compile` makes the compiled form")
    if other.reason:
        table.notes.append(f"without aiosipua: {other.reason}")
    return table


def _a_call(program: str, child: Child) -> Measure:
    def measure() -> float:
        before = child.cpu()
        call(program, child, CALLS, RATE)
        return (child.cpu() - before) / CALLS * 1e6

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
