"""How each typed value of a message is made from its header fields: one small function a value.

What they raise is `Malformed`; `read` asks for every value that can raise before it accepts a message.
"""

from __future__ import annotations

import re
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.sip.cseq import CSeq
from session_fsm.sip.fields import Fields
from session_fsm.sip.grammar import MAX_UINT32, number, split_list
from session_fsm.sip.name_addr import NameAddr
from session_fsm.sip.via import Via

_HOPS: Final = {str(hops): hops for hops in range(256)}  # RFC 3261 §20.22: what Max-Forwards may be

_LEADING_DIGITS: Final = re.compile(r"[0-9]++(?=[ \t;(]|$)")
_MEDIA_TYPE: Final = re.compile(r"([^\s;,/]++)[ \t]*+/[ \t]*+([^\s;,/]++)[ \t]*+(?:;.*+)?", re.DOTALL)


def mandatory(fields: Fields, key: str) -> str:
    """The value of a field that every message must have (RFC 3261 §8.1.1)."""
    value = fields.first(key)
    if value is None:
        raise Malformed(f"RFC 3261 §8.1.1 {key} is missing")
    return value


def split_rows(fields: Fields, key: str, rule: str) -> list[str]:
    """The values of a comma list over all its rows. An empty item is malformed (RFC 4475 §3.1.2.1)."""
    if fields.repeated(key) is None:
        value = fields.first(key)
        if value is None or "," not in value:
            return [] if value is None else [value]
    return [item for row in fields.rows(key) for item in split_list(row, rule)]


def parse_via(fields: Fields) -> Via:
    """The topmost Via; the others, which are echoed, must be readable too."""
    value = mandatory(fields, "Via")
    return Via.parse(value) if "," not in value and fields.repeated("Via") is None else parse_vias(fields)[0]


def parse_vias(fields: Fields) -> list[Via]:
    """All Via values (RFC 3261 §20.42)."""
    mandatory(fields, "Via")
    return [Via.parse(item) for item in split_rows(fields, "Via", "RFC 3261 §20.42 Via")]


def parse_from(fields: Fields) -> NameAddr:
    """From (RFC 3261 §20.20)."""
    return NameAddr.parse(mandatory(fields, "From"), "RFC 3261 §20.20 From")


def parse_to(fields: Fields) -> NameAddr:
    """To (RFC 3261 §20.39)."""
    return NameAddr.parse(mandatory(fields, "To"), "RFC 3261 §20.39 To")


def parse_cseq(fields: Fields) -> CSeq:
    """CSeq (RFC 3261 §20.16)."""
    return CSeq.parse(mandatory(fields, "CSeq"))


def parse_call_id(fields: Fields) -> str:
    """A Call-ID as it is (RFC 3261 §20.8)."""
    return call_id_of(mandatory(fields, "Call-ID"))


def call_id_of(value: str) -> str:
    """What can be a Call-ID, or `Malformed`."""
    # Wider than word ["@" word]: whatever is visible and free of blanks can be compared and echoed.
    if not (value and value.isascii() and value.isprintable()) or " " in value:
        raise Malformed("RFC 3261 §20.8 callid", value)
    return value


def parse_contacts(fields: Fields) -> list[NameAddr]:
    """All Contact values (RFC 3261 §20.10); none for `*`."""
    return [] if fields.first("Contact") == "*" else _name_addrs(fields, "Contact", "RFC 3261 §20.10 Contact")


def parse_routes(fields: Fields) -> list[NameAddr]:
    """All Route values (RFC 3261 §20.34)."""
    return _name_addrs(fields, "Route", "RFC 3261 §20.34 Route")


def parse_record_routes(fields: Fields) -> list[NameAddr]:
    """All Record-Route values (RFC 3261 §20.30)."""
    return _name_addrs(fields, "Record-Route", "RFC 3261 §20.30 Record-Route")


def _name_addrs(fields: Fields, key: str, rule: str) -> list[NameAddr]:
    value = fields.first(key)
    if value is not None and "," not in value and fields.repeated(key) is None:
        return [NameAddr.parse(value, rule)]
    return [NameAddr.parse(item, rule) for item in split_rows(fields, key, rule)]


def parse_max_forwards(fields: Fields) -> int | None:
    """Max-Forwards; one above 255 counts as absent (RFC 4475 §3.1.2.4)."""
    value = fields.first("Max-Forwards")
    if value is None:
        return None
    hops = _HOPS.get(value)
    if hops is None:
        hops = number(value, "RFC 3261 §20.22 Max-Forwards")
    return hops if hops <= 255 else None


def content_type(fields: Fields) -> str | None:
    """The media type in lower case without its parameters (RFC 3261 §20.15)."""
    value = fields.first("Content-Type")
    if not value or value == "application/sdp":
        return value or None
    match = _MEDIA_TYPE.fullmatch(value)
    return f"{match[1]}/{match[2]}".lower() if match else value.lower()


def seconds(fields: Fields, key: str) -> int | None:
    """A field of seconds. Retry-After may go on with a comment and parameters (RFC 3261 §20.33)."""
    match = _LEADING_DIGITS.match(fields.first(key) or "")
    value = number(match[0], key) if match else MAX_UINT32 + 1
    return value if value <= MAX_UINT32 else None


def words(fields: Fields, key: str, *, fold: bool = True) -> list[str]:
    """The items of a list of words without their parameters, in lower case."""
    items = [item for row in fields.rows(key) for item in row.split(",")]
    bare = [item.partition(";")[0].strip(" \t") for item in items]
    return [item.lower() if fold else item for item in bare if item]
