"""SIP messages as values: octets in, typed verdicts out, and back. No sockets, no clock, no state.

Rules: RFC 3261 §7, §18.3, §19, §20 and §25; RFC 4475 and RFC 5118 for what to do with odd messages.
"""

from __future__ import annotations

from session_fsm.sip.cseq import CSeq
from session_fsm.sip.fields import HeaderValue
from session_fsm.sip.message import Message, Request, Response
from session_fsm.sip.methods import METHODS
from session_fsm.sip.name_addr import NameAddr
from session_fsm.sip.reasons import REASONS, reason_of
from session_fsm.sip.response import Echo
from session_fsm.sip.uri import Address, OtherUri, SipUri, parse_uri
from session_fsm.sip.via import MAGIC_COOKIE, Via
from session_fsm.sip.wire import Accepted, Dropped, Rejected, Verdict, read

__all__ = [
    "MAGIC_COOKIE",
    "METHODS",
    "REASONS",
    "Accepted",
    "Address",
    "CSeq",
    "Dropped",
    "Echo",
    "HeaderValue",
    "Message",
    "NameAddr",
    "OtherUri",
    "Rejected",
    "Request",
    "Response",
    "SipUri",
    "Verdict",
    "Via",
    "parse_uri",
    "read",
    "reason_of",
]
