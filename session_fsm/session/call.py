"""What the rows of `call.toml` look at, do and send, for both roles. Source: RFC 3261 §9, §13, §15."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from session_fsm.errors import printable
from session_fsm.sdp import LocalMedia, MediaDirection, Refusal, why_no_peer
from session_fsm.session.admission import ALLOW
from session_fsm.session.answer import send_answer
from session_fsm.session.authentication import why_refused
from session_fsm.session.descriptions import has_description
from session_fsm.session.events import Role
from session_fsm.session.keyring import ANSWERS
from session_fsm.session.messages import cancel, first_hop, invite, preloaded_route
from session_fsm.session.offer_answer import warning
from session_fsm.session.received import Received
from session_fsm.session.registry import Registry
from session_fsm.session.stateless import StatelessAnswer
from session_fsm.session.transaction import start_client
from session_fsm.sip import Request, Response, SipUri, reason_of

if TYPE_CHECKING:
    from session_fsm.session.session import Session


class FinalRefusal(NamedTuple):
    """The final response that the application chose."""

    status: int
    reason: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def summary(self) -> dict[str, object]:
        """What a trace says of it."""
        return {"status": self.status, "reason": self.reason}


DECLINED = 603
DECLINE = FinalRefusal(DECLINED)

# Guards.


def _offering(at: Session, _: object) -> bool:
    return at.negotiation.offering


def _answering(at: Session, request: Request) -> bool:
    return any(request.has(name) for name in ANSWERS)


def _ringing(at: Session, response: Response) -> bool:
    return response.status == 180


def _followable(at: Session, outcome: object) -> bool:
    return bool(ways_on(at, outcome))


def ways_on(at: Session, outcome: object) -> list[SipUri]:
    """RFC 3261 §8.1.3.4: whom a call may be placed to next, the best first; nobody when there were enough redirections.

    A 3xx names them, by q; when one of them refuses, is silent or cannot be reached, the others are left, unless a 6xx
    speaks for all.
    """
    left = at.endpoint.settings.max_redirects - len(at.tried)
    response = outcome if isinstance(outcome, Response) else None
    redirects = response is not None and 300 <= response.status < 400
    if left <= 0 or not (redirects or at.tried) or (response is not None and response.status >= 600):
        return []
    contacts = response.contacts if response is not None and redirects else []
    named = sorted(contacts, key=lambda contact: -_q(contact.params.get("q")))
    called = {_place(uri) for uri in (at.remote.uri, *at.tried) if isinstance(uri, SipUri)}
    ways = {_place(uri): uri.as_target for uri in [*(each.uri for each in named), *at.further] if _callable(uri)}
    return [uri for place, uri in ways.items() if place not in called][:left]


def _place(uri: SipUri) -> Hashable:
    """Who is called there: two spellings of one place make no two calls."""
    return uri.decoded_user, uri.address, frozenset(uri.params.items())


def _callable(uri: object) -> TypeGuard[SipUri]:
    return isinstance(uri, SipUri) and uri.scheme == "sip" and why_no_peer(uri.address[0]) is None


def _q(value: str | None) -> float:
    try:
        wished = float(value) if value is not None and len(value) <= 5 else 1.0
    except ValueError:
        return 0.0
    return wished if 0.0 <= wished <= 1.0 else 0.0


def _offer_acceptable(at: Session, payload: object) -> bool:
    media = payload if isinstance(payload, LocalMedia) else at.negotiation.media_to_answer()
    return at.incoming is not None and at.negotiation.takes_offer_of(at.incoming.request, media)


def _offerless(at: Session, _: object) -> bool:
    return at.incoming is not None and not has_description(at.incoming.request)


def _on_hold(at: Session, _: object) -> bool:
    agreement = at.negotiation.agreement
    return agreement is not None and agreement.direction is not MediaDirection.SENDRECV


# Effects: why it ended.


def _note_no_answer(at: Session, _: object) -> None:
    at.status = 408 if at.role is Role.UAC else 480
    at.reason = "nobody answered"


def _note_unacknowledged(at: Session, _: object) -> None:
    at.status, at.reason = None, "the ACK never came"


def _note_no_agreement(at: Session, payload: object) -> None:
    judged = at.negotiation.judge(at.incoming if isinstance(payload, LocalMedia) else payload)
    why = judged.reason if isinstance(judged, Refusal) else "the session descriptions do not agree"
    at.status, at.reason = 488, why


def _note_dialog_lost(at: Session, response: object) -> None:
    at.status = response.status if isinstance(response, Response) else 408
    at.reason = "the peer does not know the dialog any more"


def _note_hung_up(at: Session, why: FinalRefusal | None) -> None:
    at.status, at.reason = None, (why.reason if why else None) or "hung up"


def _note_peer_hung_up(at: Session, payload: Received | Response) -> None:
    said = payload.request.get("Reason") if isinstance(payload, Received) else None
    at.status, at.reason = None, f"the peer hung up ({printable(said)})" if said else "the peer hung up"


def _note_failure(at: Session, response: Response) -> None:
    at.status, at.reason = response.status, printable(response.reason) or reason_of(response.status)
    if at.transaction is not None and (why := why_refused(at.transaction, response)):
        at.reason += f" ({why})"
    if 300 <= response.status < 400:
        at.contacts = tuple(str(contact.uri) for contact in response.contacts)


def _note_timeout(at: Session, _: object) -> None:
    at.status, at.reason = 408, "no response"


def _note_undeliverable(at: Session, why: object) -> None:
    at.status, at.reason = 503, str(why)


def _note_cancelled(at: Session, _: object) -> None:
    at.status, at.reason = 487, "cancelled"


def _note_refusal(at: Session, refusal: FinalRefusal | None) -> None:
    status, reason, _ = refusal or DECLINE
    at.status, at.reason = status, reason or reason_of(status)
    if refusal is not None:
        at.contacts = tuple(value.strip("<>") for name, value in refusal.headers if name == "Contact")


def _follow_contact(at: Session, outcome: object) -> None:
    found, *further = ways_on(at, outcome)
    at.further = tuple(further)
    at.target = found
    at.tried = (*at.tried, found)
    at.forget_dialogs()


def _prepare_answer(at: Session, media: LocalMedia) -> None:
    if _offerless(at, None):
        at.negotiation.local_media = media
        at.negotiation.make_offer(media)
    else:
        at.negotiation.prepare_answer(_incoming(at), media)


# Sends.


def _send_invite(at: Session, _: object) -> None:
    at.local_seq += 1
    at.negotiation.first_seq = at.local_seq
    body = at.negotiation.offer_again() if at.negotiation.offering else b""
    destination = at.next_hop or first_hop(at.endpoint, at.target)
    at.invite = invite(
        at.endpoint,
        at.target,
        towards=destination,
        from_=at.local,
        to=at.remote,
        call_id=at.call_id,
        cseq=at.local_seq,
        body=body,
        # Whoever names a next hop goes there directly.
        headers=[*([] if at.next_hop else preloaded_route(at.endpoint)), *at.headers],
    )
    at.signalled_from = destination
    at.transaction = start_client(at.endpoint, at.invite, destination, purpose="INVITE", session=at, role=at.role)


def _send_cancel(at: Session, _: object) -> None:
    assert at.invite is not None and at.transaction is not None  # noqa: PT018  # it was sent
    request = cancel(at.invite)
    start_client(at.endpoint, request, at.transaction.destination, purpose="CANCEL", session=at, role=at.role)


def _incoming(at: Session) -> Received:
    assert at.incoming is not None  # a UAS begins with its INVITE
    return at.incoming


def _send_180(at: Session, _: object) -> None:
    _incoming(at).respond(180, headers=[at.endpoint.contact_for(at.signalled_from)], record_route=True)


def _send_182(at: Session, _: object) -> None:
    _incoming(at).respond(182, headers=[at.endpoint.contact_for(at.signalled_from)], record_route=True)


def _send_183(at: Session, _: object) -> None:
    _incoming(at).respond(
        183,
        headers=[at.endpoint.contact_for(at.signalled_from)],
        body=at.negotiation.answer_octets(),
        record_route=True,
    )


def _send_200(at: Session, _: object) -> None:
    transaction = _incoming(at).transaction
    assert transaction.echo is not None and at.dialog is not None  # noqa: PT018  # made with the session
    headers = [at.endpoint.contact_for(at.signalled_from), ALLOW]
    data = transaction.echo.response(200, headers=headers, body=at.negotiation.answer_octets(), record_route=True)
    send_answer(at, at.dialog, transaction, data)


def _send_refusal(at: Session, refusal: FinalRefusal) -> None:
    _incoming(at).respond(refusal.status, refusal.reason, refusal.headers)


def _send_480(at: Session, _: object) -> None:
    _incoming(at).respond(480)


def _send_487(at: Session, _: object) -> None:
    _incoming(at).respond(487)


def _send_488(at: Session, _: object) -> None:
    _incoming(at).respond(488, headers=[warning(at, at.negotiation.judge(at.incoming))])


def _send_unusable(at: Session, _: object) -> None:
    received = _incoming(at)
    assert at.signalled_from is not None  # the INVITE came from there
    answer = StatelessAnswer(received.request, at.signalled_from, len(received.request.encode()))
    data = answer.of(488, [warning(at, at.negotiation.judge(received))])
    assert data is not None  # it has less than the INVITE, which has an offer
    received.transaction.respond_once(488, data)


def _send_603(at: Session, _: object) -> None:
    _incoming(at).respond(603)


REGISTRY: Registry = Registry(
    guards={
        "offering": _offering,
        "answering": _answering,
        "ringing": _ringing,
        "followable": _followable,
        "offer_acceptable": _offer_acceptable,
        "offerless": _offerless,
        "on_hold": _on_hold,
    },
    effects={
        "note_no_answer": _note_no_answer,
        "note_unacknowledged": _note_unacknowledged,
        "note_no_agreement": _note_no_agreement,
        "note_dialog_lost": _note_dialog_lost,
        "note_hung_up": _note_hung_up,
        "note_peer_hung_up": _note_peer_hung_up,
        "note_failure": _note_failure,
        "note_timeout": _note_timeout,
        "note_undeliverable": _note_undeliverable,
        "note_cancelled": _note_cancelled,
        "note_refusal": _note_refusal,
        "follow_contact": _follow_contact,
        "prepare_answer": _prepare_answer,
    },
    sends={
        "INVITE": _send_invite,
        "CANCEL": _send_cancel,
        "180": _send_180,
        "182": _send_182,
        "183": _send_183,
        "200": _send_200,
        "refusal": _send_refusal,
        "redirect": _send_refusal,
        "480": _send_480,
        "487": _send_487,
        "488": _send_488,
        "603": _send_603,
        "unusable": _send_unusable,
    },
)
