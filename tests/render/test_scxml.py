"""SCXML: what is written is read back the same, and what a chart cannot say is refused in one sentence."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.render.scxml import SCXML, scxml
from session_fsm.render.scxml_reading import NotAChart, chart_text

DOOR = """<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="door" initial="shut">
  <state id="shut"><transition event="push" cond="!locked" target="open"/></state>
  <state id="open" initial="ajar">
    <transition event="pull" target="shut"><send event="creak"/></transition>
    <state id="ajar"><transition event="push" target="wide"/></state>
    <state id="wide"/>
    <transition event="break.down" target="gone"/>
  </state>
  <final id="gone"/>
</scxml>"""


def decided(chart: Chart) -> dict[object, object]:
    """Every cell of every side, without the names of rows, which a group's lose when they are written in each state."""
    sides = [chart.for_role("uac"), chart.for_role("uas")] if chart.sided else [chart]
    return {
        (side.role, *key): ([(row.event, row.when, row.to, row.effects, row.why) for row in cell.rows], cell.verdict)
        for side in sides
        for key, cell in side.cells.items()
    }


def places(chart: Chart) -> dict[str, object]:
    return {state.name: (state.timers, state.enter, state.exit, state.doc) for state in chart.states.values()}


@pytest.mark.parametrize("name", shipped())
def test_a_chart_that_was_written_is_read_back_the_same(name):
    """States, what every cell decides, timers, events, guards and claims."""
    chart = Chart.load(name)
    again = Chart.parse(chart_text(scxml(chart).encode(), name))

    assert (chart.id, chart.version, chart.initial, chart.final) == (
        again.id,
        again.version,
        again.initial,
        again.final,
    )
    assert places(chart) == places(again)
    assert decided(chart) == decided(again)
    for part in ("timers", "events", "guards", "effects", "sends", "emits", "properties", "parameters"):
        assert getattr(chart, part) == getattr(again, part)


def test_what_is_written_has_only_scxml_s_own_elements_and_ours():
    root = ElementTree.fromstring(scxml(Chart.load("media")))

    assert {SCXML, "urn:session-fsm:chart"} == {element.tag[1:].partition("}")[0] for element in root.iter()}


def test_somebody_else_s_document_becomes_a_chart_that_loads():
    """Nested states are flattened, and what is discarded is said to be."""
    chart = Chart.parse(chart_text(DOOR.encode(), "door"))

    assert ["shut", "ajar", "wide", "gone"] == list(chart.states)
    assert ("gone",) == chart.final
    assert "ajar" == chart.cells["shut", "push"].rows[0].to
    assert "shut" == chart.cells["wide", "pull"].rows[0].to
    assert "ignored" == chart.cells["wide", "push"].verdict


LAMP = """<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" name="lamp" datamodel="ecmascript">
  <datamodel><data id="sunny" expr="false"/></datamodel>
  <state id="off"><transition event="press" cond="!sunny" target="on"><log label="lit" expr="1"/></transition></state>
  <state id="on">
    <onentry><send event="late" id="t.1" delay="1500ms"/></onentry>
    <onexit><cancel sendid="t.1"/></onexit>
    <transition event="press" target="off"/>
    <transition event="late" target="off"/>
  </state>
</scxml>"""


def test_an_event_that_somebody_sends_to_himself_later_is_a_timer():
    """With its delay; cancelling it cancels the timer."""
    chart = Chart.parse(chart_text(LAMP.encode(), "lamp"))

    assert ("late", 1.5) == (chart.timers["t_1"].event, chart.timers["t_1"].after.seconds({}))
    assert (("start", "t_1"),) == chart.states["on"].enter.listed()
    assert (("cancel", "t_1"),) == chart.states["on"].exit.listed()


def test_what_somebody_logs_is_done():
    """It is local work."""
    chart = Chart.parse(chart_text(LAMP.encode(), "lamp"))

    assert (("do", "log_lit"),) == chart.cells["off", "press"].rows[0].effects.listed()


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (
            f'<scxml xmlns="{SCXML}"><state id="a"><onentry><send event="e" delay="soon"/></onentry></state></scxml>',
            "e is delayed by 'soon'; possible: seconds (5s) or ms (50ms)",
        ),
        ("<a", "not XML"),
        ("<a/>", "the root is a"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a/>', "document type"),
        (f'<scxml xmlns="{SCXML}"/>', "no state"),
        (f'<scxml xmlns="{SCXML}"><parallel id="p"/></scxml>', "p: a chart has no states at once"),
        (f'<scxml xmlns="{SCXML}"><state/></scxml>', "has no id"),
        (
            f'<scxml xmlns="{SCXML}"><state id="a"><transition target="a"/></state></scxml>',
            "a: a transition has no event",
        ),
        (
            f'<scxml xmlns="{SCXML}"><state id="a"><transition event="e" target="b"/></state></scxml>',
            "a: e: no state is called b; possible: a",
        ),
        (
            f'<scxml xmlns="{SCXML}"><state id="a"><onentry><script>x</script></onentry></state></scxml>',
            "a: <script> holds code",
        ),
    ],
)
def test_what_a_chart_cannot_say_is_refused(document, complaint):
    with pytest.raises(NotAChart) as caught:
        chart_text(document.encode(), "x")

    assert complaint in str(caught.value)
