"""Rounds, medians and ratios: everybody is measured in turn, so that a busy machine slows all of them alike."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

ROUNDS = 5

Measure = Callable[[], float]
"Runs one round of one contestant; returns its figure."


@dataclass(kw_only=True)
class Row:
    """One contestant."""

    name: str
    value: float
    "The median of its rounds, in the table's unit."
    ratio: float | None = None
    "The median over the rounds of its figure divided by the base's of the same round; None without a base."
    more: dict[str, float] = field(default_factory=dict)
    "Further figures, by name."


@dataclass(kw_only=True)
class Mark:
    """What must hold."""

    text: str
    found: float
    limit: float

    @property
    def holds(self) -> bool:
        return self.found <= self.limit


@dataclass(kw_only=True)
class Table:
    """What one measurement found."""

    name: str
    title: str
    unit: str
    base: str = ""
    "The row that ratios are relative to."
    rows: list[Row] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def ratio(self, one: str, other: str) -> float | None:
        """How much of the other one's figure this one's is."""
        first, second = self.row(one), self.row(other)
        if first is None or second is None:
            return None
        if first.ratio is not None and second.ratio is not None and self.base == other:
            return first.ratio
        return first.value / second.value

    def must(self, text: str, one: str, other: str, limit: float) -> None:
        """Set a mark on the ratio of two rows, if both were measured."""
        found = self.ratio(one, other)
        if found is not None:
            self.marks.append(Mark(text=text, found=found, limit=limit))

    def as_dict(self) -> dict[str, object]:
        return asdict(self) | {"marks": [asdict(mark) | {"holds": mark.holds} for mark in self.marks]}


def interleaved(contestants: Mapping[str, Measure], *, base: str = "", rounds: int = ROUNDS) -> list[Row]:
    """A B A B …, turned round in every other round; medians of the rounds."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds):
        order = list(contestants.items())
        for name, measure in order if turn % 2 == 0 else reversed(order):
            found[name].append(measure())
    return [
        Row(name=name, value=statistics.median(values), ratio=_ratio(values, found.get(base)))
        for name, values in found.items()
    ]


def _ratio(values: list[float], base: list[float] | None) -> float | None:
    if base is None:
        return None
    return statistics.median(one / other for one, other in zip(values, base, strict=True))


def microseconds(run: Callable[[], object], number: int) -> Measure:
    """A measure of the time that `run` takes, in microseconds."""
    return lambda: timeit.timeit(run, number=number) / number * 1e6
