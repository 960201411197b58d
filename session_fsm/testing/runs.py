"""What can be fuzzed: something that begins, offers moves, makes them and leaves a trace. Plain data, no Hypothesis.

A move is a tuple of texts and numbers, so that a run is a list that can be written to a file and made again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

from session_fsm.chart import START, Chart
from session_fsm.machine import TraceRow
from session_fsm.sdp import MediaDirection
from session_fsm.testing.charts import row_ids


class Move(NamedTuple):
    """One thing that is made to happen."""

    verb: str
    "deliver, copy, lose, wait, hang_up …; of a chart, the event."
    who: str = ""
    "The side that it concerns."
    what: str = ""
    "The message's or the edge's name; of a chart, the guards that hold."
    n: int = 0
    "Which one of that name, from 0."
    seconds: float = 0.0

    def __str__(self) -> str:
        number = f" #{self.n + 1}" if self.n else ""
        time = f" {self.seconds:g} s" if self.seconds else ""
        return " ".join(filter(None, (self.who, self.verb.replace("_", " "), self.what))) + number + time


class Choice(NamedTuple):
    """A move that can be made now."""

    move: Move
    key: Hashable
    "What it is a case of: the move's kind and where it meets which machines. Rare ones are worth trying."
    weight: int = 1
    "How many times as likely as others; 0 for one that should change nothing, such as a command that is refused."


class Run(Protocol):
    """One run that is going on."""

    fault: str | None
    "What the engine did wrong, in words; nothing more can be made then."
    made: list[Move]
    "The moves so far."
    keys: set[Hashable]
    "What they were cases of."
    pairs: set[tuple[str, ...]]
    "Of two sides, where both stood at once; of a chart, which event came in which state."

    def choices(self) -> Sequence[Choice]:
        """What can be made now; the plainest first."""

    def make(self, move: Move) -> bool:
        """Make a move. False when it is not possible now, and nothing has happened."""

    def states(self) -> tuple[str, ...]:
        """Where each side stands."""

    def traces(self) -> Sequence[Sequence[TraceRow]]:
        """The rows of each side."""


DIRECTIONS = tuple(str(direction) for direction in MediaDirection)

AnyRun = TypeVar("AnyRun", bound=Run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Generic[AnyRun]):
    """What is fuzzed: how a run of it begins, and what must be so."""

    name: str
    "`pair`, or the chart's id."
    charts: Sequence[Chart]
    begin: Callable[[], AnyRun]
    properties: Mapping[str, Callable[[AnyRun], str | None]]
    "Each says in words what is wrong with a run that is not finished, or None; it may finish the run."
    reachable: Callable[[], Set[tuple[str, ...]]]
    "Works out which pairs can come up at all, within some bound."
    steady: bool = True
    "Whether the same draws make the same run: not where time is real."
    tries: int = 600
    "How many runs may be spent on leaving out moves of one that breaks something."
    close: Callable[[], object] = lambda: None
    "Ends what its runs have begun, such as processes."


def make_all(run: AnyRun, moves: Iterable[Move]) -> AnyRun:
    """Make these moves; those that are not possible are passed over."""
    for move in moves:
        run.make(move)
    return run


Fails = Callable[[Sequence[Move]], bool]
"Whether a run of these moves still breaks what it should."


def shrink(moves: Sequence[Move], fails: Fails, *, most: int = 600) -> list[Move]:
    """The fewest and plainest moves that still fail. Tries at most so many runs."""
    left = most

    def still(attempt: Sequence[Move]) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and fails(attempt)

    kept = list(moves)
    while True:
        shorter = _plainer(_fewer(kept, still), still)
        if shorter == kept or left <= 0:
            return shorter
        kept = shorter


def _fewer(moves: list[Move], fails: Fails) -> list[Move]:
    """Leave out ever smaller parts."""
    kept, size = moves, max(1, len(moves) // 2)
    while size:
        at = 0
        while at < len(kept):
            attempt = kept[:at] + kept[at + size :]
            if fails(attempt):
                kept = attempt
            else:
                at += size
        size //= 2
    return kept


def _plainer(moves: list[Move], fails: Fails) -> list[Move]:
    """Put a plainer move in the place of each."""
    kept = list(moves)
    for at in range(len(kept)):
        for plain in plainer(kept[at]):
            attempt = [*kept[:at], plain, *kept[at + 1 :]]
            if fails(attempt):
                kept = attempt
                break
    return kept


def plainer(move: Move) -> Iterator[Move]:
    """Moves that are easier to read than this one, the plainest first."""
    if move.n:
        yield move._replace(n=0)
    if move.verb == "copy":
        yield move._replace(verb="deliver")
    if move.what in DIRECTIONS[1:]:
        yield move._replace(what=DIRECTIONS[0])
    if move.what == "offerless":
        yield move._replace(what="")
    yield from (move._replace(verb="wait", seconds=seconds) for seconds in (0.02, 0.5, 33.0) if seconds < move.seconds)


@dataclass(slots=True)
class Coverage:
    """What runs have shown so far: cells and rows of charts, pairs of both sides' states, kinds of moves."""

    cells: set[tuple[str, str, str]] = field(default_factory=set)
    "(chart, state, event)."
    rows: set[tuple[str, str]] = field(default_factory=set)
    "(chart, row)."
    pairs: set[tuple[str, ...]] = field(default_factory=set)
    "Of two sides, where both stood at once; of a chart, which event came in which state."
    keys: set[Hashable] = field(default_factory=set)

    def add(self, run: Run) -> None:
        """Take in what a run has shown."""
        self.keys |= run.keys
        self.pairs |= run.pairs
        for row in (row for rows in run.traces() for row in rows if row.event != START):
            self.cells.add((row.chart, row.from_state, row.event))
            if row.row is not None:
                self.rows.add((row.chart, row.row))


def all_rows(charts: Iterable[Chart]) -> Iterator[tuple[str, str]]:
    """(chart, row) of every row of these charts."""
    return ((chart.id, row) for chart in charts for row in row_ids(chart))
