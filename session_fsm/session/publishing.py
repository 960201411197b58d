"""Makes the application's events from what the charts emit: a small function for each class.

An event is a draft until the step has settled: only then are the states known that it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, cast

from session_fsm.frozen import drafts_of, freeze
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
# offer/answer, media, holds. The end of a call is the last that is told.
RANKS = {"call": 0, "dialog": 1, "offer_answer": 2, "media": 3, "hold": 4, "peer_hold": 4}
MEDIA = RANKS["media"]
LAST = 5

OF_SESSION = ("call", "offer_answer", "media", "hold", "peer_hold")
"The charts that have the session itself as their context; those of a part of it know their session."

Told = tuple[int, events.SessionEvent]
"A rank within the turn, and the draft of an event."

Common = tuple[events.SessionId, events.Role, float, CallState, MediaState]
"What every event begins with, in the order of `SessionEvent`'s fields. The states count for media events only."

Draft = Callable[..., events.SessionEvent]

Compose = Callable[["Session", Common, "Emitter", object, str], events.SessionEvent]
"The draft of an event: session, common fields, context and payload of the emission, and its variant (behind a colon)."


def publisher(chart: str, emission: str) -> Callable[[Emitter, object], None]:
    """What this emission of this chart tells the application."""
    name, _, variant = emission.partition(":")
    compose = _COMPOSERS.get(name) or _plain(name)
    is_session = chart in OF_SESSION
    rank = LAST if name in ("CallEnded", "CallFailed") else RANKS[chart]

    def publish(source: Emitter, payload: object) -> None:
        session = cast("Session", source) if is_session else source.session
        if session is None:
            return
        endpoint = session.endpoint
        media_state = session.media_state if rank == MEDIA else session.shown_media
        common = session.id, session.role, endpoint.mailbox.now, session.shown, media_state
        session.told.append((rank, compose(session, common, source, payload, variant)))
        endpoint.unsettled[session.id] = session

    return publish


def settle(session: Session) -> list[events.SessionEvent]:
    """The events of a session whose step has settled."""
    told, session.told = session.told, []
    if len(told) > 1:
        told.sort(key=_rank)
    call_state, media_state = session.call_state, session.media_state
    settled = []
    for rank, draft in told:
        draft.call_state = call_state  # type: ignore[misc]  # a draft is not frozen yet
        # The media chart may pass several states in one turn, so its events keep the state that they were emitted in.
        if rank != MEDIA:
            draft.media_state = media_state  # type: ignore[misc]
        settled.append(freeze(draft))
    return settled


_rank = itemgetter(0)

_created: Draft = drafts_of(events.SessionCreated)
_state_change: Draft = drafts_of(events.StateChanged)
_media_state_change: Draft = drafts_of(events.MediaStateChanged)
_dialog_state_change: Draft = drafts_of(events.DialogStateChanged)
_dialog_establishment: Draft = drafts_of(events.DialogEstablished)
_description: Draft = drafts_of(events.SdpEvent)
_incoming_call: Draft = drafts_of(events.IncomingCall)
_answer: Draft = drafts_of(events.CallAnswered)
_media_ready: Draft = drafts_of(events.MediaSessionReady)
_negotiation: Draft = drafts_of(events.MediaNegotiated)
_flow_establishment: Draft = drafts_of(events.MediaFlowEstablished)
_first_audio: Draft = drafts_of(events.FirstAudioFrameReceived)
_audio_channels: Draft = drafts_of(events.AudioChannelsReady)
_confirmation: Draft = drafts_of(events.RemoteMediaConfirmed)
_quality_change: Draft = drafts_of(events.MediaQualityChange)
_media_event: Draft = drafts_of(events.MediaEvent)
_end: Draft = drafts_of(events.CallEnded)
_failure: Draft = drafts_of(events.CallFailed)


def _plain(name: str) -> Compose:
    """An event without fields of its own."""
    made = drafts_of(getattr(events, name))
    return lambda session, common, *_: made(*common)


def _target(name: str) -> Compose:
    made = drafts_of(getattr(events, name))
    return lambda session, common, *_: made(*common, str(session.target))


def _session_created(session: Session, common: Common, *_: object) -> events.SessionEvent:
    return _created(*common, session.remote_uri)


def _state_changed(session: Session, common: Common, *_: object) -> events.SessionEvent:
    old, session.shown = session.shown, session.call_state
    return _state_change(*common, old, session.shown)


def _media_state_changed(session: Session, common: Common, *_: object) -> events.SessionEvent:
    old, session.shown_media = session.shown_media, common[4]
    return _media_state_change(*common, old, session.shown_media)


def _dialog_state_changed(session: Session, common: Common, source: Emitter, *_: object) -> events.SessionEvent:
    dialog = cast("Dialog", source)
    old, dialog.shown = dialog.shown, _DIALOG_STATES[dialog.machine.state]
    return _dialog_state_change(*common, old, dialog.shown, dialog.remote_tag)


def _dialog_established(session: Session, common: Common, source: Emitter, *_: object) -> events.SessionEvent:
    tag = cast("Dialog", source).remote_tag or ""
    return _dialog_establishment(*common, session.call_id, session.local_tag, tag)


def _sdp(session: Session, common: Common, source: Emitter, payload: object, variant: str) -> events.SessionEvent:
    kind = _SDP_KINDS[variant]
    if kind in (SdpKind.OFFER_SENT, SdpKind.ANSWER_SENT):
        text = session.negotiation.octets()
    else:
        message = payload.request if isinstance(payload, Received) else payload
        text = message.body if isinstance(message, Request | Response) else b""
    return _description(*common, kind, text.decode("utf-8", "replace"))


def _incoming(session: Session, common: Common, *_: object) -> events.SessionEvent:
    uri = str(session.invite.uri) if session.invite else ""
    return _incoming_call(*common, session.remote_uri, uri)


def _answered(session: Session, common: Common, source: Emitter, payload: object, *_: object) -> events.SessionEvent:
    return _answer(*common, payload.status if isinstance(payload, Response) else 200)


def _ready(session: Session, common: Common, *_: object) -> events.SessionEvent:
    return _media_ready(*common, _local(session), _codec(session))


def _negotiated(session: Session, common: Common, *_: object) -> events.SessionEvent:
    return _negotiation(*common, _local(session), _remote(session), _codec(session))


def _flow(session: Session, common: Common, source: Emitter, payload: object, variant: str) -> events.SessionEvent:
    direction = FlowDirection.OUTBOUND
    if variant == "confirmed" and session.negotiation.agreement is not None:
        direction = _CONFIRMED[session.negotiation.direction]
    return _flow_establishment(*common, _local(session), _remote(session), direction)


def _first_frame(
    session: Session, common: Common, source: Emitter, payload: object, variant: str
) -> events.SessionEvent:
    facts = _facts(payload)
    return _first_audio(*common, facts.arrival, facts.ssrc)


def _channels(session: Session, common: Common, *_: object) -> events.SessionEvent:
    direction = session.negotiation.direction
    return _audio_channels(*common, direction.sends, direction.receives)


def _confirmed(session: Session, common: Common, source: Emitter, payload: object, variant: str) -> events.SessionEvent:
    remote = _facts(payload).source or _remote(session)
    return _confirmation(*common, remote, session.rtp_flowing, session.rtcp_received)


def _quality(session: Session, common: Common, source: Emitter, payload: object, variant: str) -> events.SessionEvent:
    quality, metrics = cast("tuple[object, object]", _facts(payload).extra)
    return _quality_change(*common, quality, metrics)


def _media(session: Session, common: Common, source: Emitter, payload: object, variant: str) -> events.SessionEvent:
    change = MediaChange(variant)
    if not isinstance(payload, Response):
        return _media_event(*common, change, _facts(payload).detail, None, None)
    wish = session.negotiation.wish.number if change in _CONCLUSIONS else None
    return _media_event(*common, change, f"{payload.status} {payload.reason}", payload.status, wish)


def _ended(session: Session, common: Common, *_: object) -> events.SessionEvent:
    return _end(*common, session.status, session.reason)


def _failed(session: Session, common: Common, *_: object) -> events.SessionEvent:
    return _failure(*common, session.status, session.reason, session.contacts)


def _facts(payload: object) -> EdgeFacts:
    return payload if isinstance(payload, EdgeFacts) else EdgeFacts()


def _local(session: Session) -> events.Address:
    media = session.negotiation.local_media
    return media.address if media else session.endpoint.local


def _remote(session: Session) -> events.Address:
    agreement = session.negotiation.agreement
    return agreement.remote if agreement else ("", 0)


def _codec(session: Session) -> str:
    agreement = session.negotiation.agreement
    return agreement.codec.name if agreement else ""


# Looked up here: to call an enum class costs ten times as much.
_DIALOG_STATES = {state.value: state for state in DialogState}
_SDP_KINDS = {kind.value: kind for kind in SdpKind}

_CONCLUSIONS = (MediaChange.REOFFER_ACCEPTED, MediaChange.REOFFER_REFUSED)

_CONFIRMED = {
    MediaDirection.SENDRECV: FlowDirection.BIDIRECTIONAL,
    MediaDirection.RECVONLY: FlowDirection.INBOUND,
    MediaDirection.SENDONLY: FlowDirection.OUTBOUND,
    MediaDirection.INACTIVE: FlowDirection.OUTBOUND,
}

_COMPOSERS: Mapping[str, Compose] = {
    "SessionCreated": _session_created,
    "StateChanged": _state_changed,
    "MediaStateChanged": _media_state_changed,
    "DialogStateChanged": _dialog_state_changed,
    "DialogEstablished": _dialog_established,
    "SdpEvent": _sdp,
    "OutgoingCallPrepared": _target("OutgoingCallPrepared"),
    "CallInitiated": _target("CallInitiated"),
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
