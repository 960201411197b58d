"""Two processes' events in one order, and each event in a few words."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any, get_type_hints

import pytest

from session_fsm.call_summary import CallSummary
from session_fsm.command.describing import brief, describe
from session_fsm.command.jsonlines import event_line, listening_line, summary_line, written
from session_fsm.command.reporting import summary_rows
from session_fsm.command.timeline import timeline
from session_fsm.rtp import MediaMetrics, MediaQuality
from session_fsm.session import events
from session_fsm.session.events import (
    CallAnswered,
    CallInitiated,
    CallState,
    IncomingCall,
    MediaState,
    MediaStateChanged,
    Role,
    SessionEvent,
)

ALL_EVENTS = SessionEvent.__subclasses__()
SUMMARY = CallSummary(
    session="s1",
    role=Role.UAC,
    ok=True,
    setup_ms=1.5,
    audio_start_ms=-0.25,
    frames_sent=150,
    frames_received=149,
    frames_lost=1,
    longest_gap_ms=20.0,
    media_path=(MediaState.IDLE, MediaState.CLOSED),
    status=None,
    reason="hung up",
)


def value_of(kind: object) -> object:
    """Some value of a field's type."""
    known: dict[object, object] = {
        str: "text",
        int: 7,
        float: 1.5,
        bool: True,
        events.Address: ("127.0.0.1", 40000),
        tuple[str, ...]: ("sip:a@b",),
        MediaMetrics: MediaMetrics(packet_loss=0.1),
        MediaQuality: MediaQuality.GOOD,
    }
    if kind in known:
        return known[kind]
    return next(iter(kind)) if isinstance(kind, type) else None  # type: ignore[call-overload]


def made(kind: type[SessionEvent], time: float = 5.0, role: Role = Role.UAC, **changes: object) -> Any:
    """An event of this class with something in every field."""
    values = {name: value_of(hint) for name, hint in get_type_hints(kind).items()}
    common = {"time": time, "role": role, "session_id": role.value}
    return kind(**{**values, **common, **changes})


@pytest.mark.parametrize("kind", ALL_EVENTS)
def test_every_event_is_one_line_of_json_with_all_its_fields(kind: type[SessionEvent]):
    """`session_id` and `time` are `session` and `t` there."""
    line = json.loads(written(event_line(made(kind))))

    assert (kind.__name__, 5.0, "UAC", "UAC") == tuple(line[key] for key in ("type", "t", "role", "session"))
    renamed = {"session_id": "session", "time": "t"}
    assert {"type", *(renamed.get(field.name, field.name) for field in fields(kind))} == set(line)


@pytest.mark.parametrize("kind", ALL_EVENTS)
def test_every_event_can_be_described(kind: type[SessionEvent]):
    """From its line of JSON too, where tuples are lists."""
    line = json.loads(written(event_line(made(kind))))

    assert brief(line).startswith(kind.__name__)
    assert describe(event_line(made(kind))) == describe(line)


def test_a_summary_has_the_promised_fields():
    """Their names are a promise to scripts."""
    expected = {
        "type": "Summary",
        "session": "s1",
        "ok": True,
        "setup_ms": 1.5,
        "audio_start_ms": -0.25,
        "frames_sent": 150,
        "frames_received": 149,
        "frames_lost": 1,
        "longest_gap_ms": 20.0,
        "media_path": ["Idle", "Closed"],
        "reason": "hung up",
    }
    assert expected == json.loads(written(summary_line(SUMMARY)))


def test_a_summary_without_audio_says_why():
    """In one sentence, for scripts and for people."""
    said = "media got to Established: 50 packets sent to 10.0.0.2:4000, nothing received from there"
    silent = replace(SUMMARY, ok=True, why_silent=said)

    assert said == json.loads(written(summary_line(silent)))["why_silent"]
    assert ("silent", said) in [(label, value.plain) for label, value in summary_rows(silent)]


def test_listening_says_where():
    """The URI can be called as it is."""
    line = listening_line(("127.0.0.1", 5070), "sip:answer@127.0.0.1:5070", 3.0)

    assert ("Listening", ("127.0.0.1", 5070)) == (line["type"], line["address"])


def test_time_begins_with_the_invite():
    """Whoever was created earlier has a negative time."""
    lines = [
        event_line(made(IncomingCall, 10.002, Role.UAS)),
        event_line(made(CallAnswered, 10.010, Role.UAS)),
    ]
    caller = [event_line(made(CallInitiated, 10.0)), event_line(made(CallAnswered, 10.011))]

    moments = timeline(caller, lines)

    assert ["UAC", "UAS", "UAS", "UAC"] == [moment.role for moment in moments]
    assert [0.0, 2.0, 10.0, 11.0] == [round(moment.ms, 3) for moment in moments]


def test_events_of_one_moment_keep_their_order():
    """Many happen in one step."""
    kinds = [CallInitiated, IncomingCall, CallAnswered]
    moments = timeline([event_line(made(kind)) for kind in kinds])

    assert [kind.__name__ for kind in kinds] == [moment.name for moment in moments]


def test_a_change_of_media_stands_out():
    """The state that it leads to is told by itself."""
    line = event_line(made(MediaStateChanged, old_state=MediaState.IDLE, new_state=MediaState.READY))

    (moment,) = timeline([line])

    assert ("MediaStateChanged → Ready", "Ready") == (moment.event, moment.media_state)


def test_nothing_happened_is_no_timeline():
    """A process that fell over before its first event."""
    assert [] == timeline([], [listening_line(("127.0.0.1", 1), "sip:a@b", 0.0)])


def test_states_are_described_by_where_they_lead():
    """The old state was told before."""
    line = event_line(made(events.StateChanged, new_state=CallState.RINGING))

    assert "→ Ringing" == describe(line)
