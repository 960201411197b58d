"""Two small pictures that need no layout: the ladder of a call, and a row of states with one of them lit.

They are self-contained and take the page's own text colour, so that they read on light and on dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from session_fsm.render.ladder import Ladder, Rung

# Pixels. The width of a letter is that of the widest common sans-serif font at 12 px, so that no text leaves its box.
LETTER = 7.2
LINE = 26
LANES = (150, 550)
LADDER_WIDTH = 700
BOX_HEIGHT = 28
GAP = 28

LIT = "#2563eb"
FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="currentColor"'
DASHES = {"packet": ' stroke-dasharray="5 4"', "lost": ' stroke-dasharray="2 3"'}


def ladder_svg(drawn: Ladder) -> str:
    """A ladder as inline SVG: messages between two lanes, states as notes on them, milliseconds at the side."""
    height = LINE * (len(drawn.rungs) + 2)
    lanes = [_lane(name, x, height) for name, x in zip(drawn.names, LANES, strict=True)]
    rungs = [part for n, rung in enumerate(drawn.rungs, 2) for part in _rung(rung, n * LINE)]
    return _svg(LADDER_WIDTH, height, [*lanes, *rungs])


def states_svg(names: Sequence[str], here: str | None = None, *, joined: bool = True) -> str:
    """States in a row, joined by arrows, one of them lit; one that is not in the row stands beside it."""
    parts: list[str] = []
    x = 4.0
    for n, name in enumerate(names):
        if n and joined:
            parts.append(_arrow(x - GAP, x - 3, 4 + BOX_HEIGHT / 2))
        parts.append(_state(name, x, name == here))
        x += _width(name) + GAP
    if here is not None and here not in names:
        parts.append(_state(here, x, True))
        x += _width(here) + GAP
    return _svg(x - GAP + 4, BOX_HEIGHT + 8, parts)


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    style = 'style="max-width:100%;height:auto" role="img"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} {FONT}>{"".join(parts)}</svg>'


def _lane(name: str, x: float, height: float) -> str:
    line = f'<line x1="{x}" y1="{LINE}" x2="{x}" y2="{height}" stroke="currentColor" stroke-opacity="0.35"/>'
    return f'<text x="{x}" y="16" text-anchor="middle" font-weight="600">{escape(name)}</text>{line}'


def _rung(rung: Rung, y: float) -> Iterator[str]:
    yield _time(rung.time, 64, y)
    if rung.look == "state":
        yield _note(rung.label, LANES[rung.side], y)
        return
    start, end = LANES[rung.side], LANES[1 - rung.side]
    dash = DASHES.get(rung.look, "")
    stop = (start + 3 * end) / 4 if rung.look == "lost" else end
    yield f'<line x1="{start}" y1="{y}" x2="{stop}" y2="{y}" stroke="currentColor"{dash}/>'
    yield _cross(stop, y) if rung.look == "lost" else _head(end, y, 1 if end > start else -1)
    label = f"{rung.label} (lost)" if rung.look == "lost" else rung.label
    yield f'<text x="{sum(LANES) / 2}" y="{y - 5}" text-anchor="middle">{escape(label)}</text>'
    if rung.arrival is not None:
        yield _time(rung.arrival, LADDER_WIDTH - 6, y)


def _time(seconds: float, x: float, y: float) -> str:
    return f'<text x="{x}" y="{y + 4}" text-anchor="end" fill-opacity="0.6">{seconds * 1000:.1f}</text>'


def _note(label: str, x: float, y: float) -> str:
    width = _width(label)
    box = f'<rect x="{x - width / 2:g}" y="{y - 10}" width="{width:g}" height="20" rx="4"'
    back = f'{box} fill="Canvas"/>{box} fill="{LIT}" fill-opacity="0.15" stroke="{LIT}" stroke-opacity="0.5"/>'
    return f'{back}<text x="{x}" y="{y + 4}" text-anchor="middle">{escape(label)}</text>'


def _state(name: str, x: float, is_lit: bool) -> str:
    look = f'fill="{LIT}" stroke="{LIT}"' if is_lit else 'fill="none" stroke="currentColor" stroke-opacity="0.5"'
    text = ' fill="white" font-weight="600"' if is_lit else ""
    width = _width(name)
    box = f'<rect x="{x:g}" y="4" width="{width:g}" height="{BOX_HEIGHT}" rx="6" {look}/>'
    middle = 4 + BOX_HEIGHT / 2 + 4
    return f'{box}<text x="{x + width / 2:g}" y="{middle:g}" text-anchor="middle"{text}>{escape(name)}</text>'


def _width(text: str) -> float:
    return len(text) * LETTER + 20


def _arrow(start: float, end: float, y: float) -> str:
    return f'<line x1="{start:g}" y1="{y:g}" x2="{end:g}" y2="{y:g}" stroke="currentColor"/>{_head(end, y, 1)}'


def _head(x: float, y: float, way: int) -> str:
    return f'<path d="M{x:g} {y:g} l{-8 * way} -4 v8 z" fill="currentColor"/>'


def _cross(x: float, y: float) -> str:
    return f'<path d="M{x - 4:g} {y - 4:g} l8 8 m0 -8 l-8 8" stroke="currentColor" fill="none"/>'
