"""The four transactions of RFC 3261 §17: what the rows of `statecharts/transaction/` send.

A client transaction keeps the octets that it repeats; a server transaction keeps its last response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.chart import START
from session_fsm.session import matching
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import Address, Role
from session_fsm.session.matching import Identity
from session_fsm.session.messages import ack_to_failure
from session_fsm.session.registry import Registry
from session_fsm.sip import Echo, Request, Response

if TYPE_CHECKING:
    from collections.abc import Hashable

    from session_fsm.session.authentication import Authentication
    from session_fsm.session.transaction_user import TransactionUser


# These have said all when they rest. That of a BYE keeps its dialog, which answers the BYE that crosses it.
OUTLIVING = ("invite_server", "non_invite_server", "invite_client")


class Transaction:
    """One request and its responses. Its state is its machine's."""

    __slots__ = (
        "authentication",
        "chart",
        "destination",
        "echo",
        "endpoint",
        "heard",
        "initial_key",
        "key",
        "last",
        "machine",
        "message",
        "purpose",
        "request",
        "role",
        "session",
        "to_tag",
    )

    # What `del` may leave empty, said for the compiler.
    __deletable__ = ("request",)

    def __init__(
        self,
        endpoint: Endpoint,
        chart: str,
        request: Request,
        destination: Address,
        *,
        purpose: str,
        session: TransactionUser | None,
        role: Role,
    ) -> None:
        self.endpoint = endpoint
        self.chart = chart
        self.request = request
        self.destination = destination
        self.purpose = purpose
        self.session = session
        "Whoever opened it, and hears what becomes of it."
        self.role = role
        self.authentication: Authentication | None = None
        "Client: what became of the challenges to it; none before the first."
        self.heard = 0
        "Client: how many responses came, large ones counted as several."
        self.message = b""
        self.last = b""
        self.echo: Echo | None = None
        self.to_tag: str | None = None
        "Server: the tag of its responses' To."
        self.key: Hashable = None
        self.initial_key: Hashable = None
        "Server: what other copies of this request are known by (RFC 3261 §8.2.2.2). Client: what its dialogs will be."
        self.machine = endpoint.machine(chart, role, self, session, _label(endpoint, session, f"{chart}:{purpose}"))
        if session is not None:
            session.transactions.add(self)

    @property
    def lingers(self) -> bool:
        """Whether all that is left to do is to repeat a last response, or its ACK, until a timer ends it."""
        return self.chart in OUTLIVING and self.machine.rests

    def post(self, event: str, payload: object = None) -> None:
        """Queue an event for the transaction's machine."""
        self.endpoint.mailbox.post(self.machine, event, payload)

    def respond(self, status: int, data: bytes) -> None:
        """Send a response through a server transaction."""
        if self.chart == "non_invite_server":
            self.post("send_provisional" if status < 200 else "send_final", SentResponse(status, data, self.request))
        else:
            kind = "send_provisional" if status < 200 else "send_success" if status < 300 else "send_failure"
            self.post(kind, SentResponse(status, data, self.request))

    def respond_once(self, status: int, data: bytes) -> None:
        """Send a refusal of an INVITE, and end: a copy of the INVITE is looked at anew (RFC 3261 §8.2.7)."""
        self.post("send_once", SentResponse(status, data, self.request))

    def outlive_session(self) -> None:
        """The call is over, and nothing that may still come is of interest to it."""
        self.session = self.echo = None
        self._leave_authentication()
        # It lingers for 32 s, and a request is what weighs most.
        self.message = b""
        del self.request
        self.machine.trace = self.endpoint.trace

    def forget(self) -> None:
        """Its machine has ended: nobody finds it any more, and no cycle is left for the collector."""
        self.machine.context = self.machine.trace = None
        self._leave_authentication()
        if self.session is not None:
            self.session.transactions.discard(self)
            self.endpoint.unsettled.append(self.session)

    def _leave_authentication(self) -> None:
        if self.authentication is not None:
            self.authentication.machine.context = self.authentication.machine.trace = None
            self.authentication = None


def _label(endpoint: Endpoint, session: TransactionUser | None, name: str) -> str:
    """A name that no other transaction of the session has, by which a trace can be told apart and replayed."""
    if session is None:
        endpoint.alone += 1
        return f"{name}.{endpoint.alone}"
    # Counted, not searched for: a peer may open transactions faster than they end.
    session.labels[name] = number = session.labels.get(name, 0) + 1
    return name if number == 1 else f"{name}.{number}"


