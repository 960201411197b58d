"""What pictures are made of, as SVG: a page, words, a badge, a box, and lines with round corners and heads."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import hypot

from session_fsm.render.layout import Line, Point, Rect
from session_fsm.render.measure import FONT
from session_fsm.render.theme import Colours

CORNER = 7.0  # the radius of a line's bends
HEAD = 7.0
STRUCK = ' text-decoration="line-through"'


def document(width: float, height: float, parts: Sequence[str], colours: Colours, title: str) -> str:
    """A whole picture."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{escape(FONT)}">'
    page = f'<rect width="100%" height="100%" rx="10" fill="{colours.page}"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", page, *parts, "</svg>"]) + "\n"


def words(
    text: str, x: float, y: float, size: float, colour: str, *, anchor: str = "start", weight: str = "", more: str = ""
) -> str:
    """One line of text; y is its baseline."""
    where = f'x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{colour}"'
    middle = f' text-anchor="{anchor}"' if anchor != "start" else ""
    bold = f' font-weight="{weight}"' if weight else ""
    return f"<text {where}{middle}{bold}{more}>{escape(text)}</text>"


def badge(number: int, x: float, y: float, colours: Colours) -> str:
    """The number of a step, in a circle."""
    circle = f'<circle cx="{x:g}" cy="{y:g}" r="8" fill="{colours.main}" stroke="{colours.page}" stroke-width="1.5"/>'
    return circle + words(str(number), x, y + 3.4, 9.5, colours.page, anchor="middle", weight="700")


def rounded_path(points: Sequence[Point]) -> str:
    """Straight pieces with round corners, as SVG path data; it ends before the arrow's head."""
    ends = [*points[:-1], short_of(points[-2], points[-1], HEAD - 1)]
    parts = [f"M{ends[0].x:g} {ends[0].y:g}"]
    for before, corner, after in zip(ends, ends[1:], ends[2:], strict=False):
        reach = min(CORNER, length(before, corner) / 2, length(corner, after) / 2)
        start, end = short_of(before, corner, reach), short_of(after, corner, reach)
        parts.append(f"L{start.x:g} {start.y:g}Q{corner.x:g} {corner.y:g} {end.x:g} {end.y:g}")
    return "".join([*parts, f"L{ends[-1].x:g} {ends[-1].y:g}"])


def smooth_path(points: Sequence[Point]) -> str:
    """Bézier pieces as SVG path data."""
    if not points:
        return ""
    start, *rest = points
    return f"M{start.x:g} {start.y:g}C" + " ".join(f"{point.x:g} {point.y:g}" for point in rest)


def head_path(line: Line) -> str:
    """The arrow's head, at the end of a line."""
    before, tip = line.points[-2], line.points[-1]
    far = length(before, tip) or 1.0
    dx, dy = (tip.x - before.x) / far * HEAD, (tip.y - before.y) / far * HEAD
    left = f"{tip.x - dx - dy * 0.5:.1f} {tip.y - dy + dx * 0.5:.1f}"
    right = f"{tip.x - dx + dy * 0.5:.1f} {tip.y - dy - dx * 0.5:.1f}"
    return f"M{tip.x:g} {tip.y:g}L{left}L{right}Z"


def length(one: Point, other: Point) -> float:
    """From one point to another, in pixels."""
    return hypot(other.x - one.x, other.y - one.y)


def short_of(start: Point, end: Point, distance: float) -> Point:
    """The point on the way from start to end that lies so far before the end."""
    far = length(start, end)
    part = min(distance / far, 1.0) if far else 0.0
    return Point(round(end.x + (start.x - end.x) * part, 1), round(end.y + (start.y - end.y) * part, 1))


def rounded_box(rect: Rect, radius: float, look: str) -> str:
    """A box with round corners."""
    where = f'x="{rect.x:g}" y="{rect.y:g}" width="{rect.width:g}" height="{rect.height:g}"'
    return f'<rect {where} rx="{radius:g}" {look}/>'
