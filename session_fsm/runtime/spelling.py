"""IPv6 sockets know some addresses in a way of their own: IPv4 as `::ffff:192.0.2.1`, link-local ones with a zone.

Everywhere else an IPv4 address is one, and a zone, which means nothing to another machine (RFC 4007 §11), is not there.
"""

from __future__ import annotations

import socket

from session_fsm.runtime.addresses import Address, is_wildcard

MAPPED = "::ffff:"
LINK_LOCAL = ("fe8", "fe9", "fea", "feb")  # fe80::/10
REMEMBERED = 1024  # zones of peers; the oldest is forgotten first

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
"As the kernel wants it: host, port, and for IPv6 flow label and zone."


class Spelling:
    """Of one IPv6 socket. Bound to `::` it speaks IPv4 too."""

    __slots__ = ("_zone", "_zones", "has_ipv4")

    def __init__(self, bound: str) -> None:
        self.has_ipv4 = is_wildcard(bound)
        self._zone = zone_of(bound)
        self._zones: dict[str, int] = {}

    def outward(self, address: Address) -> SocketAddress:
        """As the socket needs it."""
        host, port = address
        if ":" not in host:
            return (MAPPED + host, port) if self.has_ipv4 else address
        if not host.lower().startswith(LINK_LOCAL):
            return address
        return (host, port, 0, self._zones.get(host, self._zone))

    def inward(self, address: SocketAddress) -> Address:
        """As everybody else knows it. The zone of a link-local peer is remembered for what goes back."""
        host, port = address[:2]
        if host.startswith(MAPPED):
            return host[len(MAPPED) :], port
        if len(address) == 4 and address[3]:
            host = host.partition("%")[0]
            if host not in self._zones and len(self._zones) >= REMEMBERED:
                del self._zones[next(iter(self._zones))]
            self._zones[host] = address[3]
        return host, port


def zone_of(host: str) -> int:
    """The number of the interface behind the `%` of a link-local address; 0 where there is none. OSError if unknown."""
    zone = host.partition("%")[2]
    return int(zone) if zone.isdecimal() else socket.if_nametoindex(zone) if zone else 0
