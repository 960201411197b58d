"""`python -m tools.soak [--share X] [NAME …]`: the long runs with progress; their figures go to docs/reliability.md.

`--share 0.01` makes each a hundredth as long and writes nothing. Exit code 3 when a promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.soak.endurance import EnduranceFigures, udp_calls, virtual_calls
from tools.soak.flood import KINDS, SOURCES, FloodFigures, flooded
from tools.soak.loss import LossFigures, calls_over_a_bad_network
from tools.soak.mutated import MutationFigures, mutated_rtp, mutated_sdp, mutated_sip, over_a_socket

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
MARK = "<!-- figures: written by `make soak` -->"
GROWTH = 20.0  # megabytes that a process may grow by in the second half: what allocators keep for themselves


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run."""

    promise: str
    figure: str
    holds: bool
    seconds: float = 0.0


def _loss(loss: float, least: float, calls: int) -> Outcome:
    found: LossFigures = calls_over_a_bad_network(calls, loss)
    return Outcome(
        f"{calls:,} calls, {loss:.0%} loss each way, 5 % doubled, 5 % reordered: {least:.1%} complete",
        f"{found.completed:,} ({found.share:.2%}), {found.stuck} stuck",
        found.share >= least and not found.stuck,
    )


def _endurance(name: str, found: EnduranceFigures) -> Outcome:
    left = sum(found.objects_left.values())
    return Outcome(
        f"{found.calls:,} calls {name}: all complete, nothing is left",
        f"{found.completed:,}; {left} objects, {found.files_left} files, {found.tasks_left} tasks left; "
        f"grown by {found.megabytes:.1f} MB in the second half",
        found.holds and found.megabytes < GROWTH,
    )


def _mutated(found: MutationFigures) -> Outcome:
    return Outcome(
        f"{found.datagrams:,} mutated datagrams, {found.kind}: no exception, none above 50 ms, still alive",
        f"slowest {1000 * found.slowest:.1f} ms of CPU, collector included, {'alive' if found.alive else 'not alive'}",
        found.holds,
    )


def _flood(per_second: int) -> Outcome:
    found = asyncio.run(flooded("INVITE", per_second))
    return Outcome(
        f"{per_second:,} INVITEs a second with an offer, all taken: real calls have audio within two seconds",
        _flood_figure(found),
        found.holds,
    )


def _strangers(per_second: int) -> Outcome:
    found = asyncio.run(flooded("INVITE", per_second, sources=SOURCES))
    return Outcome(
        f"the same from {SOURCES} addresses, none of which comes twice",
        _flood_figure(found),
        found.holds,
    )


def _many(per_second: int) -> Outcome:
    found = asyncio.run(flooded("INVITE", per_second, sources=SOURCES, asked=True))
    return Outcome(
        f"the same from {SOURCES} addresses, where callers are asked for a password (`challenge=`)",
        _flood_figure(found),
        found.holds,
    )


def _others(per_second: int) -> Outcome:
    found = [asyncio.run(flooded(kind, per_second)) for kind in KINDS]
    worst = max(found, key=lambda each: (not each.holds, each.slowest))
    return Outcome(
        f"{per_second:,} a second of each of {', '.join(KINDS)}: the same",
        _flood_figure(worst),
        all(each.holds for each in found),
    )


def _monstrous(per_second: int) -> Outcome:
    found = asyncio.run(flooded("monstrous", per_second, sources=SOURCES))
    return Outcome(
        f"{per_second:,} OPTIONS a second of 36 kB with 800 Vias, from {SOURCES} addresses: the same",
        _flood_figure(found),
        found.holds,
    )


def _flood_figure(found: FloodFigures) -> str:
    return (
        f"{found.completed} of {found.calls}, the slowest in {found.slowest:.2f} s; {found.refused:,} refused; "
        f"grown by {max(0.0, found.megabytes):.0f} MB"
    )


RUNS: dict[str, tuple[int, Callable[[int], Outcome]]] = {
    "loss10": (1000, lambda calls: _loss(0.10, 0.999, calls)),
    "loss20": (1000, lambda calls: _loss(0.20, 0.995, calls)),
    "virtual": (100_000, lambda calls: _endurance("in virtual time", virtual_calls(calls))),
    "udp": (10_000, lambda calls: _endurance("over UDP, with audio", asyncio.run(udp_calls(calls)))),
    "flood": (2000, _flood),
    "strangers": (2000, _strangers),
    "many": (2000, _many),
    "others": (2000, _others),
    "monstrous": (2000, _monstrous),
    "sip": (1_000_000, lambda datagrams: _mutated(mutated_sip(datagrams))),
    "sdp": (1_000_000, lambda datagrams: _mutated(mutated_sdp(datagrams))),
    "rtp": (1_000_000, lambda datagrams: _mutated(mutated_rtp(datagrams))),
    "socket": (100_000, lambda datagrams: _mutated(asyncio.run(over_a_socket(datagrams)))),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RUNS))
    parser.add_argument("--share", type=float, default=1.0, help="how much of each run")
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - set(RUNS)
    if unknown:
        parser.error(f"no run is called {', '.join(sorted(unknown))}; possible: {', '.join(RUNS)}")
    outcomes = [_run(name, asked.share) for name in asked.names or RUNS]
    if asked.share == 1.0 and not asked.names:
        write(outcomes)
    return 0 if all(outcome.holds for outcome in outcomes) else 3


def _run(name: str, share: float) -> Outcome:
    size, run = RUNS[name]
    began = time.monotonic()
    found = run(max(1, round(size * share)))
    found = Outcome(found.promise, found.figure, found.holds, time.monotonic() - began)
    print(f"{'holds' if found.holds else 'FAILS'}  {found.promise}: {found.figure}; {found.seconds:.0f} s", flush=True)
    return found


def write(outcomes: Sequence[Outcome]) -> None:
    """The table of docs/reliability.md; what stands around it is written by hand."""
    rows = ["| promise | last run | holds | seconds |", "|---|---|---|---|"]
    rows += [f"| {o.promise} | {o.figure} | {'yes' if o.holds else '**no**'} | {o.seconds:.0f} |" for o in outcomes]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
    behind = rest.partition(MARK)[2]
    PAGE.write_text(f"{before}{MARK}\n" + "\n".join(rows) + f"\n{MARK}{behind}", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
