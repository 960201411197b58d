"""Incoming calls whose caller has not yet shown that it hears us: how many there may be, in all and from one source.

Anybody can send an INVITE in anybody's name, and each one costs a session and its timers. Until an ACK with our tag
came (RFC 3261 §13.3.1.4), or the session is gone, a call counts here; one too many is answered without a session.

A call that was answered costs more, because audio leaves with the 200: of those without an ACK there are fewer.

Who comes for the first time finds a part of the room only; the rest is for those who came twice (`seen_once`).

What an INVITE costs depends on its size, too: read, a line of a header or description takes twenty times its octets.

No chart: where a call stands is for its own machines. Here are figures, how many there are and how many there may be;
who leaves makes the second one nought.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from math import ceil
from typing import NamedTuple

from session_fsm.session.events import Address, SessionId

USUAL_SIZE = 4096  # octets; the INVITEs of telephones and proxies have 1 to 3 thousand


class Bound(NamedTuple):
    """How many there may be."""

    in_all: int
    of_one: int
    "From one source."


class _Waiting:
    __slots__ = ("answered", "late", "source")

    def __init__(self, source: str, late: bool) -> None:
        self.source = source
        self.late = late
        "Whether it came when there was no room for strangers."
        self.answered = False


class WaitingRoom:
    """The calls of strangers. Bounded, so that a flood costs bounded memory and one source leaves room for others."""

    __slots__ = (
        "_answered",
        "_answered_counted",
        "_answered_in_all",
        "_answered_late",
        "_at_most",
        "_for_strangers",
        "_sources",
        "_unheard",
        "_unheard_strangers",
        "_waiting",
        "_why_none",
    )

    def __init__(self, at_most: Bound, unacknowledged: Bound, strangers: float = 1.0) -> None:
        """`strangers` is the share of both bounds that those find who come for the first time."""
        self._at_most = at_most
        self._unheard = unacknowledged
        self._for_strangers = ceil(strangers * at_most.in_all)
        self._unheard_strangers = ceil(strangers * unacknowledged.in_all)
        self._waiting: dict[SessionId, _Waiting] = {}
        # No `Counter`: what it does when an item is taken out makes putting one in ten times as slow.
        self._sources: dict[str, int] = {}
        self._answered: dict[str, int] = {}
        "Of each source."
        self._answered_in_all = 0
        self._answered_late = 0
        "Those of them that came when there was no room for strangers."
        self._answered_counted = 0
        "Those of them that count: not the strangers beyond their part."
        self._why_none = ""
        "Why nobody may come in."

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, session_id: SessionId) -> bool:
        return session_id in self._waiting

    def full_for(self, source: Address, size: int = 0) -> str | None:
        """Why a call from there, with an INVITE of so many octets, cannot come in now, or None.

        One of several times the usual size comes in only while so many times fewer wait: that bounds the memory.
        """
        share = 1 + size // USUAL_SIZE
        if len(self._waiting) * share >= self._at_most.in_all:
            return self._why_none or f"{len(self._waiting)} calls are not answered and acknowledged yet"
        name = source_of(source[0])
        waiting, answered = self._sources.get(name, 0), self._answered.get(name, 0)
        if waiting * share >= self._at_most.of_one:
            return f"{waiting} calls from there are not answered and acknowledged yet"
        if self._answered_counted >= self._unheard.in_all or answered >= self._unheard.of_one:
            return f"{self._answered_in_all} calls are answered and not acknowledged yet, {answered} from there"
        return None

    def is_short(self, size: int = 0) -> bool:
        """Whether all the room for strangers is taken, where an INVITE has so many octets."""
        share = 1 + size // USUAL_SIZE
        return len(self._waiting) * share >= self._for_strangers or self._answered_counted >= self._unheard_strangers

    def close(self, why: str) -> None:
        """From now on there is no room for anybody."""
        self._at_most, self._why_none = Bound(0, 0), why

    def enter(self, session_id: SessionId, source: Address) -> None:
        """A call came in."""
        name = source_of(source[0])
        self._waiting[session_id] = _Waiting(name, self.is_short())
        self._sources[name] = self._sources.get(name, 0) + 1

    def answer(self, session_id: SessionId) -> None:
        """It gets a 200. Nothing happens when it had one before, or is a call of ours."""
        waiting = self._waiting.get(session_id)
        if waiting is not None and not waiting.answered:
            waiting.answered = True
            self._answered[waiting.source] = self._answered.get(waiting.source, 0) + 1
            self._answered_in_all += 1
            self._answered_late += waiting.late
            self._count()

    def leave(self, session_id: SessionId) -> None:
        """Its caller was heard again, or it is over. Nothing happens when it had left before, or is a call of ours."""
        waiting = self._waiting.pop(session_id, None)
        if waiting is None:
            return
        _decrease(self._sources, waiting.source)
        if waiting.answered:
            _decrease(self._answered, waiting.source)
            self._answered_in_all -= 1
            self._answered_late -= waiting.late
            self._count()

    def _count(self) -> None:
        """An application that is slow to answer may answer more strangers than there should be.

        All of them were let in meanwhile. They are not counted, so that the others keep their part.
        """
        strangers = self._answered_in_all - self._answered_late
        self._answered_counted = min(strangers, self._unheard_strangers) + self._answered_late


def _decrease(counts: dict[str, int], name: str) -> None:
    left = counts[name] - 1
    if left:
        counts[name] = left
    else:
        del counts[name]


def source_of(host: str) -> str:
    """What counts as one source: an IPv4 address, or an IPv6 network of 64 bits, in which a host picks any address."""
    return _network_of(host) if ":" in host else host


@lru_cache(maxsize=1024)
def _network_of(host: str) -> str:
    try:
        return str(ip_network((IPv6Address(host).packed, 64), strict=False))
    except ValueError:
        return host
