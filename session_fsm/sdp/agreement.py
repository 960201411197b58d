"""What goes into offer and answer, and what comes out: our side of the media, an agreement, an answer.

Values only; `sdp.negotiate` decides. Sources: RFC 3264, RFC 3551.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from session_fsm.frozen import maker_of, plain
from session_fsm.sdp.codec import CODECS, Codec
from session_fsm.sdp.description import MAX_PORT, SessionDescription
from session_fsm.sdp.direction import MediaDirection
from session_fsm.sdp.remote import Address, look_up
from session_fsm.sdp.telephone_events import TelephoneEvents

DEFAULT_PTIME_MS = 20  # RFC 3551 §4.2, the default packetization of G.711


@plain
@dataclass(frozen=True, slots=True)
class LocalMedia:
    """What this side can do and wants, as it will stand in its description."""

    address: Address
    "Where we receive RTP: a real address that the peer can reach, never the wildcard."
    codecs: tuple[Codec, ...] = CODECS
    "In order of preference, under the numbers that we offer."
    direction: MediaDirection = MediaDirection.SENDRECV
    ptime_ms: int = DEFAULT_PTIME_MS
    "The packet time that we wish to receive, in milliseconds."
    session_id: int = 1
    "The number of the `o=` line that stays the same for the whole session."
    version: int = 1
    "The version of the first description; later ones count up from the one that went before."
    rtcp_port: int | None = None
    "Where we receive RTCP; None for the port above RTP."
    telephone_event: int | None = None
    "The number under which telephone events are offered (RFC 4733); None: they are neither offered nor taken."

    def __post_init__(self) -> None:
        host = look_up(self.address[0])
        if (host is not None and host.unspecified) or not 0 < self.address[1] <= MAX_PORT:
            raise ValueError(f"{self.address[0]}:{self.address[1]} is no address that a peer could send to")


made_local_media = maker_of(LocalMedia)
"Takes every field by its name, and looks at none: for addresses that are known to be ours."


@plain
@dataclass(frozen=True, slots=True)
class Agreement:
    """What offer and answer agreed, seen from our side. Two of them differ when the media path must change."""

    codec: Codec
    "The codec that we send, under the number by which we receive it."
    payload_type: int
    "The number on the packets that we receive in this codec."
    send_payload_type: int
    "The number on the packets that we send: the peer's (RFC 3264 §5.1)."
    remote: Address
    "Where RTP goes. The unspecified address when the peer holds the old way; then `direction` does not send."
    remote_rtcp: Address | None
    "Where RTCP goes; None when the peer left no place for it."
    direction: MediaDirection
    "Ours."
    ptime_ms: int = DEFAULT_PTIME_MS
    "How much audio our packets hold: what the peer wishes, as far as it is possible; our own wish when it names none."
    theirs: MediaDirection = field(default=MediaDirection.SENDRECV, compare=False)
    "The peer's wish, from its side: it holds us when it does not receive."
    events: TelephoneEvents | None = None
    "How telephone events go; None when one side does not handle them."
    receivable: tuple[Codec, ...] = field(default=(), compare=False)
    "Every codec that may arrive, under our numbers: the peer may use any that the answer left (RFC 3264 §7)."

    def summary(self) -> dict[str, str | int]:
        """What a trace says of this agreement."""
        return {
            "codec": self.codec.name,
            "remote": f"{self.remote[0]}:{self.remote[1]}",
            "direction": str(self.direction),
            "ptime_ms": self.ptime_ms,
        }


@plain
@dataclass(frozen=True, slots=True)
class Answer:
    """The description that answers an offer, and what is agreed once it is sent."""

    description: SessionDescription
    agreement: Agreement
