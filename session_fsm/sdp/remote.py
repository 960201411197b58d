"""Where a peer asks us to send: an address we may send to, or the reason why not.

A description is a request to send packets somewhere. Groups, broadcast and ourselves are not peers of a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from session_fsm.frozen import plain
from session_fsm.sdp.description import MAX_PORT, Connection
from session_fsm.sdp.numbers import number

Address = tuple[str, int]
"IP address and port; IPv6 without brackets."

LONGEST_ADDRESS: Final = 45  # characters of an IPv6 address with an IPv4 tail
REMEMBERED_HOSTS: Final = 1024  # what is known of an address never changes, and the same few peers come again


@plain
@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no agreement is possible, as the SIP response that says so (RFC 3261 §21.4.26)."""

    reason: str
    "One sentence for a person."
    status: int = 488
    warning: int = 399
    "The Warning header's code that says it to a machine (RFC 3261 §20.43)."


def quoted(text: str, at_most: int = 40) -> str:
    """A peer's words, fit for a sentence of ours that may end up in a header: short, printable, without quotes."""
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "?" for c in text[:at_most])


@plain
@dataclass(frozen=True, slots=True)
class Host:
    """What is known of an IP address."""

    text: str
    "In its one canonical spelling."
    version: int
    unspecified: bool
    "0.0.0.0 or its IPv6 sister: the old way to say hold (RFC 3264 §8.4)."
    refusal: Refusal | None
    "Why it is no address of a single peer, None when it is one."


def remote_host(connection: Connection, local_host: str) -> Host | Refusal:
    """The host that a `c=` line names, in the family of our own address, or why nothing can be sent there."""
    if connection.network != "IN":
        return Refusal(f"network type {quoted(connection.network)} is not IN", warning=300)
    host, local = look_up(connection.host), look_up(local_host)
    if host is None:
        return Refusal(f"the connection address {quoted(connection.host)} is no IP address", warning=301)
    # RFC 3264 §8.4: the unspecified address means hold, in whatever family it is written.
    if local is not None and host.version != local.version and not host.unspecified:
        # RFC 5118 §4.9: ::ffff:192.0.2.1 stands for the IPv4 address, which a socket of that family reaches.
        mapped = look_up(host.text, mapped=True)
        if mapped is None or mapped.version != local.version:
            return Refusal(f"{host.text} is IPv{host.version}, our address is IPv{local.version}", warning=301)
        host = mapped
    return host.refusal or host


def remote_rtcp(value: str | None, rtp: Address, local: Address) -> Address | None:
    """Where RTCP goes: the `rtcp` attribute (RFC 3605 §2.1), else the port above RTP; None when that is no place."""
    words = value.split() if value else []
    port: int | None = rtp[1] + 1 if rtp[1] < MAX_PORT else None
    if value:
        port = number(words[0], at_most=MAX_PORT) if len(words) in (1, 4) else None
    if not port:
        return None
    host = remote_host(Connection(words[1], words[2], words[3]), local[0]) if len(words) == 4 else look_up(rtp[0])
    if not isinstance(host, Host) or host.unspecified or (host.text, port) == local:
        return None
    return host.text, port


def why_no_peer(host: str) -> str | None:
    """Why nothing of a call may be sent to this IP address: it is not that of a single host. None for a name."""
    known = look_up(host)
    if known is None:
        return None
    if known.unspecified:
        return f"{host} stands for any address"
    return known.refusal.reason if known.refusal else None


def look_up(host: str, *, mapped: bool = False) -> Host | None:
    """What is known of this address, None when it is none. `mapped`: of the IPv4 address that it stands for."""
    known = None if mapped else _known.get(host)
    if known is None:
        known = _look_up(host, mapped)
        if known is not None and not mapped:
            if len(_known) >= REMEMBERED_HOSTS:
                _known.clear()
            _known[host] = known
    return known


_known: Final[dict[str, Host]] = {}


def _look_up(host: str, mapped: bool) -> Host | None:
    # A zone means nothing to another machine.
    if len(host) > LONGEST_ADDRESS or "%" in host:
        return None
    try:
        address: IPv4Address | IPv6Address | None = ip_address(host)
    except ValueError:
        return None
    plain = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    address = plain if mapped else address
    if address is None or plain is None:
        return None
    return Host(str(address), address.version, plain.is_unspecified, _group_refusal(plain))


def _group_refusal(address: IPv4Address | IPv6Address) -> Refusal | None:
    if address.is_multicast:
        return Refusal(f"{address} is a multicast address", warning=330)
    if isinstance(address, IPv4Address) and address.is_reserved:  # 240.0.0.0/4, 255.255.255.255 among them
        return Refusal(f"{address} is a broadcast or reserved address", warning=301)
    return None
