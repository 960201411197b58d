"""NameAddr: the value of From, To, Contact, Route and Record-Route (RFC 3261 §20.10, §25.1 name-addr)."""

from __future__ import annotations

import re
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.sip.grammar import (
    QUOTED,
    VALUE,
    Params,
    format_params,
    is_plain,
    keep,
    parse_params,
    quote,
    readable,
    unquote,
)
from session_fsm.sip.uri import OtherUri, SipUri, parse_uri

_RULE: Final = "RFC 3261 §20.10 name-addr"

# RFC 4475 §3.1.1.6: no space is needed before "<". §3.1.2.14: spaces just inside the brackets are forgiven. §3.1.2.15:
# a display name of other characters than tokens is forgiven unless it has a comma, which would also split a list.
_NAME_ADDR: Final = re.compile(rf'[ \t]*+({QUOTED}|[^"<>,;\r\n]*+)[ \t]*+<([^<>]*+)>(.*+)', re.DOTALL)
_NO_PARAMS: Final[Params] = {}
_TAG: Final = re.compile(f"{VALUE}++")


class NameAddr:
    """`"Display Name" <uri>;params`. A value: it is never changed after it was made."""

    __slots__ = ("_before", "_params", "display_name", "tag", "uri")

    def __init__(self, uri: SipUri | OtherUri, display_name: str | None = None, params: Params | None = None) -> None:
        self.uri = uri
        "Whom it names."
        self.display_name = display_name
        "The name for people, quotes and escapes resolved, or None."
        self.tag = params.get("tag") if params else None
        "The tag of a From or To (RFC 3261 §19.3)."
        self._params = params
        self._before: Params = _NO_PARAMS
        "What stands before the tag, as long as there are no `_params`."

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NameAddr) and self._parts() == other._parts()

    def __repr__(self) -> str:
        return f"<NameAddr {self}>"

    def _parts(self) -> tuple[object, ...]:
        return self.uri, self.display_name, self.params

    @classmethod
    def parse(cls, text: str, rule: str = _RULE) -> NameAddr:
        """One value, in the form with `<>` or as a bare URI, or `Malformed`."""
        # The address comes with every call of a peer, the tag with one of them.
        address, tagged, tag = text.rpartition(";tag=")
        known = _address(address if tagged else text)
        if known is not None:
            if not tagged:
                return known
            if (is_plain(tag) or _TAG.fullmatch(tag) is not None) and known.tag is None:
                return known.with_tag(tag)
        return cls._parse(text, rule)

    @classmethod
    def _parse(cls, text: str, rule: str) -> NameAddr:
        if text[:1] == "<":
            name = ""
            uri, bracket, rest = text[1:].partition(">")
            if not bracket:
                raise Malformed(rule, text)
        else:
            match = _NAME_ADDR.fullmatch(text)
            if match is None:
                return cls._parse_addr_spec(text, rule)
            name, uri, rest = match.groups()
        params = parse_params(rest, rule) if rest else {}
        if params.get("tag", "") is None:
            raise Malformed(rule, text)
        return cls(parse_uri(uri.strip(" \t")), _display_name(name) if name else None, params)

    @classmethod
    def _parse_addr_spec(cls, text: str, rule: str) -> NameAddr:
        uri, semicolon, rest = text.partition(";")
        # RFC 3261 §20.10: a URI with a comma, a question mark or a semicolon must be in brackets.
        if "<" in text or "?" in uri or "," in uri:
            raise Malformed(rule, text)
        params = parse_params(semicolon + rest, rule) if semicolon else {}
        if params.get("tag", "") is None:
            raise Malformed(rule, text)
        return cls(parse_uri(uri.strip(" \t")), None, params)

    def __str__(self) -> str:
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{format_params(self.params)}"

    @property
    def params(self) -> Params:
        """Header parameters in order; for From and To the tag is one of them."""
        found = self._params
        if found is None:
            found = self._params = self._before if self.tag is None else {**self._before, "tag": self.tag}
        return found

    def with_tag(self, tag: str) -> NameAddr:
        """The same value with this tag; its parameters are written down when somebody asks for them."""
        made = NameAddr(self.uri, self.display_name)
        made.tag, made._before = tag, self.params
        return made


def tag_of(text: str) -> str | None:
    """The tag of one value, or `Malformed`: what `NameAddr.parse` finds, for whoever wants nothing else of it."""
    address, _, tag = text.rpartition(";tag=")
    known = _known.get(address)
    if known is not None and is_plain(tag) and known.tag is None:
        return tag
    return NameAddr.parse(text).tag


_known: Final[dict[str, NameAddr]] = {}


def _address(text: str) -> NameAddr | None:
    """What may stand alone or before a tag, or None when it is malformed by itself."""
    known = _known.get(text)
    if known is None:
        try:
            known = keep(_known, text, NameAddr._parse(text, _RULE))
        except Malformed:
            return None
    return known


def _display_name(text: str) -> str | None:
    text = text.strip(" \t")
    return readable(unquote(text)) or None
