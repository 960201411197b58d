"""The words of SIP's grammar: tokens, quoted strings, numbers, hosts, parameters and comma lists.

Text in, values or `Malformed` out. A repetition never gives back what it took, so the time is linear in the text
whatever a peer sends: a set of characters is possessive (`++`, `*+`), a group stands in an atomic one (`(?>(?:…)*)`).
A group is never possessive itself: in the Python 3.11.2 of Debian 12, one that fails midway keeps what it took
(gh-106052). Rules: RFC 3261 §25.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import TypeVar

from session_fsm.errors import Malformed

Value = TypeVar("Value")

Params = Mapping[str, str | None]
"Parameters in their order: lower-case name to the value as written (quotes kept), None for a name alone."

T = r"[A-Za-z0-9\-.!%*_+`'~]"
"One character of a token, for use inside a pattern."

QUOTED = r'"(?>(?:[^"\\\r\n]++|\\[^\r\n])*)"'
"A quoted string with its quotes. CR and LF cannot be quoted (RFC 3261 §25.1 quoted-pair)."

# Wider than gen-value: "=" (base64), ":" (bare IPv6, RFC 5118 §4.5) and "@" are seen in values and are unambiguous.
VALUE = r"[!#-+\--:=?-~]"
"One character of a parameter's value that is not quoted, for use inside a pattern."

_TOKEN = re.compile(f"{T}++")
_PARAM = re.compile(rf"[ \t]*+;[ \t]*+({T}++)[ \t]*+(?:=[ \t]*+({QUOTED}|{VALUE}++)[ \t]*+)?")
_TAG = re.compile(rf";tag=({VALUE}++)")
_PLAIN_PARAMS = re.compile(rf"(?>(?:;{T}++(?:={VALUE}++)?)+)")
_ITEM = re.compile(rf'(?>(?:[^,"<]++|{QUOTED}|<[^>]*+>)*)')
_NEEDS_QUOTED_PAIR = re.compile(r'["\\\x00-\x1f\x7f]')
_NAME_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*+)")
# RFC 5118 §4.10: the grammar of RFC 3261 put a third colon between "::" and an IPv4 part; both forms must be tolerated.
_EXTRA_COLON = re.compile(r":::(?=[0-9]{1,3}\.)")
_IPV6 = re.compile(r"\[([0-9A-Fa-f:.]++)\]")

MAX_UINT32 = 2**32 - 1

# What a hostile peer can fill the memory with is bounded.
_MOST_KEPT = 1024  # values of a kind
_LONGEST_KEPT = 200  # characters of a value's text


def is_token(text: str) -> bool:
    """RFC 3261 §25.1 token: a method, a header name, an option tag."""
    return _TOKEN.fullmatch(text) is not None


def is_plain(text: str) -> bool:
    """Whether it is a token of letters, digits and hyphens, as most branches and tags are: those need no pattern."""
    return (text.isalnum() or text.replace("-", "").isalnum()) and text.isascii()


def number(text: str, rule: str) -> int:
    """Digits to a number; one above 2**32-1 comes back as 2**32, however many digits it has."""
    if not (text.isascii() and text.isdigit()):
        raise Malformed(rule, text)
    if len(text) < 10:
        return int(text)
    text = text.lstrip("0") or "0"
    return MAX_UINT32 + 1 if len(text) > 10 else min(int(text), MAX_UINT32 + 1)


def keep(known: dict[str, Value], text: str, value: Value) -> Value:
    """This value, known by its text from now on: the same peer will say the same in its next message."""
    if len(text) <= _LONGEST_KEPT:
        if len(known) >= _MOST_KEPT:
            known.clear()
        known[text] = value
    return value


def quote(text: str) -> str:
    """Text for people to a quoted string. CR and LF cannot be written in one."""
    if "\r" in text or "\n" in text:
        raise Malformed("RFC 3261 §25.1 quoted-pair", text)
    return '"' + (_NEEDS_QUOTED_PAIR.sub(r"\\\g<0>", text) if _NEEDS_QUOTED_PAIR.search(text) else text) + '"'


def unquote(text: str) -> str:
    """A quoted string to its text; anything else comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    if "\\" not in text:
        return text[1:-1]
    head, *pieces = text[1:-1].split("\\")
    out = [head]
    rest = iter(pieces)
    for piece in rest:
        # An empty piece is a backslash that was quoted itself; what follows it stands for itself.
        out.append(piece or "\\" + next(rest, ""))
    return "".join(out)


