"""Everything an application can be told: one frozen dataclass an event, its first line says when it happens.

The names and fields are those of the reference documents' event plan; what a chart emits in CamelCase is a class of
this file. `media_state` and `call_state` are the states after the step that caused the event.
"""

from __future__ import annotations

from dataclasses import dataclass

from session_fsm.rtp.quality import MediaMetrics, MediaQuality
from session_fsm.session.states import (
    Address as Address,
)
from session_fsm.session.states import (
    CallState as CallState,
)
from session_fsm.session.states import (
    DialogState as DialogState,
)
from session_fsm.session.states import (
    DtmfMethod as DtmfMethod,
)
from session_fsm.session.states import (
    FlowDirection as FlowDirection,
)
from session_fsm.session.states import (
    MediaChange as MediaChange,
)
from session_fsm.session.states import (
    MediaState as MediaState,
)
from session_fsm.session.states import (
    Role as Role,
)
from session_fsm.session.states import (
    SdpKind as SdpKind,
)
from session_fsm.session.states import (
    SessionId as SessionId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent:
    """Base of all events. Never published by itself."""

    session_id: SessionId
    "Which session it happened to."
    role: Role
    "Which side of the call that session is."
    time: float
    "When, in seconds of the process's monotonic clock."
    call_state: CallState
    "The call state once the step had settled."
    media_state: MediaState
    "The media state after the step."


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated(SessionEvent):
    """A session exists: we are about to send an INVITE, or received one that we can take."""

    peer: str
    "The other party's URI."


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged(SessionEvent):
    """The call state changed."""

    old_state: CallState
    new_state: CallState


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStateChanged(SessionEvent):
    """The media state changed."""

    old_state: MediaState
    new_state: MediaState


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogStateChanged(SessionEvent):
    """A dialog's state changed. A forked INVITE has several dialogs, told apart by `remote_tag`."""

    old_state: DialogState
    new_state: DialogState
    remote_tag: str | None
    "The peer's tag, which names the dialog."


@dataclass(frozen=True, slots=True, kw_only=True)
class SdpEvent(SessionEvent):
    """An offer or an answer was sent or received."""

    event_type: SdpKind
    sdp: str
    "The session description as text."


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCallPrepared(SessionEvent):
    """UAC: the local RTP port is open and the INVITE is built, but not yet sent."""

    target: str
    "The URI that is called."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInitiated(SessionEvent):
    """UAC: the INVITE was sent."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall(SessionEvent):
    """UAS: an INVITE arrived that we can take; the application decides."""

    caller: str
    "The URI in From."
    target: str
    "The Request-URI."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAccepted(SessionEvent):
    """UAS: the application accepted; the 200 is about to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(SessionEvent):
    """The call is answered: UAC, the first 2xx was received; UAS, the 200 was sent."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogEstablished(SessionEvent):
    """The dialog is confirmed: the 2xx was received (UAC) or sent (UAS)."""

    call_id: str
    local_tag: str
    remote_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AckSent(SessionEvent):
    """UAC: the ACK to the 2xx was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AckReceived(SessionEvent):
    """UAS: the ACK to our 200 arrived. Media does not wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSessionReady(SessionEvent):
    """Media entered Ready: the local RTP socket is open and a codec is agreed."""

    local_addr: Address
    "Where this side receives RTP, as written in its SDP."
    codec: str
    "The agreed codec's name, such as PCMU."


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaNegotiated(SessionEvent):
    """Offer and answer agree; both RTP addresses are known."""

    local_addr: Address
    remote_addr: Address
    codec: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFlowEstablished(SessionEvent):
    """At Established with OUTBOUND: our sending path is open. At Active with the direction that evidence confirms."""

    local_addr: Address
    remote_addr: Address
    direction: FlowDirection


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAudioFrameReceived(SessionEvent):
    """The first RTP packet from the peer arrived on this path."""

    timestamp: float
    "Arrival, in seconds of the monotonic clock."
    ssrc: int
    "The synchronization source that sent it."


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioChannelsReady(SessionEvent):
    """Media entered Active: audio can be written and read."""

    can_send: bool
    can_receive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMediaConfirmed(SessionEvent):
    """The first RTP or RTCP from the peer arrived; published again when the other kind arrives."""

    remote_addr: Address
    rtp_flowing: bool
    rtcp_received: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaQualityChange(SessionEvent):
    """The measured quality entered another band."""

    quality: MediaQuality
    metrics: MediaMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaEvent(SessionEvent):
    """Something else happened to the media path."""

    event: MediaChange
    detail: str = ""
    status: int | None = None
    "Of an offer within the call: the status of its final response."
    wish: int | None = None
    "Which wish of the application that offer was for."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(SessionEvent):
    """We hold the peer: it has agreed, and we hear it no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(SessionEvent):
    """Our hold is over: the peer has agreed, and we hear it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteHold(SessionEvent):
    """The peer holds us: it has said that it does not listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResume(SessionEvent):
    """The peer listens again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered(SessionEvent):
    """The registrar keeps our Contact, from now on or again. `session_id` names the registration, which has no call."""

    registrar: str
    "The registrar's URI."
    contact: str
    "Our Contact, as it is kept."
    expires: int
    "Seconds that were granted; it is refreshed before."
    bindings: tuple[str, ...] = ()
    "All Contacts of our address that the registrar keeps, ours too."


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFailed(SessionEvent):
    """The registrar refused us, or did not answer. Calls go on."""

    registrar: str
    status: int | None
    "The SIP status; 408 when no response came, 503 when the request could not be delivered."
    reason: str
    retry_in: float | None
    "Seconds until the next try; None when there will be none, because it would be refused again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered(SessionEvent):
    """The binding is gone: we left, or it lapsed."""

    registrar: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfReceived(SessionEvent):
    """The peer pressed a key, and has released it. Told once for each key, whatever was lost or repeated."""

    digit: str
    "0 to 9, *, #, A to D, or ! for a hook flash."
    duration_ms: int | None
    "How long; None when an INFO did not say."
    method: DtmfMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfSent(SessionEvent):
    """A digit of ours was sent: by RTP its final packets have left, by INFO the peer has accepted it."""

    digit: str
    duration_ms: int
    method: DtmfMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfFailed(SessionEvent):
    """A digit of ours could not be sent, and those behind it are dropped. The call goes on."""

    digit: str
    status: int | None
    "The SIP status with which the peer refused the INFO; None where there was none."
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(SessionEvent):
    """The call is over: a BYE was answered, or it was cancelled before an answer."""

    status: int | None
    "The SIP status that ended it (487 when cancelled), None when a BYE did."
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(SessionEvent):
    """The call was refused, not answered, or could not be sent."""

    status: int | None
    "The SIP status; 408 when no response came, 503 when the request could not be delivered (RFC 3261 §8.1.3.1)."
    reason: str
    contacts: tuple[str, ...] = ()
    "Where a 3xx response sends the caller, in its order of preference."
