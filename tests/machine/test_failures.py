"""What happens when a bound function fails: the state stays, the rest runs, somebody hears of it."""

from __future__ import annotations

import pytest
from machines import DOOR, happened

from session_fsm.chart import parse
from session_fsm.machine import Binding, Machine, Mailbox, TraceRow

BOMB = """
id = "bomb"
initial = "Armed"
final = ["Gone"]
[events]
tick = { world = "time" }
effect_failed = { world = "an effect of this machine raised" }
[effects]
burn = ""
smoke = ""
[states.Armed]
rows = [
  { event = "tick", do = ["burn", "smoke"] },
  { event = "effect_failed", to = "Gone", do = ["burn"] },
]
[states.Gone.ignored]
tick = "gone"
effect_failed = "gone"
"""


def explode(context: object, payload: object) -> None:
    raise OSError("bang")


def a_failing_door(mailbox: Mailbox) -> tuple[Machine, list[str]]:
    log: list[str] = []
    binding = Binding(
        DOOR,
        guards={"strong": explode},
        effects={"count": explode},
        sends={"creak": lambda context, payload: log.append("creak")},
        emit=lambda context, name, payload: log.append(name),
    )
    return Machine(binding, mailbox=mailbox), log


def test_a_failed_effect_keeps_the_state_and_runs_the_rest_and_is_raised_at_the_end():
    """By default nothing is hidden; the machine goes on all the same."""
    door, log = a_failing_door(Mailbox())

    with pytest.raises(OSError, match="bang"):
        door.feed("push")

    assert ("Open", ["creak", "opened"]) == (door.state, log)
    assert "Open" == door.feed("push").state


def test_a_failure_goes_to_whoever_listens():
    """The mailbox's owner may prefer to be told."""
    told: list[tuple[str, str, str]] = []
    mailbox = Mailbox(on_failure=lambda machine, name, error: told.append((machine.label, name, str(error))))
    door, _ = a_failing_door(mailbox)

    door.feed("push")

    assert [("door", "count", "bang")] == told


def test_a_guard_that_fails_does_not_hold_and_is_told():
    """The trace has the value that was used, so the run still replays."""
    told: list[str] = []
    door, _ = a_failing_door(Mailbox(on_failure=lambda machine, name, error: told.append(name)))

    found = door.feed("kick")

    assert ((("strong", False),), ["strong"]) == (found.guards, told)


def test_a_chart_can_hear_of_its_own_failed_effects():
    """`effect_failed` is posted with the exception, before anything else; a second failure is not told to it again."""
    told: list[str] = []
    rows: list[TraceRow] = []
    bomb = Machine(
        parse(BOMB),
        effects={"burn": explode, "smoke": lambda context, payload: None},
        mailbox=Mailbox(on_failure=lambda machine, name, error: told.append(name)),
        trace=rows,
    )

    bomb.feed("tick")

    assert [("tick", "row", "Armed"), ("effect_failed", "row", "Gone")] == happened(rows)
    assert ("bang", ["burn"]) == (str(rows[-1].payload), told)


def test_several_failures_are_raised_together():
    """None of them is lost."""
    door, _ = a_failing_door(Mailbox())
    door.mailbox.post(door, "push")
    door.mailbox.post(door, "kick")

    with pytest.raises(ExceptionGroup) as caught:
        door.mailbox.run()

    assert ["bang", "bang"] == [str(error) for error in caught.value.exceptions]
