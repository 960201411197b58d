"""What becomes of a datagram: the verdict of `sip.read`, the owner that `matching` finds, the event it is for them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2s

from session_fsm.machine.trace import TraceRow
from session_fsm.session.admission import ACCEPT, ALLOW, Refused, admit
from session_fsm.session.answer import Answer
from session_fsm.session.dialog import Dialog
from session_fsm.session.endpoint import Endpoint, bracketed
from session_fsm.session.events import Address, Role
from session_fsm.session.identity import identity_of
from session_fsm.session.matching import Identity, Owner, initial_key, match
from session_fsm.session.received import Received
from session_fsm.session.session import Session
from session_fsm.session.transaction import Transaction, open_server
from session_fsm.sip import METHODS, Accepted, Echo, Rejected, Request, Response, SipUri, read

IN_DIALOG = {"INVITE": "reinvite_received", "BYE": "bye_received", "OPTIONS": "options_received"}
"What a request within a dialog is for `dialog.toml`."

OVERLOADED = 503
RETRY_AFTER = "5"  # seconds; how soon a caller may try again when we are full


def arrive(endpoint: Endpoint, data: bytes, source: Address) -> None:
    """Take one datagram: every way out of here is an event of a machine, or a count and a trace row."""
    verdict = read(data)
    if isinstance(verdict, Accepted):
        message = verdict.message
        if isinstance(message, Request):
            _arrive_request(endpoint, message, source)
        else:
            _arrive_response(endpoint, message, source)
    elif isinstance(verdict, Rejected):
        _reject(endpoint, verdict, source)
    else:
        _drop(endpoint, verdict.reason, verdict.rule, source)


def _arrive_response(endpoint: Endpoint, response: Response, source: Address) -> None:
    found = match(identity_of(response), endpoint.index).found
    if not isinstance(found, Transaction):
        _drop(endpoint, "stray response", "RFC 3261 §18.1.2", source)
        return
    status = response.status
    if found.session is not None:
        if found.purpose == "INVITE" and status < 300 and _is_one_fork_too_many(found.session, response.to_tag):
            _drop(endpoint, "one fork too many", "RFC 3261 §13.2.2.4", source)
            return
        found.session.signalled_from = source
    if status < 200:
        found.post("provisional", response)
    elif found.chart == "non_invite_client":
        found.post("final", response)
    else:
        found.post("success" if status < 300 else "failure", response)


def _is_one_fork_too_many(session: Session, tag: str | None) -> bool:
    """Whether this response would make another dialog of an INVITE that has made enough."""
    return tag not in session.dialogs and len(session.dialogs) >= session.endpoint.settings.max_forks


def _arrive_request(endpoint: Endpoint, request: Request, source: Address) -> None:
    identity = identity_of(request)
    matched = match(identity, endpoint.index)
    owner, found = matched.owner, matched.found
    if isinstance(found, Transaction):
        if owner is Owner.SERVER:
            _again(found, request)
        elif _cancels(identity, found):
            _cancel(endpoint, request, identity, source, found)
        else:
            _outside(endpoint, request, identity, source, Owner.NO_TRANSACTION)
    elif isinstance(found, Answer):
        endpoint.mailbox.post(found.machine, "ack_received", request)
    elif isinstance(found, Dialog):
        _within(endpoint, request, identity, source, found)
    elif owner is Owner.STRAY:
        _drop(endpoint, "stray ACK", "RFC 3261 §17.2.3", source)
    else:
        _outside(endpoint, request, identity, source, owner)


def _again(transaction: Transaction, request: Request) -> None:
    if request.method == "ACK":
        transaction.post("ack_received", request)
    else:
        transaction.post("invite_received" if request.method == "INVITE" else "request_received", request)


def _cancels(cancel: Identity, meant: Transaction) -> bool:
    """RFC 3261 §9.1: besides the branch, Call-ID, From tag and CSeq number are the INVITE's. Others are a guess's."""
    return meant.initial_key in (None, initial_key(cancel._replace(method="INVITE")))


def _cancel(endpoint: Endpoint, request: Request, identity: Identity, source: Address, meant: Transaction) -> None:
    """RFC 3261 §9.2: the CANCEL is answered at once; the INVITE is the call's business."""
    session = meant.session
    tag = meant.to_tag or endpoint.tag()
    opened = open_server(endpoint, request, source, identity=identity, purpose="CANCEL", session=session, to_tag=tag)
    received = Received(request, opened)
    received.respond(200)
    if session is not None and meant is session.transaction:
        endpoint.mailbox.post(session.call, "cancel_received", received)


def _within(endpoint: Endpoint, request: Request, identity: Identity, source: Address, dialog: Dialog) -> None:
    # One name for all that nobody knows: a peer could make up any number of them, and names are counted.
    known = request.method if request.method in METHODS else "unknown"
    purpose = "re-INVITE" if known == "INVITE" else known
    opened = open_server(
        endpoint, request, source, identity=identity, purpose=purpose, session=dialog.session, to_tag=None
    )
    received = Received(request, opened)
    refused = admit(request)
    if refused is not None:
        received.respond(refused.status, headers=refused.headers)
        return
    dialog.session.signalled_from = source
    endpoint.mailbox.post(dialog.machine, IN_DIALOG[request.method], received)


