"""`python -m tools.mutants [--chart NAME] [--workers N] [--write]`: makes every mutant and says who notices it.

Exit code 3 when fewer than 95 % are noticed, when a historical fault is not, or when a survivor is not explained.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence

from session_fsm.session.building import shipped_charts
from tools.mutants.changes import Mutant, mutants_of
from tools.mutants.historical import historical
from tools.mutants.page import PAGE, explanations, written
from tools.mutants.scenarios import Reach, Scenario, reach_of, scenarios
from tools.mutants.trial import Court, Verdict

WANTED = 0.95  # of all mutants have to be noticed

COURT: Court
MUTANTS: list[Mutant]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try them all; the exit code."""
    asked = _arguments(arguments)
    logging.disable(logging.CRITICAL)
    global COURT, MUTANTS
    charts = dict(shipped_charts())
    COURT = Court(charts, list(_known()))
    MUTANTS = [m for chart in charts.values() if asked.chart in (None, chart.id) for m in mutants_of(chart)]
    MUTANTS += historical(charts) if asked.chart is None else []
    verdicts = list(_shown(_judged(asked.workers), len(MUTANTS)))
    survivors = [verdict for verdict in verdicts if verdict.noticed_by is None]
    known = explanations()
    for verdict in survivors:
        print(f"not noticed: {verdict.mutant}" + ("" if verdict.mutant in known else "   (not explained)"))
    killed = 1 - len(survivors) / len(verdicts)
    print(f"{len(verdicts) - len(survivors)} of {len(verdicts)} mutants are noticed: {100 * killed:.1f} %")
    if asked.chart is None and not asked.dry:
        PAGE.write_text(written(verdicts, len(COURT.known)), encoding="utf-8")
    return 0 if killed >= WANTED and all(_excused(verdict, known) for verdict in survivors) else 3


def _excused(verdict: Verdict, known: dict[str, str]) -> bool:
    return verdict.kind != "historical" and verdict.mutant in known


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("--chart", choices=list(shipped_charts()), help="only this one; nothing is written then")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--dry", action="store_true", help="write no page")
    return parser.parse_args(arguments)


def _known() -> Iterator[tuple[Scenario, Reach]]:
    """Every scenario with where it comes. One that fails with the charts as they are is no witness."""
    for scenario in scenarios():
        try:
            yield scenario, reach_of(scenario)
        except Exception as error:
            print(f"left out, it fails by itself: {scenario.name}: {error}", file=sys.stderr)


def _judged(workers: int) -> Iterator[Verdict]:
    """In the order of the mutants, from several processes that share everything that was prepared."""
    if workers < 2:
        yield from map(_judge, range(len(MUTANTS)))
        return
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        yield from pool.imap(_judge, range(len(MUTANTS)), chunksize=4)


def _judge(number: int) -> Verdict:
    return COURT.judge(MUTANTS[number])


def _shown(verdicts: Iterable[Verdict], total: int) -> Iterator[Verdict]:
    """Pass them on, and show how far it is."""
    missed = 0
    for n, verdict in enumerate(verdicts, 1):
        missed += verdict.noticed_by is None
        if sys.stderr.isatty():
            print(f"\r{n} of {total} mutants, {missed} not noticed", end="\n" if n == total else "", file=sys.stderr)
        elif n % 100 == 0 or n == total:
            print(f"{n} of {total} mutants, {missed} not noticed", file=sys.stderr)
        yield verdict


if __name__ == "__main__":
    raise SystemExit(main())
