"""Whole pictures as SVG: one chart, call and media of a role, or both roles, with a run painted on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from session_fsm.chart import Chart, Role, Row
from session_fsm.machine import TraceRow
from session_fsm.render.arrows import Drawing, drawing
from session_fsm.render.cards import listed
from session_fsm.render.chart_svg import chart_parts
from session_fsm.render.engine import layout_by_engine
from session_fsm.render.labels import LABEL_SIZE
from session_fsm.render.layout import Layout, Problem, Rect, problem, shipped_layout
from session_fsm.render.measure import text_width
from session_fsm.render.paint import Paint, painted
from session_fsm.render.several import title_of
from session_fsm.render.shapes import STRUCK, badge, document, words
from session_fsm.render.theme import COLOURS, Colours, Theme

MARGIN = 12.0
TITLE = 40.0
GAP = 14.0
STEP = 20.0  # from one line of the list of steps to the next
NARROWEST = 330.0  # of a panel with a list of steps under it
COLUMN = 960.0  # about the width of a README: a chart that is wider is drawn with fewer arrows
FEWER = (6, 4, 3, 2, 1)  # arrows to one state, before they are told in lists
MANY = 20  # arrows: with more of them nobody follows one with the eye
WIDEST = 1200.0  # of a picture whose panels could stand one below the other


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart with its title, as a part of a picture."""

    shown: Drawing
    layout: Layout
    title: str
    paint: Paint | None = None

    @property
    def width(self) -> float:
        """Its width in pixels."""
        return max(self.layout.width, NARROWEST if _told(self.paint) else 0.0)

    @property
    def height(self) -> float:
        """Its height in pixels, the title and the list of steps included."""
        return TITLE + self.layout.height + (STEP * len(_told(self.paint)) + 24 if _told(self.paint) else 0.0)


def panel(chart: Chart, rows: Iterable[TraceRow] = ()) -> Panel | None:
    """A chart ready to be drawn; None where nothing can lay it out."""
    return _panel_with(chart, painted(chart, rows))


def lit_panel(chart: Chart, here: str, visited: Iterable[str] = ()) -> Panel | None:
    """A chart with the state in which a machine is lit, and those that it has visited marked."""
    return _panel_with(chart, Paint(here=here, visited=dict.fromkeys((*visited, here), 0.0)))


def _panel_with(chart: Chart, paint: Paint | None) -> Panel | None:
    found = laid_out(chart)
    return None if found is None else Panel(*found, title_of(chart), paint)


def laid_out(chart: Chart) -> tuple[Drawing, Layout] | None:
    """What is drawn of a chart, and where it stands; None where nothing can lay it out."""
    every = ways(chart)
    for shown, asked in every:
        if (layout := shipped_layout(asked)) is not None:
            return shown, layout
    found: list[tuple[Drawing, Layout]] = []
    for shown, asked in every:
        if (made := layout_by_engine(asked)) is None:
            return None
        found.append((shown, made))
        if made.width <= COLUMN:
            break
    return min(found, key=lambda pair: pair[1].width)


def ways(chart: Chart) -> list[tuple[Drawing, Problem]]:
    """How a chart may be drawn, and the layout that each way needs: with every arrow, and with fewer and fewer."""
    whole = drawing(chart)
    main = frozenset(zip(whole.path, whole.path[1:], strict=False))
    each = [whole, *(listed(whole, most) for most in FEWER)]
    found = {len(shown.arrows): (shown, problem(shown, main)) for shown in each}
    clear = [way for count, way in found.items() if count <= MANY]
    return clear or list(found.values())[-1:]


def chart_svg(chart: Chart, *, theme: Theme = Theme.LIGHT, rows: Iterable[TraceRow] = ()) -> str | None:
    """A chart as SVG; None where nothing can lay it out."""
    made = panel(chart, rows)
    return None if made is None else panels_svg([[made]], theme)


def panels_svg(sides: Sequence[Sequence[Panel]], theme: Theme) -> str:
    """Panels as one picture: the panels of a side one below the other, the sides side by side.

    The panels of a side that is alone stand side by side too, where they are narrow enough.
    """
    columns = sides
    if len(sides) == 1 and sum(each.width for each in sides[0]) <= WIDEST:
        columns = [[each] for each in sides[0]]
    colours = COLOURS[theme]
    parts: list[str] = []
    x, lowest = MARGIN, max(_tall(column) for column in columns)
    for column in columns:
        y, wide = MARGIN, max(each.width for each in column)
        for each in column:
            # The last one of a column fills it, so that columns end together.
            rest = lowest - y + MARGIN if each is column[-1] else each.height
            parts += _panel(each, Rect(x, y, wide, rest), colours)
            y += rest + GAP
        x += wide + GAP
    title = ", ".join(each.title for column in columns for each in column)
    return document(round(x - GAP + MARGIN, 1), round(lowest + 2 * MARGIN, 1), parts, colours, title)


def _tall(column: Sequence[Panel]) -> float:
    return sum(each.height for each in column) + GAP * (len(column) - 1)


def _panel(each: Panel, place: Rect, colours: Colours) -> Iterator[str]:
    x, y, width, height = place
    look = f'fill="{colours.panel}" stroke="{colours.border}"'
    yield f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="10" {look}/>'
    yield words(each.title, x + 16, y + 26, 15, colours.text, weight="700")
    dx = x + (width - each.layout.width) / 2
    yield f'<g transform="translate({dx:g} {y + TITLE - 8:g})">'
    yield from chart_parts(each.shown, each.layout, colours, each.paint)
    yield "</g>"
    if each.paint is not None:
        yield from _steps(each.paint, x + 16, y + TITLE + each.layout.height, colours)


def pair(role: Role, charts: Mapping[str, Chart]) -> list[Chart]:
    """The two charts that are a session for its user: the call and its media, as one role has them."""
    return [charts[name].for_role(role) for name in ("call", "media")]


def _told(paint: Paint | None) -> list[tuple[float, int | None, str, str]]:
    """(time, number or None for a row that was refused, what, why) in the order of the trace."""
    if paint is None:
        return []
    found: list[tuple[int, float, int | None, str, str]] = [
        (refusal.n, refusal.time, None, _row(refusal.row), _why(refusal.guard)) for refusal in paint.tried
    ]
    for step in paint.steps:
        arrived = step.to_state if step.to_state != step.from_state else ""
        found.append((step.n, step.time, step.number, step.event, arrived))
    return [line[1:] for line in sorted(found, key=lambda line: line[0])]


def _why(guard: str) -> str:
    """What a guard said against a row."""
    return f"because {guard[4:]} is true" if guard.startswith("not ") else f"because {guard} is false"


def _row(row: Row) -> str:
    guard = f" [{' and '.join(map(str, row.when))}]" if row.when else ""
    return f"{row.event}{guard} to {row.to}" if row.to else f"{row.event}{guard}"


def _steps(paint: Paint, x: float, y: float, colours: Colours) -> Iterator[str]:
    for n, (time, number, what, more) in enumerate(_told(paint)):
        at = y + 12 + STEP * n
        yield words(f"{time * 1000:.1f} ms", x + 66, at, LABEL_SIZE, colours.quiet, anchor="end")
        if number is None:
            yield words(what, x + 96, at, LABEL_SIZE, colours.edge, more=STRUCK)
        else:
            yield badge(number, x + 80, at - 4, colours)
            yield words(what, x + 96, at, LABEL_SIZE, colours.text)
        beside = x + 106 + text_width(what, LABEL_SIZE)
        yield words(more, beside, at, LABEL_SIZE, colours.edge if number is None else colours.main, weight="600")
