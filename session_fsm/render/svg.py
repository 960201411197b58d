"""A small picture that needs no layout: a row of states with one of them lit.

It is self-contained and takes the page's own text colour, so that it reads on light and on dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

# Pixels. The width of a letter is that of the widest common sans-serif font at 12 px, so that no text leaves its box.
LETTER = 7.2
BOX_HEIGHT = 28
GAP = 28

LIT = "#2563eb"
FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="currentColor"'


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
