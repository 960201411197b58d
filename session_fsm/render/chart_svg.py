"""A chart's layout as SVG: panels, boxes, lines, labels. Only draws; where things stand is the layout's business.

Self-contained: no script, no style sheet, no font and no link to anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from session_fsm.render.arrows import Arrow, Drawing
from session_fsm.render.labels import LABEL_SIZE, LINE, SIGN_HEIGHT, STATE_HEIGHT, STATE_SIZE, label_lines
from session_fsm.render.layout import START, Layout, Line, Point, Rect, lists_of, sign_text
from session_fsm.render.lists_svg import list_badges, list_parts
from session_fsm.render.measure import text_width
from session_fsm.render.paint import Paint
from session_fsm.render.shapes import STRUCK, badge, head_path, length, rounded_box, rounded_path, smooth_path, words
from session_fsm.render.theme import Colours

BOLD = 1.08  # how much wider bold letters are
NEAR = 8.0  # from a label to its own line


def chart_parts(shown: Drawing, layout: Layout, colours: Colours, paint: Paint | None = None) -> Iterator[str]:
    """A chart as SVG elements, in its layout's own coordinates."""
    brush = _Brush(shown, layout, colours, paint)
    yield from (brush.box(name, rect) for name, rect in layout.boxes.items())
    ranks = [(brush.rank(n), n) for n in range(len(layout.lines))]
    yield from (brush.line(n) for _, n in sorted(ranks))
    yield from (part for n in range(len(shown.arrows)) for part in brush.label(n))
    yield from (brush.node(name, rect) for name, rect in layout.nodes.items())
    yield from (part for n in range(len(shown.arrows)) for part in brush.badges(n))
    yield from (part for name, exits in brush.lists.items() for part in brush.list_badges(name, exits))


