"""Which source a stream's packets may come from: the negotiated address, or one that is learnt behind a NAT.

Pure: addresses and header fields in, a verdict out. Sources: RFC 3264 §6.1 (media may come from anywhere, so
something must decide), RFC 3550 A.1 (probation), RFC 7362 (latching and its dangers).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

Address = tuple[str, int]
Seconds = float

PROBATION = 2  # packets in sequence before a source is believed; RFC 3550 A.1 MIN_SEQUENTIAL
LEARN_WINDOW = 10.0  # seconds from the opening of the path in which another source may be learnt
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
    """The one source that counts, out of all that send to our port.

    `peer` is compared with every packet's address, so it is a plain attribute: None until the path is open.
    """

    __slots__ = (
        "_candidates",
        "_closes_at",
        "_early",
        "_negotiated",
        "_rests_until",
        "_settled",
        "learnt",
        "peer",
    )

    def __init__(self) -> None:
        self.peer: Address | None = None
        "Whose packets count; also where ours go."
        self.learnt = False
        "Whether `peer` was learnt and is not the negotiated address."
        self._negotiated: Address | None = None
        self._candidates: dict[Address, _Candidate] = {}
        self._early: deque[Packet] = deque(maxlen=KEPT)
        self._closes_at: Seconds = 0.0
        self._settled = False
        self._rests_until: Seconds = 0.0

    def negotiate(self, address: Address, *, learn: bool, now: Seconds) -> None:
        """Offer and answer name this address. When it is the same one as before, what was heard or learnt stands."""
        if address == self._negotiated and (self.learnt or self._settled):
            return
        self._negotiated = self.peer = address
        self.learnt = False
        self._candidates.clear()
        self._settled = False
        self._closes_at = now + LEARN_WINDOW if learn else now

    def keep(self, packet: Packet) -> None:
        """Nobody knows yet who the peer is: keep this one until somebody does."""
        self._early.append(packet)

    def kept(self) -> list[Packet]:
        """What was kept, once: the peer's own packets first, so that no stranger is learnt before it is heard."""
        early = sorted(self._early, key=lambda packet: packet[1] != self.peer)
        self._early.clear()
        return early

    def heard_peer(self) -> None:
        """A packet from `peer` was taken: nobody else is learnt any more."""
        self._settled = True
        self._closes_at = 0.0
        self._candidates.clear()

    def reclaims(self, source: Address) -> bool:
        """Whether the negotiated address speaks up after another one was learnt: then it is the peer again."""
        if not self.learnt or source != self._negotiated:
            return False
        self.peer, self.learnt = source, False
        return True

    def may_follow(self, before: int | None, now: Seconds) -> bool:
        """Whether another SSRC may take the place of the one before: once a second at most.

        So stragglers of a source that was replaced do not bring it back, and a storm of sources is one change a second.
        """
        if now < self._rests_until:
            return False
        if before is not None:
            self._rests_until = now + SOURCE_REST
        return True

    def may_learn(self, now: Seconds) -> bool:
        """Whether a source that was not negotiated could still become the peer."""
        return now < self._closes_at

    def probe(self, packet: Packet, ssrc: int, sequence: int) -> list[Packet]:
        """Put another source's packet on probation; the kept packets when this one makes the source the peer."""
        _, source, now = packet
        if not self.may_learn(now):
            return []
        candidate = self._candidates.get(source)
        if candidate is None:
            if len(self._candidates) >= CANDIDATES:
                return []
            candidate = self._candidates[source] = _Candidate(ssrc, sequence - 1, 0)
        follows = ssrc == candidate.ssrc and sequence == (candidate.sequence + 1) & 0xFFFF
        candidate.in_sequence = candidate.in_sequence + 1 if follows or not candidate.in_sequence else 1
        candidate.ssrc, candidate.sequence = ssrc, sequence
        candidate.packets = [*candidate.packets[1 - KEPT :], packet]
        if candidate.in_sequence < PROBATION:
            return []
        kept = candidate.packets
        self.peer, self.learnt = source, True
        self.heard_peer()
        return kept
