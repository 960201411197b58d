"""A machine as plain data, and back, with time that goes on where it stood."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import a_door, door_binding, happened

from session_fsm.errors import LocalProtocolError
from session_fsm.machine import Machine, Mailbox, TraceRow


def test_a_snapshot_is_plain_data_with_the_time_that_remains():
    """It goes through JSON; the timer has two of its five seconds left."""
    door, _, _ = a_door()
    door.feed("push", now=100.0)
    door.feed("lock", "key", now=101.0)

    kept = json.loads(json.dumps(door.snapshot(now=103.0)))

    assert ("Open", {"swing": 2.0}, [["lock", "key"]]) == (kept["state"], kept["timers"], kept["postponed"])


def test_a_restored_machine_goes_on_under_another_clock():
    """What was postponed is taken when the remaining time has run out."""
    door, _, _ = a_door()
    door.feed("push", now=100.0)
    door.feed("lock", now=101.0)
    rows: list[TraceRow] = []

    again = Machine.restore(door_binding(), door.snapshot(now=103.0), now=7.0, context=[], trace=rows)
    again.expire(9.0)

    assert [("timer_swing", "row", "Shut"), ("lock", "row", "Locked")] == happened(rows)


def test_nothing_is_entered_again():
    """Restoring runs no effect: the peer heard it already."""
    door, log, _ = a_door()
    door.feed("push", now=0.0)
    again: list[str] = []

    Machine.restore(door_binding(), door.snapshot(), context=again)

    assert (["count", "creak", "opened"], []) == (log, again)


def test_a_growing_timer_goes_on_growing():
    """The next interval is part of what is kept."""
    door, _, _ = a_door()
    door.feed("lock", now=0.0)
    door.expire(1.0)

    again = Machine.restore(door_binding(), door.snapshot(now=1.0), now=0.0, context=[])
    again.expire(2.0)

    assert 6.0 == again.next_deadline()


def test_a_machine_that_has_not_begun_can_be_kept():
    """It enters its initial state after it was restored."""
    door, _, _ = a_door()

    again = Machine.restore(door_binding(), door.snapshot(), context=[])

    assert ("Shut", "Open") == (again.state, again.feed("push").state)


def test_a_waiting_payload_that_is_not_plain_needs_a_word():
    """Objects do not belong in a snapshot; `dump` and `revive` translate them."""
    door, _, _ = a_door()
    door.feed("push")
    door.feed("lock", {1})

    with pytest.raises(TypeError, match="lock waits with a set; give `dump`"):
        door.snapshot()
    kept = door.snapshot(dump=sorted)

    again = Machine.restore(door_binding(), kept, revive=set)
    assert {1} == again._postponed[0][2]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("chart", "gate", "the snapshot has chart 'gate', the chart 'door'"),
        ("version", 2, "the snapshot has version 2, the chart 1"),
        ("state", "Ajar", "a state, timer or event that door does not have"),
    ],
)
def test_a_snapshot_of_another_chart_is_refused(key: str, value: object, message: str):
    """A state that does not exist would be noticed too late."""
    door, _, _ = a_door()
    kept = door.snapshot() | {key: value}

    with pytest.raises(ValueError, match=message):
        Machine.restore(door_binding(), kept)


@given(st.lists(st.sampled_from(["push", "lock", "unlock", "wait"]), max_size=12), st.integers(0, 12))
def test_keeping_and_restoring_at_any_moment_changes_nothing(script: list[str], moment: int):
    """The same script with and without an interruption leaves the same rows."""
    assert played(script, None) == played(script, moment)


def played(script: list[str], moment: int | None) -> list[tuple[float, str, str, str]]:
    rows: list[TraceRow] = []
    door = Machine(door_binding(), context=[], trace=rows)
    for n, event in enumerate(script):
        if n == moment:
            kept = json.loads(json.dumps(door.snapshot()))
            door = Machine.restore(door_binding(), kept, now=float(n), mailbox=Mailbox(), context=[], trace=rows)
        with suppress(LocalProtocolError):
            door.expire(n + 1.0) if event == "wait" else door.feed(event, now=n + 1.0)
    return [(row.time, row.event, row.verdict, row.to_state) for row in rows]
