"""A relay between a caller and a callee that loses the datagrams it is told to lose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

Lose = Callable[[bytes], bool]


class Relay:
    """Passes SIP on both ways and stays in the path, because it writes itself into the callee's Contact."""

    def __init__(self, callee: tuple[str, int], lose: Lose) -> None:
        self.lost = 0
        self._callee = callee
        self._lose = lose
        self._caller = ("", 0)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while True:
            data, source = self._socket.recvfrom(65535)
            if not data:
                return
            if self._lose(data):
                self.lost += 1
            elif source == self._callee:
                contact, ours = (f"127.0.0.1:{port}".encode() for port in (self._callee[1], self.port))
                self._socket.sendto(data.replace(contact, ours), self._caller)
            else:
                self._caller = source
                self._socket.sendto(data, self._callee)


def is_ack(data: bytes) -> bool:
    """Whether this is an ACK."""
    return data.startswith(b"ACK ")
