"""Incoming calls whose caller has not yet shown that it hears us: how many there may be, in all and from one source.

Anybody can send an INVITE in anybody's name, and each one costs a session and its timers. Until an ACK with our tag
came (RFC 3261 §13.3.1.4), or the session is gone, a call counts here; one too many is answered without a session.

What an INVITE costs depends on its size, too: read, a line of a header or description takes twenty times its octets.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from ipaddress import IPv6Address, ip_network

from session_fsm.session.events import Address, SessionId

USUAL_SIZE = 4096  # octets; the INVITEs of telephones and proxies have 1 to 3 thousand


class WaitingRoom:
    """The calls of strangers. Bounded, so that a flood costs bounded memory and one source leaves room for others."""

    __slots__ = ("_at_most", "_closed", "_per_source", "_sources", "_waiting")

    def __init__(self, at_most: int, per_source: int) -> None:
        self._at_most = at_most
        self._per_source = per_source
        self._waiting: dict[SessionId, str] = {}
        self._sources: Counter[str] = Counter()
        self._closed: str | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def full_for(self, source: Address, size: int = 0) -> str | None:
        """Why a call from there, with an INVITE of so many octets, cannot come in now, or None.

        One of several times the usual size comes in only while so many times fewer wait: that bounds the memory.
        """
        if self._closed is not None:
            return self._closed
        share = 1 + size // USUAL_SIZE
        if len(self._waiting) * share >= self._at_most:
            return f"{len(self._waiting)} calls are not answered and acknowledged yet"
        here = self._sources[source_of(source[0])]
        if here * share >= self._per_source:
            return f"{here} calls from there are not answered and acknowledged yet"
        return None

    def close(self, why: str) -> None:
        """From now on there is no room for anybody."""
        self._closed = why

    def enter(self, session_id: SessionId, source: Address) -> None:
        """A call came in."""
        name = self._waiting[session_id] = source_of(source[0])
        self._sources[name] += 1

    def leave(self, session_id: SessionId) -> None:
        """Its caller was heard again, or it is over. Nothing happens when it had left before, or is a call of ours."""
        name = self._waiting.pop(session_id, None)
        if name is not None:
            self._sources[name] -= 1
            if not self._sources[name]:
                del self._sources[name]


def source_of(host: str) -> str:
    """What counts as one source: an IPv4 address, or an IPv6 network of 64 bits, in which a host picks any address."""
    return _network_of(host) if ":" in host else host


@lru_cache(maxsize=1024)
def _network_of(host: str) -> str:
    try:
        return str(ip_network((IPv6Address(host).packed, 64), strict=False))
    except ValueError:
        return host
