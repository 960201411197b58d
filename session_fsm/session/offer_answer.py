"""What the rows of `offer_answer.toml` look at, do and send. Source: RFC 3264; RFC 3261 §14."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from session_fsm.sdp import Agreement, Refusal, WrittenAnswer
from session_fsm.session.answer import send_answer
from session_fsm.session.authentication import answers_for_ack
from session_fsm.session.descriptions import has_description
from session_fsm.session.dialog import Dialog
from session_fsm.session.events import Role
from session_fsm.session.messages import cancel
from session_fsm.session.received import Received
from session_fsm.session.registry import Registry
from session_fsm.session.transaction import start_client
from session_fsm.sip import Message, Request, Response

if TYPE_CHECKING:
    from session_fsm.session.session import Session

# RFC 3261 §14.1, in hundredths of a second: "in units of 10 ms".
OWNER_WAIT = (210, 400)
OTHER_WAIT = (0, 200)


def _agreeable(at: Session, payload: object) -> bool:
    return not isinstance(at.negotiation.judge(payload), Refusal)


def _reliable(at: Session, payload: object) -> bool:
    return not isinstance(payload, Response) or payload.status >= 200


def _other_fork(at: Session, payload: object) -> bool:
    return isinstance(payload, Response) and _dialog_of(at, payload) is not at.negotiation.adopted


def _offerless(at: Session, received: Received) -> bool:
    return not has_description(received.request)


def _glaring(at: Session, response: Response) -> bool:
    return response.status == 491


def _fatal(at: Session, response: Response) -> bool:
    return response.status in (408, 481)


def _success(at: Session, response: Response) -> bool:
    return response.status < 300


def _updatable(at: Session, _: object) -> bool:
    return at.dialog is not None and "UPDATE" in at.dialog.allow.replace(",", " ").split()


def _preferred(at: Session, _: object) -> bool:
    return at.endpoint.settings.reoffer == "UPDATE" and _updatable(at, None)


def _current(at: Session, message: object) -> bool:
    """A repeated 2xx, or a late ACK, of an older INVITE must not be taken for the newest one's."""
    if isinstance(message, Response):
        return message.cseq.number == at.negotiation.reoffer_seq
    return isinstance(message, Request) and message.cseq.number == at.answers[-1].transaction.request.cseq.number


def _adopt(at: Session, payload: object) -> None:
    judged = at.negotiation.judge(payload)
    if isinstance(judged, Agreement):
        at.watch_peer()
        at.negotiation.adopt(judged, _dialog_of(at, payload))


def _adopt_answer(at: Session, payload: object) -> None:
    ours = at.negotiation
    judged = ours.judge(payload) if isinstance(payload, (Received, Response)) else ours.prepared
    if isinstance(judged, WrittenAnswer):
        at.watch_peer()
        ours.adopt_answer(judged, at.dialog)


def _dialog_of(at: Session, payload: object) -> Dialog | None:
    tag = payload.to_tag if isinstance(payload, Response) else None
    return at.dialogs.get(tag, at.dialog)


def _put_off(at: Session, response: Response) -> None:
    at.negotiation.put_off_by = response


def _prepare_offer(at: Session, _: object) -> None:
    ours = at.negotiation
    ours.make_offer(replace(ours.media_to_answer(), direction=ours.wish.direction), silent=ours.wish.silent)


def _prepare_reoffer(at: Session, _: object) -> None:
    at.negotiation.make_offer(at.negotiation.media_to_answer(), silent=at.negotiation.silent)


def _draw_glare_wait(at: Session, _: object) -> None:
    low, high = OWNER_WAIT if at.role is Role.UAC else OTHER_WAIT
    at.offer_answer.set_parameter("GLARE_WAIT", at.endpoint.dice.randint(low, high) / 100)


def _refresh_target(at: Session, payload: object) -> None:
    message = payload.request if isinstance(payload, Received) else payload
    if at.dialog is not None and isinstance(message, Message):
        at.dialog.refresh_target(message)


def _send_reinvite(at: Session, _: object) -> None:
    assert at.dialog is not None  # it comes before an agreement
    request, destination = at.dialog.next_request("INVITE", at.negotiation.said)
    at.negotiation.reoffer_seq = request.cseq.number
    start_client(at.endpoint, request, destination, purpose="re-INVITE", session=at, role=at.role)


def _send_update(at: Session, _: object) -> None:
    assert at.dialog is not None  # it comes before an agreement
    request, destination = at.dialog.next_request("UPDATE", at.negotiation.said)
    start_client(at.endpoint, request, destination, purpose="UPDATE", session=at, role=at.role)


def _send_answer_to_update(at: Session, received: Received) -> None:
    contact = at.endpoint.contact_for(at.signalled_from)
    received.respond(200, headers=[contact], body=at.negotiation.said)


def _send_cancel(at: Session, _: object) -> None:
    meant = next(
        transaction
        for transaction in at.transactions
        if transaction.purpose == "re-INVITE" and transaction.request.cseq.number == at.negotiation.reoffer_seq
    )
    request = cancel(meant.request)
    start_client(at.endpoint, request, meant.destination, purpose="CANCEL", session=at, role=at.role)


def _send_ack(at: Session, response: Response) -> None:
    number, ours = response.cseq.number, at.negotiation
    if ours.reack is None or ours.reack[0] != number:
        assert at.dialog is not None  # a re-INVITE has one
        request, destination = at.dialog.request("ACK", number, headers=answers_for_ack(at, number))
        ours.reack = (number, request.encode(), destination)
    at.endpoint.transmit(ours.reack[1], ours.reack[2])


def _send_200(at: Session, received: Received) -> None:
    assert at.dialog is not None  # a re-INVITE has one
    contact = at.endpoint.contact_for(received.transaction.destination)
    assert received.transaction.echo is not None  # every server transaction has one
    data = received.transaction.echo.response(200, headers=[contact], body=at.negotiation.said)
    send_answer(at, at.dialog, received.transaction, data)


def _send_488(at: Session, received: Received) -> None:
    received.respond(488, headers=[warning(at, at.negotiation.judge(received))])


def _send_491(at: Session, received: Received) -> None:
    received.respond(491)


def warning(at: Session, judged: object) -> tuple[str, str]:
    """RFC 3261 §20.43: why a description was refused."""
    refusal = judged if isinstance(judged, Refusal) else Refusal("the session cannot change now")
    text = refusal.reason.replace("\\", "\\\\").replace('"', '\\"')
    return ("Warning", f'{refusal.warning} {at.negotiation.local[0]} "{text}"')


REGISTRY: Registry = Registry(
    guards={
        "agreeable": _agreeable,
        "reliable": _reliable,
        "other_fork": _other_fork,
        "offerless": _offerless,
        "glaring": _glaring,
        "fatal": _fatal,
        "success": _success,
        "updatable": _updatable,
        "preferred": _preferred,
        "current": _current,
    },
    effects={
        "adopt": _adopt,
        "adopt_answer": _adopt_answer,
        "put_off": _put_off,
        "prepare_offer": _prepare_offer,
        "prepare_reoffer": _prepare_reoffer,
        "draw_glare_wait": _draw_glare_wait,
        "refresh_target": _refresh_target,
    },
    sends={
        "re-INVITE": _send_reinvite,
        "UPDATE": _send_update,
        "answer": _send_answer_to_update,
        "ACK": _send_ack,
        "CANCEL": _send_cancel,
        "200": _send_200,
        "488": _send_488,
        "491": _send_491,
    },
)
