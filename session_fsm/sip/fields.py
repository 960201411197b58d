"""The header fields of a message as text, in their order: looked up by name, replaced, added and written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.sip.cseq import CSeq
from session_fsm.sip.grammar import split_list
from session_fsm.sip.name_addr import NameAddr
from session_fsm.sip.names import KEYS, LISTS, USUAL, key_of, unusual_key
from session_fsm.sip.uri import OtherUri, SipUri
from session_fsm.sip.via import Via

HeaderValue = str | int | Via | NameAddr | CSeq | SipUri | OtherUri
"What may be given as the value of a header field; `str()` of it is what is sent."


_DEMANDS: Final = ("Accept", "Content-Disposition", "Content-Encoding", "Proxy-Require", "Require")


class Rest:
    """What a message says besides the fields that tell it from others. Messages of one kind share it."""

    __slots__ = ("contact", "demands", "first", "length", "more")

    def __init__(self, first: dict[str, str], more: dict[str, list[str]]) -> None:
        self.first = first
        "Key to the first field's value."
        self.more = more
        "Key to all values, for fields that appear more than once."
        self.contact: NameAddr | None = None
        "The first Contact."
        self.length: int | None = None
        "Content-Length."
        self.demands = any(key in first for key in _DEMANDS)
        "Whether it asks for more than most do: Require, Accept, a body that is encoded, …"


NOTHING: Final = Rest({}, {})
_PLACES: Final = {"Via": 0, "From": 1, "To": 2, "Call-ID": 3, "CSeq": 4}
_NO_TEXTS: Final = ("", "", "", "", "")
_NO_FIELDS: Final[dict[str, str]] = {}
_NO_MORE: Final[dict[str, list[str]]] = {}


class Fields:
    """Header fields in order. Those of a message that was read are kept as text until somebody wants them all."""

    __slots__ = ("_first", "_more", "_rest", "_rows", "_text", "_texts")

    def __init__(self, headers: Iterable[tuple[str, HeaderValue]]) -> None:
        self._text = ""
        "Start line and header lines as they arrived, unfolded; the source of `_rows` of a message that was read."
        self._rows: list[tuple[str, str]] | None = None
        "All header fields in order; known names in the spelling that we send. None until `_text` is taken apart."
        self._first = _NO_FIELDS
        "Key to the first field's value, for those that are neither in `_texts` nor in `_rest`."
        self._texts = _NO_TEXTS
        "Via, From, To, Call-ID and CSeq as written, all of them or none; never empty where there is a `_rest`."
        self._more = _NO_MORE
        "Key to all values, for fields that appear more than once and are not in `_rest`."
        self._rest = NOTHING
        "What other messages say too."
        if headers:
            self._rows = [_row(name, value) for name, value in headers]
            self._first, self._more = _indexed(self._rows)

    def first(self, key: str) -> str | None:
        """The first field of this key as written (unfolded, trimmed), or None."""
        value = self._rest.first.get(key)
        if value is None:
            value = self._first.get(key)
            if value is None and key in _PLACES:
                value = self._texts[_PLACES[key]] or None
        return value

    def repeated(self, key: str) -> list[str] | None:
        """All values of this key, nothing split, if there are several, else None."""
        return self._more.get(key) or self._rest.more.get(key)

    @property
    def demands(self) -> bool:
        """Whether it may have Accept, Require, Proxy-Require, Content-Encoding or Content-Disposition."""
        return self._rest.demands or len(self._first) > 0

    def has(self, name: str) -> bool:
        """Whether a header field of this name is present, even if empty."""
        return self.get(name) is not None

    def get(self, name: str) -> str | None:
        """The first field of this name as written (unfolded, trimmed), or None."""
        return self.first(name if name in USUAL else key_of(name))

    def get_all(self, name: str) -> list[str]:
        """All values of this name in order; comma lists are split where the field is defined as a list.

        Octets that were no UTF-8 on the wire are kept as lone surrogates, here and in `get`.
        """
        key = key_of(name)
        rows = self.rows(name)
        if key not in LISTS:
            return rows
        return [item for row in rows for item in _items(row)]

    def rows(self, name: str) -> list[str]:
        """The field values of a name, one a row, nothing split."""
        key = name if name in USUAL else key_of(name)
        several = self.repeated(key)
        if several is not None:
            return list(several)
        value = self.first(key)
        return [] if value is None else [value]

    def headers(self) -> list[tuple[str, str]]:
        """All header fields in order, known names in the spelling that we send."""
        return list(self._all())

    def set(self, name: str, value: HeaderValue) -> None:
        """Replace all fields of this name by one, at the place of the first; append it if there was none."""
        key = key_of(name)
        before = self._all()
        rows = [row for row in before if key_of(row[0]) != key]
        at = next((n for n, row in enumerate(before) if key_of(row[0]) == key), len(rows))
        rows.insert(at, _row(name, value))
        self._replace(rows)

    def add(self, name: str, value: HeaderValue) -> None:
        """Append a field, behind others of the same name."""
        self._replace([*self._all(), _row(name, value)])

    def prepend(self, name: str, value: HeaderValue) -> None:
        """Put a field before all others: a Via, a Route."""
        self._replace([_row(name, value), *self._all()])

    def remove(self, name: str) -> None:
        """Remove all fields of this name."""
        key = key_of(name)
        self._replace([row for row in self._all() if key_of(row[0]) != key])

    def _all(self) -> list[tuple[str, str]]:
        rows = self._rows
        if rows is None:
            rows = self._rows = [row for row in map(_read, self._text.split("\r\n")[1:]) if row is not None]
        return rows

    def _replace(self, rows: list[tuple[str, str]]) -> None:
        self._rows, self._rest, self._texts = rows, NOTHING, _NO_TEXTS
        self._first, self._more = _indexed(rows)
        self._forget()

    def _forget(self) -> None:
        """What was derived from the fields is derived again when it is asked for."""


def sort_lines(lines: list[str]) -> tuple[dict[str, str], dict[str, list[str]], Malformed | None]:
    """Header lines by their keys: the first value of each, all values of what is there twice, and the first fault."""
    first: dict[str, str] = {}
    more: dict[str, list[str]] = {}
    fault: Malformed | None = None
    for line in lines:
        name, colon, value = line.partition(":")
        key = (KEYS.get(name) or unusual_key(name)) if colon else None
        if key is not None:
            _put(first, more, key, value.strip(" \t"))
        elif fault is None:
            rule = "header-name" if colon else "header field without a colon"
            fault = Malformed(f"RFC 3261 §7.3.1 {rule}", line)
    return first, more, fault


def _indexed(rows: list[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    first: dict[str, str] = {}
    more: dict[str, list[str]] = {}
    for name, value in rows:
        _put(first, more, KEYS.get(name) or key_of(name), value)
    return first, more


def _put(first: dict[str, str], more: dict[str, list[str]], key: str, value: str) -> None:
    """Key to the first value, and key to all values for what is there more than once."""
    if key not in first:
        first[key] = value
    elif key in more:
        more[key].append(value)
    else:
        more[key] = [first[key], value]


def _row(name: str, value: HeaderValue) -> tuple[str, str]:
    """One header field to be sent; a name that is no token or a value that would begin a new line is refused."""
    key = key_of(name)
    text = value if isinstance(value, str) else str(value)
    if "\r" in text or "\n" in text:
        raise Malformed(f"RFC 3261 §7.3.1 line break in {name}", text)
    return key if key in USUAL else name.rstrip(" \t"), text.strip(" \t")


def _read(line: str) -> tuple[str, str] | None:
    """A line that arrived as a field; None when it is none."""
    name, colon, value = line.partition(":")
    name = name.rstrip(" \t")
    try:
        key = key_of(name)
    except Malformed:
        return None
    return (key if key in USUAL else name, value.strip(" \t")) if colon else None


def _items(row: str) -> list[str]:
    try:
        return split_list(row, "RFC 3261 §7.3.1")
    except Malformed:
        # A field that nobody depends on: empty items are left out, an open quote makes it all one value.
        items = row.split(",") if '"' not in row and "<" not in row else [row]
        return [item.strip(" \t") for item in items if item.strip(" \t")]
