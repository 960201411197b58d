"""Which of our addresses a peer reaches us at: the one that our packets to it leave from, unless another is advertised.

A machine with several networks has no address that is right for everybody; a wildcard is right for nobody.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

from session_fsm.runtime.addresses import (
    LOOPBACK,
    SOMEWHERE,
    Address,
    family_of,
    is_ip,
    is_wildcard,
    route_from,
    without_zone,
)

Seconds = float

REMEMBERED_FOR = 10.0  # seconds; routes change when a network comes or goes
REMEMBERED = 1024  # peers; the oldest is forgotten first
PORT = 9  # of discard; asking for a route sends nothing


class Homes:
    """What is told to each peer, and where its media is bound. `known` resolves a name that was asked for before."""

    def __init__(
        self,
        bound: Address,
        advertise: Address | None,
        *,
        known: Callable[[str], str | None],
        clock: Callable[[], Seconds],
    ) -> None:
        self._bound = bound
        self._advertise = advertise
        self._known = known
        self._clock = clock
        self._found: dict[str, tuple[str, Seconds]] = {}
        self.many = is_wildcard(bound[0])
        "Whether what is told depends on the peer."

    def told(self, peer: Address | None) -> Address:
        """Where this peer, or the world, is told that we are. Never a wildcard, never with a zone."""
        host = self.bound_for(peer)
        if self._advertise is not None and (peer is None or family_of(self._advertise[0]) is family_of(host)):
            return self._advertise
        return without_zone(host), self._bound[1]

    def bound_for(self, peer: Address | None) -> str:
        """The address that media with this peer is bound to."""
        return self._towards(peer[0] if peer else "") if self.many else self._bound[0]

    def _towards(self, name: str) -> str:
        host, until = self._found.get(name, ("", 0.0))
        now = self._clock()
        if now < until:
            return host
        host = self._look(name)
        while len(self._found) >= REMEMBERED:
            del self._found[next(iter(self._found))]
        self._found.pop(name, None)
        self._found[name] = host, now + REMEMBERED_FOR
        return host

    def _look(self, name: str) -> str:
        peer = name if is_ip(name) else self._known(name) if name else None
        if peer is not None:
            targets = [peer]
        else:
            targets = [(LOOPBACK if name == "localhost" else SOMEWHERE)[family] for family in self._families()]
        found = (route_from((target, PORT)) for target in targets)
        family = family_of(targets[0])
        return next((host for host in found if host is not None), LOOPBACK[family])

    def _families(self) -> Iterable[socket.AddressFamily]:
        own = family_of(self._bound[0])
        return (own, socket.AF_INET) if own is socket.AF_INET6 else (own,)
