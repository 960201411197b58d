"""Echo: what a response repeats of its request, encoded once, so that each response is a join of octets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.sip.fields import HeaderValue
from session_fsm.sip.message import Request
from session_fsm.sip.reasons import REASONS, reason_of
from session_fsm.sip.uri import Address

_STATUS_LINES: Final = {status: f"SIP/2.0 {status} {reason}\r\n".encode() for status, reason in REASONS.items()}
_NO_BODY: Final = b"Content-Length: 0\r\n\r\n"


class Echo:
    """The fields that every response to one request has (RFC 3261 §8.2.6.2): Via, From, To with tag, Call-ID, CSeq.

    Made once a request, also from a rejected one, of which it repeats what there is.
    """

    __slots__ = ("_block", "_record_route", "_request", "_vias", "reply_to")

    reply_to: Address | None
    "Where the responses go (RFC 3261 §18.2.2, RFC 3581 §4); None without `received_from`."

    def __init__(self, request: Request, to_tag: str | None = None, *, received_from: Address | None = None) -> None:
        self._request = request
        self._record_route: bytes | None = None
        self._vias, self.reply_to = _vias(request, received_from)
        self._block = self._repeated(to_tag).encode("utf-8", "surrogateescape")

    def response(
        self,
        status: int,
        reason: str | None = None,
        headers: Sequence[tuple[str, HeaderValue]] = (),
        body: bytes = b"",
        content_type: str | None = None,
        record_route: bool = False,
    ) -> bytes:
        """A whole response. Headers with a line break, and codes that are no status, are refused with `Malformed`."""
        line = _STATUS_LINES.get(status) if reason is None else None
        block = self._block if status != 100 else self._trying_block()
        if line is None:
            line = _status_line(status, reason)
        if not headers and not body and not record_route:
            return line + block + _NO_BODY
        routes = self._record_routes() if record_route else b""
        extra = _extra(headers) if headers else b""
        return b"".join([line, block, routes, extra, _with_body(body, content_type) if body else _NO_BODY])

    def _trying_block(self) -> bytes:
        """RFC 3261 §8.2.6.1 and §8.2.6.2: a 100 repeats the Timestamp; it makes no dialog and needs no tag."""
        return f"{self._repeated(None)}{_copied(self._request, 'Timestamp')}".encode("utf-8", "surrogateescape")

    def _repeated(self, to_tag: str | None) -> str:
        request = self._request
        tag = f";tag={to_tag}" if to_tag and _takes_tag(request) else ""
        _, from_, to, call_id, cseq = request._texts
        if from_:
            return f"{self._vias}From: {from_}\r\nTo: {to}{tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n"
        # Not of the usual form: perhaps some of them are missing.
        others = (("To", tag), ("Call-ID", ""), ("CSeq", ""))
        return self._vias + "".join([_copied(request, name, behind) for name, behind in (("From", ""), *others)])

    def _record_routes(self) -> bytes:
        """RFC 3261 §12.1.1: a response that makes a dialog repeats every Record-Route value in order."""
        if self._record_route is None:
            if not self._request.has("Record-Route"):
                return b""
            rows = [f"Record-Route: {row}\r\n" for row in self._request.rows("Record-Route")]
            self._record_route = "".join(rows).encode("utf-8", "surrogateescape")
        return self._record_route


def _copied(request: Request, name: str, behind: str = "") -> str:
    value = request.first(name)
    return "" if value is None else f"{name}: {value}{behind}\r\n"


def _vias(request: Request, source: Address | None) -> tuple[str, Address | None]:
    """The Via fields; the topmost value tells where the request really came from. And where the answer goes."""
    topmost, several = request._texts[0] or request.first("Via"), request.repeated("Via")
    reply_to = source
    lower = several[1:] if several is not None else []
    try:
        if source is not None and topmost is not None:
            via = request.via
            stamped = via.stamped(source)
            if stamped is not via:
                lower = lower if "," not in topmost else [str(lower) for lower in request.vias[1:]]
                topmost = str(stamped)
            reply_to = via.reply_address(source)
    except Malformed:
        # A Via that cannot be read is repeated as it is, and the answer goes back to where the request came from.
        reply_to = source
    fields = "" if topmost is None else f"Via: {topmost}\r\n"
    return fields + "".join([f"Via: {row}\r\n" for row in lower]) if lower else fields, reply_to


def _takes_tag(request: Request) -> bool:
    """Whether our tag belongs to To: it has none, and can be read."""
    try:
        return request.to_tag is None
    except Malformed:
        return False


def _status_line(status: int, reason: str | None) -> bytes:
    if not 100 <= status <= 699:
        raise Malformed("RFC 3261 §7.2 Status-Code", str(status))
    phrase = reason_of(status) if reason is None else reason
    if "\r" in phrase or "\n" in phrase:
        raise Malformed("RFC 3261 §7.2 Reason-Phrase", phrase)
    return f"SIP/2.0 {status} {phrase}\r\n".encode("utf-8", "surrogateescape")


def _extra(headers: Sequence[tuple[str, HeaderValue]]) -> bytes:
    return b"".join([_line(name, value if isinstance(value, str) else str(value)) for name, value in headers])


# What a user agent says of itself it says in every response.
_MOST_LINES: Final = 256
_LONGEST_VALUE: Final = 200  # characters; what a peer made us say may be longer, and is not kept
_lines: Final[dict[tuple[str, str], bytes]] = {}


def _line(name: str, value: str) -> bytes:
    known = _lines.get((name, value))
    if known is None:
        if "\r" in name or "\n" in name or "\r" in value or "\n" in value:
            raise Malformed("RFC 3261 §7.3.1 line break in a header field", f"{name}: {value}")
        known = f"{name}: {value}\r\n".encode("utf-8", "surrogateescape")
        if len(value) <= _LONGEST_VALUE:
            if len(_lines) >= _MOST_LINES:
                _lines.clear()
            _lines[name, value] = known
    return known


def _with_body(body: bytes, content_type: str | None) -> bytes:
    kind = content_type or "application/sdp"
    if "\r" in kind or "\n" in kind:
        raise Malformed("RFC 3261 §7.3.1 line break in Content-Type", kind)
    return b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind.encode(), len(body), body)
