"""What becomes of a datagram: the verdict of `sip.read`, the owner that `matching` finds, the event it is for them."""

from __future__ import annotations

from collections.abc import Sequence

from session_fsm.machine import Step
from session_fsm.machine.trace import Origin, TraceRow
from session_fsm.session.admission import ALLOW, CAPABILITIES, RETRY_AFTER, Refused, admit
from session_fsm.session.answer import Answer
from session_fsm.session.authentication import CHALLENGES
from session_fsm.session.dialog import Dialog
from session_fsm.session.endpoint import Endpoint, bracketed
from session_fsm.session.events import Address, Role
from session_fsm.session.identity import identity_of
from session_fsm.session.matching import Identity, Owner, cancelled_initial_key, match
from session_fsm.session.reading_allowance import ORDINARY
from session_fsm.session.received import Received
from session_fsm.session.session import Session
from session_fsm.session.stateless import StatelessAnswer
from session_fsm.session.transaction import Transaction, open_server
from session_fsm.session.waiting_room import USUAL_SIZE
from session_fsm.sip import METHODS, Accepted, Rejected, Request, Response, SipUri, read

IN_DIALOG = {
    "INVITE": "reinvite_received",
    "BYE": "bye_received",
    "OPTIONS": "options_received",
    "INFO": "info_received",
    "UPDATE": "update_received",
}
"What a request within a dialog is for `dialog.toml`."

CALLEE = Role.UAS
UNAUTHORIZED = 401
OVERLOADED = 503
MOST_RESPONSES = 1000  # to one request, large ones counted as several: 64 forks may each repeat their 2xx 11 times


def arrive(endpoint: Endpoint, data: bytes, source: Address) -> None:
    """Take one datagram: every way out of here is an event of a machine, or a count and a trace row."""
    if len(data) > ORDINARY and not endpoint.allowance.covers(data, endpoint.mailbox.now):
        _drop(endpoint, "laborious message, of too many", "RFC 3261 §26.1.5", source)
        return
    verdict = read(data)
    if isinstance(verdict, Accepted):
        message = verdict.message
        if isinstance(message, Request):
            _arrive_request(endpoint, message, source, len(data))
        else:
            _arrive_response(endpoint, message, source, len(data))
    elif isinstance(verdict, Rejected):
        _reject(endpoint, verdict, source, len(data))
    else:
        _drop(endpoint, verdict.reason, verdict.rule, source)


def _arrive_response(endpoint: Endpoint, response: Response, source: Address, size: int) -> None:
    matched = match(identity_of(response), endpoint.index)
    found = matched[1]
    if not isinstance(found, Transaction):
        _drop(endpoint, "stray response", "RFC 3261 §18.1.2", source)
        return
    found.heard += 1 + size // USUAL_SIZE
    if found.heard > MOST_RESPONSES:
        _drop(endpoint, "one response too many", "RFC 3261 §17.1", source)
        return
    status = response.status
    user = found.session
    if user is not None:
        forks = found.purpose == "INVITE" and status < 300
        if forks and isinstance(user, Session) and _is_one_fork_too_many(user, response.to_tag):
            _drop(endpoint, "one fork too many", "RFC 3261 §13.2.2.4", source)
            return
        user.signalled_from = source
        if user.keyring is not None and status < 300:
            user.keyring.renew(response)
    if status < 200:
        found.post("provisional", response)
    elif status in CHALLENGES and found.purpose != "CANCEL":
        found.post("challenge", response)
    elif found.chart == "non_invite_client":
        found.post("final", response)
    else:
        found.post("success" if status < 300 else "failure", response)


def _is_one_fork_too_many(session: Session, tag: str | None) -> bool:
    """Whether this response would make another dialog of an INVITE that has made enough."""
    return tag not in session.dialogs and len(session.dialogs) >= session.endpoint.settings.max_forks


def _arrive_request(endpoint: Endpoint, request: Request, source: Address, size: int) -> None:
    identity = identity_of(request)
    matched = match(identity, endpoint.index)
    owner, found = matched
    if isinstance(found, Transaction):
        if owner is Owner.SERVER:
            _again(found, request)
        elif owner is Owner.INVITING:
            _overtake(endpoint, request, identity, source, found, size)
        elif _cancels(identity, found):
            _cancel(endpoint, request, identity, source, found)
        else:
            _outside(endpoint, request, identity, source, Owner.NO_TRANSACTION, size)
    elif isinstance(found, Answer):
        endpoint.waiting.leave(found.session.id)
        endpoint.mailbox.post(found.machine, "ack_received", request)
    elif isinstance(found, Dialog):
        _within(endpoint, request, identity, source, found, size)
    elif owner is Owner.STRAY:
        _drop(endpoint, "stray ACK", "RFC 3261 §17.2.3", source)
    else:
        _outside(endpoint, request, identity, source, owner, size)


def _again(transaction: Transaction, request: Request) -> None:
    if request.method == "ACK":
        transaction.post("ack_received", request)
    else:
        transaction.post("invite_received" if request.method == "INVITE" else "request_received", request)


