"""Rule machines that are made from charts: they go everywhere, and they find what is wrong."""

from __future__ import annotations

import pytest
from chart_samples import DOOR, VAULT
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from session_fsm.chart import Chart
from session_fsm.testing import machine_of
from session_fsm.testing.charts import row_ids

QUICK = settings(
    max_examples=30, stateful_step_count=30, deadline=None, phases=[Phase.generate, Phase.shrink], database=None
)


def notes_of(error: BaseException) -> str:
    return "\n".join(getattr(error, "__notes__", ()))


@pytest.mark.parametrize("chart", [DOOR, VAULT], ids=lambda chart: chart.id)
def test_a_rule_machine_takes_every_row(chart):
    """Drawn from what is enabled, with guards both ways and time that jumps."""
    machine = machine_of(chart)
    run_state_machine_as_test(machine, settings=QUICK)

    assert [] == [row for row in row_ids(chart) if row not in machine.taken]


def test_an_invariant_of_the_user_that_breaks_is_shrunk_to_the_fewest_events():
    """One `lock` is enough."""

    def never_locked(door):
        assert door.state != "Locked"

    with pytest.raises(AssertionError) as raised:
        run_state_machine_as_test(machine_of(DOOR, invariants=[never_locked]), settings=QUICK)

    assert 1 == notes_of(raised.value).count("Draw ")
    assert "lock -> Locked" in notes_of(raised.value)


def test_the_users_own_callbacks_run():
    """A callback that fails for one payload is found, with that payload."""

    def greet(guests, name):
        assert name != "Mallory"

    machine = machine_of(
        DOOR,
        guards={"invited": lambda guests, name: name in guests},
        effects={"greet": greet},
        context=lambda: {"Ada", "Mallory"},
        payloads={"knock": st.sampled_from(["Ada", "Eve", "Mallory"])},
    )
    with pytest.raises(AssertionError) as raised:
        run_state_machine_as_test(machine, settings=QUICK)

    assert "(knock with): 'Mallory'" in notes_of(raised.value)


def test_the_context_is_made_afresh_for_each_run():
    """What one run did to it no other run sees."""

    def greet(log, name):
        log.append(name)

    def short(machine):
        assert len(machine.context) <= 30

    run_state_machine_as_test(
        machine_of(DOOR, effects={"greet": greet}, context=list, invariants=[short]), settings=QUICK
    )


def test_guards_of_the_user_that_break_the_charts_word_are_told():
    """The chart says that it cannot be day and night."""
    always = {"day": lambda *_: True, "night": lambda *_: True}
    sky = Chart.parse(
        """
id = "sky"
version = 1
initial = "Any"
[events]
look = { message = "a glance" }
[guards]
day   = { doc = "it is day", excludes = ["night"] }
night = "it is night"
[states.Any]
rows = [
  { event = "look", guard = ["not day", "night"], id = "stars" },
  { event = "look", guard = ["day", "not night"], to = "Sunny" },
  { event = "look" },
]
[states.Sunny]
rows = [ { event = "look", to = "Any" } ]
"""
    )
    with pytest.raises(AssertionError, match="both held; the chart says that one excludes the other"):
        run_state_machine_as_test(machine_of(sky, guards=always), settings=QUICK)


def test_a_name_that_the_chart_does_not_have_is_a_mistake():
    """It says which there are."""
    with pytest.raises(ValueError, match="door has none of that name; it has knock, lock"):
        machine_of(DOOR, payloads={"nock": st.none()})


class TestDoor(machine_of(DOOR).TestCase):
    """As pytest finds it."""
