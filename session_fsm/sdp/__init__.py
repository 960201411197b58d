"""SDP: descriptions to values and back, and offer/answer as pure functions. Knows no sockets, clock or dice."""

from __future__ import annotations

from session_fsm.sdp.codec import CODECS, PCMA, PCMU, Codec
from session_fsm.sdp.description import Connection, MediaDescription, Origin, SessionDescription
from session_fsm.sdp.direction import MediaDirection
from session_fsm.sdp.negotiate import (
    DEFAULT_PTIME_MS,
    PACKET_TIMES_MS,
    Agreement,
    Answer,
    LocalMedia,
    answer,
    conclude,
    decline,
    offer,
    refusal_of,
)
from session_fsm.sdp.remote import Refusal, why_no_peer
from session_fsm.sdp.telephone_events import TELEPHONE_EVENT, TelephoneEvents, free_payload_type

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
    "LocalMedia",
    "MediaDescription",
    "MediaDirection",
    "Origin",
    "Refusal",
    "TELEPHONE_EVENT",
    "SessionDescription",
    "TelephoneEvents",
    "answer",
    "conclude",
    "decline",
    "free_payload_type",
    "offer",
    "refusal_of",
    "why_no_peer",
]
