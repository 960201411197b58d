"""What the rows of `authentication.toml` look at, do and send: between a transaction and whoever opened it.

Every request of ours that a client transaction carries gets this, whatever it is for. Source: RFC 3261 §22, §8.1.3.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_fsm.machine import Machine
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.keyring import ANSWERS, Asked, Keyring, answered_realms, with_next_number
from session_fsm.session.messages import Header, via
from session_fsm.session.registry import Registry
from session_fsm.session.transaction import Transaction, start_client
from session_fsm.sip import Response
from session_fsm.sip.digest import readable_challenges

if TYPE_CHECKING:
    from session_fsm.session.session import Session
    from session_fsm.session.transaction_user import TransactionUser

CHALLENGES = (401, 407)


class Authentication:
    """One request of ours through all its copies; it emits in the name of its newest transaction."""

    __slots__ = ("endpoint", "machine", "purpose", "transaction")

    def __init__(self, transaction: Transaction) -> None:
        self.endpoint: Endpoint = transaction.endpoint
        self.purpose = transaction.purpose
        self.transaction = transaction
        user = transaction.session
        label = f"authentication:{transaction.machine.label.partition(':')[2]}"
        self.machine: Machine = self.endpoint.machine("authentication", transaction.role, self, user, label)

    @property
    def session(self) -> TransactionUser | None:
        """Whose request it is."""
        return self.transaction.session


def authentication_of(transaction: Transaction) -> Machine:
    """The machine of a request; made when it is first asked for."""
    if transaction.authentication is None:
        transaction.authentication = Authentication(transaction)
    return transaction.authentication.machine


def why_refused(transaction: Transaction, response: Response) -> str:
    """Why a challenge got no answer, or none that was liked; empty when the response is no challenge."""
    if response.status not in CHALLENGES:
        return ""
    asked = _asked(transaction, response)
    if not asked:
        return "it asks for nothing that can be answered"
    refusal = next((each.refusal for each in asked if each.refusal), "")
    return refusal or "the credentials were not accepted"


def answers_for_ack(session: Session, cseq: int) -> list[Header]:
    """RFC 3261 §22.1: the ACK to a 2xx repeats the answers of its INVITE."""
    if session.keyring is None:
        return []
    for transaction in session.transactions:
        if transaction.chart == "invite_client" and transaction.request.cseq.number == cseq:
            return [(name, row) for name in ANSWERS for row in transaction.request.rows(name)]
    return []


def _asked(transaction: Transaction, response: Response) -> list[Asked]:
    return transaction.endpoint.trust.asked_by(response, transaction.request, transaction.destination)


def _answerable(at: Authentication, response: Response) -> bool:
    return any(each.credentials is not None for each in _asked(at.transaction, response))


def _rejected(at: Authentication, response: Response) -> bool:
    """RFC 3261 §22.2: who asks again without calling the nonce stale did not like the answer."""
    answered = set(answered_realms(at.transaction.request))
    stale = {
        challenge.realm
        for name in ("www-authenticate", "proxy-authenticate")
        for challenge in readable_challenges(response.rows(name))
        if challenge.stale
    }
    again = {(each.field, each.challenge.realm) for each in _asked(at.transaction, response)}
    return any(realm not in stale for _, realm in again & answered)


def _remember(at: Authentication, response: Response) -> None:
    transaction, user = at.transaction, at.session
    if user is None:
        return
    asked = _asked(transaction, response)
    user.keyring = user.keyring or Keyring()
    user.keyring.remember(asked, transaction.destination, at.endpoint.dice)
    at.endpoint.trust.learn(asked, transaction.request, transaction.destination, user.signalled_from)


def _count(at: Authentication, response: Response) -> None:
    if not at.endpoint.account.credentials:
        return
    is_foreign = any(each.refusal for each in _asked(at.transaction, response))
    at.endpoint.counters[f"digest.{'foreign' if is_foreign else 'rejected'}"] += 1


def _send_again(at: Authentication, _: object) -> None:
    old, user = at.transaction, at.session
    if user is None:
        return
    numbering = user.numbering_of(old.request)
    numbering.local_seq += 1
    name, value = via(at.endpoint, old.destination)
    request = with_next_number(old.request, (name, str(value)), numbering.local_seq)
    made = start_client(at.endpoint, request, old.destination, purpose=old.purpose, session=user, role=old.role)
    made.authentication, old.authentication = at, None
    at.transaction = made
    user.sent_again(old, made)


REGISTRY = Registry(
    guards={"answerable": _answerable, "rejected": _rejected},
    effects={"remember": _remember, "count": _count},
    sends={"again": _send_again},
)
