"""Events and summaries as one JSON object a line. What is printed here is a promise to scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields

from session_fsm.call_summary import CallSummary
from session_fsm.rtp import MediaMetrics
from session_fsm.session.events import Address, SessionEvent

Line = Mapping[str, object]
"One object, as plain data."

SUMMARY_FIELDS = (
    *("session", "ok", "setup_ms", "audio_start_ms", "frames_sent", "frames_received", "frames_lost"),
    *("longest_gap_ms", "media_path", "reason"),
)
COMMON_FIELDS = {"session_id": "session", "time": "t"}  # shorter in JSON, because every line has them


def event_line(event: SessionEvent) -> Line:
    """An event: type, time, role, session and states first, then the fields of its own."""
    line: dict[str, object] = {
        "type": type(event).__name__,
        "t": event.time,
        "role": event.role,
        "session": event.session_id,
        "call_state": event.call_state,
        "media_state": event.media_state,
    }
    own = (field.name for field in fields(event) if field.name not in COMMON_FIELDS)
    return line | {name: _plain(getattr(event, name)) for name in own}


def _plain(value: object) -> object:
    """Metrics as an object of their own; all other fields are plain already."""
    return asdict(value) if isinstance(value, MediaMetrics) else value


def summary_line(summary: CallSummary) -> Line:
    """What came of a call."""
    plain = summary.as_dict()
    silence = {"why_silent": summary.why_silent} if summary.why_silent else {}
    return {"type": "Summary"} | {name: plain[name] for name in SUMMARY_FIELDS} | silence


def listening_line(address: Address, uri: str, now: float) -> Line:
    """The socket is open: who waits for this line need not wait for time."""
    return {"type": "Listening", "t": now, "address": address, "uri": uri}


def written(line: Line) -> str:
    """One line of JSON, without its line break. Whatever is no finite number is null, as JSON has none."""
    return json.dumps(line, ensure_ascii=False, allow_nan=False)
