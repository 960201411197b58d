"""Requests and responses: header fields in order, typed values on access, bytes out.

The values that every message has (`message.via`, `message.cseq`, …) are parsed when they are first asked for, and kept;
the others when they are asked for. On a message that `read` accepted no typed access raises; on one that was built here
or rejected it may raise `Malformed`.
"""

from __future__ import annotations

from collections.abc import Iterable

from session_fsm.errors import Malformed
from session_fsm.sip import typed
from session_fsm.sip.cseq import CSeq
from session_fsm.sip.fields import Fields, HeaderValue
from session_fsm.sip.grammar import is_token, readable
from session_fsm.sip.methods import METHODS
from session_fsm.sip.name_addr import NameAddr
from session_fsm.sip.reasons import reason_of
from session_fsm.sip.uri import OtherUri, SipUri, parse_uri
from session_fsm.sip.via import Via


class Message(Fields):
    """What requests and responses have in common. Use `Request` or `Response`."""

    __slots__ = ("_call_id", "_contacts", "_cseq", "_from", "_from_tag", "_to", "_to_tag", "_via", "body")

    def __init__(self, headers: Iterable[tuple[str, HeaderValue]], body: bytes) -> None:
        super().__init__(headers)
        self.body = body
        "The body's octets; empty when there is none."
        self._forget()

    def _forget(self) -> None:
        self._via: Via | None = None
        self._from: NameAddr | None = None
        self._to: NameAddr | None = None
        self._cseq: CSeq | None = None
        self._call_id: str | None = None
        self._contacts: list[NameAddr] | None = None
        # A tag is never empty: these are the ones that nobody has looked for.
        self._from_tag: str | None = ""
        self._to_tag: str | None = ""

    @property
    def via(self) -> Via:
        """The topmost Via (RFC 3261 §20.42)."""
        found = self._via
        if found is None:
            found = self._via = typed.parse_via(self)
        return found

    @property
    def from_(self) -> NameAddr:
        """From (RFC 3261 §20.20)."""
        found = self._from
        if found is None:
            found = self._from = typed.parse_from(self)
        return found

    @property
    def to(self) -> NameAddr:
        """To (RFC 3261 §20.39)."""
        found = self._to
        if found is None:
            found = self._to = typed.parse_to(self)
        return found

    @property
    def cseq(self) -> CSeq:
        """CSeq (RFC 3261 §20.16)."""
        found = self._cseq
        if found is None:
            found = self._cseq = typed.parse_cseq(self)
        return found

    @property
    def call_id(self) -> str:
        """Call-ID (RFC 3261 §20.8), compared octet by octet."""
        found = self._call_id
        if found is None:
            found = self._call_id = typed.parse_call_id(self)
        return found

    @property
    def contacts(self) -> list[NameAddr]:
        """All Contact values (RFC 3261 §20.10); empty for `*`."""
        found = self._contacts
        if found is None:
            found = self._contacts = typed.parse_contacts(self)
        return found

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact, or None; None for `*` too."""
        known = self._rest.contact
        if known is not None:
            return known
        contacts = self.contacts
        return contacts[0] if contacts else None

    @property
    def branch(self) -> str | None:
        """The topmost branch if it names a transaction by itself; None: by the rules of RFC 2543 (RFC 3261 §17.2.3)."""
        return self.via.unique_branch

    @property
    def from_tag(self) -> str | None:
        """The tag of From; None from an RFC 2543 peer."""
        tag = self._from_tag
        if tag == "":
            tag = self._from_tag = self.from_.tag
        return tag

    @property
    def to_tag(self) -> str | None:
        """The tag of To; None outside a dialog."""
        tag = self._to_tag
        if tag == "":
            tag = self._to_tag = self.to.tag
        return tag

    @property
    def vias(self) -> list[Via]:
        """All Via values, topmost first."""
        return typed.parse_vias(self)

    @property
    def record_routes(self) -> list[NameAddr]:
        """The Record-Route values in the order of the message (RFC 3261 §20.30)."""
        return typed.parse_record_routes(self)

    @property
    def content_type(self) -> str | None:
        """The media type in lower case without its parameters, such as `application/sdp`; None when there is none."""
        return typed.content_type(self)

    @property
    def require(self) -> list[str]:
        """The option tags of Require, lower case (RFC 3261 §20.32)."""
        return typed.words(self, "Require")

    @property
    def proxy_require(self) -> list[str]:
        """The option tags of Proxy-Require, lower case (RFC 3261 §20.29)."""
        return typed.words(self, "Proxy-Require")

    @property
    def supported(self) -> list[str]:
        """The option tags of Supported, lower case (RFC 3261 §20.37)."""
        return typed.words(self, "Supported")

    @property
    def allow(self) -> list[str]:
        """The methods of Allow (RFC 3261 §20.5)."""
        return typed.words(self, "Allow", fold=False)

    @property
    def accept(self) -> list[str]:
        """The media ranges of Accept in lower case without parameters (§20.1); `has` tells absent from empty."""
        return typed.words(self, "Accept")

    @property
    def expires(self) -> int | None:
        """Expires in seconds; None when absent, malformed or above 2**32-1 (RFC 4475 §3.1.2.4)."""
        return typed.seconds(self, "Expires")

    @property
    def retry_after(self) -> int | None:
        """Retry-After in seconds; None when absent, malformed or above 2**32-1."""
        return typed.seconds(self, "Retry-After")

    def accepts(self, media_type: str) -> bool:
        """Whether a response may have a body of this type (RFC 3261 §20.1): without Accept, only application/sdp."""
        if self.first("Accept") is None:
            return media_type == "application/sdp"
        return not {media_type, media_type.partition("/")[0] + "/*", "*/*"}.isdisjoint(self.accept)

    def _encode(self, start_line: str) -> bytes:
        if "\r" in start_line or "\n" in start_line:
            raise Malformed("RFC 3261 §7 start-line", start_line)
        lines = [start_line]
        lines += [f"{name}: {value}" for name, value in self._all() if name != "Content-Length"]
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

    def __init__(
        self,
        method: str,
        uri: SipUri | OtherUri | str,
        headers: Iterable[tuple[str, HeaderValue]] = (),
        body: bytes = b"",
    ) -> None:
        if method not in METHODS and not is_token(method):
            raise Malformed("RFC 3261 §7.1 Method", method)
        super().__init__(headers, body)
        self.method = method
        "The method, case-sensitive."
        self.uri = parse_uri(uri) if isinstance(uri, str) else uri
        "The Request-URI. In a rejected request it may be an OtherUri without a scheme that keeps the text."

    @property
    def routes(self) -> list[NameAddr]:
        """The Route values, next hop first (RFC 3261 §20.34)."""
        return typed.parse_routes(self)

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, 0 to 255; None when absent or out of range (RFC 4475 §3.1.2.4)."""
        return typed.parse_max_forwards(self)

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

    def __init__(
        self,
        status: int,
        reason: str | None = None,
        headers: Iterable[tuple[str, HeaderValue]] = (),
        body: bytes = b"",
    ) -> None:
        if not 100 <= status <= 699:
            raise Malformed("RFC 3261 §7.2 Status-Code", str(status))
        super().__init__(headers, body)
        self.status = status
        "100 to 699."
        self.reason = reason_of(status) if reason is None else reason
        "The reason phrase; for people only."

    @property
    def method(self) -> str:
        """The method of the request that it answers, from CSeq."""
        return self.cseq.method

    # RFC 3261 §7.3.2: request header fields in a response are ignored, so they cannot be malformed there either.

    @property
    def routes(self) -> list[NameAddr]:
        """None are looked at."""
        return []

    @property
    def max_forwards(self) -> int | None:
        """It is not looked at."""
        return None

    def encode(self) -> bytes:
        """The response as it is sent; Content-Length is always written, from the body."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")

    def summary(self) -> dict[str, str | int | None]:
        """What a trace keeps of it: status and the values that pair it with the other side's trace."""
        return {"status": self.status, "reason": self.reason, **_summary(self)}

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason}>"


def _summary(message: Message) -> dict[str, str | int | None]:
    try:
        return {name: readable(v) if isinstance(v, str) else v for name, v in message._identity().items()}
    except Malformed as fault:
        return {"malformed": fault.rule}
