"""One dialog: its tags, sequence numbers, route set and remote target, and what the rows of `dialog.toml` do.

Source: RFC 3261 §12.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from session_fsm.session.admission import CAPABILITIES
from session_fsm.session.authentication import answers_for_ack
from session_fsm.session.descriptions import has_description
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import Address, DialogState
from session_fsm.session.messages import Header, in_dialog
from session_fsm.session.received import Received
from session_fsm.session.registry import Registry
from session_fsm.session.transaction import start_client
from session_fsm.sip import Message, NameAddr, Request, Response, SipUri
from session_fsm.sip.dtmf_info import ACCEPTED, parse_digit

if TYPE_CHECKING:
    from session_fsm.session.session import Session

NOT_BEGUN = DialogState.IDLE


class Dialog:
    """The relation of two tags. Its state is its machine's."""

    __slots__ = (
        "ack",
        "allow",
        "endpoint",
        "local_seq",
        "machine",
        "remote_seq",
        "remote_tag",
        "remote_target",
        "remote_uri",
        "route_set",
        "session",
        "shown",
    )

    purpose = ""

    def __init__(self, session: Session, remote_tag: str | None) -> None:
        self.endpoint: Endpoint = session.endpoint
        self.session = session
        self.remote_tag = remote_tag
        self.remote_uri = session.remote
        self.remote_target: SipUri | str = session.target
        self.route_set: list[NameAddr] = []
        self.local_seq = session.local_seq
        self.remote_seq: int | None = None
        self.allow = ""
        "What the peer allows, as it said last."
        self.ack: tuple[bytes, Address] | None = None
        self.shown = NOT_BEGUN
        label = f"dialog:{remote_tag}" if remote_tag else "dialog"
        self.machine = session.endpoint.machine("dialog", session.role, self, session, label)
        session.endpoint.index.dialogs[session.call_id, session.local_tag, remote_tag] = self

    def request(
        self, method: str, cseq: int, body: bytes = b"", headers: Sequence[Header] = ()
    ) -> tuple[Request, Address]:
        """A request within this dialog, and where it goes."""
        session = self.session
        return in_dialog(
            self.endpoint,
            method,
            target=self.remote_target,
            routes=self.route_set,
            from_=session.local,
            to=self.remote_uri,
            call_id=session.call_id,
            cseq=cseq,
            body=body,
            headers=headers,
        )

    def next_request(self, method: str, body: bytes = b"", headers: Sequence[Header] = ()) -> tuple[Request, Address]:
        """The same with the next CSeq number."""
        self.local_seq += 1
        return self.request(method, self.local_seq, body, headers)

    def learn_from_request(self, invite: Request) -> None:
        """UAS (RFC 3261 §12.1.1): the route set as it stands, the target from Contact."""
        self.route_set = invite.record_routes
        self.remote_seq = invite.cseq.number
        self.refresh_target(invite)

    def refresh_target(self, message: Message) -> None:
        """RFC 3261 §12.2: the Contact of a target refresh request, or of its 2xx, replaces the remote target."""
        self.allow = message.get("Allow") or self.allow
        contact = message.contact
        if contact is not None and isinstance(contact.uri, SipUri):
            self.remote_target = contact.uri.as_target

    def send_ack(self, response: Response, body: bytes) -> None:
        """RFC 3261 §13.2.2.4: the ACK has the INVITE's CSeq number, a branch of its own, and is kept for repeats."""
        number = response.cseq.number
        request, destination = self.request("ACK", number, body, answers_for_ack(self.session, number))
        self.ack = (request.encode(), destination)
        self.endpoint.transmit(*self.ack)


def _carries_sdp(at: Dialog, message: object) -> bool:
    message = message.request if isinstance(message, Received) else message
    return isinstance(message, Message) and has_description(message)


def _first_answer(at: Dialog, _: object) -> bool:
    return at.session.winner is None


def _stale(at: Dialog, received: Received) -> bool:
    return at.remote_seq is not None and received.request.cseq.number <= at.remote_seq


def _remember_peer(at: Dialog, response: Response) -> None:
    at.route_set = response.record_routes[::-1]
    at.remote_uri = response.to
    at.refresh_target(response)


def _win(at: Dialog, _: object) -> None:
    at.session.winner = at
    at.session.dialog = at


def _note_sequence(at: Dialog, received: Received) -> None:
    at.remote_seq = received.request.cseq.number


def _refresh_target(at: Dialog, received: Received) -> None:
    at.refresh_target(received.request)


def _send_ack(at: Dialog, response: Response) -> None:
    if at.ack is not None:
        at.endpoint.transmit(*at.ack)
    else:
        at.send_ack(response, at.session.negotiation.answer_for_ack(response, wanted=at.session.dialog is at))


def _send_bye(at: Dialog, _: object) -> None:
    request, destination = at.next_request("BYE")
    purpose = "BYE" if at.session.dialog is at else "BYE of a fork"
    start_client(at.endpoint, request, destination, purpose=purpose, session=at.session, role=at.session.role)


def _send_200(at: Dialog, received: Received) -> None:
    headers: Sequence[tuple[str, str]] = ()
    if received.request.method == "OPTIONS":
        headers = CAPABILITIES
    elif received.request.method == "UPDATE":
        # RFC 3311 §5.2, which refers to RFC 3261 §12.2.2: a target refresh goes both ways.
        headers = [at.endpoint.contact_for(at.session.signalled_from)]
    received.respond(200, headers=headers)


def _packaged(at: Dialog, received: Received) -> bool:
    return received.request.has("Info-Package")


def _says_digit(at: Dialog, received: Received) -> bool:
    return parse_digit(received.request.content_type, received.request.body) is not None


def _empty(at: Dialog, received: Received) -> bool:
    return not received.request.body


def _send_415(at: Dialog, received: Received) -> None:
    received.respond(415, headers=[("Accept", ACCEPTED)])


def _send_469(at: Dialog, received: Received) -> None:
    received.respond(469, headers=[("Recv-Info", "")])


def _send_481(at: Dialog, received: Received) -> None:
    received.respond(481)


def _send_491(at: Dialog, received: Received) -> None:
    received.respond(491)


def _send_500(at: Dialog, received: Received) -> None:
    received.respond(500, headers=[at.endpoint.try_later()])


REGISTRY: Registry = Registry(
    guards={
        "carries_sdp": _carries_sdp,
        "first_answer": _first_answer,
        "stale": _stale,
        "packaged": _packaged,
        "says_digit": _says_digit,
        "empty": _empty,
    },
    effects={
        "remember_peer": _remember_peer,
        "win": _win,
        "note_sequence": _note_sequence,
        "refresh_target": _refresh_target,
    },
    sends={
        "ACK": _send_ack,
        "BYE": _send_bye,
        "200": _send_200,
        "415": _send_415,
        "469": _send_469,
        "481": _send_481,
        "491": _send_491,
        "500": _send_500,
    },
)
