"""Makes the application's events from what the charts emit: a small function for each class with fields of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from session_fsm.sdp import MediaDirection
from session_fsm.session import events
from session_fsm.session.events import CallState, DialogState, FlowDirection, MediaChange, MediaState, SdpKind
from session_fsm.session.orders import EdgeFacts
from session_fsm.session.received import Received
from session_fsm.sip import Request, Response

if TYPE_CHECKING:
    from session_fsm.session.dialog import Dialog
    from session_fsm.session.emission import Emitter
    from session_fsm.session.session import Session

# Within one turn the same order for both roles, whichever machine the turn began with: the call, its dialogs,
# offer/answer, media. The end of a call is the last that is told.
RANKS = {"call": 0, "dialog": 1, "offer_answer": 2, "media": 3}
LAST = 4

Fields = dict[str, Any]  # each class has fields of its own types; the table below gives it just these


@dataclass(frozen=True, slots=True)
class Told:
    """An event that is complete but for the states, which are known when the step has settled."""

    kind: type[events.SessionEvent]
    time: float
    fields: Fields
    media_state: str | None
    "The media state at the emission, for events of the media chart."
    rank: int
    "Its place within the turn."


def compose(session: Session, chart: str, name: str, variant: str, payload: object, source: Emitter) -> Told:
    """What a chart's emission tells the application."""
    media_state = session.media.state if chart == "media" else None
    fields = _FIELDS[name](session, variant, payload, source) if name in _FIELDS else {}
    rank = LAST if name in ("CallEnded", "CallFailed") else RANKS[chart]
    return Told(getattr(events, name), session.endpoint.mailbox.now, fields, media_state, rank)


def settle(session: Session) -> list[events.SessionEvent]:
    """The events of a session whose step has settled."""
    told, session.told = session.told, []
    told.sort(key=lambda item: item.rank)
    call_state, media_state = session.call_state, session.media_state
    return [
        item.kind(
            session_id=session.id,
            role=session.role,
            time=item.time,
            call_state=call_state,
            media_state=media_state if item.media_state is None else MediaState(item.media_state),
            **item.fields,
        )
        for item in told
    ]


def _state_changed(session: Session, *_: object) -> Fields:
    old, session.shown = session.shown, CallState(session.call.state)
    return {"old_state": old, "new_state": session.shown}


def _media_state_changed(session: Session, *_: object) -> Fields:
    old, session.shown_media = session.shown_media, MediaState(session.media.state)
    return {"old_state": old, "new_state": session.shown_media}


def _dialog_state_changed(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    dialog = cast("Dialog", source)
    old, dialog.shown = dialog.shown, DialogState(dialog.machine.state)
    return {"old_state": old, "new_state": dialog.shown, "remote_tag": dialog.remote_tag}


def _dialog_established(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    tag = cast("Dialog", source).remote_tag or ""
    return {"call_id": session.call_id, "local_tag": session.local_tag, "remote_tag": tag}


def _sdp(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    kind = SdpKind(variant)
    if kind in (SdpKind.OFFER_SENT, SdpKind.ANSWER_SENT):
        text = session.description.encode() if session.description else b""
    else:
        message = payload.request if isinstance(payload, Received) else payload
        text = message.body if isinstance(message, Request | Response) else b""
    return {"event_type": kind, "sdp": text.decode("utf-8", "replace")}


def _incoming(session: Session, *_: object) -> Fields:
    uri = str(session.invite.uri) if session.invite else ""
    return {"caller": session.remote_uri, "target": uri}


def _answered(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    return {"status": payload.status if isinstance(payload, Response) else 200}


def _ready(session: Session, *_: object) -> Fields:
    return {"local_addr": _local(session), "codec": session.agreement.codec.name if session.agreement else ""}


def _negotiated(session: Session, *_: object) -> Fields:
    return {**_ready(session), "remote_addr": _remote(session)}


def _flow(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    direction = FlowDirection.OUTBOUND
    if variant == "confirmed" and session.agreement is not None:
        direction = _CONFIRMED[session.agreement.direction]
    return {"local_addr": _local(session), "remote_addr": _remote(session), "direction": direction}


def _first_frame(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    facts = _facts(payload)
    return {"timestamp": facts.arrival, "ssrc": facts.ssrc}


def _channels(session: Session, *_: object) -> Fields:
    direction = session.agreement.direction if session.agreement else MediaDirection.INACTIVE
    return {"can_send": direction.sends, "can_receive": direction.receives}


def _confirmed(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    return {
        "remote_addr": _facts(payload).source or _remote(session),
        "rtp_flowing": session.rtp_flowing,
        "rtcp_received": session.rtcp_received,
    }


def _quality(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    quality, metrics = cast("tuple[object, object]", _facts(payload).extra)
    return {"quality": quality, "metrics": metrics}


def _media(session: Session, variant: str, payload: object, source: Emitter) -> Fields:
    if isinstance(payload, Response):
        return {"event": MediaChange(variant), "detail": f"{payload.status} {payload.reason}"}
    return {"event": MediaChange(variant), "detail": _facts(payload).detail}


def _ended(session: Session, *_: object) -> Fields:
    return {"status": session.status, "reason": session.reason}


def _failed(session: Session, *_: object) -> Fields:
    return {**_ended(session), "contacts": session.contacts}


def _facts(payload: object) -> EdgeFacts:
    return payload if isinstance(payload, EdgeFacts) else EdgeFacts()


def _local(session: Session) -> events.Address:
    return session.local_media.address if session.local_media else session.endpoint.local


def _remote(session: Session) -> events.Address:
    return session.agreement.remote if session.agreement else ("", 0)


_CONFIRMED = {
    MediaDirection.SENDRECV: FlowDirection.BIDIRECTIONAL,
    MediaDirection.RECVONLY: FlowDirection.INBOUND,
    MediaDirection.SENDONLY: FlowDirection.OUTBOUND,
    MediaDirection.INACTIVE: FlowDirection.OUTBOUND,
}

_FIELDS: Mapping[str, Callable[[Session, str, object, Emitter], Fields]] = {
    "SessionCreated": lambda session, *_: {"peer": session.remote_uri},
    "StateChanged": _state_changed,
    "MediaStateChanged": _media_state_changed,
    "DialogStateChanged": _dialog_state_changed,
    "DialogEstablished": _dialog_established,
    "SdpEvent": _sdp,
    "OutgoingCallPrepared": lambda session, *_: {"target": str(session.target)},
    "CallInitiated": lambda session, *_: {"target": str(session.target)},
    "IncomingCall": _incoming,
    "CallAnswered": _answered,
    "MediaSessionReady": _ready,
    "MediaNegotiated": _negotiated,
    "MediaFlowEstablished": _flow,
    "FirstAudioFrameReceived": _first_frame,
    "AudioChannelsReady": _channels,
    "RemoteMediaConfirmed": _confirmed,
    "MediaQualityChange": _quality,
    "MediaEvent": _media,
    "CallEnded": _ended,
    "CallFailed": _failed,
}
