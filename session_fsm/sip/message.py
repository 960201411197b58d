"""Requests and responses: header fields in order, typed values on access, bytes out.

A typed value (`message.via`, `message.cseq`, …) is parsed when it is first asked for and then kept in its slot, so a
second access is a plain slot read. On a message that `read` accepted no typed access raises; on one that was built here
or rejected it may raise `Malformed`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from session_fsm.errors import Malformed
from session_fsm.sip.cseq import CSeq
from session_fsm.sip.grammar import is_token, readable, split_list
from session_fsm.sip.name_addr import NameAddr
from session_fsm.sip.names import CANONICAL, LISTS, key_of
from session_fsm.sip.reasons import reason_of
from session_fsm.sip.typed import DEPENDENTS, TYPED, index
from session_fsm.sip.uri import OtherUri, SipUri, parse_uri
from session_fsm.sip.via import Via

HeaderValue = str | int | Via | NameAddr | CSeq | SipUri | OtherUri
"What may be given as the value of a header field; `str()` of it is what is sent."


class Message:
    """What requests and responses have in common. Use `Request` or `Response`."""

    __slots__ = ("body", "_lines", *TYPED)

    body: bytes
    "The body's octets; empty when there is none."
    via: Via
    "The topmost Via (RFC 3261 §20.42)."
    vias: list[Via]
    "All Via values, topmost first."
    branch: str | None
    "The topmost branch if it names a transaction by itself, else None: match by the rules of RFC 2543 (§17.2.3)."
    from_: NameAddr
    "From (RFC 3261 §20.20)."
    to: NameAddr
    "To (RFC 3261 §20.39)."
    from_tag: str | None
    "The tag of From; None from an RFC 2543 peer."
    to_tag: str | None
    "The tag of To; None outside a dialog."
    call_id: str
    "Call-ID (RFC 3261 §20.8), compared octet by octet."
    cseq: CSeq
    "CSeq (RFC 3261 §20.16)."
    contact: NameAddr | None
    "The first Contact, or None; None for `*` too."
    contacts: list[NameAddr]
    "All Contact values (RFC 3261 §20.10); empty for `*`."
    routes: list[NameAddr]
    "The Route values, next hop first (RFC 3261 §20.34)."
    record_routes: list[NameAddr]
    "The Record-Route values in the order of the message (RFC 3261 §20.30)."
    max_forwards: int | None
    "Max-Forwards, 0 to 255; None when absent or out of range (RFC 4475 §3.1.2.4)."
    content_type: str | None
    "The media type in lower case without its parameters, such as `application/sdp`; None when there is none."
    require: list[str]
    "The option tags of Require, lower case (RFC 3261 §20.32)."
    proxy_require: list[str]
    "The option tags of Proxy-Require, lower case (RFC 3261 §20.29)."
    supported: list[str]
    "The option tags of Supported, lower case (RFC 3261 §20.37)."
    allow: list[str]
    "The methods of Allow (RFC 3261 §20.5)."
    accept: list[str]
    'The media ranges of Accept in lower case without parameters (§20.1); `has("Accept")` tells absent from empty.'
    expires: int | None
    "Expires in seconds; None when absent, malformed or above 2**32-1 (RFC 4475 §3.1.2.4)."
    retry_after: int | None
    "Retry-After in seconds; None when absent, malformed or above 2**32-1."

    _lines: list[str]
    "Header lines as they arrived, unfolded; the source of `_rows` of a message that was read."
    _rows: list[tuple[str, str]]
    "All header fields in order; known names in the spelling that we send."
    _first: dict[str, str]
    "Key to the first field's value."
    _more: dict[str, list[str]]
    "Key to all values, for fields that appear more than once."

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Fill an empty slot: called only when a typed value is asked for the first time."""
            parse = TYPED.get(name)
            if parse is None:
                raise AttributeError(f"{type(self).__name__} has no {name}")
            value = parse(self)
            setattr(self, name, value)
            return value

    def has(self, name: str) -> bool:
        """Whether a header field of this name is present, even if empty."""
        return key_of(name) in self._first

    def get(self, name: str) -> str | None:
        """The first field of this name as written (unfolded, trimmed), or None."""
        return self._first.get(key_of(name))

    def get_all(self, name: str) -> list[str]:
        """All values of this name in order; comma lists are split where the field is defined as a list.

        Octets that were no UTF-8 on the wire are kept as lone surrogates, here and in `get`.
        """
        key = key_of(name)
        rows = self.rows(key)
        if key not in LISTS:
            return rows
        return [item for row in rows for item in _items(row)]

    def accepts(self, media_type: str) -> bool:
        """Whether a response may have a body of this type (RFC 3261 §20.1): without Accept, only application/sdp."""
        if not self.has("Accept"):
            return media_type == "application/sdp"
        return not {media_type, media_type.partition("/")[0] + "/*", "*/*"}.isdisjoint(self.accept)

    def rows(self, key: str) -> list[str]:
        """The field values of a key, one a row, nothing split."""
        if key in self._more:
            return list(self._more[key])
        return [self._first[key]] if key in self._first else []

    def headers(self) -> list[tuple[str, str]]:
        """All header fields in order, known names in the spelling that we send."""
        return list(self._rows)

    def set(self, name: str, value: HeaderValue) -> None:
        """Replace all fields of this name by one, at the place of the first; append it if there was none."""
        key = key_of(name)
        rows = [row for row in self._rows if key_of(row[0]) != key]
        at = next((n for n, row in enumerate(self._rows) if key_of(row[0]) == key), len(rows))
        rows.insert(at, _row(name, value))
        self._replace_rows(key, rows)

    def add(self, name: str, value: HeaderValue) -> None:
        """Append a field, behind others of the same name."""
        self._replace_rows(key_of(name), [*self._rows, _row(name, value)])

    def prepend(self, name: str, value: HeaderValue) -> None:
        """Put a field before all others: a Via, a Route."""
        self._replace_rows(key_of(name), [_row(name, value), *self._rows])

    def remove(self, name: str) -> None:
        """Remove all fields of this name."""
        key = key_of(name)
        self._replace_rows(key, [row for row in self._rows if key_of(row[0]) != key])

    def _replace_rows(self, key: str, rows: list[tuple[str, str]]) -> None:
        self._rows = rows
        # What was derived from the old rows is forgotten; it is derived again when it is asked for.
        for slot in ("_first", "_more", *DEPENDENTS.get(key, ())):
            with suppress(AttributeError):
                delattr(self, slot)

    def _encode(self, start_line: str) -> bytes:
        if "\r" in start_line or "\n" in start_line:
            raise Malformed("RFC 3261 §7 start-line", start_line)
        lines = [start_line]
        lines += [f"{name}: {value}" for name, value in self._rows if name != "Content-Length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body

    def _identity(self) -> dict[str, str | int | None]:
        cseq = self.cseq
        return {
            "call_id": self.call_id,
            "cseq": f"{cseq.number} {cseq.method}",
            "branch": self.via.branch,
            "from_tag": self.from_tag,
            "to_tag": self.to_tag,
        }


class Request(Message):
    """A request. `uri` may be given as text; header values may be typed."""

    __slots__ = ("method", "uri")

    method: str
    "The method, case-sensitive."
    uri: SipUri | OtherUri
    "The Request-URI. In a rejected request it may be an OtherUri without a scheme that keeps the text."

    def __init__(
        self,
        method: str,
        uri: SipUri | OtherUri | str,
        headers: Iterable[tuple[str, HeaderValue]] = (),
        body: bytes = b"",
    ) -> None:
        if not is_token(method):
            raise Malformed("RFC 3261 §7.1 Method", method)
        self.method = method
        self.uri = parse_uri(uri) if isinstance(uri, str) else uri
        self.body = body
        self._rows, self._first, self._more = _fields(headers)

    def encode(self) -> bytes:
        """The request as it is sent; Content-Length is always written, from the body."""
        uri = str(self.uri)
        if " " in uri or "\t" in uri:
            raise Malformed("RFC 3261 §7.1 Request-URI", uri)
        return self._encode(f"{self.method} {uri} SIP/2.0")

    def summary(self) -> dict[str, str | int | None]:
        """What a trace keeps of it: method and the values that pair it with the other side's trace."""
        return {"method": self.method, **_summary(self)}

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.uri}>"


