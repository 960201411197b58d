"""Packets of sources that do not count, or not yet: those kept for later, and those on probation.

Pure: addresses and header fields in, packets out. Who counts, and whether anybody is on probation, decides
`source.toml`; what proves a source is arithmetic: RFC 3550 A.1, and RFC 7362 on the dangers of latching.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Address = tuple[str, int]
Seconds = float

PROBATION = 2  # packets in sequence before a source is believed; RFC 3550 A.1 MIN_SEQUENTIAL
CANDIDATES = 4  # sources on probation at a time, so that a flood of addresses costs no memory
SOURCE_REST = 1.0  # seconds after one source took the place of another in which no third one does
KEPT = 50  # packets kept of all sources while nobody knows which one is the peer: one second

Packet = tuple[bytes, Address, Seconds]
"A datagram, where it came from, and when."


@dataclass(slots=True)
class _Candidate:
    ssrc: int
    sequence: int
    in_sequence: int
    packets: list[Packet] = field(default_factory=list)


class Sources:
    """All that send to our port, but for the one that counts."""

    __slots__ = ("_candidates", "_early", "_rests_until")

    def __init__(self) -> None:
        self._candidates: dict[Address, _Candidate] = {}
        self._early: list[Packet] = []
        self._rests_until: Seconds = 0.0

    def keep(self, packet: Packet) -> None:
        """Nobody has said yet what becomes of this one: keep it until somebody does."""
        self._early = [*self._early[1 - KEPT :], packet]

    def kept(self) -> list[Packet]:
        """What was kept, once."""
        early, self._early = self._early, []
        return early

    def may_follow(self, before: int | None, now: Seconds) -> bool:
        """Whether another SSRC may take the place of the one before: once a second at most.

        So stragglers of a source that was replaced do not bring it back, and a storm of sources is one change a second.
        """
        if now < self._rests_until:
            return False
        if before is not None:
            self._rests_until = now + SOURCE_REST
        return True

    def probe(self, packet: Packet, ssrc: int, sequence: int) -> bool:
        """Put another source's packet on probation, and keep it. Whether the source has proven itself by now."""
        source = packet[1]
        candidate = self._candidates.get(source)
        if candidate is None:
            if len(self._candidates) >= CANDIDATES:
                return False
            candidate = self._candidates[source] = _Candidate(ssrc, sequence - 1, 0)
        follows = ssrc == candidate.ssrc and sequence == (candidate.sequence + 1) & 0xFFFF
        candidate.in_sequence = candidate.in_sequence + 1 if follows or not candidate.in_sequence else 1
        candidate.ssrc, candidate.sequence = ssrc, sequence
        candidate.packets = [*candidate.packets[1 - KEPT :], packet]
        return candidate.in_sequence >= PROBATION

    def packets_of(self, source: Address) -> list[Packet]:
        """What was kept of this source, once: it counts from now on, and nobody else is on probation."""
        found = self._candidates.get(source)
        self._candidates.clear()
        return found.packets if found is not None else []

    def forget(self) -> None:
        """Nobody is on probation any more."""
        self._candidates.clear()
