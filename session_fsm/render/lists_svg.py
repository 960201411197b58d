"""The list in a state: a line for each row that leaves it without an arrow, and the row's target beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from session_fsm.render.arrows import Arrow
from session_fsm.render.cards import BETWEEN, SIDE, lines_of, told_width
from session_fsm.render.labels import LABEL_SIZE, LINE
from session_fsm.render.layout import Rect
from session_fsm.render.shapes import words
from session_fsm.render.theme import Colours

Ink = Callable[[Arrow, Sequence[str]], tuple[str, str, str]]
"The colour, the weight, and what else there is to the text of some rows."
Taken = Callable[[Arrow, Sequence[str]], Sequence[int]]
"The numbers of the steps that some rows took."


def list_parts(exits: Sequence[Arrow], rect: Rect, head: float, ink: Ink, colours: Colours) -> Iterator[str]:
    """The list of a state or sign, below its name."""
    if not exits:
        return
    y = rect.y + head
    yield f'<path d="M{rect.x + 1:g} {y:g}H{rect.right - 1:g}" stroke="{colours.border}"/>'
    look = ("", "", "")
    beside = rect.x + SIDE + told_width(exits)
    for line in lines_of(exits):
        y += LINE
        look = ink(line.arrow, line.rows) if line.rows else look
        colour, weight, more = look
        indent = 8 if line.text.startswith(" ") else 0
        yield words(line.text.strip(), rect.x + SIDE + indent, y, LABEL_SIZE, colour, weight=weight, more=more)
        if line.target:
            colour, _, _ = ink(line.arrow, line.arrow.every_row)
            yield _small_arrow(beside + 8, y - 4, BETWEEN - 14, colour)
            yield words(line.target, beside + BETWEEN, y, LABEL_SIZE, colour, weight="600")


def list_badges(exits: Sequence[Arrow], rect: Rect, head: float, taken: Taken) -> Iterator[tuple[int, float, float]]:
    """(number, x, y) of each step that a list tells of: on the edges of the state, beside the line."""
    y = rect.y + head - 4
    for line in lines_of(exits):
        y += LINE
        numbers = taken(line.arrow, line.rows)
        places = (rect.x, rect.right, rect.x - 16, rect.right + 16)
        yield from ((number, x, y) for number, x in zip(numbers, places, strict=False))


def _small_arrow(x: float, y: float, length: float, colour: str) -> str:
    tip = x + length
    shaft = f'<path d="M{x:g} {y:g}H{tip - 5:g}" stroke="{colour}" stroke-width="1.2"/>'
    return shaft + f'<path d="M{tip:g} {y:g}L{tip - 6:g} {y - 3:g}V{y + 3:g}Z" fill="{colour}"/>'
