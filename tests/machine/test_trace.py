"""A run is data: written, read back, replayed without the functions that were bound."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace

import pytest
from machines import DOOR, a_door

from session_fsm.machine import TraceRow, head_of, other_charts, read_jsonl, replay, write_jsonl


def a_run() -> list[TraceRow]:
    door, _, rows = a_door()
    door.feed("push", now=0.0)
    door.feed("lock", now=1.0)
    door.expire(5.0)
    door.feed("kick", {"boot": 42}, now=6.0)
    return rows


def test_a_row_tells_everything_about_its_step():
    """The form that files have."""
    assert {
        "schema": 1,
        "n": 6,
        "cause": None,
        "time": 6.0,
        "session": "",
        "role": "both",
        "machine": "door",
        "chart": "door",
        "version": 1,
        "event": "kick",
        "payload": {"boot": 42},
        "from": "Locked",
        "to": "Broken",
        "verdict": "row",
        "row": "Any.kick",
        "guards": [["strong", True]],
        "sent": [],
        "emitted": [],
        "effects": [["cancel", "nag"]],
    } == a_run()[-1].as_dict()


def test_a_trace_survives_its_file():
    """Written as JSON Lines and read back, every row says the same."""
    rows = a_run()
    file = io.StringIO()

    write_jsonl(rows, file)
    file.seek(0)

    assert [row.as_dict() for row in rows] == [row.as_dict() for row in read_jsonl(file)]


def test_a_line_that_is_no_row_is_named():
    """A file of something else is refused with the line."""
    with pytest.raises(ValueError, match="line 2 is no trace row of schema 1"):
        list(read_jsonl(["\n", '{"schema": 99}\n']))


@pytest.mark.parametrize("column", ["sent", "emitted"])
def test_a_line_that_contradicts_itself_is_named(column):
    """What was sent and emitted stands among the effects too."""
    with pytest.raises(
        ValueError, match=rf"line 1 is no trace row of schema 1: {column} is \['x'\], and by the effects"
    ):
        told_otherwise(a_run()[-1], **{column: ["x"]})


def test_a_payload_is_summarised_by_itself():
    """A message says what is needed to pair two sides' traces; other objects give their class."""

    @dataclass
    class Message:
        def summary(self) -> dict[str, object]:
            return {"call_id": "a1"}

    door, _, rows = a_door()
    door.feed("push", Message())
    door.feed("push", object())

    assert [{"call_id": "a1"}, "object"] == [row.as_dict()["payload"] for row in rows[1:]]


def told_otherwise(row: TraceRow, **values: object) -> TraceRow:
    """The row as a file would have it in which somebody wrote other values."""
    return next(read_jsonl([json.dumps(row.as_dict() | values)]))


def test_a_run_replays_without_a_difference():
    """The recorded values of the guards are enough."""
    assert None is replay(a_run(), [DOOR])


def test_a_replay_names_the_first_row_that_goes_another_way():
    """Here somebody turned a guard's recorded value."""
    rows = a_run()
    rows[-1] = told_otherwise(rows[-1], guards=[["strong", False]])

    assert "row 6 (door): to was 'Broken' and is 'Locked' in the replay" == str(replay(rows, [DOOR]))


def test_a_missing_row_is_found_out():
    """Each row begins where the one before it ended."""
    rows = a_run()
    del rows[3]

    assert "from" == getattr(replay(rows, [DOOR]), "what", None)


def test_a_trace_of_another_version_does_not_replay():
    """Rows of an older chart prove nothing about this one."""
    rows = a_run()
    rows[0] = told_otherwise(rows[0], version=7)

    assert "row 1 (door): chart was 'door version 7' and is 'version 1' in the replay" == str(replay(rows, [DOOR]))


def test_a_trace_begins_with_the_fingerprints_of_its_charts():
    """Beside the version, which somebody has to remember to raise."""
    file = io.StringIO()
    write_jsonl(a_run(), file)

    made = {"door": {"version": 1, "fingerprint": DOOR.fingerprint}}
    assert {"schema": 1, "made_with": made} == json.loads(file.getvalue().partition("\n")[0])


def test_rows_of_a_chart_that_meant_something_else_are_told():
    """One sentence for each chart, with what it was and what it is."""
    file = io.StringIO()
    write_jsonl(a_run(), file)
    head = head_of(file.getvalue().partition("\n")[0])
    state = DOOR.states["Open"]
    other = replace(DOOR, states={**DOOR.states, "Open": replace(state, timers=())})

    assert [] == list(other_charts(head, [("door", 1)], {"door": DOOR}))
    assert [f"it is of chart door version 1 ({DOOR.fingerprint}); possible: version 1 ({other.fingerprint})"] == list(
        other_charts(head, [("door", 1)], {"door": other})
    )
