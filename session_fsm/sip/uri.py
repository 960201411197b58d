"""SIP and SIPS URIs, and the URIs of other schemes that SIP messages may carry (RFC 3261 §19.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from urllib.parse import unquote as percent_decode

from session_fsm.errors import Malformed
from session_fsm.frozen import plain
from session_fsm.sip.grammar import Params, format_host, format_params, keep, parse_host, parse_port

Address = tuple[str, int]
"An IP address or host name (IPv6 without brackets) and a port."

_RULE = "RFC 3261 §19.1.1 SIP-URI"

# RFC 3261 §25.1; "escaped" is spelled out so that a lone % is refused. Lenient in the user part: "#", which dial
# strings have, and UTF-8; but octets that were no UTF-8 on the wire (lone surrogates here) are refused.
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_USER = re.compile(rf"(?>(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]++|{_ESCAPED}|[^\x00-\x7f\ud800-\udfff]++)+)")
_PASSWORD = re.compile(rf"(?>(?:[A-Za-z0-9\-_.!~*'()&=+$,]++|{_ESCAPED})*)")
_PARAM_TEXT = rf"(?>(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]++|{_ESCAPED})+)"
_PARAMS = re.compile(rf"(?>(?:;{_PARAM_TEXT}(?:={_PARAM_TEXT})?)*)")
_HEADERS = re.compile(rf"(?>(?:[A-Za-z0-9\-_.!~*'()\[\]/?:+$=&]++|{_ESCAPED})+)")
_HOST_PORT = re.compile(r"(\[[^\]]*+\]|[^:;?\[\]]++)(?::([^;?]*+))?([^?]*+)(?:\?(.*+))?", re.DOTALL)
_OTHER = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*+:[!#-;=?-~\x80-\ud7ff\ue000-\U0010ffff]++")

# RFC 3261 §19.1.4: these match only if both URIs have them; others that one side lacks are ignored. The RFC says it of
# user, ttl, method and maddr there, and of transport in the rule about components with a default value.
_NEVER_IGNORED = frozenset({"user", "ttl", "method", "maddr", "transport"})
_RESERVED = frozenset(";/?:@&=+$,")


@plain
class _Written:
    """What has a text, and keeps it: the URIs of one peer are written again and again."""

    __slots__ = ("_text",)
    _text: str


@plain
@dataclass(frozen=True, slots=True)
class SipUri(_Written):
    """`sip:user:password@host:port;params?headers`. Texts are as on the wire, percent escapes kept."""

    host: str
    "Host name, IPv4 address, or IPv6 address without its brackets."
    user: str | None = None
    "The user part as written; `decoded_user` is the text it stands for."
    port: int | None = None
    "The port that is written, or None."
    params: Params = field(default_factory=dict)
    "URI parameters in order: lower-case name to the text after `=`, None for a name alone."
    headers: tuple[tuple[str, str], ...] = ()
    "The header fields after `?`, escapes kept. Never to be turned into real headers unasked."
    scheme: str = "sip"
    "`sip` or `sips`."
    password: str | None = None
    "The password as written; RFC 3261 §19.1.1 recommends against it."

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """A SIP or SIPS URI, or `Malformed`."""
        uri = parse_uri(text)
        if not isinstance(uri, SipUri):
            raise Malformed(_RULE, text)
        return uri

    def __str__(self) -> str:
        text: str = getattr(self, "_text", "")
        if not text:
            text = self._write()
            # The one way to set what is no field of a frozen value.
            object.__setattr__(self, "_text", text)
        return text

    def _write(self) -> str:
        text = format_host(self.host, self.port)
        if self.user is not None:
            text = f"{self.user}@{text}" if self.password is None else f"{self.user}:{self.password}@{text}"
        if self.params:
            text += format_params(self.params)
        if self.headers:
            text += "?" + "&".join([f"{name}={value}" for name, value in self.headers])
        return f"{self.scheme}:{text}"

    def __hash__(self) -> int:
        return hash((self.scheme, self.user, self.host, self.port))

    @property
    def decoded_user(self) -> str | None:
        """The user part with its escapes resolved once: `u%40example.net` stands for `u@example.net`."""
        return None if self.user is None else percent_decode(self.user)

    @property
    def is_loose(self) -> bool:
        """Whether a Route with this URI names a loose router (RFC 3261 §16.12, parameter lr)."""
        return "lr" in self.params

    @property
    def transport(self) -> str | None:
        """The transport parameter in lower case, or None."""
        value = self.params.get("transport")
        return value.lower() if value else None

    @property
    def address(self) -> Address:
        """Where to send, before any look-up: maddr or host, and the port or its default (RFC 3263 §4)."""
        default = 5061 if self.scheme == "sips" or self.transport == "tls" else 5060
        maddr = self.params.get("maddr")
        return (maddr.strip("[]") if maddr else self.host, default if self.port is None else self.port)

    @property
    def as_target(self) -> SipUri:
        """As it may stand in a Request-URI: without headers and method (RFC 3261 §19.1.1, table 1)."""
        if not self.headers and "method" not in self.params:
            return self
        params = {name: value for name, value in self.params.items() if name != "method"}
        return SipUri(self.host, self.user, self.port, params, (), self.scheme, self.password)

    def matches(self, other: SipUri | OtherUri) -> bool:
        """Whether both URIs are equivalent by RFC 3261 §19.1.4 (which is not transitive)."""
        return isinstance(other, SipUri) and self._core() == other._core() and _params_match(self.params, other.params)

    def _core(self) -> tuple[object, ...]:
        headers = sorted((_plain(name).lower(), _plain(value)) for name, value in self.headers)
        user = None if self.user is None else _plain(self.user)
        password = None if self.password is None else _plain(self.password)
        return (self.scheme, user, password, _host_key(self.host), self.port, headers)


@plain
@dataclass(frozen=True, slots=True)
class OtherUri:
    """A URI of another scheme, such as tel:, urn: or http:. Only its scheme is understood."""

    scheme: str
    "The scheme in lower case; empty for a text that is no URI at all (a rejected request keeps what it had)."
    text: str
    "The whole URI as written, scheme included."

    def __str__(self) -> str:
        return self.text

    def matches(self, other: SipUri | OtherUri) -> bool:
        """Equal texts; how else URIs of a foreign scheme may be equivalent is not known here."""
        return self == other


_known: dict[str, SipUri | OtherUri] = {}


def parse_uri(text: str) -> SipUri | OtherUri:
    """Any URI that may stand in a Request-URI or a header, or `Malformed`."""
    known = _known.get(text)
    return keep(_known, text, _parse(text)) if known is None else known


def _parse(text: str) -> SipUri | OtherUri:
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if colon and scheme in ("sip", "sips"):
        return _parse_sip(scheme, rest)
    if _OTHER.fullmatch(text) is None:
        raise Malformed("RFC 3261 §25.1 absoluteURI", text)
    return OtherUri(scheme, text)


def _parse_sip(scheme: str, rest: str) -> SipUri:
    # A raw "@" occurs nowhere but behind the userinfo (RFC 3261 §25.1), so the first one ends it.
    userinfo, at, host_part = rest.partition("@")
    if not at:
        userinfo, host_part = "", rest
    user, colon, password = userinfo.partition(":")
    if at and (not _USER.fullmatch(user) or not _PASSWORD.fullmatch(password)):
        raise Malformed("RFC 3261 §25.1 userinfo", userinfo)
    match = _HOST_PORT.fullmatch(host_part)
    if match is None:
        raise Malformed("RFC 3261 §25.1 hostport", host_part)
    host, port, params, headers = match.groups()
    return SipUri(
        host=parse_host(host),
        user=user if at else None,
        port=None if port is None else parse_port(port),
        params=_parse_uri_params(params) if params else {},
        headers=_parse_uri_headers(headers) if headers is not None else (),
        scheme=scheme,
        password=password if colon else None,
    )


def _parse_uri_params(text: str) -> dict[str, str | None]:
    if _PARAMS.fullmatch(text) is None:
        raise Malformed("RFC 3261 §25.1 uri-parameters", text)
    params: dict[str, str | None] = {}
    for chunk in text[1:].split(";"):
        name, equal, value = chunk.partition("=")
        name = name.lower()
        if name in params:
            raise Malformed("RFC 3261 §19.1.1 uri-parameter twice", text)
        params[name] = value if equal else None
    return params


def _parse_uri_headers(text: str) -> tuple[tuple[str, str], ...]:
    if _HEADERS.fullmatch(text) is None:
        raise Malformed("RFC 3261 §25.1 headers", text)
    headers = []
    for chunk in text.split("&"):
        name, equal, value = chunk.partition("=")
        if not name or not equal:
            raise Malformed("RFC 3261 §25.1 headers", text)
        headers.append((name, value))
    return tuple(headers)


def _host_key(host: str) -> str | bytes:
    """RFC 5954 §4.2: IPv6 addresses are compared as addresses, not as texts."""
    return IPv6Address(host).packed if ":" in host else host.lower()


def _params_match(ours: Params, theirs: Params) -> bool:
    for name in ours.keys() | theirs.keys():
        if name in ours and name in theirs:
            if _folded(ours[name]) != _folded(theirs[name]):
                return False
        elif name in _NEVER_IGNORED:
            return False
    return True


def _folded(value: str | None) -> str | None:
    return None if value is None else _plain(value).lower()


def _plain(text: str) -> str:
    """Resolve the escapes of all characters but the reserved ones, which differ from their escapes (§19.1.4)."""
    if "%" not in text:
        return text
    head, *chunks = text.split("%")
    out = [head]
    for chunk in chunks:
        char = chr(int(chunk[:2], 16))
        out.append(f"%{chunk[:2].upper()}" if char in _RESERVED or char == "%" else char)
        out.append(chunk[2:])
    return "".join(out)
