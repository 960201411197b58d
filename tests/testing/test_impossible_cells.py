"""What a chart calls impossible, when it is fuzzed alone: its surroundings never do it, its own waiting events may."""

from __future__ import annotations

import pytest

from session_fsm.chart import Chart
from session_fsm.session.building import shipped_charts
from session_fsm.testing.walks import ways

TELLER = """
id = "teller"
initial = "Busy"
final = ["Gone"]
[events]
closed = { world = "the bank shuts" }
free   = { world = "the last customer leaves" }
alarm  = { world = "somebody shouts" }
[states.Busy]
rows = [ { event = "free", to = "Idle" }, { event = "alarm", to = "Gone" } ]
[states.Busy.postponed]
closed = "who is inside is served"
[states.Idle]
rows = [ { event = "closed", to = "Gone" } ]
[states.Idle.ignored]
free = "nobody is there"
alarm = "nobody is there"
[states.Gone.ignored]
free = "nobody is there"
alarm = "nobody is there"
[states.Gone.impossible]
closed = "it shuts once"
"""


def impossible(chart: Chart) -> set[tuple[str, str]]:
    """(state, event) that come up where the chart calls them so."""
    turns = (turn for turns in ways(chart).turns.values() for turn in turns)
    return {(taken.state, taken.event) for turn in turns for taken in turn.taken if taken.step.verdict == "impossible"}


@pytest.mark.parametrize("side", ["uac", "uas"])
def test_surroundings_keep_to_what_a_chart_says_of_them(side):
    """No 2xx comes to a call that has failed: the explorer proves it, and a chart alone is not blamed for it."""
    assert set() == impossible(shipped_charts()["call"].for_role(side))


def test_an_event_that_waited_may_come_where_it_is_impossible():
    """Nobody but the chart itself is to blame."""
    assert {("Gone", "closed")} == impossible(Chart.parse(TELLER, "teller.toml"))
