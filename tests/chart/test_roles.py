"""A chart of both roles has two sides; each is checked and run by itself."""

from __future__ import annotations

import pytest
from chart_breaking import DOOR, PHONE, faults

from session_fsm.chart import parse
from session_fsm.errors import ChartError


def test_a_side_has_neither_states_nor_events_nor_names_of_the_other():
    """The callee's telephone cannot dial, so it has nobody to remember."""
    side = parse(PHONE).for_role("uas")

    assert ["OnHook", "Ringing", "Unplugged"] == list(side.states)
    assert ["ring", "hang_up", "unplug"] == list(side.events)
    assert ({}, {}) == (side.effects, side.sends)


def test_a_chart_without_sides_is_its_own_side():
    """A chart of both roles that says nothing of one only runs as it is."""
    door = parse(DOOR)

    assert not door.sided
    assert list(door.cells) == list(door.for_role("uac").cells)


def test_a_chart_of_one_role_has_no_other_side():
    """Asking for it is a mistake in the program."""
    caller = parse(PHONE).for_role("uac")

    with pytest.raises(ChartError, match="a chart of role uac has no uas side"):
        caller.for_role("uas")


def test_a_fault_of_one_side_says_which():
    """Ringing exists for the callee only; without its row for ringing, that side is open."""
    (fault,) = faults(PHONE, ('  { event = "ring" },\n', ""))

    assert ("undecided", "Ringing") == (fault.rule, fault.state)
    assert fault.message.startswith("as uas: nothing decides ring here")


def test_rows_and_verdicts_may_belong_to_one_role():
    """The same event in the same state can be one side's row and the other's ignored event."""
    text = PHONE.replace(
        'hang_up = "it hangs"', 'hang_up = { reason = "it hangs", role = "uac" }\n[states.OnHook.postponed]\n'
        'hang_up = { reason = "until it rings", role = "uas" }'
    )  # fmt: skip
    chart = parse(text)

    verdicts = [chart.for_role(role).cells["OnHook", "hang_up"].verdict for role in ("uac", "uas")]

    assert ["ignored", "postponed"] == verdicts


def test_a_group_of_a_side_covers_only_its_states():
    """States of the other role are gone from every group."""
    assert ("OnHook", "Calling", "Unplugged") == parse(PHONE).for_role("uac").groups["Any"].states


def test_a_timer_that_only_one_side_starts_takes_its_rows_along():
    """The callee's side has neither the timer, nor its event, nor the rows that wait for it, nor what they do."""
    text = PHONE.replace(
        'rows = [ { event = "hang_up", to = "OnHook" } ]\n[states.Calling.refused]',
        """timers = ["patience"]
rows = [ { event = "hang_up", to = "OnHook" } ]
[states.Calling.refused]""",
    )
    text = text.replace("[events]", "[timers]\npatience = { after = 30 }\n[events]")
    text = text.replace('tone     = "a dial tone"', 'tone     = "a dial tone"\nbeep     = "time is up"')
    text = text.replace(
        'rows   = [ { event = "unplug"', 'rows   = [ { event = "timer_patience", send = ["beep"] }, { event = "unplug"'
    )

    caller, callee = (parse(text).for_role(role) for role in ("uac", "uas"))

    assert (["patience"], ["tone", "beep"]) == (list(caller.timers), list(caller.sends))
    assert ([], [], False) == (list(callee.timers), list(callee.sends), "timer_patience" in callee.events)
