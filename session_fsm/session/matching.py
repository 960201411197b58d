"""Which machine a message belongs to: one pure function of the message's identity and the machines that are open.

The coordinator calls it with real tags and branches, the explorer with small abstract ones.
Source: RFC 3261 §12.2.2, §17.1.3, §17.2.3, §8.2.2.2, §9.2; RFC 6026 §8.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

Found = TypeVar("Found")
"Whatever stands for an open machine: the coordinator's objects, or the explorer's numbers."


class Identity:
    """What tells one message from another. Tags are named from the receiver's side."""

    __slots__ = ("branch", "call_id", "cseq", "is_request", "local_tag", "method", "remote_tag", "sent_by")

    def __init__(
        self,
        is_request: bool,
        method: str,
        branch: Hashable,
        sent_by: Hashable,
        call_id: Hashable,
        local_tag: Hashable | None,
        remote_tag: Hashable | None,
        cseq: int,
    ) -> None:
        self.is_request = is_request
        self.method = method
        "The request's method; for a response, the method in CSeq."
        self.branch = branch
        "Of the topmost Via; without the magic cookie, whatever stands for it under the rules of RFC 2543."
        self.sent_by = sent_by
        "Of the topmost Via. RFC 3261 §17.2.3 compares it for requests only."
        self.call_id = call_id
        self.local_tag = local_tag
        "To tag of a request, From tag of a response."
        self.remote_tag = remote_tag
        "From tag of a request, To tag of a response."
        self.cseq = cseq


class Owner(StrEnum):
    """Who a message belongs to."""

    CLIENT = "client transaction"
    SERVER = "server transaction"
    CANCELLED = "the INVITE server transaction that a CANCEL means"
    ANSWER = "the 2xx that an ACK acknowledges"
    DIALOG = "dialog"
    INVITING = "our INVITE, of which this request's dialog is a new one: it has overtaken what makes it"
    NOBODY = "no one yet: a new request"
    MERGED = "a request that came before on another way (482)"
    NO_DIALOG = "a dialog that is not open (481)"
    NO_TRANSACTION = "a transaction that is not open (481)"
    STRAY = "no one: dropped"


class Index(Generic[Found]):
    """The machines that are open, by the keys that messages carry."""

    __slots__ = ("answers", "clients", "dialogs", "initial", "inviting", "servers")

    def __init__(
        self,
        clients: dict[Hashable, Found] | None = None,
        servers: dict[Hashable, Found] | None = None,
        answers: dict[Hashable, Found] | None = None,
        dialogs: dict[Hashable, Found] | None = None,
        initial: dict[Hashable, Found] | None = None,
        inviting: dict[Hashable, Found] | None = None,
    ) -> None:
        self.clients = clients or {}
        "(branch, method)."
        self.servers = servers or {}
        "(branch, sent-by, method)."
        self.answers = answers or {}
        "(Call-ID, local tag, remote tag, CSeq number) of each 2xx to an INVITE that awaits its ACK."
        self.dialogs = dialogs or {}
        "(Call-ID, local tag, remote tag)."
        self.initial = initial or {}
        "(Call-ID, remote tag, CSeq number, method) of requests without To tag whose server transaction is open."
        self.inviting = inviting or {}
        "(Call-ID, local tag) of INVITEs of ours outside a dialog: each may still make one."


Match = tuple[Owner, Found | None]
"The owner of a message, and its machine where there is one."


def client_key(message: Identity) -> Hashable:
    """RFC 3261 §17.1.3: the branch and the method in CSeq."""
    return (message.branch, message.method)


def server_key(message: Identity) -> Hashable:
    """RFC 3261 §17.2.3: branch, sent-by and method, where an ACK belongs to its INVITE."""
    return (message.branch, message.sent_by, "INVITE" if message.method == "ACK" else message.method)


def cancelled_key(cancel: Identity) -> Hashable:
    """RFC 3261 §9.2: the server transaction that a CANCEL means is that of an INVITE, with the same branch."""
    return (cancel.branch, cancel.sent_by, "INVITE")


def dialog_key(message: Identity) -> Hashable:
    """RFC 3261 §12: Call-ID and both tags."""
    return (message.call_id, message.local_tag, message.remote_tag)


def answer_key(message: Identity) -> Hashable:
    """RFC 3261 §13.2.2.4: the ACK to a 2xx has the CSeq number of its INVITE, within the dialog."""
    return (message.call_id, message.local_tag, message.remote_tag, message.cseq)


def inviting_key(message: Identity) -> Hashable:
    """What every dialog of one INVITE has in common at the caller."""
    return (message.call_id, message.local_tag)


def initial_key(message: Identity) -> Hashable:
    """RFC 3261 §8.2.2.2: what two copies of one request have in common when a proxy forked it to us twice."""
    return (message.call_id, message.remote_tag, message.cseq, message.method)


def cancelled_initial_key(cancel: Identity) -> Hashable:
    """RFC 3261 §9.1: the same of the INVITE that a CANCEL means, whose Call-ID, From tag and CSeq number it has."""
    return (cancel.call_id, cancel.remote_tag, cancel.cseq, "INVITE")


def match(message: Identity, index: Index[Found]) -> Match[Found]:
    """The owner of a message among the machines that are open."""
    if not message.is_request:
        return _first(index.clients, client_key(message), Owner.CLIENT, Owner.STRAY)
    if message.method == "ACK":
        return _match_ack(message, index)
    server = index.servers.get(server_key(message))
    if server is not None:
        return Owner.SERVER, server
    if message.method == "CANCEL":
        return _first(index.servers, cancelled_key(message), Owner.CANCELLED, Owner.NO_TRANSACTION)
    if message.local_tag is not None:
        return _match_dialog(message, index)
    if initial_key(message) in index.initial:
        return Owner.MERGED, None
    return Owner.NOBODY, None


def _match_dialog(message: Identity, index: Index[Found]) -> Match[Found]:
    """A callee may send requests as soon as its 2xx has left (RFC 3261 §12.1.1), and they may come before it.

    The Call-ID and the tag in To are known to none but those who were shown our INVITE.
    """
    dialog = index.dialogs.get(dialog_key(message))
    if dialog is not None:
        return Owner.DIALOG, dialog
    return _first(index.inviting, inviting_key(message), Owner.INVITING, Owner.NO_DIALOG)


def _match_ack(message: Identity, index: Index[Found]) -> Match[Found]:
    """By dialog and CSeq first: a peer that reuses the INVITE's branch for the ACK to a 2xx is understood too."""
    answer = index.answers.get(answer_key(message))
    if answer is not None:
        return Owner.ANSWER, answer
    return _first(index.servers, server_key(message), Owner.SERVER, Owner.STRAY)


def _first(machines: Mapping[Hashable, Found], key: Hashable, owner: Owner, otherwise: Owner) -> Match[Found]:
    found = machines.get(key)
    return (otherwise, None) if found is None else (owner, found)
