"""Answers of which nothing is kept, to requests whose source nobody has shown to be true. Pure. RFC 3261 §8.2.7."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2s

from session_fsm.session.events import Address
from session_fsm.sip import Echo, Request

LARGEST_ANSWER = 1.5  # times the request, to a source that may be a victim's address


class StatelessAnswer:
    """Answers to one request: a copy gets the same one, with the same tag, and none is much larger than the request."""

    __slots__ = ("_at_most", "_echo", "to")

    def __init__(self, request: Request, source: Address, size: int) -> None:
        """`size` is that of the request, in octets."""
        self._echo = Echo(request, _tag(request), received_from=source)
        self._at_most = LARGEST_ANSWER * size
        self.to = self._echo.reply_to or source
        "Where they go."

    def of(
        self, status: int, headers: Sequence[tuple[str, str]] = (), least: Sequence[tuple[str, str]] = ()
    ) -> bytes | None:
        """With these headers, else with the `least` that it can do with; None when that is too large, too."""
        for given in (headers, least):
            data = self._echo.response(status, headers=given)
            if len(data) <= self._at_most:
                return data
        return None


def _tag(request: Request) -> str:
    same = "\0".join(request.get(name) or "" for name in ("Via", "Call-ID", "CSeq", "From"))
    return blake2s(same.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
