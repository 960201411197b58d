"""The layouts of the shipped charts: there is one for each, and nothing in it lies over anything else."""

from __future__ import annotations

from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from session_fsm.chart import Chart
from session_fsm.render.arrows import Drawing, drawing
from session_fsm.render.cards import lines_of, size_of
from session_fsm.render.chart_svg import title_place
from session_fsm.render.labels import label_lines
from session_fsm.render.layout import Layout, Point, Rect, lists_of, shipped_layout
from session_fsm.render.measure import text_width
from session_fsm.render.picture import COLUMN, chart_svg, laid_out, ways
from session_fsm.render.theme import Theme
from tools.layouts import drawn, stale

pytestmark = pytest.mark.slow

CHARTS = [pytest.param(chart, id=f"{chart.id}-{chart.role}") for chart in drawn()]


def drawn_of(chart: Chart) -> tuple[Drawing, Layout]:
    """By a layout that came with the package, whatever engine is here."""
    assert any(shipped_layout(asked) is not None for _, asked in ways(chart)), "python -m tools.layouts"
    found = laid_out(chart)
    assert found is not None
    return found


def layout_of(chart: Chart) -> Layout:
    return drawn_of(chart)[1]


def overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def holds(outer: Rect, inner: Rect) -> bool:
    return outer.x <= inner.x and inner.right <= outer.right and outer.y <= inner.y and inner.bottom <= outer.bottom


def piece(start: Point, end: Point) -> Rect:
    """A piece of a line as a box half a pixel thick; lines are level or upright."""
    x, y = min(start.x, end.x), min(start.y, end.y)
    return Rect(x - 0.25, y - 0.25, abs(end.x - start.x) + 0.5, abs(end.y - start.y) + 0.5)


def pieces(layout: Layout) -> list[tuple[int, Rect]]:
    return [(n, piece(*ends)) for n, line in enumerate(layout.lines) for ends in pairwise(line.points)]


def labels(layout: Layout) -> list[Rect]:
    return [line.label for line in layout.lines if line.label is not None]


def test_every_shipped_chart_and_side_has_a_layout():
    """When this fails: python -m tools.layouts."""
    assert [] == stale()


@pytest.mark.parametrize("chart", CHARTS)
def test_no_label_lies_over_a_label_a_state_or_a_line(chart):
    """Not even over its own line."""
    layout = layout_of(chart)
    found = labels(layout)

    assert [] == [pair for pair in combinations(found, 2) if overlap(*pair)]
    assert [] == [(label, name) for label in found for name, rect in layout.nodes.items() if overlap(label, rect)]
    assert [] == [(label, n) for label in found for n, rect in pieces(layout) if overlap(label, rect)]


@pytest.mark.parametrize("chart", CHARTS)
def test_no_label_lies_across_the_edge_of_a_box(chart):
    layout = layout_of(chart)

    assert [] == [
        (label, name)
        for label in labels(layout)
        for name, box in layout.boxes.items()
        if overlap(label, box) and not holds(box, label)
    ]


@pytest.mark.parametrize("chart", CHARTS)
def test_no_box_s_title_lies_over_anything(chart):
    """It moves along the edge until nothing is in its way."""
    layout = layout_of(chart)
    titles = [title_place(name, box, layout) for name, box in layout.boxes.items()]
    taken = [*labels(layout), *layout.nodes.values(), *(rect for _, rect in pieces(layout))]

    assert [] == [(title, other) for title in titles for other in taken if overlap(title, other)]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_can_be_read_in_a_column_of_text(chart):
    """A README is about 950 pixels wide: what is wider has labels that are hard to read."""
    assert layout_of(chart).width <= COLUMN


@pytest.mark.parametrize("chart", CHARTS)
def test_every_arrow_is_a_line_or_stands_in_a_list(chart):
    """Fewer lines never mean fewer rows."""
    shown, _ = drawn_of(chart)
    every = {row for arrow in drawing(chart).arrows for rows in arrow.rows for row in rows}

    assert every == {row for arrow in (*shown.arrows, *shown.exits) for rows in arrow.rows for row in rows}


@pytest.mark.parametrize("chart", CHARTS)
def test_every_list_has_the_room_that_its_text_needs(chart):
    """Below the name of its state, and beside the names of the targets."""
    shown, layout = drawn_of(chart)

    for name, exits in lists_of(shown).items():
        width, height = size_of(exits)
        head = 34 if name in chart.states else 24
        assert (width, height + head) <= (layout.nodes[name].width, layout.nodes[name].height)
        assert height >= 14.0 * len(list(lines_of(exits)))


@pytest.mark.parametrize("chart", CHARTS)
def test_every_state_but_the_first_has_a_line_that_leads_to_it(chart):
    """A list may hide ways to it, but never all of them."""
    shown, _ = drawn_of(chart)
    reached = {arrow.target for arrow in drawing(chart).arrows if arrow.source != arrow.target}

    assert reached == {arrow.target for arrow in shown.arrows if arrow.source != arrow.target}


@pytest.mark.parametrize("chart", CHARTS)
def test_no_line_runs_through_a_state(chart):
    layout = layout_of(chart)

    assert [] == [
        (n, name)
        for n, rect in pieces(layout)
        for name, node in layout.nodes.items()
        if overlap(rect, Rect(node.x + 1, node.y + 1, node.width - 2, node.height - 2))
    ]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_label_has_the_room_that_its_text_needs(chart):
    shown, layout = drawn_of(chart)

    for arrow, line in zip(shown.arrows, layout.lines, strict=False):
        assert line.label is not None
        assert max(text_width(text, 11.0) for text in label_lines(arrow.labels)) <= line.label.width


def test_the_media_ladder_leads_straight_down():
    """Each state of the main path stands below the one before, and its line is upright."""
    shown, layout = drawn_of(Chart.load("media"))
    tops = [layout.nodes[name].y for name in shown.path]

    assert sorted(tops) == tops
    for arrow, line in zip(shown.arrows, layout.lines, strict=False):
        if (arrow.source, arrow.target) in pairwise(shown.path):
            assert 1 == len({round(point.x) for point in line.points})


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("chart", CHARTS)
def test_a_picture_is_well_formed_and_links_to_nothing(chart, theme):
    text = chart_svg(chart, theme=theme)
    assert text is not None

    ElementTree.fromstring(text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert [] == [name for name in chart.states if f">{name}<" not in text]
