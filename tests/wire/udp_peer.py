"""A peer that is nothing but a UDP socket: it says what the test says, and counts what it hears."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import time
from typing import NamedTuple

from session_fsm.session.events import Address

SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>; Python has no name for it
TIMESPEC = struct.Struct("=qq")


class Datagram(NamedTuple):
    """What arrived."""

    time: float
    "Seconds, of the event loop's clock: when the kernel got it, however late it was read."
    data: bytes
    source: Address

    @property
    def start_line(self) -> str:
        """The first line."""
        return self.data.partition(b"\r\n")[0].decode("utf-8", "replace")

    @property
    def to_tag(self) -> str:
        """The tag in To."""
        return self._find(rb"^To:.*;tag=([^;\s]+)")

    @property
    def branch(self) -> str:
        """The branch of the topmost Via."""
        return self._find(rb"^Via:.*;branch=([^;\s]+)")

    def field(self, name: str) -> str:
        """A header field, name and value."""
        return self._find(b"^(" + name.encode() + rb":.*?)\r$")

    def _find(self, pattern: bytes) -> str:
        found = re.search(b"(?im)" + pattern, self.data)
        assert found is not None
        return found[1].decode()


class UdpPeer:
    """Use it as `with`."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)
        self.address: Address = self._socket.getsockname()
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[Datagram] = asyncio.Queue()

    def __enter__(self) -> UdpPeer:
        self._loop.add_reader(self._socket, self._read)
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        data, ((_, _, stamp),), _, source = self._socket.recvmsg(65536, socket.CMSG_SPACE(TIMESPEC.size))
        seconds, nanoseconds = TIMESPEC.unpack(stamp)
        ago = time.time() - seconds - nanoseconds * 1e-9
        self._heard.put_nowait(Datagram(self._loop.time() - ago, data, source))

    @property
    def uri(self) -> str:
        """To call it."""
        return f"sip:peer@{self.address[0]}:{self.address[1]}"

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram."""
        self._socket.sendto(data, to)

    async def hear(self, timeout: float = 2.0) -> Datagram:
        """The next datagram."""
        async with asyncio.timeout(timeout):
            return await self._heard.get()

    async def hear_all(self, count: int, timeout: float = 5.0) -> list[Datagram]:
        """The next so many datagrams."""
        async with asyncio.timeout(timeout):
            return [await self.hear(timeout) for _ in range(count)]


def request(
    method: str,
    peer: UdpPeer,
    to: Address,
    *,
    branch: str,
    call_id: str,
    to_tag: str | None = None,
    cseq: int = 1,
    body: bytes = b"",
) -> bytes:
    """A request; with `to_tag` within a dialog."""
    host, port = peer.address
    tag = f";tag={to_tag}" if to_tag else ""
    head = [
        f"{method} sip:agent@{to[0]}:{to[1]} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch}",
        "Max-Forwards: 70",
        f"From: <sip:peer@{host}:{port}>;tag=peer",
        f"To: <sip:agent@{to[0]}:{to[1]}>{tag}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        f"Contact: <sip:peer@{host}:{port}>",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    return "\r\n".join(head).encode() + body


def description(port: int = 40000) -> bytes:
    """An offer of PCMU."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", f"m=audio {port} RTP/AVP 0", ""]
    return "\r\n".join(lines).encode()


def response(status: str, to: Datagram) -> bytes:
    """A response to this request."""
    echoed = [to.field(name) for name in ("Via", "From", "Call-ID", "CSeq")]
    lines = [f"SIP/2.0 {status}", *echoed, f"{to.field('To')};tag=peer", "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()
