"""CSeq: the number and method that order the requests of a dialog (RFC 3261 §20.16)."""

from __future__ import annotations

import re
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.sip.grammar import MAX_UINT32, T, keep, number

_RULE: Final = "RFC 3261 §20.16 CSeq"
_CSEQ: Final = re.compile(rf"([0-9]++)[ \t]++({T}++)")


class CSeq:
    """`number method`. A value: it is never changed after it was made."""

    __slots__ = ("method", "number")

    def __init__(self, number: int, method: str) -> None:
        self.number = number
        "Expressible as a 32-bit unsigned integer."
        self.method = method
        "The method, case-sensitive."

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CSeq) and self.number == other.number and self.method == other.method

    def __repr__(self) -> str:
        return f"<CSeq {self}>"

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """A CSeq value, or `Malformed`; a number above 2**32-1 is malformed (RFC 4475 §3.1.2.4)."""
        known = _known.get(text)
        return keep(_known, text, cls._parse(text)) if known is None else known

    @classmethod
    def _parse(cls, text: str) -> CSeq:
        match = _CSEQ.fullmatch(text)
        if match is None:
            raise Malformed(_RULE, text)
        value = number(match[1], _RULE)
        if value > MAX_UINT32:
            raise Malformed("RFC 3261 §20.16 CSeq above 2**32-1", text)
        return cls(value, match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


# Most calls begin with the same few numbers.
_known: Final[dict[str, CSeq]] = {}
