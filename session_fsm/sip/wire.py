"""Octets to a verdict: a message that is accepted, a request to be rejected and how, a datagram to be dropped and why.

Lenient where RFC 4475 allows it, strict where two readers could understand a message differently. Never raises, and
takes time linear in the datagram. The choices:

- accepted: several blanks in the start line (RFC 4475 §3.1.2.9, §3.1.2.10), a foreign time zone in Date (§3.1.2.12),
  blanks inside `<>` (§3.1.2.14), unquoted display names without comma (§3.1.2.15), RFC 2543 requests (§3.4.1), an
  absent or overlarge Max-Forwards (§3.1.2.4), `branch=z9hG4bK` alone as no branch (§3.2.1), lines that end in LF alone,
  octets that are no UTF-8;
- rejected with 400: a Request-URI in `<>` (§3.1.2.7), with blanks (§3.1.2.8) or with headers (§3.1.2.11), an address
  that needs `<>` (§3.1.2.13), a field twice that may be there once (§3.3.8), a parameter twice, a bare CR.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from session_fsm.errors import Malformed
from session_fsm.frozen import plain
from session_fsm.sip.fields import sort_lines
from session_fsm.sip.grammar import is_token, number, readable
from session_fsm.sip.message import Message, Request, Response
from session_fsm.sip.methods import METHODS
from session_fsm.sip.names import SINGLES
from session_fsm.sip.typed import (
    parse_call_id,
    parse_contacts,
    parse_cseq,
    parse_from,
    parse_max_forwards,
    parse_record_routes,
    parse_routes,
    parse_to,
    parse_via,
)
from session_fsm.sip.uri import OtherUri, SipUri, parse_uri
from session_fsm.sip.usual import read_usual


class Accepted:
    """A well-formed message. No typed access of it raises."""

    __slots__ = ("message",)

    def __init__(self, message: Request | Response) -> None:
        self.message = message
        "What was read."

    def __repr__(self) -> str:
        return f"<Accepted {self.message}>"


@plain
@dataclass(slots=True)
class Rejected:
    """A malformed request that is to be answered. ACK is never rejected: it has no response."""

    request: Request
    "As much as could be read, for `Echo`; its typed values may raise `Malformed`."
    status: int
    "The status of the answer: 400, 501 or 505."
    rule: str
    "The section and production that it breaks."
    excerpt: str = ""
    "Where it breaks it, at most 80 characters."
    headers: tuple[tuple[str, str], ...] = ()
    "Header fields that the answer must have."


@plain
@dataclass(slots=True)
class Dropped:
    """A datagram that is no SIP message, or one that must not be answered."""

    reason: str
    "What it was: `keep-alive`, `STUN`, `not SIP`, `malformed response`, `malformed ACK`, …"
    rule: str
    "The section that says so."
    excerpt: str = ""
    "The place, at most 80 characters."


Verdict = Accepted | Rejected | Dropped

_FOLD = re.compile(r"\r?\n[ \t]++")
_VERSION = re.compile(r"SIP/[0-9]++\.[0-9]++", re.IGNORECASE)
_STATUS_LINE = re.compile(r"(SIP/[0-9]++\.[0-9]++) ++([0-9]++)(?: ([^\r\n]*+))?", re.IGNORECASE)
# RFC 3261 §8.1.1 has Max-Forwards too; requests of RFC 2543 have none and are accepted (RFC 4475 §3.4.1).
_MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
_STUN_COOKIE = b"\x21\x12\xa4\x42"  # RFC 5389 §6


def read(datagram: bytes) -> Verdict:
    """One datagram to a verdict."""
    # What has no body ends with the blank line. One before it makes the rest no fields.
    cut = len(datagram) - 4 if datagram[-4:] == b"\r\n\r\n" else datagram.find(b"\r\n\r\n")
    if cut > 0:
        message = read_usual(datagram[: cut + 2].decode("utf-8", "surrogateescape"), datagram[cut + 4 :])
        if message is not None:
            return Accepted(message)
    return _read_anything(datagram)


def _read_anything(datagram: bytes) -> Verdict:
    """Any datagram: faults, folded lines, LF line ends, no blank line at all, keep-alives, other protocols."""
    if not datagram.strip(b"\r\n\0 \t"):
        return Dropped("keep-alive", "RFC 5626 §3.5.1")
    if datagram[0] < 4 and datagram[4:8] == _STUN_COOKIE:
        return Dropped("STUN", "RFC 5626 §3.5.2")
    # RFC 3261 §7.5: line breaks before the start line are ignored.
    datagram = datagram.lstrip(b"\r\n")
    head, blank, body = _at_blank_line(datagram)
    text = head.decode("utf-8", "surrogateescape")
    if "\n " in text or "\n\t" in text:
        # RFC 3261 §7.3.1: a line break and the blanks behind it are a single space.
        text = _FOLD.sub(" ", text)
    lines = text.replace("\r\n", "\n").split("\n")
    fault = None if blank else Malformed("RFC 3261 §7 the empty line behind the header is missing", text[-80:])
    if "\r" in text.replace("\r\n", ""):
        fault = fault or Malformed("RFC 3261 §7.3.1 bare CR", text)
        lines = [line.replace("\r", " ") for line in lines]
    return _read_lines(lines, body, fault)


def _at_blank_line(datagram: bytes) -> tuple[bytes, bool, bytes]:
    """What stands before the first empty line, whether there is one, and what stands behind it. Any line ends."""
    found = [(at, len(end)) for end in (b"\n\n", b"\n\r\n") if (at := datagram.find(end)) >= 0]
    if not found:
        return datagram, False, b""
    at, length = min(found)
    return datagram[: at - (datagram[at - 1 : at] == b"\r")], True, datagram[at + length :]


def _read_lines(lines: list[str], body: bytes, fault: Malformed | None = None) -> Verdict:
    start = lines.pop(0)
    if start[:4].upper() == "SIP/":
        return _read_response(start, lines, body, fault)
    return _read_request(start, lines, body, fault)


def _read_response(start: str, lines: list[str], body: bytes, fault: Malformed | None) -> Verdict:
    match = _STATUS_LINE.fullmatch(start)
    if match is None or match[1].upper() != "SIP/2.0":
        return Dropped("malformed response", "RFC 3261 §7.2 Status-Line", readable(start[:80]))
    status = number(match[2], "RFC 3261 §7.2 Status-Code")
    if len(match[2]) != 3 or not 100 <= status <= 699:
        return Dropped("malformed response", "RFC 3261 §7.2 Status-Code", readable(start[:80]))
    response = Response(status, readable(match[3] or ""))
    fault = fault or _fill(response, lines, body) or _fault_in(response)
    if fault is not None:
        return Dropped("malformed response", fault.rule, _shown(fault))
    return Accepted(response)


def _read_request(start: str, lines: list[str], body: bytes, fault: Malformed | None) -> Verdict:
    method, _, rest = start.partition(" ")
    uri, _, version = rest.rpartition(" ")
    if version != "SIP/2.0" or method not in METHODS:
        # Not the usual start line: blanks at its end, a foreign method, version or protocol. A line that ends behind
        # the URI is still taken for a request if its method is one.
        uri, _, version = rest.strip(" ").rpartition(" ")
        cut_short = method in METHODS and not uri and ":" in version
        if not is_token(method) or not (_VERSION.fullmatch(version) or cut_short):
            return Dropped("not SIP", "RFC 3261 §7.1 Request-Line", readable(start[:80]))
    status = 400
    if not uri:
        uri, fault = version, fault or Malformed("RFC 3261 §7.1 SIP-Version is missing", start)
    elif version != "SIP/2.0" and version.upper() != "SIP/2.0":
        status, fault = 505, Malformed("RFC 3261 §7.1 SIP-Version", version)
    found, uri_fault = _request_uri(uri.strip(" "))
    request = Request(method, found)
    body_fault = _fill(request, lines, body)
    fault = fault or uri_fault or body_fault or _fault_in(request)
    if fault is None:
        if request.cseq.method == method:
            return Accepted(request)
        # RFC 4475 §3.1.2.17 and §3.1.2.18: a method that nobody knows is 501 first of all.
        status = 400 if method in METHODS else 501
        fault = Malformed("RFC 3261 §8.1.1.5 method of CSeq", f"{method}, {request.cseq}")
    if method == "ACK":
        return Dropped("malformed ACK", fault.rule, _shown(fault))
    return Rejected(request, status, fault.rule, _shown(fault))


def _shown(fault: Malformed) -> str:
    return readable(str(fault.excerpt))


def _request_uri(text: str) -> tuple[SipUri | OtherUri, Malformed | None]:
    try:
        uri = parse_uri(text)
    except Malformed as fault:
        return OtherUri("", text), Malformed(f"RFC 3261 §7.1 Request-URI: {fault.rule}", text)
    if isinstance(uri, SipUri) and uri.headers:
        return uri, Malformed("RFC 3261 §19.1.1 headers in a Request-URI", text)
    return uri, None


def _fill(message: Message, lines: list[str], body: bytes) -> Malformed | None:
    """Sort the lines by header name and cut the body; the first fault comes back, the rest is read all the same."""
    message._text = "\r\n".join(["", *lines])
    message.body = body
    message._first, message._more, fault = sort_lines(lines)
    return fault or _cut_body(message, message._first.get("Content-Length"))


def _cut_body(message: Message, length: str | None) -> Malformed | None:
    """RFC 3261 §18.3: octets behind the body are discarded, a body that ends too early is an error."""
    if length is None or length == str(len(message.body)):
        return None
    try:
        octets = number(length, "RFC 3261 §20.14 Content-Length")
    except Malformed as fault:
        return fault
    if octets > len(message.body):
        return Malformed("RFC 3261 §18.3 Content-Length beyond the datagram", length)
    if octets < len(message.body):
        message.body = message.body[:octets]
    return None


def _fault_in(message: Request | Response) -> Malformed | None:
    twice = _twice(message) if message._more else None
    if twice is not None:
        return twice
    try:
        _check_common(message)
        if isinstance(message, Request):
            _check_request(message)
        else:
            _check_response(message)
    except Malformed as fault:
        return _missing(message) or fault
    return None


def _twice(message: Message) -> Malformed | None:
    more = message._more
    for key in SINGLES:
        if key in more:
            return Malformed(f"RFC 3261 §7.3.1 {key} twice", " | ".join(more[key])[:80])
    return None


def _missing(message: Message) -> Malformed | None:
    """What is missing is said before what is malformed."""
    for key in _MANDATORY:
        if key not in message._first:
            return Malformed(f"RFC 3261 §8.1.1 {key} is missing")
    return None


def _check_common(message: Message) -> None:
    """Make every value that can raise; it stays in its slot for whoever needs it."""
    first = message._first
    # They are kept: whoever asks for them later finds them made.
    message._via = parse_via(message)
    message._from = parse_from(message)
    message._to = parse_to(message)
    message._cseq = parse_cseq(message)
    message._call_id = parse_call_id(message)
    message._contacts = parse_contacts(message) if "Contact" in first else []
    if "Record-Route" in first:
        parse_record_routes(message)


def _check_request(message: Request) -> None:
    if "Route" in message._first:
        parse_routes(message)
    parse_max_forwards(message)


def _check_response(message: Response) -> None:
    # RFC 3261 §8.1.3.3: a response with more than one Via was not meant for this user agent.
    if "Via" in message._more or "," in message._first["Via"]:
        raise Malformed("RFC 3261 §8.1.3.3 a second Via in a response", str(message.vias[1]))