def readable(text: str) -> str:
    """Text that can be printed: octets that were no UTF-8 on the wire become U+FFFD."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def parse_params(text: str, rule: str) -> dict[str, str | None]:
    """`;name=value;name` to a dictionary.

    A name that appears twice is refused (RFC 3261 §7.3.1): two tags or two branches would leave it to chance who is
    meant.
    """
    tag = _TAG.fullmatch(text)
    if tag is not None:
        return {"tag": tag[1]}
    if _PLAIN_PARAMS.fullmatch(text):
        return _plain_params(text, rule)
    params: dict[str, str | None] = {}
    at = 0
    while at < len(text):
        match = _PARAM.match(text, at)
        if match is None:
            raise Malformed(rule, text[at:])
        name = match[1].lower()
        if name in params:
            raise Malformed("RFC 3261 §7.3.1 parameter twice", text[at:])
        params[name] = match[2]
        at = match.end()
    return params


def _plain_params(text: str, rule: str) -> dict[str, str | None]:
    params: dict[str, str | None] = {}
    chunks = text[1:].split(";")
    for chunk in chunks:
        name, equal, value = chunk.partition("=")
        params[name.lower()] = value if equal else None
    if len(params) != len(chunks):
        raise Malformed("RFC 3261 §7.3.1 parameter twice", text)
    return params


def format_params(params: Params) -> str:
    """The inverse of `parse_params`."""
    if not params:
        return ""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params.items()])


def split_list(text: str, rule: str) -> list[str]:
    """A comma list to its items; commas inside quotes and inside <> do not count. An empty item is malformed."""
    if '"' not in text and "<" not in text:
        items = [item.strip(" \t") for item in text.split(",")]
        if "" in items:
            raise Malformed(rule, text)
        return items
    items = []
    at = -1
    while at < len(text):
        match = _ITEM.match(text, at + 1)
        item = match[0].strip(" \t") if match else ""
        end = match.end() if match else at + 1
        # Either a comma or the end stands behind an item; a quote or bracket there was never closed.
        if not item or text[end : end + 1] not in ("", ","):
            raise Malformed(rule, text[at + 1 :])
        items.append(item)
        at = end
    return items


@lru_cache(maxsize=512)
def parse_host(text: str) -> str:
    """A host name, IPv4 address or bracketed IPv6 reference to the host without brackets.

    Lenient: underscores and numeric top labels occur in private networks and are unambiguous.
    """
    if text[:1] == "[":
        return _ipv6(text)
    if _NAME_HOST.fullmatch(text) is None or len(text) > 255:
        raise Malformed("RFC 3261 §25.1 host", text)
    return text


def _ipv6(text: str) -> str:
    match = _IPV6.fullmatch(text)
    if match is None or len(text) > 64:
        raise Malformed("RFC 3261 §25.1 IPv6reference", text)
    address = _EXTRA_COLON.sub("::", match[1])
    try:
        IPv6Address(address)
    except AddressValueError:
        raise Malformed("RFC 5954 §4.1 IPv6address", text) from None
    return address


def parse_port(text: str) -> int:
    """A port, 0 to 65535."""
    port = int(text) if len(text) <= 5 and text.isascii() and text.isdigit() else number(text, "RFC 3261 §25.1 port")
    if port > 65535:
        raise Malformed("RFC 3261 §25.1 port", text)
    return port


def format_host(host: str, port: int | None) -> str:
    """A host and a port as SIP writes them: an IPv6 address in brackets."""
    written = f"[{host}]" if ":" in host else host
    return written if port is None else f"{written}:{port}"
