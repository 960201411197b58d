"""What travels on the virtual network, how a test names some of it, and the log of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from session_fsm.session.events import Address
from session_fsm.session.settings import Seconds
from session_fsm.sip import Accepted, Rejected, Request, Response, read


class Method(StrEnum):
    """The methods that a test can name."""

    INVITE = "INVITE"
    ACK = "ACK"
    BYE = "BYE"
    CANCEL = "CANCEL"
    OPTIONS = "OPTIONS"
    INFO = "INFO"
    UPDATE = "UPDATE"
    REGISTER = "REGISTER"


@dataclass(slots=False, eq=False)
class Datagram:
    """One datagram that was sent, whatever became of it."""

    data: bytes
    source: Address
    destination: Address
    sent_at: Seconds
    "When it left, in seconds of the network's time."
    arrivals: list[Seconds] = field(default_factory=list)
    "When it arrived: once, never (lost or dropped), or several times (duplicated)."

    @cached_property
    def message(self) -> Request | Response | None:
        """The SIP message, or None when it is none."""
        verdict = read(self.data)
        if isinstance(verdict, Accepted):
            return verdict.message
        return verdict.request if isinstance(verdict, Rejected) else None

    @property
    def request(self) -> Request:
        """The message, which must be a request."""
        assert isinstance(self.message, Request), f"{self} is no request"
        return self.message

    @property
    def response(self) -> Response:
        """The message, which must be a response."""
        assert isinstance(self.message, Response), f"{self} is no response"
        return self.message

    @property
    def method(self) -> str | None:
        """The request's method; for a response the one in CSeq."""
        return self.message.method if self.message is not None else None

    @property
    def status(self) -> int | None:
        """The response's status; None for a request."""
        return self.message.status if isinstance(self.message, Response) else None

    @property
    def name(self) -> str:
        """What a test calls it: `INVITE`, `200 INVITE`."""
        if self.message is None:
            return "noise"
        return f"{self.status} {self.method}" if self.status else f"{self.method}"

    def __str__(self) -> str:
        return f"{self.sent_at:g} s {self.source[0]} -> {self.destination[0]} {self.name}"


Match = Callable[[Datagram], bool]
What = Method | str | int | Match | None
"A method (its requests), a status (its responses), a function, or anything at all."


def matcher(
    what: What = None,
    *,
    method: str | None = None,
    status: int | None = None,
    sender: Address | None = None,
    receiver: Address | None = None,
) -> Match:
    """One question from several. `method` alone means requests; with a status, the responses to them."""
    if callable(what):
        asked: Match = what
        return lambda datagram: asked(datagram) and matcher(None, method=method, status=status)(datagram)
    if isinstance(what, int):
        status = what
    elif what is not None:
        method = str(what)

    def matches(datagram: Datagram) -> bool:
        if sender is not None and datagram.source != sender:
            return False
        if receiver is not None and datagram.destination != receiver:
            return False
        if method is None and status is None:
            return True
        return datagram.status == status and method in (None, datagram.method)

    return matches


class Log(list[Datagram]):
    """What one side sent or received, oldest first."""

    def of(self, what: What = None, *, method: str | None = None, status: int | None = None) -> Log:
        """Those that match."""
        matches = matcher(what, method=method, status=status)
        return Log(datagram for datagram in self if matches(datagram))

    def count(self, what: What = None, *, method: str | None = None, status: int | None = None) -> int:  # type: ignore[override]  # a list's count asks for one value
        """How many match."""
        return len(self.of(what, method=method, status=status))

    def times(self, what: What = None, *, method: str | None = None, status: int | None = None) -> list[Seconds]:
        """When those that match were sent."""
        return [round(datagram.sent_at, 6) for datagram in self.of(what, method=method, status=status)]

    @property
    def names(self) -> list[str]:
        """All of them in a test's words: `["INVITE", "180 INVITE", …]`."""
        return [datagram.name for datagram in self]

    def request(self, method: str, n: int = 0) -> Request:
        """The n-th request of this method; -1 for the last."""
        return self.of(method)[n].request

    def response(self, status: int, n: int = 0, *, method: str | None = None) -> Response:
        """The n-th response of this status; -1 for the last."""
        return self.of(status, method=method)[n].response


def uri_of(name: str, address: Address) -> str:
    """The SIP URI of somebody at an address."""
    host, port = address
    shown = f"[{host}]" if ":" in host else host
    return f"sip:{name}@{shown}" if port == 5060 else f"sip:{name}@{shown}:{port}"
