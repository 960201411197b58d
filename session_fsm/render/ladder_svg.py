"""The ladder of a call as SVG: messages between two lanes, and the states that a side enters as notes on its lane."""

from __future__ import annotations

from collections.abc import Iterator

from session_fsm.render.ladder import Ladder, Rung
from session_fsm.render.measure import text_width
from session_fsm.render.shapes import document, words
from session_fsm.render.theme import COLOURS, Colours, Theme

WIDTH = 760.0
LANES = (190.0, 570.0)
TOP = 76.0
NOTE = 24.0
SIZE = 12.0
HEIGHTS = {"state": 30.0, "message": 40.0, "packet": 40.0, "lost": 40.0}
DASHES = {"packet": "5 4", "lost": "3 3"}


def ladder_svg(drawn: Ladder, theme: Theme = Theme.LIGHT) -> str:
    """A ladder as a picture of its own."""
    return _Ladder(drawn, COLOURS[theme]).picture()


class _Ladder:
    """Draws one ladder from above to below."""

    def __init__(self, drawn: Ladder, colours: Colours) -> None:
        self.drawn = drawn
        self.colours = colours
        self.rows = list(self._rows())
        self.bottom = max((y + HEIGHTS[rung.look] / 2 for rung, y in self.rows), default=TOP) + 14

    def _rows(self) -> Iterator[tuple[Rung, float]]:
        """Each rung with its height; two states that the sides enter one after the other stand beside each other."""
        y = TOP
        before: Rung | None = None
        for rung in self.drawn.rungs:
            beside = before is not None and before.look == rung.look == "state" and before.side != rung.side
            if not beside or (before is not None and before.time != rung.time):
                y += HEIGHTS[rung.look]
            before = rung
            yield rung, y - HEIGHTS[rung.look] / 2 + (8 if rung.look != "state" else 0)

    def picture(self) -> str:
        colours = self.colours
        height = self.bottom + 52
        panel = f'<rect x="12" y="12" width="{WIDTH - 24:g}" height="{height - 24:g}" rx="10"'
        parts = [f'{panel} fill="{colours.panel}" stroke="{colours.border}"/>']
        for name, x in zip(self.drawn.names, LANES, strict=True):
            look = f'stroke="{colours.border}" stroke-width="2"'
            parts.append(f'<line x1="{x:g}" y1="58" x2="{x:g}" y2="{self.bottom + 4:g}" {look}/>')
            parts += [self._side(name, x, 28), self._side(name, x, self.bottom + 4)]
        parts.append(words("ms", 66, 48, 11, colours.quiet, anchor="end"))
        for rung, y in self.rows:
            parts += self._state(rung, y) if rung.look == "state" else self._message(rung, y)
        return document(WIDTH, height, parts, colours, f"{self.drawn.names[0]} and {self.drawn.names[1]}")

    def _side(self, name: str, x: float, y: float) -> str:
        width = text_width(name, 13, bold=True) + 40
        look = f'fill="{self.colours.main_fill}" stroke="{self.colours.main}" stroke-width="1.4"'
        box = f'<rect x="{x - width / 2:g}" y="{y:g}" width="{width:g}" height="30" rx="8" {look}/>'
        return box + words(name, x, y + 19.5, 13, self.colours.text, anchor="middle", weight="700")

    def _state(self, rung: Rung, y: float) -> Iterator[str]:
        colours, x = self.colours, LANES[rung.side]
        width = text_width(rung.label, SIZE, bold=True) + 22
        is_active = rung.label.endswith(" Active")
        fill, stroke = (colours.goal_fill, colours.goal) if is_active else (colours.state, colours.edge)
        where = f'x="{x - width / 2:g}" y="{y - NOTE / 2:g}" width="{width:g}" height="{NOTE:g}" rx="6"'
        yield f'<rect {where} fill="{fill}" stroke="{stroke}" stroke-width="1.2"/>'
        yield words(rung.label, x, y + 4.2, SIZE, colours.text, anchor="middle", weight="600" if is_active else "")
        yield self._time(rung.time, rung.side, y)

    def _message(self, rung: Rung, y: float) -> Iterator[str]:
        colours = self.colours
        ink = {"lost": colours.refused, "packet": colours.goal}.get(rung.look, colours.main)
        start, end = LANES[rung.side], LANES[1 - rung.side]
        way = 1 if end > start else -1
        stop = start + (end - start) * 0.72 if rung.look == "lost" else end - way
        dash = f' stroke-dasharray="{DASHES[rung.look]}"' if rung.look in DASHES else ""
        shaft = stop if rung.look == "lost" else stop - 7 * way
        look = f'stroke="{ink}" stroke-width="1.6"{dash}'
        yield f'<line x1="{start + way:g}" y1="{y:g}" x2="{shaft:g}" y2="{y:g}" {look}/>'
        if rung.look == "lost":
            cross = f"M{stop - 5:g} {y - 5:g}l10 10m0 -10l-10 10"
            yield f'<path d="{cross}" stroke="{ink}" stroke-width="1.8" fill="none"/>'
        else:
            yield f'<path d="M{stop:g} {y:g}l{-9 * way} -4.5v9z" fill="{ink}"/>'
        label = f"{rung.label} (lost)" if rung.look == "lost" else rung.label
        yield words(label, sum(LANES) / 2, y - 7, SIZE, colours.text, anchor="middle")
        # Of a packet only its arrival is told.
        yield self._time(rung.time, 1 - rung.side if rung.look == "packet" else rung.side, y)
        if rung.arrival is not None:
            yield self._time(rung.arrival, 1 - rung.side, y)

    def _time(self, seconds: float, side: int, y: float) -> str:
        """Milliseconds, on the outer side of the lane that they are of."""
        x, anchor = ((66.0, "end"), (WIDTH - 66, "start"))[side]
        return words(f"{seconds * 1000:.1f}", x, y + 4, 11, self.colours.quiet, anchor=anchor)