class Response(Message):
    """A response. Use `Echo` to answer a request; this class is for reading and for what Echo cannot do."""

    __slots__ = ("reason", "status")

    status: int
    "100 to 699."
    reason: str
    "The reason phrase; for people only."

    def __init__(
        self,
        status: int,
        reason: str | None = None,
        headers: Iterable[tuple[str, HeaderValue]] = (),
        body: bytes = b"",
    ) -> None:
        if not 100 <= status <= 699:
            raise Malformed("RFC 3261 §7.2 Status-Code", str(status))
        self.status = status
        self.reason = reason_of(status) if reason is None else reason
        self.body = body
        self._rows, self._first, self._more = _fields(headers)

    @property
    def method(self) -> str:
        """The method of the request that it answers, from CSeq."""
        return self.cseq.method

    def encode(self) -> bytes:
        """The response as it is sent; Content-Length is always written, from the body."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")

    def summary(self) -> dict[str, str | int | None]:
        """What a trace keeps of it: status and the values that pair it with the other side's trace."""
        return {"status": self.status, "reason": self.reason, **_summary(self)}

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason}>"


def _fields(
    headers: Iterable[tuple[str, HeaderValue]],
) -> tuple[list[tuple[str, str]], dict[str, str], dict[str, list[str]]]:
    """Header fields to be sent, and their index."""
    rows = [_row(name, value) for name, value in headers]
    first, more = index(rows)
    return rows, first, more


def _row(name: str, value: HeaderValue) -> tuple[str, str]:
    """One header field to be sent; a name that is no token or a value that would begin a new line is refused."""
    key = key_of(name)
    text = value if type(value) is str else str(value)
    if "\r" in text or "\n" in text:
        raise Malformed(f"RFC 3261 §7.3.1 line break in {name}", text)
    return CANONICAL.get(key) or name.rstrip(" \t"), text.strip(" \t")


def _items(row: str) -> list[str]:
    try:
        return split_list(row, "RFC 3261 §7.3.1")
    except Malformed:
        # A field that nobody depends on: empty items are left out, an open quote makes it all one value.
        items = row.split(",") if '"' not in row and "<" not in row else [row]
        return [item.strip(" \t") for item in items if item.strip(" \t")]


def _summary(message: Message) -> dict[str, str | int | None]:
    try:
        return {name: readable(v) if isinstance(v, str) else v for name, v in message._identity().items()}
    except Malformed as fault:
        return {"malformed": fault.rule}
