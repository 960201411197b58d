"""A chart's page holds every name and every reason of its chart, and the pages in docs/ are the newest."""

from __future__ import annotations

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.render import page
from session_fsm.render.rfc import linked
from tools import charts, generated


def test_the_pages_in_docs_are_what_the_charts_say():
    """When this fails: make charts."""
    assert [] == generated.stale(charts.DOCS / "charts", charts.pages())


def test_the_pictures_in_docs_are_what_the_tool_draws():
    """When this fails: make charts."""
    assert [] == generated.stale(charts.DOCS / "pictures", charts.pictures())


def test_the_tool_writes_what_is_stale_and_removes_what_has_no_chart(tmp_path):
    wanted = {"call.md": "a page"}
    (tmp_path / "gone.md").write_text("a chart that was removed")

    assert ["call.md", "gone.md"] == generated.write(tmp_path, wanted)
    assert [] == generated.stale(tmp_path, wanted)
    assert ["call.md"] == [file.name for file in tmp_path.iterdir()]


@pytest.mark.parametrize("name", shipped())
def test_a_page_names_everything_that_its_chart_does(name):
    chart = Chart.load(name)
    text = page(chart)
    names = [*chart.states, *chart.groups, *chart.events, *chart.guards, *chart.emits, *chart.timers, *chart.properties]
    names += [f"`{name}`" for name in (*chart.sends, *chart.effects)]

    assert [] == [name for name in names if name not in text]


@pytest.mark.parametrize("name", shipped())
def test_a_page_gives_every_reason(name):
    chart = Chart.load(name)
    text = page(chart)
    told = [ruling for _, decisions in chart.all_decisions() for some in decisions.verdicts.values() for ruling in some]

    assert [] == [ruling.reason for ruling in told if f": {linked(ruling.reason)}\n" not in text]


def test_a_chart_with_two_sides_has_two_pictures():
    assert 2 == page(Chart.load("call")).count("<picture>")


def test_the_hearers_of_an_emission_are_linked():
    charts = [Chart.load(name) for name in ("media", "offer_answer")]

    assert "| `agreed` | the first agreement | [media](media.md) |" in page(charts[1], charts)


def test_each_section_is_linked_to_the_rfc_that_was_named_last():
    text = linked("RFC 3261 §9, §15.1.1; RFC 3550 A.1")

    assert text == (
        "[RFC 3261 §9](https://www.rfc-editor.org/rfc/rfc3261#section-9), "
        "[§15.1.1](https://www.rfc-editor.org/rfc/rfc3261#section-15.1.1); "
        "[RFC 3550 A.1](https://www.rfc-editor.org/rfc/rfc3550#appendix-A.1)"
    )


def test_a_section_of_nothing_stays_text():
    assert "see §4" == linked("see §4")
