"""What is postponed comes up again in the states that follow, and must be decided there."""

from __future__ import annotations

from session_fsm.chart import parse, read_text

WAITING = """
id = "waiting"
version = 1
role = "both"
source = "RFC 0 §1"
initial = "Busy"
final = ["Gone"]
[timers]
patience = { after = 1.0 }
[events]
free = { command = "free" }
leave = { command = "leave" }
[states.Busy]
source = "RFC 0 §1"
enter = { start = ["patience"] }
rows = [{ event = "free", to = "Free" }]
[states.Busy.postponed]
timer_patience = "not now"
[states.Busy.refused]
leave = "busy"
[states.Free]
source = "RFC 0 §1"
rows = [{ event = "leave", to = "Gone" }, { event = "timer_patience", to = "Gone" }]
[states.Free.ignored]
free = "free already"
[states.Gone]
source = "RFC 0 §1"
[states.Gone.ignored]
timer_patience = "gone"
[states.Gone.refused]
free = "gone"
leave = "gone"
"""


def test_a_postponed_timer_that_is_decided_later_is_fine():
    assert "Busy" == parse(WAITING).initial


def test_a_postponed_timer_that_nothing_decides_later_is_undecided():
    """It cannot run there, but it comes up there."""
    faults = read_text(WAITING.replace('[states.Gone.ignored]\ntimer_patience = "gone"\n', ""), "waiting.toml")[1]

    assert [("undecided", "Gone")] == [(fault.rule, fault.state) for fault in faults]
