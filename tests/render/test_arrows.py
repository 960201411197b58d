"""What a picture shows, before any language of pictures."""

from __future__ import annotations

import pytest

from session_fsm.chart import Chart
from session_fsm.render.arrows import drawing


@pytest.mark.parametrize(("state", "other"), [("Redirected", "(uas)"), ("EarlyMedia", "(uac)")])
def test_a_state_of_one_side_has_no_arrow_of_the_other(state: str, other: str) -> None:
    """A group's row may be of the side that is never in one of its states."""
    shown = drawing(Chart.load("call"))

    assert [] == [label for arrow in shown.arrows if arrow.source == state for label in arrow.labels if other in label]


def test_a_row_is_drawn_where_its_target_is_of_the_same_side() -> None:
    """The caller alone gives up waiting, so a state of the callee has no arrow there."""
    shown = drawing(Chart.load("call"))

    assert {"WaitingToGiveUp", "Proceeding", "Ringing"} == {
        arrow.source for arrow in shown.arrows if arrow.target == "GivingUp"
    }
