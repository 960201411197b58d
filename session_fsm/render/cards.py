"""A state with a list in it: arrows that would cross a crowded picture are lines of text instead, each with its target.

A crowded picture is one whose arrows do not fit a column of text. Which of them become text depends on how many arrows
lead to their target: where many do, all but the main ones do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from session_fsm.render.arrows import Arrow, Drawing
from session_fsm.render.labels import LABEL_SIZE, LINE, label_lines
from session_fsm.render.measure import text_width

BETWEEN = 30.0  # pixels from a line to the name of its target; a small arrow stands there
SIDE = 10.0
FOOT = 7.0


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line of a list."""

    text: str
    arrow: Arrow
    rows: tuple[str, ...]
    "The ids of the chart's rows that it tells of; none where it only goes on."
    target: str
    "Named once for each arrow, beside its first line."


def lines_of(exits: Sequence[Arrow]) -> Iterator[CardLine]:
    """The list of a state or sign, line by line."""
    for arrow in exits:
        target = arrow.target
        for label, rows in zip(arrow.labels, arrow.rows, strict=True):
            for n, text in enumerate(label_lines((label,))):
                yield CardLine(text, arrow, rows if n == 0 else (), target)
                target = ""


def size_of(exits: Sequence[Arrow]) -> tuple[float, float]:
    """Width and height that a list needs; nothing for none."""
    if not exits:
        return 0.0, 0.0
    named = max(text_width(arrow.target, LABEL_SIZE, bold=True) for arrow in exits)
    lines = list(lines_of(exits))
    return round(2 * SIDE + told_width(exits) + BETWEEN + named), LINE * len(lines) + FOOT


def told_width(exits: Sequence[Arrow]) -> float:
    """The width of the lines alone, without their targets."""
    return max(text_width(line.text, LABEL_SIZE) for line in lines_of(exits))


def listed(shown: Drawing, most: int) -> Drawing:
    """The drawing with at most so many arrows to any state; the others are told in lists."""
    into = Counter(arrow.target for arrow in shown.arrows)
    kept = {id(arrow) for arrow in shown.arrows if into[arrow.target] <= most or arrow.source == arrow.target}
    kept |= {id(arrow) for arrow in _first_ways(shown)}
    exits = tuple(arrow for arrow in shown.arrows if id(arrow) not in kept)
    # A list cannot stand in the edge of a box: there it stands in a sign for any of its states.
    return replace(
        shown,
        arrows=tuple(arrow for arrow in shown.arrows if id(arrow) in kept),
        exits=tuple(replace(arrow, start="member") if arrow.start == "box" else arrow for arrow in exits),
    )


def _first_ways(shown: Drawing) -> Iterator[Arrow]:
    """The main path, and to each state the arrow from the nearest state before it: so that none stands alone."""
    order = {name: n for n, name in enumerate(shown.chart.states)}
    main = set(zip(shown.path, shown.path[1:], strict=False))
    for name in shown.chart.states:
        ways = [arrow for arrow in shown.arrows if arrow.target == name != arrow.source]
        yield from (arrow for arrow in ways if (arrow.source, arrow.target) in main)
        before = [arrow for arrow in ways if arrow.start == "state" and order[arrow.source] < order[name]]
        yield from sorted(before or ways, key=lambda arrow: -order.get(arrow.source, -1))[:1]
