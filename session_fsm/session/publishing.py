"""Writes down the application's news from what the charts emit: a small function for the own fields of each class.

It is told when the step has settled: only then are the states known that it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

from session_fsm.machine import Machine
from session_fsm.machine.binding import Deed
from session_fsm.sdp import MediaDirection
from session_fsm.session import events
from session_fsm.session.events import DialogState, DtmfMethod, FlowDirection, MediaChange, SdpKind
from session_fsm.session.news import Moment, News, Own
from session_fsm.session.orders import EdgeFacts
from session_fsm.session.received import Received
from session_fsm.sip import Message, Response
from session_fsm.sip.dtmf_info import parse_digit

if TYPE_CHECKING:
    from session_fsm.session.dialog import Dialog
    from session_fsm.session.dtmf_receiver import DtmfReceiver
    from session_fsm.session.dtmf_sender import DtmfSender
    from session_fsm.session.emission import Emitter
    from session_fsm.session.endpoint import Endpoint
    from session_fsm.session.registration import Registration
    from session_fsm.session.session import Session
    from session_fsm.session.transaction_user import TransactionUser

# Within one turn the same order for both roles, whichever machine the turn began with: the call, its dialogs,
# offer/answer, media, holds, digits. The end of a call is the last that is told.
RANKS = {
    "call": 0,
    "dialog": 1,
    "offer_answer": 2,
    "media": 3,
    "quality": 3,
    "consent": 3,
    "hold": 4,
    "peer_hold": 4,
    "microphone": 4,
    "registration": 0,
    "dtmf_receiver": 5,
    "dtmf_sender": 6,
}
MEDIA: Final = RANKS["media"]
LAST: Final = 9

OF_SESSION = (
    "call", "offer_answer", "media", "quality", "consent", "hold", "peer_hold", "microphone", "registration",
)  # fmt: skip
"The charts that have the session itself as their context; those of a part of it know their session."

Compose = Callable[..., Own]
"An event's own fields, from session, context and payload of the emission, and its variant (behind a colon)."


class Publishing(Deed):
    """Tells the application what this emission of this chart says."""

    __slots__ = ("_compose", "_is_session", "_of_media", "_variant", "kind", "rank")

    def __init__(self, chart: str, emission: str) -> None:
        super().__init__(emission)
        name, _, self._variant = emission.partition(":")
        self.kind = cast("type[events.SessionEvent]", getattr(events, name))
        self.rank = LAST if name in ("CallEnded", "CallFailed") else RANKS[chart]
        self._compose = _COMPOSERS.get(name, _nothing)
        self._is_session = chart in OF_SESSION
        self._of_media = self.rank == MEDIA

    def run(self, machine: Machine, payload: object) -> None:
        """Write down what the event tells; it is told when the step has settled."""
        source: Emitter = machine.context
        session: TransactionUser | None = machine.context if self._is_session else source.session
        if session is None:
            return
        own = self._compose(session, source, payload, self._variant)
        told = session.told
        if not told:
            session.endpoint.unsettled.append(session)
        # By rank; of one rank in the order in which they were emitted.
        place = len(told)
        while place and told[place - 1].rank > self.rank:
            place -= 1
        # The media chart may pass several states in one turn, so its events keep the state that they were emitted in.
        told.insert(place, News(self.kind, self.rank, session.media_state if self._of_media else None, own))


def settle(endpoint: Endpoint) -> None:
    """Tell what became of the sessions whose step has settled: only now the states are known that their events tell."""
    while endpoint.unsettled:
        session = endpoint.unsettled.pop()
        if session.told:
            endpoint.told.append(_told_by(session))
        if session.finished:
            endpoint.over.append(session)


def _told_by(session: TransactionUser) -> list[News]:
    """What it tells of this turn, with its states as they are now."""
    told, session.told = session.told, []
    now = session.endpoint.mailbox.now
    moment = Moment(session.id, session.role, now, session.call_state, session.media_state)
    for news in told:
        news.moment = moment
    return told


def _nothing(session: TransactionUser, source: Emitter, payload: object, variant: str) -> Own:
    return ()


def _target(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    return (str(session.target),)


def _session_created(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    return (session.remote_uri,)


def _state_changed(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    old, session.shown = session.shown, session.call_state
    return (old, session.shown)


def _media_state_changed(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    old, session.shown_media = session.shown_media, session.media_state
    return (old, session.shown_media)


def _dialog_state_changed(session: Session, dialog: Dialog, payload: object, variant: str) -> Own:
    old, dialog.shown = dialog.shown, _DIALOG_STATES[dialog.machine.state]
    return (old, dialog.shown, dialog.remote_tag)


def _dialog_established(session: Session, dialog: Dialog, payload: object, variant: str) -> Own:
    return (session.call_id, session.local_tag, dialog.remote_tag or "")


def _sdp(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    kind = _SDP_KINDS[variant]
    if variant in _OURS:
        text = session.negotiation.said
    else:
        message = payload.request if isinstance(payload, Received) else payload
        text = message.body if isinstance(message, Message) else b""
    return (kind, text.decode("utf-8", "replace"))


def _incoming(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    uri = str(session.invite.uri) if session.invite else ""
    return (session.remote_uri, uri)


def _answered(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    return (payload.status if isinstance(payload, Response) else 200,)


def _ready(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    return (_local(session), _codec(session))


def _negotiated(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    return (_local(session), _remote(session), _codec(session))


def _flow(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    direction = FlowDirection.OUTBOUND
    if variant == "confirmed" and session.negotiation.agreement is not None:
        direction = _CONFIRMED[session.negotiation.direction]
    return (_local(session), _remote(session), direction)


def _first_frame(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    facts = _facts(payload)
    return (facts.arrival, facts.ssrc)


def _channels(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    direction = session.negotiation.direction
    return (direction.sends, direction.receives)


def _confirmed(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    remote = _facts(payload).source or _remote(session)
    return (remote, session.rtp_flowing, session.rtcp_received)


def _quality(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    # When a band has lasted nothing new was measured: what was is remembered.
    facts = payload if isinstance(payload, EdgeFacts) else session.measured
    quality, metrics = cast("tuple[object, object]", facts.extra)
    return (quality, metrics)


def _media(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    change = MediaChange(variant)
    ends_wish = change in _CONCLUSIONS
    # A wish that time has ended is told by what had put it off.
    response = session.negotiation.put_off_by if ends_wish and payload is None else payload
    if not isinstance(response, Response):
        return (change, _facts(payload).detail, None, None)
    wish = session.negotiation.wish.number if ends_wish else None
    return (change, f"{response.status} {response.reason}", response.status, wish)


def _dtmf_received(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    if variant == "info":
        request = cast("Received", payload).request
        said = parse_digit(request.content_type, request.body)
        assert said is not None  # the row's guard has looked
        return (said.digit, said.duration_ms, DtmfMethod.INFO)
    receiver = cast("DtmfReceiver", source)
    heard = receiver.before if variant == "before" else receiver.heard
    return (heard.digit, heard.milliseconds, DtmfMethod.RTP)


def _digit_sent(session: Session, sender: DtmfSender, payload: object, variant: str) -> Own:
    return (sender.digit, sender.asked.duration_ms, sender.method)


def _digit_failed(session: Session, sender: DtmfSender, payload: object, variant: str) -> Own:
    return (sender.digit, sender.status, sender.reason)


def _ended(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    return (session.status, session.reason)


def _failed(session: Session, source: Emitter, payload: object, variant: str) -> Own:
    return (session.status, session.reason, session.contacts)


def _facts(payload: object) -> EdgeFacts:
    return payload if isinstance(payload, EdgeFacts) else EdgeFacts()


def _local(session: Session) -> events.Address:
    media = session.negotiation.local_media
    return media.address if media else session.endpoint.local


def _registered(session: TransactionUser, at: Registration, payload: object, variant: str) -> Own:
    return str(at.registrar), at.contact, at.expires, at.bindings


def _not_registered(session: TransactionUser, at: Registration, payload: object, variant: str) -> Own:
    return str(at.registrar), at.status, at.reason, at.retry_in


def _unregistered(session: TransactionUser, at: Registration, payload: object, variant: str) -> Own:
    return str(at.registrar), at.reason


def _remote(session: Session) -> events.Address:
    agreement = session.negotiation.agreement
    return agreement.remote if agreement else ("", 0)


def _codec(session: Session) -> str:
    agreement = session.negotiation.agreement
    return agreement.codec.name if agreement else ""


# Looked up here: to call an enum class costs ten times as much.
_DIALOG_STATES: Final = {state.value: state for state in DialogState}
_SDP_KINDS: Final = {kind.value: kind for kind in SdpKind}
_OURS: Final = (SdpKind.OFFER_SENT.value, SdpKind.ANSWER_SENT.value)

_CONCLUSIONS: Final = (MediaChange.REOFFER_ACCEPTED, MediaChange.REOFFER_REFUSED)

_CONFIRMED: Final = {
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
    "OutgoingCallPrepared": _target,
    "CallInitiated": _target,
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
    "DtmfReceived": _dtmf_received,
    "DtmfSent": _digit_sent,
    "DtmfFailed": _digit_failed,
    "CallEnded": _ended,
    "CallFailed": _failed,
    "Registered": _registered,
    "RegistrationFailed": _not_registered,
    "Unregistered": _unregistered,
}
