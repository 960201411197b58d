"""One 2xx to an INVITE, repeated until its ACK: what `statecharts/answer.toml` sends. Source: RFC 3261 §13.3.1.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.chart import START
from session_fsm.machine import Machine
from session_fsm.session.endpoint import Endpoint, told_apart
from session_fsm.session.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Hashable

    from session_fsm.session.dialog import Dialog
    from session_fsm.session.session import Session
    from session_fsm.session.transaction import Transaction


class Answer:
    """A 200 that was sent and what repeats it."""

    __slots__ = ("data", "dialog", "endpoint", "key", "machine", "purpose", "session", "transaction")

    def __init__(self, session: Session, dialog: Dialog, transaction: Transaction, data: bytes) -> None:
        self.endpoint: Endpoint = session.endpoint
        self.session = session
        self.dialog = dialog
        self.transaction = transaction
        self.purpose = transaction.purpose
        self.data = data
        cseq = transaction.request.cseq.number
        self.key: Hashable = (session.call_id, session.local_tag, dialog.remote_tag, cseq)
        label = told_apart(f"answer:{self.purpose}", {answer.machine.label for answer in session.answers})
        self.machine: Machine = session.endpoint.machine("answer", session.role, self, session, label)


def send_answer(session: Session, dialog: Dialog, transaction: Transaction, data: bytes) -> None:
    """Send a 200 to an INVITE and repeat it until its ACK comes.

    What became of earlier ones is forgotten here, so that no number of re-INVITEs fills the memory.
    """
    for old in [answer for answer in session.answers if answer.machine.finished]:
        session.answers.remove(old)
        session.endpoint.index.answers.pop(old.key, None)
    made = Answer(session, dialog, transaction, data)
    session.answers.append(made)
    session.endpoint.index.answers[made.key] = made
    session.endpoint.waiting.answer(session.id)
    transaction.respond(200, data)
    session.endpoint.mailbox.post(made.machine, START)


def _send_2xx(at: Answer, _: object) -> None:
    at.transaction.respond(200, at.data)


REGISTRY: Registry = Registry(sends={"2xx": _send_2xx})
