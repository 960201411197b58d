"""Whoever is neither of the two that talk: a UDP socket that sends what it likes and counts what comes back."""

from __future__ import annotations

import socket
import struct

from session_fsm.session.events import Address

PAYLOAD = b"\x55" * 160


def rtp(
    sequence: int, ssrc: int, *, timestamp: int | None = None, payload_type: int = 0, marker: bool = False
) -> bytes:
    """A packet of 20 ms."""
    timestamp = 160 * sequence if timestamp is None else timestamp
    head = (0x80, payload_type | marker << 7, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF)
    return struct.pack("!BBHII", *head) + PAYLOAD


class Stranger:
    """Use it as `with`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.address: Address = self._socket.getsockname()

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram."""
        self._socket.sendto(data, to)

    @property
    def heard(self) -> list[bytes]:
        """Everything that was sent to it so far."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(65536))
            except BlockingIOError:
                return found
