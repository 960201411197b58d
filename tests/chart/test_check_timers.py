"""What may fire is heard, and what is declared may run."""

from __future__ import annotations

from chart_breaking import DOOR, faults, places

NAG_ROW = '  { event = "timer_nag", start = ["nag"], send = ["creak"] },\n'


def test_a_timer_that_lives_on_into_a_state_that_does_not_hear_it_is_reported():
    """Once leaving Locked no longer cancels nag, it may fire in Shut, in Open and in Locked only one hears it."""
    changed = places(DOOR, ('exit   = { cancel = ["nag"] }\n', ""))

    assert [("timer-unheard", "Shut", None), ("timer-unheard", "Open", None)] == changed


def test_a_running_timers_event_is_not_impossible():
    """The chart's own rows start the timer there."""
    impossible = '[states.Locked.impossible]\ntimer_nag = "it is quiet"\n[states.Locked.ignored]'

    changed = faults(DOOR, (NAG_ROW, ""), ("[states.Locked.ignored]", impossible))

    assert {"timer-unheard"} == {fault.rule for fault in changed}
    assert "timer nag may be running here, so timer_nag is not impossible" in changed[0].message


def test_a_timer_that_is_ignored_wherever_it_may_run_is_reported():
    """Somebody started it for a purpose."""
    ignored = '[states.Locked.ignored]\ntimer_nag = "it is quiet"'

    changed = places(DOOR, (NAG_ROW, ""), ("[states.Locked.ignored]", ignored))

    assert [("timer-unheard", None, None)] == changed


def test_a_timer_that_dies_as_it_is_started_can_never_run():
    """The end stops every timer, so one that starts on the way there never fires."""
    changed = places(
        DOOR,
        ("[timers]", "[timers]\nlast = { after = 1 }"),
        ('guard = "strong", to = "Broken"', 'guard = "strong", to = "Broken", start = ["last"]'),
    )

    assert [("timer-never-runs", None, None)] == changed


def test_a_row_that_waits_for_a_timer_that_cannot_run_is_dead():
    """Shut has no timer of its own, and none survives into it."""
    changed = places(
        DOOR, ('rows = [\n  { event = "push",', 'rows = [\n  { event = "timer_swing" },\n  { event = "push",')
    )

    assert [("dead-row", "Shut", "Shut.timer_swing")] == changed


def test_a_timers_event_has_no_second_source():
    """An event comes from one place."""
    changed = places(DOOR, ("[events]", '[events]\ntimer_nag = { world = "somebody nags" }'))

    assert "event-source" in [rule for rule, _, _ in changed]