class SentResponse:
    """The response that a command of a server transaction carries."""

    __slots__ = ("data", "request", "status")

    def __init__(self, status: int, data: bytes, request: Request) -> None:
        self.status = status
        self.data = data
        self.request = request

    def summary(self) -> dict[str, str | int | None]:
        """What a trace says of it: its status, and the identity of the request that it answers."""
        return {"status": self.status, **self.request.summary()}


def start_client(
    endpoint: Endpoint, request: Request, destination: Address, *, purpose: str, session: TransactionUser, role: Role
) -> Transaction:
    """Open a client transaction; its machine sends the request when it starts.

    The request gets the answers that are known where it goes; RFC 3261 §22.1: a CANCEL is not challenged.
    """
    if session.keyring is not None and request.method != "CANCEL":
        session.keyring.sign(request, destination)
    chart = "invite_client" if request.method == "INVITE" else "non_invite_client"
    made = Transaction(endpoint, chart, request, destination, purpose=purpose, session=session, role=role)
    made.message = request.encode()
    made.key = (request.branch, request.method)
    endpoint.index.clients[made.key] = made
    if purpose == "INVITE":
        made.initial_key = (request.call_id, request.from_tag)
        endpoint.index.inviting[made.initial_key] = made
    made.post(START, request)
    return made


def open_server(
    endpoint: Endpoint,
    request: Request,
    source: Address,
    *,
    identity: Identity,
    purpose: str,
    session: TransactionUser | None,
    to_tag: str | None,
) -> Transaction:
    """Open a server transaction for a new request, whose identity is known since it was looked for."""
    chart = "invite_server" if request.method == "INVITE" else "non_invite_server"
    echo = Echo(request, to_tag, received_from=source)
    role = Role.UAS if session is None else session.role
    destination = echo.reply_to or source
    made = Transaction(endpoint, chart, request, destination, purpose=purpose, session=session, role=role)
    made.echo = echo
    made.to_tag = to_tag
    made.key = matching.server_key(identity)
    endpoint.index.servers[made.key] = made
    if request.to_tag is None:
        # The first of several ways that one request came on counts, as long as its transaction is open.
        made.initial_key = matching.initial_key(identity)
        endpoint.index.initial.setdefault(made.initial_key, made)
    made.post(START, request)
    return made


def _send_request(at: Transaction, _: object) -> None:
    at.endpoint.transmit(at.message, at.destination)


def _send_ack(at: Transaction, response: Response) -> None:
    # Each copy of the response gets the same ACK; the request may be forgotten by then.
    at.last = at.last or ack_to_failure(at.request, response).encode()
    at.endpoint.transmit(at.last, at.destination)


def _send_trying(at: Transaction, _: object) -> None:
    assert at.echo is not None  # every server transaction has one
    at.last = at.echo.response(100)
    at.endpoint.transmit(at.last, at.destination)


def _send_response(at: Transaction, response: SentResponse) -> None:
    at.last = response.data
    at.endpoint.transmit(at.last, at.destination)


def _send_last(at: Transaction, _: object) -> None:
    if at.last:
        at.endpoint.transmit(at.last, at.destination)


def _forget_client(at: Transaction, _: object) -> None:
    at.endpoint.index.clients.pop(at.key, None)
    if at.endpoint.index.inviting.get(at.initial_key) is at:
        del at.endpoint.index.inviting[at.initial_key]
    at.forget()


def _forget_server(at: Transaction, _: object) -> None:
    index = at.endpoint.index
    index.servers.pop(at.key, None)
    if index.initial.get(at.initial_key) is at:
        del index.initial[at.initial_key]
    at.forget()


REGISTRIES: dict[str, Registry] = {
    "invite_client": Registry(
        effects={"forget": _forget_client},
        sends={"INVITE": _send_request, "ACK": _send_ack},
    ),
    "non_invite_client": Registry(effects={"forget": _forget_client}, sends={"request": _send_request}),
    "invite_server": Registry(
        effects={"forget": _forget_server},
        sends={"100": _send_trying, "response": _send_response, "last": _send_last},
    ),
    "non_invite_server": Registry(
        effects={"forget": _forget_server},
        sends={"response": _send_response, "last": _send_last},
    ),
}