def _cancels(cancel: Identity, meant: Transaction) -> bool:
    """RFC 3261 §9.1: besides the branch, Call-ID, From tag and CSeq number are the INVITE's. Others are a guess's."""
    return meant.initial_key in (None, cancelled_initial_key(cancel))


def _cancel(endpoint: Endpoint, request: Request, identity: Identity, source: Address, meant: Transaction) -> None:
    """RFC 3261 §9.2: the CANCEL is answered at once; the INVITE is the call's business."""
    session = meant.session
    tag = meant.to_tag or endpoint.tag()
    opened = open_server(endpoint, request, source, identity=identity, purpose="CANCEL", session=session, to_tag=tag)
    received = Received(request, opened)
    received.respond(200)
    if isinstance(session, Session) and meant is session.transaction:
        endpoint.mailbox.post(session.call, "cancel_received", received)


def _overtake(
    endpoint: Endpoint, request: Request, identity: Identity, source: Address, invite: Transaction, size: int
) -> None:
    """A request of a callee whose 1xx and 2xx have not come: the dialog that it names begins with it.

    Not 481 (RFC 3261 §12.2.2 leaves the choice): at that its sender would end a good call (§12.2.1.2), and whoever
    keeps nothing may answer a copy of it otherwise when the 2xx has come (§8.2.7).
    """
    session = invite.session
    if (
        not isinstance(session, Session)
        or _is_one_fork_too_many(session, request.from_tag)
        or admit(request) is not None
    ):
        _outside(endpoint, request, identity, source, Owner.NO_DIALOG, size)
        return
    _within(endpoint, request, identity, source, session.dialog_of(request.from_tag), size)


def _within(
    endpoint: Endpoint, request: Request, identity: Identity, source: Address, dialog: Dialog, size: int
) -> None:
    if _is_one_request_too_many(endpoint, request, dialog, size):
        _refuse(endpoint, request, Refused(OVERLOADED, (RETRY_AFTER,), "too many of this call are open"), source, size)
        return
    # One name for all that nobody knows: a peer could make up any number of them, and names are counted.
    known = request.method if request.method in METHODS else "unknown"
    purpose = "re-INVITE" if known == "INVITE" else known
    opened = open_server(
        endpoint, request, source, identity=identity, purpose=purpose, session=dialog.session, to_tag=None
    )
    received = Received(request, opened)
    refused = admit(request) or _challenge_within(endpoint, request)
    if refused is not None:
        received.respond(refused.status, headers=refused.headers)
        return
    dialog.session.signalled_from = source
    endpoint.mailbox.post(dialog.machine, IN_DIALOG[request.method], received)


def _outside(
    endpoint: Endpoint, request: Request, identity: Identity, source: Address, owner: Owner, size: int
) -> None:
    """A request of nobody's: a new call, or an answer of which nothing is kept."""
    refused = _judge_outside(endpoint, request, owner, source, size)
    if refused is not None:
        _refuse(endpoint, request, refused, source, size)
    elif request.method != "INVITE":
        note(endpoint, "answered", f"{request.method}: 200", source)
        _answer_statelessly(endpoint, request, 200, CAPABILITIES, source, size)
    elif _must_come_again(endpoint, request, identity, source, size):
        _drop(endpoint, "first INVITE while room is short", "RFC 3261 §17.1.1.2", source)
    else:
        _begin(endpoint, request, identity, source)


def _refuse(endpoint: Endpoint, request: Request, refused: Refused, source: Address, size: int) -> None:
    endpoint.counters[f"refused.{refused.status}"] += 1
    note(endpoint, "refused", f"{refused.status} to {request.method}{refused.why and f': {refused.why}'}", source)
    _answer_statelessly(endpoint, request, refused.status, refused.headers, source, size)


def _judge_outside(endpoint: Endpoint, request: Request, owner: Owner, source: Address, size: int) -> Refused | None:
    """None when a new INVITE or OPTIONS may pass."""
    if request.method != "CANCEL":
        refused = admit(request)
        if refused is not None:
            return refused
    if owner is Owner.MERGED:
        return Refused(482)
    if owner is not Owner.NOBODY or request.method not in ("INVITE", "OPTIONS"):
        return Refused(481)
    full = _full(endpoint, source, size) if request.method == "INVITE" else None
    if full is not None:
        return Refused(OVERLOADED, (RETRY_AFTER,), full)
    return _challenge(endpoint, request)


