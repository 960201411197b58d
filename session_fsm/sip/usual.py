"""Messages of the usual form: what tells one from another is read by itself, and the rest known by its text.

A user agent writes the same start lines and, but for Via, From, To, Call-ID and CSeq, the same header fields again and
again: Contact, Max-Forwards, Allow, Supported, User-Agent, the type and length of the body. They are read once and then
looked up. What is not of that form, or has a fault, is left to `wire`, which reads anything and says what is wrong.
"""

from __future__ import annotations

import re
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.sip import typed
from session_fsm.sip.cseq import CSeq
from session_fsm.sip.fields import NOTHING, Fields, Rest, sort_lines
from session_fsm.sip.grammar import keep, number, readable
from session_fsm.sip.message import Message, Request, Response
from session_fsm.sip.methods import METHODS
from session_fsm.sip.name_addr import tag_of
from session_fsm.sip.names import SINGLES
from session_fsm.sip.uri import OtherUri, SipUri, parse_uri
from session_fsm.sip.via import Via

_STATUS_LINE: Final = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9]) (.*)")
_APART: Final = frozenset(("Via", "From", "To", "Call-ID", "CSeq"))

# What a hostile peer can fill the memory with is bounded.
_MOST_KEPT: Final = 1024
_LONGEST_KEPT: Final = 1500  # characters
_MOST_FIELDS: Final = 32


def read_usual(head: str, body: bytes) -> Request | Response | None:
    """A well-formed message of the usual form, or None. Its head ends with the line break of its last field."""
    start_end = head.find("\r")
    via, via_end = _line(head, "\nVia: ", start_end)
    from_, from_end = _line(head, "\nFrom: ", via_end)
    to, to_end = _line(head, "\nTo: ", from_end)
    call_id, call_id_end = _line(head, "\nCall-ID: ", to_end)
    cseq, cseq_end = _line(head, "\nCSeq: ", call_id_end)
    if via < 0 or from_ < 0 or to < 0 or call_id < 0 or cseq < 0:
        return None
    texts = (
        head[via + 6 : via_end].strip(" \t"),
        head[from_ + 7 : from_end].strip(" \t"),
        head[to + 5 : to_end].strip(" \t"),
        head[call_id + 10 : call_id_end].strip(" \t"),
        head[cseq + 7 : cseq_end].strip(" \t"),
    )
    lower_vias: list[str] = []
    while head.find("\nVia: ", via_end + 1, via_end + 7) > 0:
        at, via_end = via_end + 7, head.find("\r", via_end + 7)
        lower_vias.append(head[at:via_end].strip(" \t"))
    # What stands between, from each CR to the next of these lines; in nearly all messages they have this order.
    if via < from_ < to < call_id < cseq:
        between = head[start_end + 1 : via] + head[via_end + 1 : from_] + head[from_end + 1 : to]
        between += head[to_end + 1 : call_id] + head[call_id_end + 1 : cseq] + head[cseq_end + 1 :]
    else:
        begins = [*sorted([via, from_, to, call_id, cseq]), len(head)]
        ends = [start_end, *sorted([via_end, from_end, to_end, call_id_end, cseq_end])]
        between = "".join([head[end + 1 : at] for end, at in zip(ends, begins, strict=True)])
    start, rest = _start(head[:start_end]), _rest(between)
    if start is None or rest is NOT_USUAL:
        return None
    message = start.message()
    _fill(message, head, texts, rest, body)
    if not _is_sound(message, lower_vias):
        return None
    fits = message.cseq.method == message.method if isinstance(message, Request) else not lower_vias
    return message if fits else None


def _line(head: str, name: str, behind: int) -> tuple[int, int]:
    """Where the first line of this name begins with its LF, and where it ends with its CR; -1 if there is none.

    It is looked for behind the line that it mostly follows, and then everywhere.
    """
    at = head.find(name, behind)
    if at < 0:
        at = head.find(name)
    return at, head.find("\r", at)