def _outside(endpoint: Endpoint, request: Request, identity: Identity, source: Address, owner: Owner) -> None:
    refused = _judge_outside(endpoint, request, owner)
    if refused is None and request.method == "INVITE":
        _begin(endpoint, request, identity, source)
        return
    if refused is not None and refused.status == OVERLOADED:
        endpoint.counters[f"refused.{OVERLOADED}"] += 1
        note(endpoint, "refused", f"{OVERLOADED}: {endpoint.settings.max_sessions} sessions are open", source)
        _answer_statelessly(endpoint, request, OVERLOADED, refused.headers, source)
        return
    opened = open_server(
        endpoint, request, source, identity=identity, purpose=request.method, session=None, to_tag=endpoint.tag()
    )
    if refused is None:
        refused = Refused(200, (ALLOW, ACCEPT, ("Supported", "")))
    if refused.status >= 300:
        endpoint.counters[f"refused.{refused.status}"] += 1
    Received(request, opened).respond(refused.status, headers=refused.headers)


def _judge_outside(endpoint: Endpoint, request: Request, owner: Owner) -> Refused | None:
    """None when a new INVITE or OPTIONS may pass."""
    if request.method != "CANCEL":
        refused = admit(request)
        if refused is not None:
            return refused
    if owner is Owner.MERGED:
        return Refused(482)
    if owner is not Owner.NOBODY or request.method not in ("INVITE", "OPTIONS"):
        return Refused(481)
    if request.method == "INVITE" and len(endpoint.sessions) >= endpoint.settings.max_sessions:
        return Refused(OVERLOADED, (("Retry-After", RETRY_AFTER),))
    return None


def _begin(endpoint: Endpoint, invite: Request, identity: Identity, source: Address) -> None:
    """A new call: its session, its dialog and the INVITE's transaction; the call chart decides."""
    tag = endpoint.tag()
    session = Session(
        endpoint,
        tag,
        Role.UAS,
        call_id=invite.call_id,
        local=invite.to.with_tag(tag),
        remote=invite.from_,
        target=_remote_target(invite, source),
    )
    endpoint.sessions[session.id] = session
    session.invite = invite
    session.signalled_from = source
    session.dialog_of(invite.from_tag).learn_from_request(invite)
    session.transaction = open_server(
        endpoint, invite, source, identity=identity, purpose="INVITE", session=session, to_tag=tag
    )
    session.incoming = Received(invite, session.transaction)
    endpoint.mailbox.post(session.call, "invite_received", session.incoming)


def _remote_target(invite: Request, source: Address) -> str:
    """RFC 3261 §12.1.1: the Contact; where it is missing or no SIP URI, the address that the INVITE came from."""
    contact = invite.contact
    if contact is not None and isinstance(contact.uri, SipUri):
        return str(contact.uri)
    return f"sip:{bracketed(source[0])}:{source[1]}"


def _reject(endpoint: Endpoint, verdict: Rejected, source: Address) -> None:
    """Answer what is malformed."""
    endpoint.counters[f"rejected.{verdict.status}"] += 1
    note(endpoint, "rejected", f"{verdict.status}: {verdict.rule}", source)
    headers = (ALLOW,) if verdict.status == 501 else verdict.headers
    _answer_statelessly(endpoint, verdict.request, verdict.status, headers, source)


def _answer_statelessly(
    endpoint: Endpoint, request: Request, status: int, headers: Sequence[tuple[str, str]], source: Address
) -> None:
    """Answer once and keep nothing (RFC 3261 §8.2.7): a flood costs no memory, and is not multiplied for a victim."""
    echo = Echo(request, _stateless_tag(request), received_from=source)
    endpoint.transmit(echo.response(status, headers=headers), echo.reply_to or source)


def _stateless_tag(request: Request) -> str:
    """RFC 3261 §8.2.7: the same request gets the same tag."""
    same = "\0".join(request.get(name) or "" for name in ("Via", "Call-ID", "CSeq", "From"))
    return blake2s(same.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _drop(endpoint: Endpoint, reason: str, rule: str, source: Address | None) -> None:
    endpoint.counters[f"dropped.{reason}"] += 1
    note(endpoint, "dropped", f"{reason}: {rule}", source)


def note(endpoint: Endpoint, event: str, what: str, source: Address | None) -> None:
    """A trace row for a datagram that reached no machine."""
    if endpoint.trace is None:
        return
    mailbox = endpoint.mailbox
    mailbox.row += 1
    row = TraceRow(
        n=mailbox.row,
        cause=None,
        time=mailbox.now,
        session="",
        role="",
        machine="wire",
        chart="",
        version=0,
        event=event,
        payload={"what": what, "source": f"{source[0]}:{source[1]}" if source else ""},
        from_state="",
        to_state="",
        verdict="ignored",
        row=None,
        guards=(),
        effects=(),
    )
    endpoint.trace.append(row)