def _is_one_request_too_many(endpoint: Endpoint, request: Request, dialog: Dialog, size: int) -> bool:
    """Each request keeps a transaction for 64*T1, so who talks to us could fill the memory with them.

    Large ones count as `WaitingRoom` counts them; the BYE has room when nothing else has.
    """
    at_most = endpoint.settings.max_requests * (2 if request.method == "BYE" else 1)
    return len(dialog.session.transactions) * (1 + size // USUAL_SIZE) >= at_most


def _challenge_within(endpoint: Endpoint, request: Request) -> Refused | None:
    asks = endpoint.challenger is not None and endpoint.challenger.policy.in_dialogs
    return _challenge(endpoint, request) if asks else None


def _challenge(endpoint: Endpoint, request: Request) -> Refused | None:
    """RFC 3261 §22.2: 401 for who has not proven who it is; None for who has, or need not."""
    if endpoint.challenger is None:
        return None
    judged = endpoint.challenger.judge(request, endpoint.mailbox.now)
    if not judged.challenges:
        return None
    return Refused(UNAUTHORIZED, tuple(("WWW-Authenticate", str(one)) for one in judged.challenges), judged.why)


def _full(endpoint: Endpoint, source: Address, size: int) -> str | None:
    """Why one more call cannot come in from there, or None."""
    at_most = endpoint.settings.max_sessions
    if len(endpoint.sessions) >= at_most:
        return f"{at_most} sessions are open"
    return endpoint.waiting.full_for(source, size)


def _must_come_again(endpoint: Endpoint, invite: Request, identity: Identity, source: Address, size: int) -> bool:
    """Whether room is short, and nothing but a repetition can tell a caller from somebody who floods us."""
    now = endpoint.mailbox.now
    if not endpoint.waiting.is_short(size):
        if endpoint.seen_once:
            endpoint.seen_once.forget(now)
        return False
    if endpoint.challenger is not None and endpoint.challenger.user_of(invite) is not None:
        return False
    if not endpoint.seen_once.repeats(identity, source, now):
        return True
    endpoint.counters["let in.repeated INVITE"] += 1
    note(endpoint, "let_in", "INVITE: repeated while room is short", source)
    return False


def _begin(endpoint: Endpoint, invite: Request, identity: Identity, source: Address) -> None:
    """A new call: its session, its dialog and the INVITE's transaction; the call chart decides."""
    tag = endpoint.tag()
    session = Session(
        endpoint,
        tag,
        CALLEE,
        call_id=invite.call_id,
        local=invite.to.with_tag(tag),
        remote=invite.from_,
        target=_remote_target(invite, source),
    )
    endpoint.sessions[session.id] = session
    endpoint.waiting.enter(session.id, source)
    session.invite = invite
    session.proven_user = endpoint.challenger.user_of(invite) if endpoint.challenger is not None else None
    session.signalled_from = source
    session.negotiation.local = endpoint.reached_by(source)
    session.dialog_of(invite.from_tag).learn_from_request(invite)
    session.transaction = open_server(
        endpoint, invite, source, identity=identity, purpose="INVITE", session=session, to_tag=tag
    )
    session.incoming = Received(invite, session.transaction)
    endpoint.mailbox.post(session.call, "invite_received", session.incoming)


def _remote_target(invite: Request, source: Address) -> SipUri | str:
    """RFC 3261 §12.1.1: the Contact; where it is missing or no SIP URI, the address that the INVITE came from."""
    contact = invite.contact
    if contact is not None and isinstance(contact.uri, SipUri):
        return contact.uri.as_target
    return f"sip:{bracketed(source[0])}:{source[1]}"


def _reject(endpoint: Endpoint, verdict: Rejected, source: Address, size: int) -> None:
    """Answer what is malformed."""
    endpoint.counters[f"rejected.{verdict.status}"] += 1
    note(endpoint, "rejected", f"{verdict.status}: {verdict.rule}", source)
    headers = (ALLOW,) if verdict.status == 501 else verdict.headers
    _answer_statelessly(endpoint, verdict.request, verdict.status, headers, source, size)


def _answer_statelessly(
    endpoint: Endpoint,
    request: Request,
    status: int,
    headers: Sequence[tuple[str, str]],
    source: Address,
    size: int,
) -> None:
    """Answer once and keep nothing (RFC 3261 §8.2.7): a flood costs no memory.

    Nobody has shown that the source is true, so what goes there is never much larger than what came: first without
    what only helps, and then not at all.
    """
    answer = StatelessAnswer(request, source, size)
    # A 401 asks something (RFC 3261 §21.4.2): what is most preferred is what it asks at least.
    data = answer.of(status, headers, headers[:1] if status == UNAUTHORIZED else ())
    if data is None:
        _drop(endpoint, "request smaller than its answer", "RFC 3261 §26.1.5", source)
    else:
        endpoint.transmit(data, answer.to)


def _drop(endpoint: Endpoint, reason: str, rule: str, source: Address | None) -> None:
    endpoint.counters[f"dropped.{reason}"] += 1
    note(endpoint, "dropped", f"{reason}: {rule}", source)


_WIRE = Origin(session="", role="", machine="wire", chart="", version=0)


def note(endpoint: Endpoint, event: str, what: str, source: Address | None) -> None:
    """A trace row for a datagram that reached no machine."""
    if endpoint.trace is None:
        return
    mailbox = endpoint.mailbox
    mailbox.row += 1
    said = {"what": what, "source": f"{source[0]}:{source[1]}" if source else ""}
    row = TraceRow(mailbox.row, None, mailbox.now, _WIRE, event, said, "", Step(state="", verdict="ignored"))
    endpoint.trace.append(row)
