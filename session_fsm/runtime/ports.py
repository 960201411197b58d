"""Finds an even port for RTP with the odd one above it for RTCP (RFC 3550 §11)."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Protocol, TypeVar

from session_fsm.errors import TransportError
from session_fsm.runtime.addresses import MAX_PORT, Address

NO_FILES = (errno.EMFILE, errno.ENFILE)  # no other port helps
ATTEMPTS = 64  # ephemeral pairs tried; each fails only when somebody else holds the neighbouring port


class Socket(Protocol):
    """What is needed of a socket here."""

    address: Address

    def close(self) -> None:
        """Release the port."""


AnySocket = TypeVar("AnySocket", bound=Socket)


class RtpPorts:
    """The ports that calls may use: a range, or whatever the system gives.

    A range is walked round and round, so that a port rests as long as possible before the next call gets it.
    """

    def __init__(self, first: int = 0, last: int = 0) -> None:
        if (first, last) != (0, 0) and not 0 < first < last <= MAX_PORT:
            raise TransportError(f"rtp_ports {first} to {last}: the first must be below the last, both 1 to {MAX_PORT}")
        self.first = first + first % 2
        self.last = last
        self._pairs = (last - self.first + 1) // 2 if last else 0
        if last and not self._pairs:
            raise TransportError(f"rtp_ports {first} to {last}: no even port with the odd one above it lies between")
        self._next = 0

    def open_pair(self, host: str, open_socket: Callable[[Address], AnySocket]) -> tuple[AnySocket, AnySocket]:
        """An RTP socket on an even port and the RTCP socket above it, or TransportError."""
        return self._from_range(host, open_socket) if self._pairs else _ephemeral(host, open_socket)

    def _from_range(self, host: str, open_socket: Callable[[Address], AnySocket]) -> tuple[AnySocket, AnySocket]:
        for _ in range(self._pairs):
            port = self.first + 2 * self._next
            self._next = (self._next + 1) % self._pairs
            rtp = _opened(open_socket, (host, port))
            if rtp is None:
                continue
            rtcp = _opened(open_socket, (host, port + 1), beside=rtp)
            if rtcp is not None:
                return rtp, rtcp
        raise TransportError(f"every RTP port from {self.first} to {self.last} on {host} is in use")


def _ephemeral(host: str, open_socket: Callable[[Address], AnySocket]) -> tuple[AnySocket, AnySocket]:
    for _ in range(ATTEMPTS):
        one = open_socket((host, 0))
        port = one.address[1]
        other = _opened(open_socket, (host, port ^ 1), beside=one)
        if other is not None:
            return (other, one) if port % 2 else (one, other)
    raise TransportError(f"the system has no two neighbouring ports left on {host}")


def _opened(
    open_socket: Callable[[Address], AnySocket], address: Address, *, beside: AnySocket | None = None
) -> AnySocket | None:
    """A socket there, or None when the next port may do; then the one `beside` it is closed again."""
    try:
        return open_socket(address)
    except TransportError as error:
        if beside is not None:
            beside.close()
        if error.errno in NO_FILES:
            raise
        return None
