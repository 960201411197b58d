"""Whoever opens transactions and hears what becomes of them: a call, or a registration.

RFC 3261 §5 calls it the transaction user. What it does not say itself is what all of them have in common.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from session_fsm.machine import Machine
from session_fsm.session.authentication import authentication_of
from session_fsm.session.endpoint import Endpoint, Kept
from session_fsm.session.events import Address, CallState, MediaState, Role, SessionId
from session_fsm.session.transaction import Transaction
from session_fsm.sip import Request

if TYPE_CHECKING:
    from session_fsm.session.emission import Emitter
    from session_fsm.session.keyring import Keyring
    from session_fsm.session.news import News

# Looked up here: to ask an enum class for a member costs five times as much.
NO_CALL, NO_MEDIA = CallState.IDLE, MediaState.IDLE


class Numbering(Protocol):
    """Where the CSeq numbers of our requests come from: a dialog, or who has none."""

    local_seq: int
    "The last number that was used."


class TransactionUser:
    """What a transaction knows of who opened it."""

    __slots__ = (
        "endpoint",
        "id",
        "keyring",
        "labels",
        "local_seq",
        "role",
        "shown",
        "shown_media",
        "signalled_from",
        "told",
        "trace",
        "transactions",
    )

    purpose = ""

    def __init__(self, endpoint: Endpoint, user_id: SessionId, role: Role) -> None:
        self.endpoint = endpoint
        self.id = user_id
        self.role = role
        self.trace: Kept | None = endpoint.new_trace(endpoint.settings.trace_rows)
        self.transactions: set[Transaction] = set()
        self.labels: dict[str, int] = {}
        "How many transactions of each name there were."
        self.local_seq = 0
        "CSeq number of our last request outside a dialog."
        self.keyring: Keyring | None = None
        "The challenges that were answered; none before the first."
        self.signalled_from: Address | None = None
        "Where the peer's signalling comes from."
        self.shown = NO_CALL
        self.shown_media = NO_MEDIA
        self.told: list[News] = []

    @property
    def call_state(self) -> CallState:
        """The state of the call; a registration has none."""
        return NO_CALL

    @property
    def media_state(self) -> MediaState:
        """The state of the media; a registration has none."""
        return NO_MEDIA

    @property
    def finished(self) -> bool:
        """Whether nothing of it is open any more."""
        return False

    def leave(self) -> None:
        """Be found by nobody, and leave no cycle for the collector."""

    def numbering_of(self, request: Request) -> Numbering:
        """Where the number of the next request of its kind comes from."""
        return self

    def authentications_for(self, source: Emitter) -> Iterable[Machine]:
        """That of a transaction that is challenged; when a call gives up, those of all its INVITEs."""
        if isinstance(source, Transaction):
            return (authentication_of(source),)
        invites = [transaction for transaction in self.transactions if transaction.chart == "invite_client"]
        return sorted(map(authentication_of, invites), key=lambda machine: machine.label)

    def sent_again(self, old: Transaction, new: Transaction) -> None:
        """A request of ours was sent again, because it was challenged; the first transaction has its answer."""
