"""How each typed value of a message is made from its header fields: one table, one small function a value.

`Message` calls these when an empty slot is read for the first time. What they raise is `Malformed`; `read` asks for
every value that can raise before it accepts a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from session_fsm.errors import Malformed
from session_fsm.sip.cseq import CSeq
from session_fsm.sip.grammar import MAX_UINT32, number, split_list
from session_fsm.sip.name_addr import NameAddr
from session_fsm.sip.names import CANONICAL, KEYS, key_of
from session_fsm.sip.via import Via

if TYPE_CHECKING:
    from session_fsm.sip.message import Message

# Wider than word ["@" word]: whatever is visible and free of blanks can be compared and echoed (RFC 3261 §20.8).
_CALL_ID = re.compile(r"[!-~]++")
_LEADING_DIGITS = re.compile(r"[0-9]++")
_MEDIA_TYPE = re.compile(r"([^\s;,/]++)[ \t]*+/[ \t]*+([^\s;,/]++)[ \t]*+(?:;.*+)?+", re.DOTALL)


def mandatory(message: Message, key: str) -> str:
    """The value of a field that every message must have (RFC 3261 §8.1.1)."""
    value = message._first.get(key)
    if value is None:
        raise Malformed(f"RFC 3261 §8.1.1 {CANONICAL[key]} is missing")
    return value


def split_rows(message: Message, key: str, rule: str) -> list[str]:
    """The values of a comma list over all its rows. An empty item is malformed (RFC 4475 §3.1.2.1)."""
    if key not in message._more:
        value = message._first.get(key, "")
        if "," not in value:
            return [value] if key in message._first else []
    return [item for row in message.rows(key) for item in split_list(row, rule)]


def _via(message: Message) -> Via:
    value = mandatory(message, "via")
    return Via.parse(value) if "," not in value else message.vias[0]


def _vias(message: Message) -> list[Via]:
    mandatory(message, "via")
    return [Via.parse(item) for item in split_rows(message, "via", "RFC 3261 §20.42 Via")]


def parse_call_id(value: str) -> str:
    """A Call-ID as it is, or `Malformed` (RFC 3261 §20.8)."""
    if _CALL_ID.fullmatch(value) is None:
        raise Malformed("RFC 3261 §20.8 callid", value)
    return value


def parse_contacts(message: Message) -> list[NameAddr]:
    """All Contact values (RFC 3261 §20.10); none for `*`."""
    return [] if message._first.get("contact") == "*" else _name_addrs(message, "contact", "RFC 3261 §20.10 Contact")


def parse_routes(message: Message) -> list[NameAddr]:
    """All Route values (RFC 3261 §20.34)."""
    return _name_addrs(message, "route", "RFC 3261 §20.34 Route")


def parse_record_routes(message: Message) -> list[NameAddr]:
    """All Record-Route values (RFC 3261 §20.30)."""
    return _name_addrs(message, "record-route", "RFC 3261 §20.30 Record-Route")


def _name_addrs(message: Message, key: str, rule: str) -> list[NameAddr]:
    return [NameAddr.parse(item, rule) for item in split_rows(message, key, rule)]


def parse_max_forwards(message: Message) -> int | None:
    """Max-Forwards; one above 255 counts as absent (RFC 4475 §3.1.2.4)."""
    value = message._first.get("max-forwards")
    if value is None:
        return None
    hops = number(value, "RFC 3261 §20.22 Max-Forwards")
    return hops if hops <= 255 else None


def _content_type(message: Message) -> str | None:
    value = message._first.get("content-type")
    if not value:
        return None
    match = _MEDIA_TYPE.fullmatch(value)
    return f"{match[1]}/{match[2]}".lower() if match else value.lower()


def _seconds(key: str) -> Callable[[Message], int | None]:
    def parse(message: Message) -> int | None:
        # Retry-After may go on with a comment and parameters (RFC 3261 §20.33).
        match = _LEADING_DIGITS.match(message._first.get(key, ""))
        seconds = number(match[0], key) if match else MAX_UINT32 + 1
        return seconds if seconds <= MAX_UINT32 else None

    return parse


def _tokens(key: str, *, fold: bool = True) -> Callable[[Message], list[str]]:
    def parse(message: Message) -> list[str]:
        items = [item for row in message.rows(key) for item in row.split(",")]
        bare = [item.partition(";")[0].strip(" \t") for item in items]
        return [item.lower() if fold else item for item in bare if item]

    return parse


def _key_and_value(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise Malformed("RFC 3261 §7.3.1 header field without a colon", line)
    return name.rstrip(" \t"), value.strip(" \t")


def _rows(message: Message) -> list[tuple[str, str]]:
    """The fields of a message that was read, but for lines that are none."""
    rows = []
    for line in message._lines:
        try:
            name, value = _key_and_value(line)
            rows.append((CANONICAL.get(key_of(name), name), value))
        except Malformed:
            continue
    return rows


def index(rows: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Key to first value, and key to all values where there is more than one."""
    first: dict[str, str] = {}
    more: dict[str, list[str]] = {}
    for name, value in rows:
        key = KEYS.get(name) or key_of(name)
        if key not in first:
            first[key] = value
        elif key in more:
            more[key].append(value)
        else:
            more[key] = [first[key], value]
    return first, more


TYPED: dict[str, Callable[[Message], object]] = {
    "via": _via,
    "vias": _vias,
    "branch": lambda m: m.via.unique_branch,
    "from_": lambda m: NameAddr.parse(mandatory(m, "from"), "RFC 3261 §20.20 From"),
    "to": lambda m: NameAddr.parse(mandatory(m, "to"), "RFC 3261 §20.39 To"),
    "from_tag": lambda m: m.from_.tag,
    "to_tag": lambda m: m.to.tag,
    "call_id": lambda m: parse_call_id(mandatory(m, "call-id")),
    "cseq": lambda m: CSeq.parse(mandatory(m, "cseq")),
    "contact": lambda m: m.contacts[0] if m.contacts else None,
    "contacts": parse_contacts,
    "routes": parse_routes,
    "record_routes": parse_record_routes,
    "max_forwards": parse_max_forwards,
    "content_type": _content_type,
    "require": _tokens("require"),
    "proxy_require": _tokens("proxy-require"),
    "supported": _tokens("supported"),
    "allow": _tokens("allow", fold=False),
    "accept": _tokens("accept"),
    "expires": _seconds("expires"),
    "retry_after": _seconds("retry-after"),
    "_rows": _rows,
    "_first": lambda m: index(m._rows)[0],
    "_more": lambda m: index(m._rows)[1],
}
"Slot of `Message` to the function that fills it."

DEPENDENTS: dict[str, tuple[str, ...]] = {
    "via": ("via", "vias", "branch"),
    "from": ("from_", "from_tag"),
    "to": ("to", "to_tag"),
    "call-id": ("call_id",),
    "cseq": ("cseq",),
    "contact": ("contact", "contacts"),
    "route": ("routes",),
    "record-route": ("record_routes",),
    "max-forwards": ("max_forwards",),
    "content-type": ("content_type",),
    "require": ("require",),
    "proxy-require": ("proxy_require",),
    "supported": ("supported",),
    "allow": ("allow",),
    "accept": ("accept",),
    "expires": ("expires",),
    "retry-after": ("retry_after",),
}
"Key of a header field to the slots that are derived from it, to be emptied when the field changes."
