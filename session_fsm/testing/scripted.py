"""A peer that does what a test tells it to, and nothing else: for hand-written SIP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING

from session_fsm.sdp import LocalMedia, MediaDirection, offer
from session_fsm.session.events import Address
from session_fsm.session.settings import Seconds
from session_fsm.sip import MAGIC_COOKIE, Echo, Request, Response
from session_fsm.testing.datagram import Datagram, Log, What, matcher, uri_of

if TYPE_CHECKING:
    from session_fsm.testing.befalling import Reachable
from session_fsm.testing.network import Network

Headers = Sequence[tuple[str, str]]
Reply = Callable[[Datagram], None]


class ScriptedPeer:
    """Sends given bytes and records what it got.

    `when(Method.INVITE, reply)` has it call `reply(datagram)` for each such arrival; `request` and `respond` spell out
    the headers that every message needs, so that a test says only what it is about.
    """

    def __init__(self, name: str, host: str, *, port: int = 5060) -> None:
        self.name = name
        self.address: Address = (host, port)
        self.uri = uri_of(name, self.address)
        self.tag = f"{name}-tag"
        self.sent = Log()
        self.received = Log()
        self.unreachables: list[tuple[Address, str]] = []
        self._network: Network | None = None
        self._replies: list[tuple[Callable[[Datagram], bool], Reply]] = []
        self._branches = count(1)

    # What a test asks.

    def when(self, what: What, reply: Reply, *, status: int | None = None) -> ScriptedPeer:
        """What to do with each arrival that matches."""
        self._replies.append((matcher(what, status=status), reply))
        return self

    def send(self, message: bytes | str | Request | Response, to: Reachable | Address) -> Datagram:
        """Send bytes as they are, a message, or text, in which each line end becomes CRLF."""
        if isinstance(message, str):
            data = message.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        else:
            data = message if isinstance(message, bytes) else message.encode()
        assert self._network is not None, f"{self.name} is on no network"
        datagram = self._network.send(data, self.address, to if isinstance(to, tuple) else to.address)
        self.sent.append(datagram)
        return datagram

    def request(
        self,
        method: str,
        to: Reachable,
        *,
        call_id: str = "scripted",
        cseq: int = 1,
        branch: str | None = None,
        to_tag: str | None = None,
        uri: str | None = None,
        body: bytes = b"",
        headers: Headers = (),
    ) -> Datagram:
        """Send a request with everything that one needs; `headers` are added to it, or replace its own."""
        fields = {
            "Via": f"SIP/2.0/UDP {self.address[0]}:{self.address[1]};branch={branch or self.branch()}",
            "Max-Forwards": "70",
            "From": f"<{self.uri}>;tag={self.tag}",
            "To": f"<{to.uri}>" + (f";tag={to_tag}" if to_tag else ""),
            "Call-ID": call_id,
            "CSeq": f"{cseq} {method}",
            "Contact": f"<{self.contact}>",
        }
        if body:
            fields["Content-Type"] = "application/sdp"
        given = {name for name, _ in headers}
        rows = [(name, value) for name, value in fields.items() if name not in given]
        return self.send(Request(method, uri or to.uri, [*rows, *headers], body), to)

    def respond(
        self,
        to: Datagram,
        status: int,
        reason: str | None = None,
        *,
        tag: str | None = None,
        body: bytes = b"",
        headers: Headers = (),
        contact: bool = True,
    ) -> Datagram:
        """Answer a request that arrived."""
        echo = Echo(to.request, tag or self.tag, received_from=to.source)
        rows = [*([("Contact", f"<{self.contact}>")] if contact else []), *headers]
        data = echo.response(status, reason, rows, body, record_route=True)
        return self.send(data, echo.reply_to or to.source)

    def sdp(self, direction: MediaDirection = MediaDirection.SENDRECV, *, port: int = 4000, version: int = 1) -> bytes:
        """A session description of ours."""
        return offer(LocalMedia((self.address[0], port), direction=direction, version=version), None).encode()

    def branch(self) -> str:
        """A branch that was not used before."""
        return f"{MAGIC_COOKIE}-{self.name}-{next(self._branches)}"

    @property
    def contact(self) -> str:
        """The Contact that it names."""
        return f"sip:{self.name}@{self.address[0]}:{self.address[1]}"

    # What the network asks.

    def attach(self, network: Network) -> None:
        """Become a part of this network."""
        self._network = network

    def receive(self, datagram: Datagram) -> None:
        """A datagram arrives."""
        self.received.append(datagram)
        for matches, reply in self._replies:
            if matches(datagram):
                reply(datagram)

    def unreachable(self, destination: Address, reason: str) -> None:
        """A datagram could not be delivered."""
        self.unreachables.append((destination, reason))

    def next_deadline(self) -> Seconds | None:
        """It has no timers."""
        return None

    def expire(self, now: Seconds) -> None:
        """It has no timers."""

    def drain(self) -> None:
        """Nothing waits in it."""