def _fill(message: Message, head: str, texts: tuple[str, str, str, str, str], rest: Rest, body: bytes) -> None:
    message._text = head
    message._texts = texts
    message._rest = rest
    # RFC 3261 §18.3: octets behind the body are discarded.
    message.body = body if rest.length is None or rest.length >= len(body) else body[: rest.length]


def _is_sound(message: Message, lower_vias: list[str]) -> bool:
    """Whether no typed access raises, and the body is all there; what is made for that is kept."""
    via, from_, to, call_id, cseq = message._texts
    length = message._rest.length
    try:
        message._via = Via.parse(via)
        message._from_tag = tag_of(from_)
        message._to_tag = tag_of(to)
        message._call_id = typed.call_id_of(call_id)
        message._cseq = CSeq.parse(cseq)
        if lower_vias:
            message._more = {"Via": [via, *lower_vias]}
            typed.parse_vias(message)
    except Malformed:
        return False
    return length is None or length == len(message.body)


class _Start:
    """A start line: a request's method and URI, or a response's status and reason."""

    __slots__ = ("method", "reason", "status", "uri")

    def __init__(self, method: str, uri: SipUri | OtherUri | None, status: int, reason: str) -> None:
        self.method = method
        self.uri = uri
        self.status = status
        self.reason = reason

    def message(self) -> Request | Response:
        """A message that begins so."""
        return Response(self.status, self.reason) if self.uri is None else Request(self.method, self.uri)


_starts: Final[dict[str, _Start]] = {}


def _start(line: str) -> _Start | None:
    """What a start line says, or None when it is not a usual one."""
    known = _starts.get(line)
    if known is None:
        known = _read_start(line)
        if known is not None:
            keep(_starts, line, known)
    return known


def _read_start(line: str) -> _Start | None:
    match = _STATUS_LINE.fullmatch(line)
    if match is not None:
        return _Start("", None, int(match[1]), readable(match[2]))
    method, _, rest = line.partition(" ")
    text, _, version = rest.rpartition(" ")
    if method not in METHODS or version != "SIP/2.0":
        return None
    try:
        uri = parse_uri(text)
    except Malformed:
        return None
    return None if isinstance(uri, SipUri) and uri.headers else _Start(method, uri, 0, "")


NOT_USUAL: Final = Rest({}, {})
_rests: Final[dict[str, Rest]] = {"\n": NOTHING}


def _rest(text: str) -> Rest:
    """The fields in this text, each with the LF before it and its CR; `NOT_USUAL` when there is something odd."""
    known = _rests.get(text)
    if known is None:
        known = _read_rest(text)
        # What a proxy writes into Record-Route is mostly of this one call.
        if len(text) <= _LONGEST_KEPT and len(known.first) <= _MOST_FIELDS and "Record-Route" not in known.first:
            if len(_rests) >= _MOST_KEPT:
                _rests.clear()
            _rests[text] = known
    return known


def _read_rest(text: str) -> Rest:
    lines = text[1:-2].split("\r\n")
    if text[:1] != "\n" or text.count("\r") != len(lines) or text.count("\n") != len(lines) + 1:
        return NOT_USUAL
    first, more, fault = sort_lines(lines)
    if fault is not None or not _APART.isdisjoint(first) or (more and any(key in more for key in SINGLES)):
        return NOT_USUAL
    rest, fields = Rest(first, more), Fields(())
    fields._rest = rest
    try:
        contacts = typed.parse_contacts(fields)
        if "Record-Route" in first:
            typed.parse_record_routes(fields)
        if "Route" in first:
            typed.parse_routes(fields)
        typed.parse_max_forwards(fields)
        rest.length = number(first["Content-Length"], "") if "Content-Length" in first else None
    except Malformed:
        return NOT_USUAL
    rest.contact = contacts[0] if contacts else None
    return rest
