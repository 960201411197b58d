"""A call in figures, read from its events and its media: nothing here is kept up to date while the call goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from session_fsm.session.events import (
    CallAnswered,
    CallEnded,
    CallFailed,
    CallInitiated,
    FirstAudioFrameReceived,
    IncomingCall,
    MediaState,
    MediaStateChanged,
    Role,
    SessionEvent,
    SessionId,
)

if TYPE_CHECKING:
    from session_fsm.call_facts import CallFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """What came of a call. A figure that was not measured is None."""

    session: SessionId
    role: Role
    ok: bool
    "Whether the call was answered and did not fail."
    setup_ms: float | None
    "UAC: INVITE sent to 200 received. UAS: INVITE received to 200 sent."
    audio_start_ms: float | None
    "From the 200 to the first frame received; negative if media was earlier."
    frames_sent: int
    frames_received: int
    frames_lost: int | None
    longest_gap_ms: float | None
    "The longest stretch of media time for which no frame came, from RTP timestamps; 0 when none is missing."
    media_path: tuple[MediaState, ...]
    "The media states in the order in which they were passed."
    status: int | None
    reason: str
    why_silent: str | None = None
    "Why there was no audio in the end, in one sentence; None where it flowed until then, and where nobody answered."

    def as_dict(self) -> dict[str, object]:
        """Plain data, for JSON."""
        return asdict(self) | {"media_path": [str(state) for state in self.media_path]}


def summarise(call: CallFacts, events: Sequence[SessionEvent]) -> CallSummary:
    """The summary of a call with these events."""
    begun = _time_of(events, CallInitiated if call.role is Role.UAC else IncomingCall)
    answered = _time_of(events, CallAnswered)
    first = next((event.timestamp for event in events if isinstance(event, FirstAudioFrameReceived)), None)
    statistics = call.media.statistics
    return CallSummary(
        session=call.id,
        role=call.role,
        ok=answered is not None and not any(isinstance(event, CallFailed) for event in events),
        setup_ms=_milliseconds(begun, answered),
        audio_start_ms=_milliseconds(answered, first),
        frames_sent=call.media.frames_sent,
        frames_received=statistics.packets if statistics else 0,
        frames_lost=statistics.lost if statistics else None,
        longest_gap_ms=statistics.longest_gap_ms if statistics else None,
        media_path=media_path(events),
        status=call.status,
        why_silent=call.why_unheard() if answered is not None else None,
        reason=next((event.reason for event in reversed(events) if isinstance(event, CallEnded | CallFailed)), ""),
    )


def media_path(events: Sequence[SessionEvent]) -> tuple[MediaState, ...]:
    """The media states in their order, from Idle on."""
    return (MediaState.IDLE, *(event.new_state for event in events if isinstance(event, MediaStateChanged)))


def _time_of(events: Sequence[SessionEvent], kind: type[SessionEvent]) -> float | None:
    return next((event.time for event in events if isinstance(event, kind)), None)


def _milliseconds(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 3)
