"""Where a peer asks us to send: an address we may send to, or the reason why not.

A description is a request to send packets somewhere. Groups, broadcast and ourselves are not peers of a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from session_fsm.sdp.description import MAX_PORT, Connection
from session_fsm.sdp.numbers import number

Address = tuple[str, int]
"IP address and port; IPv6 without brackets."

LONGEST_ADDRESS = 45  # characters of an IPv6 address with an IPv4 tail


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no agreement is possible, as the SIP response that says so (RFC 3261 §21.4.26)."""

    reason: str
    "One sentence for a person."
    status: int = 488
    warning: int = 399
    "The Warning header's code that says it to a machine (RFC 3261 §20.43)."


def remote_host(connection: Connection, local_host: str) -> str | Refusal:
    """The host that a `c=` line names, in the family of our own address, or why nothing can be sent there.

    The unspecified address is returned as it is: RFC 3264 §8.4 gives it a meaning, which is not to send.
    """
    if connection.network != "IN":
        return Refusal(f"network type {connection.network} is not IN", warning=300)
    address = _parsed(connection.host)
    if address is None:
        return Refusal(f"the connection address {connection.host[:60]} is no IP address", warning=301)
    local = _parsed(local_host)
    if isinstance(address, IPv6Address) and isinstance(local, IPv4Address) and address.ipv4_mapped:
        # RFC 5118 §4.9: such an address stands for the IPv4 one, which a socket of that family reaches.
        address = address.ipv4_mapped
    return _family_refusal(address, local) or _group_refusal(address) or str(address)


def remote_rtcp(value: str | None, rtp: Address, local: Address) -> Address | None:
    """Where RTCP goes: the `rtcp` attribute (RFC 3605 §2.1), else the port above RTP; None when that is no place."""
    words = (value or "").split()
    port = number(words[0], at_most=MAX_PORT) if words else rtp[1] + 1
    if len(words) not in (0, 1, 4) or not port or port > MAX_PORT:
        return None
    host = remote_host(Connection(words[1], words[2], words[3]), local[0]) if len(words) == 4 else rtp[0]
    return None if isinstance(host, Refusal) or (host, port) == local else (host, port)


def is_unspecified(host: str) -> bool:
    """Whether this is 0.0.0.0 or its IPv6 sister: the old way to say hold (RFC 3264 §8.4)."""
    address = _parsed(host)
    return address is not None and address.is_unspecified


def canonical(host: str) -> str:
    """One spelling for each address, so that two of them can be compared."""
    return str(_parsed(host) or host)


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    if len(host) > LONGEST_ADDRESS or "%" in host:  # a zone means nothing to another machine
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def _family_refusal(address: IPv4Address | IPv6Address, local: IPv4Address | IPv6Address | None) -> Refusal | None:
    if local is None or address.version == local.version:
        return None
    return Refusal(f"{address} is IPv{address.version}, our address is IPv{local.version}", warning=301)


def _group_refusal(address: IPv4Address | IPv6Address) -> Refusal | None:
    plain = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    if plain.is_multicast:
        return Refusal(f"{address} is a multicast address", warning=330)
    if isinstance(plain, IPv4Address) and plain.is_reserved:  # 240.0.0.0/4, 255.255.255.255 among them
        return Refusal(f"{address} is a broadcast or reserved address", warning=301)
    return None
