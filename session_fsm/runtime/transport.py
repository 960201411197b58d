"""UDP sockets: bytes and addresses, nothing else. What is in the bytes is not known here.

Owns its socket instead of using the loop's datagram transport, which costs three times as much a datagram.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable

from session_fsm.errors import TransportError
from session_fsm.runtime.addresses import Address, family_of, is_wildcard, refusal, with_zone_of
from session_fsm.runtime.poller import Poller
from session_fsm.runtime.spelling import SocketAddress, Spelling, zone_of

LARGEST_DATAGRAM = 65535
SIGNALLING_AT_ONCE = 64  # a call's media are many datagrams, its signalling is few, and they must not wait for them
SIGNALLING_BUFFER = 4 << 20  # bytes asked of the kernel; its default holds some 256 small datagrams
OUTBOX_AT_MOST = 4096  # datagrams kept while the kernel has no room; what is beyond is lost, as on any network

# Linux only, from <linux/in.h>, <linux/in6.h> and <linux/errqueue.h>: the socket module does not name them.
IP_RECVERR, IPV6_RECVERR, MSG_ERRQUEUE = 11, 25, 0x2000
HAS_ERROR_QUEUE = sys.platform == "linux"
NON_BLOCKING: int = getattr(socket, "SOCK_NONBLOCK", 0)  # where a socket can be made so, which costs nothing
EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err

OnDatagram = Callable[[bytes, Address], None]
OnUnreachable = Callable[[Address, str], None]


def nobody_hears(data: bytes, source: Address) -> None:
    """For a socket that is opened before it is known who owns it."""


class UdpSocket:
    """One bound UDP socket. Calls `on_datagram` for each datagram and `on_unreachable` for each ICMP error.

    Neither is called from within `send`: what a send finds out, it returns. In a crowd of sockets that are ready this
    one reads `at_once` datagrams in its turn.
    """

    __slots__ = (
        "_at_once",
        "_fd",
        "_on_unreachable",
        "_outbox",
        "_poller",
        "_socket",
        "_spelling",
        "address",
        "lost",
        "on_datagram",
    )

    # What `del` may leave empty, said for the compiler.
    __deletable__ = ("_on_unreachable", "on_datagram")

    def __init__(
        self,
        address: Address,
        *,
        poller: Poller,
        on_datagram: OnDatagram,
        on_unreachable: OnUnreachable,
        at_once: int = 1,
        receive_buffer: int = 0,
    ) -> None:
        host, port = address
        self._socket = bound_socket(address, receive_buffer)
        self._fd = self._socket.fileno()
        self._spelling = Spelling(host) if ":" in host else None
        if port == 0 or self._spelling is not None:
            # What was asked for is not all that is known: the port was any, or the kernel spells the host otherwise.
            known = self._socket.getsockname()
            host, port = with_zone_of(known[0], host), known[1]
        self.address: Address = (host, port)
        self.lost = 0
        self._at_once = at_once
        self.on_datagram = on_datagram
        self._on_unreachable = on_unreachable
        self._outbox: deque[tuple[bytes, SocketAddress]] = deque()
        self._poller = poller
        poller.watch(self._fd, self._read, self._flush)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._fd < 0

    def send(self, data: bytes, destination: Address) -> str | None:
        """Send now, or as soon as the kernel has room. Returns why it cannot be sent, or None."""
        where = destination if self._spelling is None else self._spelling.outward(destination)
        if self._outbox:
            self._keep(data, where)
            return None
        try:
            self._socket.sendto(data, where)
        except BlockingIOError:
            self._keep(data, where)
        except OSError:
            return self._send_again(data, where)
        return None

    def hear_errors(self, wanted: bool) -> None:
        """Whether ICMP errors are told; each one costs a wake-up, so a stream that nobody takes samples them."""
        if self._fd >= 0:
            _ask_for_errors(self._socket, self._socket.family, wanted)

    def close(self) -> None:
        """Forget what could not be sent yet, and release the socket."""
        if self._fd >= 0:
            self._poller.forget(self._fd)
            self._fd = -1
            self._outbox.clear()
            self._socket.close()
            # They lead back to whoever owns this socket: without them no cycle is left for the collector.
            del self.on_datagram, self._on_unreachable

    def _send_again(self, data: bytes, destination: SocketAddress) -> str | None:
        """The kernel tells an earlier ICMP error at the next send instead of sending; the queue tells it again."""
        try:
            self._socket.sendto(data, destination)
        except BlockingIOError:
            self._keep(data, destination)
        except OSError as error:
            return _reason(error.errno)
        return None

    def _keep(self, data: bytes, destination: SocketAddress) -> None:
        if len(self._outbox) >= OUTBOX_AT_MOST:
            self.lost += 1
            return
        if not self._outbox:
            self._poller.watch_writing(self._fd, True)
        self._outbox.append((data, destination))

    def _flush(self) -> None:
        while self._outbox:
            try:
                self._socket.sendto(*self._outbox[0])
            except BlockingIOError:
                return
            except OSError:
                self.lost += 1
            self._outbox.popleft()
        self._poller.watch_writing(self._fd, False)

    def _read(self, failed: bool, alone: bool) -> None:
        if failed:
            self._read_errors()
        for _ in range(1 if alone else self._at_once):
            if self._fd < 0:
                return
            try:
                data, source = self._socket.recvfrom(LARGEST_DATAGRAM)
            except OSError:
                # Nothing is there, or the same errors that the queue tells with their addresses.
                return
            self.on_datagram(data, source if self._spelling is None else self._spelling.inward(source))

    def _read_errors(self) -> None:
        """Read the queue of ICMP errors: each with the address that the datagram went to."""
        while HAS_ERROR_QUEUE and self._fd >= 0:
            try:
                _, control, _, destination = self._socket.recvmsg(64, 512, MSG_ERRQUEUE)
            except OSError:
                return
            for level, kind, value in control:
                if (level, kind) in _ERROR_KINDS and len(value) >= EXTENDED_ERROR.size and destination:
                    met = destination if self._spelling is None else self._spelling.inward(destination)
                    self._on_unreachable(met, _reason(EXTENDED_ERROR.unpack_from(value)[0]))


def bound_socket(address: Address, receive_buffer: int = 0) -> socket.socket:
    """A non-blocking UDP socket on this address, or TransportError with one sentence."""
    try:
        family = family_of(address[0])
    except ValueError:
        raise TransportError(f"cannot listen on {address[0]!r}: it is no IP address") from None
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM | NON_BLOCKING)
    except OSError as error:
        raise refusal(address, error) from None
    try:
        _prepare(sock, family, address[0], receive_buffer)
        zone = zone_of(address[0]) if family == socket.AF_INET6 else 0
        sock.bind((address[0].partition("%")[0], address[1], 0, zone) if zone else address)
    except OSError as error:
        sock.close()
        raise refusal(address, error) from None
    return sock


def _prepare(sock: socket.socket, family: int, host: str, receive_buffer: int) -> None:
    if not NON_BLOCKING:
        sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not is_wildcard(host)))
    _ask_for_errors(sock, family, True)


def _ask_for_errors(sock: socket.socket, family: int, wanted: bool) -> None:
    """Of both families where a socket speaks both: those of IPv4 are told as if they were IPv6's."""
    if HAS_ERROR_QUEUE:
        for option in _RECVERR[family]:
            sock.setsockopt(*option, int(wanted))


def _reason(number: int | None) -> str:
    return _SEND_REASONS.get(number or 0) or os.strerror(number or 0).lower()


_RECVERR: dict[int, tuple[tuple[int, int], ...]] = {
    socket.AF_INET: ((socket.IPPROTO_IP, IP_RECVERR),),
    socket.AF_INET6: ((socket.IPPROTO_IPV6, IPV6_RECVERR), (socket.IPPROTO_IP, IP_RECVERR)),
}
_ERROR_KINDS = {option for options in _RECVERR.values() for option in options}
_SEND_REASONS = {
    errno.ECONNREFUSED: "port unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable",
    errno.EMSGSIZE: "the datagram is too large",
    errno.EACCES: "sending to this address is not allowed",
    errno.EINVAL: "this address or port cannot be reached from the address that we are bound to",
    socket.EAI_ADDRFAMILY: "this address is of another family than the one that we are bound to",
}
