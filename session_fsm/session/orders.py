"""What the coordinator asks of the runtime, and what the media plane tells the coordinator: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from session_fsm.frozen import maker_of
from session_fsm.sdp import Agreement
from session_fsm.session.events import Address, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPath:
    """Open, or change, the media path of a session; answered by the edge PATH_OPENED or PATH_FAILED.

    A second order for the same session replaces the first: evidence starts anew, counters go on.
    """

    session_id: SessionId
    agreement: Agreement
    learn_source: bool
    "Whether `source.toml` says what becomes of other sources than the negotiated address; else they are strangers."
    proven: bool = True
    "Whether the peer has shown by signalling that it is there; else the edge UNPROVEN tells when nothing comes."
    silent: bool = False
    "Whether silence is sent in place of what the application plays: it holds the peer, and not with music."


@dataclass(frozen=True, slots=True, kw_only=True)
class PausePath:
    """Stop sending (held, or nobody has shown that audio is wanted); the socket stays and what arrives is counted."""

    session_id: SessionId
    held: bool = False
    "Whether neither side is to send: then nothing is missed."


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePath:
    """The session's media is over: close its sockets and end its channels."""

    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundEvent:
    """Send a telephone event in place of audio; answered by the edge DIGIT_SENT or DIGIT_CUT."""

    session_id: SessionId
    code: int
    "RFC 4733 §3.2."
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOn:
    """Send again what a PausePath stopped, if the agreement lets us. Nothing is opened anew."""

    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class HearOthers:
    """What becomes of packets of other sources than the one that counts."""

    session_id: SessionId
    on_probation: bool
    "Whether one that sends packets in sequence is told of, as SOURCE_PROVEN; else all are dropped and counted."


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowSource:
    """This source counts from now on, its packets on probation too, and ours go there."""

    session_id: SessionId
    source: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitEdge:
    """Tell of this once more. A path that is opened asks for all that it may bring."""

    session_id: SessionId
    edge: Edge


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSilence:
    """Whether silence leaves in place of what the application writes: of a stream that is there, or of none."""

    session_id: SessionId
    muted: bool


FurtherOrder = SoundEvent | SendOn | HearOthers | FollowSource | AwaitEdge | SendSilence
MediaOrder = OpenPath | PausePath | ClosePath | FurtherOrder


class Edge(StrEnum):
    """What the media plane tells: edges, never every audio packet. Each is an event of the chart that hears it."""

    PATH_OPENED = "path_opened"
    PATH_FAILED = "path_failed"
    FIRST_FRAME = "first_frame"
    "The first RTP packet from the peer since the path was opened or changed (or since the socket was opened)."
    RTCP_RECEIVED = "rtcp_received"
    "The first RTCP packet from the peer."
    REPORT_RECEIVED = "report_received"
    "The first RTCP report block about our own stream on this path."
    STALLED = "stalled"
    "No RTP for the stall time although the peer may send."
    FLOW_RESUMED = "flow_resumed"
    SOURCE_CHANGED = "source_changed"
    SOURCE_PROVEN = "source_proven"
    "For `source.toml`: another source has sent packets in sequence while it was on probation."
    NAMED_HEARD = "named_heard"
    "For `source.toml`: the negotiated address sends, although another source counts."
    UNPROVEN = "unproven"
    "For `consent.toml`: audio has left for the first seconds of a path, and neither RTP nor RTCP has come."
    MEASURED = "measured"
    "The band of what was measured last differs from the one before; an event of `quality.toml`."
    EVENT_HEARD = "event_heard"
    "For `dtmf_receiver.toml`: a packet with a telephone event; `extra` is a HeardEvent."
    DIGIT_SENT = "digit_sent"
    "For `dtmf_sender.toml`, as is the next one."
    DIGIT_CUT = "digit_cut"
    TIMED_OUT = "timed_out"
    "For `silence.toml`: neither RTP nor RTCP for as long as the application allowed."


RAW = frozenset({Edge.EVENT_HEARD})
"Edges whose payload is what `extra` holds."


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFacts:
    """What is known about an edge."""

    source: Address | None = None
    "Where the packet came from."
    ssrc: int = 0
    arrival: float = 0.0
    "Arrival of the packet, seconds of the monotonic clock."
    rtp_flowing: bool = False
    rtcp_received: bool = False
    detail: str = ""
    extra: object = field(default=None)
    "MediaQuality and MediaMetrics of an interval, as a tuple; the HeardEvent of a telephone event."


made_facts = maker_of(EdgeFacts)
"Takes every field in its order, and costs less than the class itself."
