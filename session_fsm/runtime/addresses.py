"""Addresses as people write them and as sockets need them: `host:port`, families, and which of ours reaches a peer."""

from __future__ import annotations

import errno
import os
import socket
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from session_fsm.errors import TransportError

Address = tuple[str, int]
"An IP address (IPv6 without brackets) and a port."

MAX_PORT = 65535
DEFAULT_SIP_PORT = 5060  # RFC 3261 §19.1.2

# Addresses of the documentation ranges (RFC 5737, RFC 3849): asking for the route to them sends nothing.
SOMEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def parse_address(text: object, default_port: int = DEFAULT_SIP_PORT) -> Address:
    """Read `127.0.0.1:5060`, `[::1]:5060`, `::1` or `127.0.0.1`, or take a pair; port 0 asks for any free one.

    Raises TransportError for everything else: what an application gives is looked at here, in the compiled form too.
    """
    if isinstance(text, tuple):
        return _checked(text)
    if not isinstance(text, str):
        raise TransportError(f"{text!r} is no address; it can be text such as 127.0.0.1:5060")
    host, port = _split(text)
    if port is not None and not (port.isascii() and port.isdigit() and int(port) <= MAX_PORT):
        raise TransportError(f"{text}: the port must be a number from 0 to {MAX_PORT}")
    if not is_ip(host):
        raise TransportError(f"{text}: {host!r} is no IP address")
    return host, int(port) if port is not None else default_port


def _checked(pair: tuple[object, ...]) -> Address:
    """An address that was given as a pair."""
    host, port = pair if len(pair) == 2 else (None, None)
    if not isinstance(host, str) or not is_ip(host):
        raise TransportError(f"{pair!r}: {host!r} is no IP address")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= MAX_PORT:
        raise TransportError(f"{pair!r}: the port must be a number from 0 to {MAX_PORT}")
    return host, port


def _split(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        return (host, rest[1:] or None) if bracket and rest[:1] in ("", ":") else (text, None)
    if text.count(":") > 1:
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None


@lru_cache(maxsize=4096)
def is_ip(host: str) -> bool:
    """Whether this is an IP address, so that nobody needs to be asked for it."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def family_of(host: str) -> socket.AddressFamily:
    """The socket family of an IP address."""
    return socket.AF_INET6 if isinstance(ip_address(host), IPv6Address) else socket.AF_INET


@lru_cache(maxsize=1024)
def is_wildcard(host: str) -> bool:
    """Whether this stands for every address of the machine; it must never be told to a peer."""
    return ip_address(host).is_unspecified


def written(address: Address) -> str:
    """`host:port`, with brackets around an IPv6 host."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def without_zone(host: str) -> str:
    """A link-local IPv6 address as another machine may be told it (RFC 4007 §11)."""
    return host.partition("%")[0]


def with_zone_of(host: str, given: str) -> str:
    """The kernel's spelling of an address that was given, with its zone, which the kernel leaves out."""
    return host.partition("%")[0] + "".join(given.partition("%")[1:])


def route_from(peer: Address) -> str | None:
    """Which address of this machine packets to `peer` leave from; None when there is no way there. Sends nothing."""
    try:
        with socket.socket(family_of(peer[0]), socket.SOCK_DGRAM) as probe:
            probe.connect(peer)
            return str(probe.getsockname()[0])
    except OSError:
        return None


def refusal(address: Address, error: OSError) -> TransportError:
    """One sentence that says why this address cannot be listened on."""
    why = _BIND_REASONS.get(error.errno or 0) or os.strerror(error.errno or 0)
    said = TransportError(f"cannot listen on {written(address)}: {why}")
    said.errno = error.errno
    return said


_BIND_REASONS = {
    errno.EADDRINUSE: "the port is in use",
    errno.EADDRNOTAVAIL: "the address is not one of this machine's",
    errno.EACCES: "this port needs more rights",
    errno.EAFNOSUPPORT: "this machine has no such address family",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open on this machine",
}
