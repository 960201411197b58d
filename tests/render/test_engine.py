"""A chart that did not come with the package is laid out by the engine of the extra `draw`."""

from __future__ import annotations

from itertools import combinations

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.render import engine, picture
from session_fsm.render.arrows import drawing
from session_fsm.render.engine import layout_by_engine
from session_fsm.render.layout import Rect
from session_fsm.render.picture import chart_svg, laid_out, ways

OWN = """
id = "door"
version = 1
initial = "Shut"
final = ["Gone"]
[events]
push = { command = "push" }
fire = { world = "it burns" }
[states.Shut]
rows = [ { event = "push", to = "Open" } ]
[states.Open]
rows = [ { event = "push", to = "Shut" } ]
[states.Gone.ignored]
push = "it is gone"
fire = "it is gone"
[groups.There]
states = ["Shut", "Open"]
rows = [ { event = "fire", to = "Gone" } ]
"""


def overlap(one: Rect, other: Rect) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


@pytest.mark.skipif(engine._program() is None, reason="no layout engine is installed")
def test_a_chart_of_ones_own_is_a_picture():
    """Its group is a box, and everything is named."""
    text = chart_svg(Chart.parse(OWN)) or ""

    assert [] == [word for word in ("Shut", "Open", "Gone", "There", "push", "fire") if f">{word}<" not in text]


@pytest.mark.skipif(engine._program() is None, reason="no layout engine is installed")
@pytest.mark.parametrize("name", shipped())
def test_no_label_lies_over_a_label_or_a_state(name):
    layout = layout_by_engine(ways(Chart.load(name))[0][1])
    assert layout is not None
    labels = [line.label for line in layout.lines if line.label is not None]

    assert [] == [pair for pair in combinations(labels, 2) if overlap(*pair)]
    assert [] == [(label, node) for label in labels for node in layout.nodes.values() if overlap(label, node)]


@pytest.mark.skipif(engine._program() is None, reason="no layout engine is installed")
@pytest.mark.parametrize("name", ["call", "offer_answer", "quality"])
def test_a_crowded_chart_of_ones_own_is_drawn_with_fewer_arrows(monkeypatch, name):
    """And with lists, which lie over no label."""
    monkeypatch.setattr(picture, "shipped_layout", lambda asked: None)
    chart = Chart.load(name).for_role("uac")
    found = laid_out(chart)
    assert found is not None
    shown, layout = found
    labels = [line.label for line in layout.lines if line.label is not None]

    assert len(shown.arrows) < len(drawing(chart).arrows) == len(shown.arrows) + len(shown.exits)
    assert [] == [(label, node) for label in labels for node in layout.nodes.values() if overlap(label, node)]


def test_without_an_engine_there_is_no_picture(monkeypatch):
    monkeypatch.setattr(engine, "_program", lambda: None)

    assert chart_svg(Chart.parse(OWN)) is None
