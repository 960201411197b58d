"""A request within a dialog together with the server transaction that will answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from session_fsm.sip import Request

if TYPE_CHECKING:
    from session_fsm.session.transaction import Transaction


class Received:
    """The payload of events that a request in a dialog raises."""

    __slots__ = ("request", "transaction")

    def __init__(self, request: Request, transaction: Transaction) -> None:
        self.request = request
        self.transaction = transaction

    def respond(
        self,
        status: int,
        reason: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        record_route: bool = False,
    ) -> bytes:
        """Send a response; returns its octets."""
        echo = self.transaction.echo
        assert echo is not None  # every server transaction has one
        data = echo.response(status, reason, headers, body, record_route=record_route)
        self.transaction.respond(status, data)
        return data

    def summary(self) -> object:
        """What a trace says of it: the request's identity."""
        return self.request.summary()
