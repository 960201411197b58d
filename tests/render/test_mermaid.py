"""Mermaid text: what it shows, and that no name of a chart can break it."""

from __future__ import annotations

import re

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.render import media_ladder, mermaid
from session_fsm.render.mermaid import text

ID = r"(?:\[\*\]|[A-Za-z]\w*)"
TEXT = r"(?:[\w .,()\[\]/*+=?!'|-]|#\d+;|<br/>)+"
LINES = [
    rf"{ID}",
    rf"{ID} --> {ID}(?: : {TEXT})?",
    rf'state "{TEXT}" as {ID}',
    rf"{ID} : {TEXT}",
    r"classDef several fill:none,stroke-dasharray:4 3",
    r"class [\w,]+ several",
]
LINE = re.compile("|".join(f"(?:{line})" for line in LINES))

TROUBLE = """
id = "trouble"
version = 1
initial = "end"
final = ["state"]
[events]
note = { world = "a; b: c --> d" }
[states.end]
rows = [ { event = "note", to = "state" } ]
[states.state.ignored]
note = "over"
"""


def sides(name: str) -> list[Chart]:
    chart = Chart.load(name)
    return [chart.for_role("uac"), chart.for_role("uas")] if chart.sided else [chart]


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("internal", [False, True])
def test_every_line_is_one_that_mermaid_reads(name, internal):
    """The forms were each drawn by Mermaid 11."""
    for chart in [*sides(name), Chart.load(name)]:
        head, *lines = mermaid(chart, internal=internal).splitlines()
        assert "stateDiagram-v2" == head
        assert [] == [line for line in lines if not LINE.fullmatch(line.strip())]


def test_a_row_that_a_group_shares_is_one_arrow():
    """A dashed sign stands for the states of the group."""
    text = mermaid(Chart.load("media"))

    assert 1 == text.count("any_state_Flowing --> Held : renegotiated [inactive]")
    assert 'state "Active, Stalled" as any_state_Flowing' in text
    assert "any_state --> Closed : closed" in text


def test_words_of_the_grammar_are_not_taken_for_ids():
    text = mermaid(Chart.parse(TROUBLE))

    assert "[*] --> state_end" in text
    assert "state_end --> state_state : note" in text


def test_a_label_holds_no_character_that_the_grammar_reads():
    assert "a#59; b#58; c --#62; d#37;#37; #35;" == text("a; b: c --> d%% #")


def test_what_stays_in_its_state_is_drawn_only_when_asked():
    chart = Chart.load("invite_client")

    assert "timer_a" not in mermaid(chart)
    assert "Calling : timer_a / INVITE" in mermaid(chart, internal=True)


def test_a_state_with_lines_inside_keeps_its_name():
    """Without a name of its own Mermaid would show the first line as its name."""
    assert 'state "Calling" as Calling' in mermaid(Chart.load("invite_client"), internal=True)


def test_the_media_ladder_is_the_main_path_alone():
    """It leads to the state that the chart's `sometimes` property promises."""
    assert [
        "[*] --> Idle",
        "Idle --> Negotiating : negotiating",
        "Negotiating --> Ready : agreed",
        "Ready --> Established : path_opened",
        "Established --> Active : first_frame",
    ] == [line.strip() for line in media_ladder(Chart.load("media")).splitlines()[1:]]
