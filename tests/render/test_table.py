"""The plain table: every row once, in columns that line up."""

from __future__ import annotations

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.render import table
from session_fsm.render.table import blocks

NON_INVITE_SERVER = Chart.load("non_invite_server")


@pytest.mark.parametrize("name", shipped())
def test_every_row_and_every_verdict_of_a_chart_is_in_its_table(name):
    """A row of a group is there once, not once for each state."""
    chart = Chart.load(name)
    lines = [line for block in blocks(chart) for line in block]
    rows = sum(len(decisions.rows) for _, decisions in chart.all_decisions())
    rulings = sum(len(told) for _, decisions in chart.all_decisions() for told in decisions.verdicts.values())
    verdicts = [line for line in lines if line[2] in ("(ignored)", "(postponed)", "(refused)", "(impossible)")]

    assert rows == sum(line[1] not in ("(enter)", "(exit)", "") for line in lines) - len(verdicts)
    assert rulings == sum(len(line[1].split(", ")) for line in verdicts)


@pytest.mark.parametrize("width", [80, 132, 200])
@pytest.mark.parametrize("name", shipped())
def test_no_line_is_wider_than_asked(name, width):
    longest = max(table(Chart.load(name), width=width).splitlines()[1:], key=len)

    assert len(longest) <= width


def test_a_cell_that_is_too_wide_goes_on_in_the_next_line_of_its_column():
    lines = table(Chart.load("media")).splitlines()
    first = next(n for n, line in enumerate(lines) if "first_frame [expects_rtp]" in line)

    assert lines[first].index("FirstAudioFrameReceived") == lines[first + 1].index("RemoteMediaConfirmed")
