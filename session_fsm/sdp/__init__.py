"""SDP: descriptions to values and back, and offer/answer as pure functions. Knows no sockets, clock or dice."""

from __future__ import annotations

from session_fsm.sdp.agreement import DEFAULT_PTIME_MS, Agreement, Answer, LocalMedia
from session_fsm.sdp.codec import CODECS, PCMA, PCMU, Codec
from session_fsm.sdp.description import Connection, MediaDescription, Origin, SessionDescription
from session_fsm.sdp.direction import MediaDirection
from session_fsm.sdp.negotiate import (
    Considered,
    WrittenAnswer,
    answer,
    conclude,
    consider,
    decline,
    is_the_same,
    offer,
    take,
    write_answer,
)
from session_fsm.sdp.remote import Refusal, why_no_peer
from session_fsm.sdp.telephone_events import TELEPHONE_EVENT, TelephoneEvents, free_payload_type
from session_fsm.sdp.terms import PACKET_TIMES_MS
from session_fsm.sdp.wording import known_offer, learn_offer

__all__ = [
    "CODECS",
    "DEFAULT_PTIME_MS",
    "PACKET_TIMES_MS",
    "PCMA",
    "PCMU",
    "Agreement",
    "Answer",
    "Codec",
    "Connection",
    "Considered",
    "LocalMedia",
    "MediaDescription",
    "MediaDirection",
    "Origin",
    "Refusal",
    "TELEPHONE_EVENT",
    "SessionDescription",
    "TelephoneEvents",
    "WrittenAnswer",
    "answer",
    "conclude",
    "consider",
    "decline",
    "free_payload_type",
    "is_the_same",
    "known_offer",
    "learn_offer",
    "offer",
    "take",
    "why_no_peer",
    "write_answer",
]
