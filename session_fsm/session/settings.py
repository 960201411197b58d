"""What an endpoint can be told to do differently. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from session_fsm.sdp import CODECS, DEFAULT_PTIME_MS, PACKET_TIMES_MS, Codec, free_payload_type
from session_fsm.session.possible import check_count, check_one_of, check_seconds, check_share, check_text

Seconds = float
"A duration, or a moment of one monotonic clock."

ALLOWED = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE")
"The methods that are handled; every other known one gets 405, an unknown one 501 (RFC 3261 §8.2.1)."

SUPPORTED: frozenset[str] = frozenset()
"The option tags that are handled. A tag in Require that is not here gets 420 (RFC 3261 §8.2.2.3)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Parameters of a whole user agent; the defaults are those of RFC 3261 where it has any."""

    t1: Seconds = 0.5
    "Round-trip estimate, RFC 3261 §17.1.1.1. Everything that retransmits or gives up is a multiple of it."
    t2: Seconds = 4.0
    "Longest interval between retransmissions, RFC 3261 §17.1.2.2."
    t4: Seconds = 5.0
    "Longest time that a message stays in the network, RFC 3261 §17.1.2.2."
    no_answer: Seconds = 180.0
    "UAC: how long it may ring before the INVITE is cancelled."
    unanswered: Seconds = 180.0
    "UAS: how long an application may take to decide before the caller gets 480."
    register_retry: Seconds = 30.0
    "How long a registration waits after a first failure, about; each further one doubles it (RFC 5626 §4.5)."
    register_retry_most: Seconds = 1800.0
    "How long it waits at most, whatever the registrar says."
    codecs: tuple[Codec, ...] = CODECS
    "What is offered and accepted, in order of preference."
    ptime_ms: int = DEFAULT_PTIME_MS
    "Milliseconds of audio that we wish in a packet, and send where the peer wishes nothing: 10, 20, 30, 40 or 60."
    telephone_events: bool = True
    "Whether DTMF digits as RTP events (RFC 4733) are offered and taken; by INFO they are taken in any case."
    reoffer: Literal["INVITE", "UPDATE"] = "INVITE"
    "What offers a change within an answered call. UPDATE goes only to a peer that allows it (RFC 3311 §5.1)."
    learn_source: Literal["nat", "never", "always"] = "nat"
    "Whether RTP from another source than the negotiated one may be learnt: for a peer behind NAT, never, or always."
    max_sessions: int = 10_000
    "Above so many live sessions an INVITE gets 503."
    max_waiting: int = 2_000
    "How many incoming calls may wait for our answer or for the caller's ACK; the next INVITE gets 503."
    max_waiting_per_source: int = 1_000
    "The same for the calls of one source: an IPv4 address, or an IPv6 network of 64 bits."
    max_unacknowledged: int = 400
    "How many answered calls may wait for their ACK: audio leaves already, so they cost most; the next INVITE gets 503."
    max_unacknowledged_per_source: int = 100
    "The same for the calls of one source."
    twice_from: float = 0.3
    "From this share of `max_waiting` or `max_unacknowledged` on an INVITE has to come twice; 1 asks that of nobody."
    max_requests: int = 500
    "How many requests of one call may be open, each for 64*T1 after its answer; the peer's next one gets 503."
    max_forks: int = 64
    "How many callees one INVITE may reach; responses of more are dropped, as each 2xx costs us an ACK and a BYE."
    max_redirects: int = 5
    "How many Contacts of 3xx responses a call follows; 0 follows none."
    product: str = "session_fsm"
    "What User-Agent says."
    trace_rows: int = 10_000
    "Rows of trace that are kept for a session, the newest; 0 keeps none."
    engine: Literal["table", "transitions"] = "table"
    "What steps the charts: the compiled table, or the stock Machine of `transitions`, which is slower and equal."

    @property
    def telephone_event(self) -> int | None:
        """The number under which telephone events are offered."""
        return free_payload_type(self.codecs) if self.telephone_events else None

    def __post_init__(self) -> None:
        """Refuse what is not possible, before a call finds out."""
        for name in ("t1", "t2", "t4", "no_answer", "unanswered", "register_retry", "register_retry_most"):
            check_seconds(name, getattr(self, name))
        for name in (
            "max_sessions",
            "max_waiting",
            "max_waiting_per_source",
            "max_unacknowledged",
            "max_unacknowledged_per_source",
            "max_requests",
            "max_forks",
            "max_redirects",
            "trace_rows",
        ):
            check_count(name, getattr(self, name))
        check_share("twice_from", self.twice_from)
        handled = {codec.encoding for codec in CODECS}
        codecs: object = self.codecs
        if (
            not isinstance(codecs, tuple)
            or not codecs
            or any(not isinstance(each, Codec) or each.encoding not in handled for each in codecs)
        ):
            raise ValueError(f"codecs is {codecs!r}; it can hold {' and '.join(codec.name for codec in CODECS)}")
        check_one_of("ptime_ms", self.ptime_ms, PACKET_TIMES_MS)
        check_one_of("reoffer", self.reoffer, ("INVITE", "UPDATE"))
        check_one_of("learn_source", self.learn_source, ("nat", "never", "always"))
        check_one_of("engine", self.engine, ("table", "transitions"))
        check_text("product", self.product)