def title_place(name: str, box: Rect, layout: Layout) -> Rect:
    """Where a box's title stands: the first place that nothing takes, along its upper edge, its lower one, or inside.

    Where lines run through all of it, above the box or below.
    """
    width = text_width(name, LABEL_SIZE) * BOLD
    taken = [*layout.nodes.values(), *(line.label for line in layout.lines if line.label is not None)]
    taken += [other for other in layout.boxes.values() if other != box and other.y > box.y]
    if not any(line.smooth for line in layout.lines):
        taken += [_around(*ends) for line in layout.lines for ends in pairwise(line.points)]
    last = box.right - 12 - width
    across = [box.x + 12 + 8 * n for n in range(max(1, int((last - box.x - 12) // 8) + 1))]
    down = [box.y + 8, box.bottom - 19, *(box.y + 16 + 8 * n for n in range(max(0, int((box.height - 40) // 8))))]
    down += [box.y - 16, box.bottom + 3]
    places = [Rect(x, y, width, LABEL_SIZE + 2) for y in down for x in across]
    return next((place for place in places if not any(_meet(place, other) for other in taken)), places[0])


def _around(start: Point, end: Point) -> Rect:
    x, y = min(start.x, end.x), min(start.y, end.y)
    return Rect(x - 3, y - 1, abs(end.x - start.x) + 6, abs(end.y - start.y) + 2)


def _meet(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


class _Brush:
    """Draws the parts of one chart."""

    def __init__(self, shown: Drawing, layout: Layout, colours: Colours, paint: Paint | None) -> None:
        self.shown = shown
        self.layout = layout
        self.colours = colours
        self.paint = paint
        self.main = set(zip(shown.path, shown.path[1:], strict=False))
        self.lists = lists_of(shown)
        self.goal = shown.path[-1] if len(shown.path) > 1 else ""

    def box(self, name: str, rect: Rect) -> str:
        look = f'fill="{self.colours.group}" stroke="{self.colours.border}"'
        title = title_place(name, rect, self.layout)
        return rounded_box(rect, 9, look) + words(
            name, title.x, title.y + LABEL_SIZE, LABEL_SIZE, self.colours.quiet, weight="600"
        )

    def node(self, name: str, rect: Rect) -> str:
        """A state or sign, with its list."""
        exits = self.lists.get(name, ())
        head = self._head(name) if exits else rect.height
        top = Rect(rect.x, rect.y, rect.width, head)
        return self._frame(name, rect, top) + "".join(list_parts(exits, rect, head, self._ink, self.colours))

    def _frame(self, name: str, rect: Rect, top: Rect) -> str:
        if name == START:
            middle = rect.x + rect.width / 2, rect.y + rect.height / 2
            return f'<circle cx="{middle[0]:g}" cy="{middle[1]:g}" r="{rect.width / 2:g}" fill="{self.colours.text}"/>'
        if name not in self.shown.chart.states:
            look = f'fill="none" stroke="{self.colours.edge}" stroke-dasharray="4 3"'
            return rounded_box(rect, 12, look) + self._name(sign_text(name), top, LABEL_SIZE, self.colours.quiet, "")
        fill, stroke, thick = self._look(name)
        drawn = rounded_box(rect, 8, f'fill="{fill}" stroke="{stroke}" stroke-width="{thick:g}"')
        if name in self.shown.chart.final:
            inner = Rect(rect.x + 3, rect.y + 3, rect.width - 6, rect.height - 6)
            drawn += rounded_box(inner, 5.5, f'fill="none" stroke="{stroke}"')
        untouched = self.paint is not None and name not in self.paint.visited
        ink = self.colours.edge if untouched else self.colours.text
        return drawn + self._name(name, top, STATE_SIZE, ink, "600" if thick > 1.5 else "")

    def _look(self, name: str) -> tuple[str, str, float]:
        """Fill, border and its width."""
        colours = self.colours
        if self.paint is not None:
            if name == self.paint.here:
                return colours.goal_fill, colours.goal, 2.4
            if name in self.paint.visited:
                return colours.main_fill, colours.main, 1.8
            return colours.state, colours.grey, 1.2
        if name == self.goal:
            return colours.goal_fill, colours.goal, 1.8
        if name in self.shown.chart.final:
            return colours.end_fill, colours.end, 1.2
        if name in self.shown.path:
            return colours.main_fill, colours.main, 1.4
        return colours.state, colours.edge, 1.2

    def _name(self, text: str, rect: Rect, size: float, ink: str, weight: str) -> str:
        x, y = rect.x + rect.width / 2, rect.y + rect.height / 2 + size * 0.35
        return words(text, x, y, size, ink, anchor="middle", weight=weight)

    def rank(self, n: int) -> int:
        """What is drawn later lies above."""
        return {self.colours.grey: 0, self.colours.main: 2}.get(self._stroke(n)[0], 1)

    def _stroke(self, n: int) -> tuple[str, float, str]:
        """Colour, width and dashes."""
        colours = self.colours
        arrow = self.shown.arrows[n] if n < len(self.shown.arrows) else None
        if self.paint is not None:
            rows = arrow.every_row if arrow is not None else ()
            if arrow is None or self.paint.numbers(arrow, rows):
                return colours.main, 2.0, ""
            return (colours.edge, 1.4, "4 3") if self.paint.was_refused(arrow, rows) else (colours.grey, 1.2, "")
        if arrow is None or (arrow.source, arrow.target) in self.main:
            return colours.main, 1.8, ""
        return colours.edge, 1.2, ""

    def line(self, n: int) -> str:
        line = self.layout.lines[n]
        colour, width, dashes = self._stroke(n)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        way = smooth_path(line.lead) + smooth_path(line.points) if line.smooth else rounded_path(line.points)
        shaft = f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}/>'
        return shaft + f'<path d="{head_path(line)}" fill="{colour}"/>'

    def label(self, n: int) -> Iterator[str]:
        rect = self.layout.lines[n].label
        if rect is None:
            return
        arrow = self.shown.arrows[n]
        y = rect.y + LINE - 3
        # What stands left of its line is set against it, so that a wide font never runs over it.
        is_left = _crosses(self.layout.lines[n], rect.right, rect.y + rect.height / 2)
        for text, rows in zip(arrow.labels, arrow.rows, strict=True):
            colour, weight, more = self._ink(arrow, rows)
            for part in label_lines((text,)):
                indent = 8 if part.startswith(" ") else 0
                x = rect.right - 3 if is_left else rect.x + 3 + indent
                anchor = "end" if is_left else "start"
                yield words(part.strip(), x, y, LABEL_SIZE, colour, anchor=anchor, weight=weight, more=more)
                y += LINE

    def _ink(self, arrow: Arrow, rows: Sequence[str]) -> tuple[str, str, str]:
        """Colour, weight, and what else there is to the text."""
        colours = self.colours
        if self.paint is None:
            is_main = (arrow.source, arrow.target) in self.main and arrow.start == "state"
            return (colours.main, "600", "") if is_main else (colours.quiet, "", "")
        if self.paint.numbers(arrow, rows):
            return colours.main, "600", ""
        return colours.edge, "", STRUCK if self.paint.was_refused(arrow, rows) else ' fill-opacity="0.75"'

    def badges(self, n: int) -> Iterator[str]:
        """The numbers of the steps that went this way, on the line where nothing else is."""
        if self.paint is None:
            return
        arrow = self.shown.arrows[n]
        numbers = self.paint.numbers(arrow, arrow.every_row)
        for number, at in zip(numbers, self._free(n), strict=False):
            yield badge(number, at.x, at.y, self.colours)

    def list_badges(self, name: str, exits: Sequence[Arrow]) -> Iterator[str]:
        """The same beside the lines of a list."""
        if self.paint is None:
            return
        places = list_badges(exits, self.layout.nodes[name], self._head(name), self.paint.numbers)
        yield from (badge(number, x, y, self.colours) for number, x, y in places)

    def _head(self, name: str) -> float:
        """How much of a node with a list is its name's."""
        return STATE_HEIGHT if name in self.shown.chart.states else SIGN_HEIGHT

    def _free(self, n: int) -> Iterator[Point]:
        """Places for badges along a line: clear of labels and states, and of each other."""
        labels = [line.label for line in self.layout.lines if line.label is not None]
        titles = (title_place(name, box, self.layout) for name, box in self.layout.boxes.items())
        taken = [*labels, *titles, *self.layout.nodes.values()]
        for at in _along(self.layout.lines[n]):
            room = Rect(at.x - 8, at.y - 8, 16, 16)
            if not any(_overlap(room, other) for other in taken):
                taken.append(room)
                yield at


def _crosses(line: Line, x: float, y: float) -> bool:
    """Whether a line passes close by the right of this place."""
    return any(
        min(a.y, b.y) <= y <= max(a.y, b.y) and 0 <= min(a.x, b.x) - x <= NEAR
        for a, b in zip(line.points, line.points[1:], strict=False)
    )


def _along(line: Line) -> Iterator[Point]:
    """Points along a line, those of its longest straight piece first and from the middle of each."""
    points = line.points if not line.smooth else line.points[::3]
    pieces = sorted(pairwise(points), key=lambda piece: -length(*piece))
    for start, end in pieces:
        steps = int(length(start, end) / 4)
        for step in sorted(range(1, steps), key=lambda step: abs(step - steps / 2)):
            part = step / steps
            yield Point(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)


def _overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom
