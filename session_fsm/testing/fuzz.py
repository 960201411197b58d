"""Tries a target in many ways, the known counterexamples first. Needs Hypothesis.

Hypothesis works in rounds. What was seen stands still within a round, so that a run can be had again from its seed;
between rounds it grows, and kinds of moves that have not been seen are drawn more often.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded

from session_fsm.chart import Chart
from session_fsm.testing.counterexample import Counterexample, kept, read
from session_fsm.testing.runs import Coverage, Move, Target, all_rows, make_all, shrink
from session_fsm.testing.strategies import runs

ROUND = 25  # runs between two looks at what has been seen

Progress = Callable[[int, Coverage], object]
"Told how many runs were made, and what they have shown."


@dataclass(kw_only=True)
class Findings:
    """What came of fuzzing one target."""

    target: str
    seed: int
    examples: int = 0
    "Runs that were made, known counterexamples included."
    seconds: float = 0.0
    coverage: Coverage = field(default_factory=Coverage)
    rows_total: int = 0
    explore: Callable[[], Set[tuple[str, ...]]] = field(repr=False)
    "Works out which pairs can be seen."
    violations: list[Counterexample] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    "Known counterexamples that hold now."

    @cached_property
    def reachable(self) -> Set[tuple[str, ...]]:
        """The pairs that the explorer reaches within its bound; of a chart, its cells."""
        return self.explore()

    @property
    def pairs_seen(self) -> int:
        """How many of the reachable pairs were seen."""
        return len(self.coverage.pairs & self.reachable)

    @property
    def pairs_beyond(self) -> int:
        """How many were seen that the explorer's bound leaves out, such as those of re-INVITEs."""
        return len(self.coverage.pairs - self.reachable)


class Broken(Exception):  # it is a finding, not an error of anybody
    """A run that breaks a property, on its way out of Hypothesis."""

    def __init__(self, name: str, message: str, moves: Sequence[Move]) -> None:
        self.name, self.message, self.moves = name, message, tuple(moves)
        super().__init__(f"{name}: {message}")


class Fuzzing:
    """One target, from its known counterexamples to what is found."""

    def __init__(
        self,
        target: Target[Any],
        *,
        name: str = "",
        seed: int = 0,
        properties: Sequence[str] | None = None,
        unrestricted: bool = False,
        charts: Mapping[str, Chart] | None = None,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.target = target
        self.name = name or target.name
        self.unrestricted = unrestricted
        self.charts = charts
        self.folder = folder
        self.progress = progress
        self.checks = {key: target.properties[key] for key in properties or target.properties}
        rows_total = len(set(all_rows(target.charts)))
        self.found = Findings(target=self.name, seed=seed, rows_total=rows_total, explore=target.reachable)

    def run(self, max_examples: int, corpus: Path | None = None) -> Findings:
        """Try what is known to have failed, then up to so many runs. One violation of each property is enough."""
        begun = perf_counter()
        with quiet() as log:
            if corpus is not None:
                self._known(corpus)
            number = 0
            while self.found.examples < max_examples and self.checks:
                most = min(ROUND, max_examples - self.found.examples)
                broken = self._round(self.found.seed + number, most)
                if broken is not None:
                    self._note(broken, log)
                number += 1
        self.found.seconds = perf_counter() - begun
        return self.found

    def _known(self, corpus: Path) -> None:
        for path in kept(corpus):
            example = read(path, self.charts or {})
            if example.target != self.name or example.breaks not in self.checks:
                continue
            wrong = example.wrong(self.charts)
            self.found.coverage.add(example.run(self.charts))
            self.found.examples += 1
            if wrong is None:
                self.found.stale.append(path.name)
            else:
                self.found.violations.append(example)
                del self.checks[example.breaks]

    def _round(self, seed: int, most: int) -> Broken | None:
        """One round of Hypothesis; the first run that breaks something, as it was drawn."""
        strategy = runs(self.target, seen=frozenset(self.found.coverage.keys))
        # Hypothesis draws; leaving out moves is done here, on whole moves, which is quicker and goes further.
        quietly = settings(
            max_examples=most,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        before = self.found.examples
        try:
            seeded(seed)(quietly(given(strategy)(self._one)))()
        except Broken as broken:
            return broken
        # A round with nothing more to draw ends early; it counts as whole, or this would go on for ever.
        self.found.examples = before + most
        return None

    def _one(self, run: Any) -> None:
        self.found.examples += 1
        self.found.coverage.add(run)
        if self.progress is not None:
            self.progress(self.found.examples, self.found.coverage)
        for name, check in self.checks.items():
            wrong = check(run)
            if wrong is not None:
                raise Broken(name, wrong, run.made)

    def _note(self, broken: Broken, log: list[str]) -> None:
        check = self.checks.pop(broken.name)

        def fails(moves: Sequence[Move]) -> bool:
            return check(make_all(self.target.begin(), moves)) is not None

        moves = shrink(broken.moves, fails, most=self.target.tries)
        log.clear()
        message = check(make_all(self.target.begin(), moves)) or broken.message
        self.found.violations.append(
            Counterexample(
                target=self.name,
                breaks=broken.name,
                message="; ".join(dict.fromkeys([message, *log])),
                moves=tuple(moves),
                unrestricted=self.unrestricted,
                seed=self.found.seed,
                folder=self.folder,
            )
        )


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Faults of the engine write tracebacks to its log; here they are kept, one line each."""
    lines: list[str] = []
    logger = logging.getLogger("session_fsm")

    def note(record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            lines.append(f"{record.getMessage()}: {record.exc_info[1]!r}")
        return False

    logger.addFilter(note)
    try:
        yield lines
    finally:
        logger.removeFilter(note)
