"""One call: its machines and the data that is not finite (addresses, descriptions, tags), and who hears whom.

Every decision is in the charts; what is kept here is what their guards look at and their effects write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from session_fsm.chart.display import picture, table
from session_fsm.errors import printable
from session_fsm.machine import Machine
from session_fsm.machine.trace import TraceRow
from session_fsm.sdp import Agreement
from session_fsm.session.dialog import Dialog
from session_fsm.session.dtmf_receiver import DtmfReceiver
from session_fsm.session.dtmf_sender import DtmfSender
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import Address, CallState, MediaState, Role, SessionId
from session_fsm.session.negotiation import Negotiation
from session_fsm.session.orders import Edge, EdgeFacts
from session_fsm.session.received import Received
from session_fsm.session.transaction_user import Numbering, TransactionUser
from session_fsm.sip import NameAddr, Request, Response, SipUri

if TYPE_CHECKING:
    from session_fsm.session.answer import Answer
    from session_fsm.session.emission import Emitter
    from session_fsm.session.transaction import Transaction

# Looked up here: to call an enum class costs ten times as much.
_CALL_STATES: Final = {state.value: state for state in CallState}
_MEDIA_STATES: Final = {state.value: state for state in MediaState}

CALLER = Role.UAC
NOT_MEASURED = EdgeFacts()

BEGINS = {Edge.STALLED: "silence", Edge.TIMED_OUT: "silence", Edge.UNPROVEN: "consent"}
"With which edges a machine begins that few calls need."

NOT_OF_MEDIA = frozenset({Edge.SOURCE_PROVEN, Edge.NAMED_HEARD, Edge.TIMED_OUT, Edge.UNPROVEN})
"Edges that are no events of the media chart."


class Session(TransactionUser):
    """One call of one side."""

    __slots__ = (
        "_remote_uri",
        "answers",
        "call",
        "call_id",
        "contacts",
        "dialog",
        "dialogs",
        "dtmf_receiver",
        "dtmf_sender",
        "further",
        "headers",
        "heard_at",
        "hold",
        "incoming",
        "invite",
        "learnt_at",
        "local",
        "local_tag",
        "measured",
        "media",
        "named_at",
        "negotiation",
        "next_hop",
        "offer_answer",
        "open_path",
        "peer_hold",
        "proven_user",
        "quality",
        "reason",
        "remote",
        "rtcp_received",
        "rtp_flowing",
        "status",
        "target",
        "transaction",
        "tried",
        "watches",
        "winner",
    )

    def __init__(
        self,
        endpoint: Endpoint,
        session_id: SessionId,
        role: Role,
        *,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        target: SipUri | str,
    ) -> None:
        super().__init__(endpoint, session_id, role)
        self.call_id = call_id
        self.local = local
        "From of the caller, To of the callee, with our tag."
        self.local_tag = local.tag or ""
        self.remote = remote
        self._remote_uri = ""
        "Written when it is asked for."
        self.target = target
        "Where requests go outside a dialog: the URI that is called, or the caller's Contact."
        self.invite: Request | None = None
        self.proven_user: str | None = None
        "UAS: who has proven by a digest that it is them."
        self.incoming: Received | None = None
        "UAS: the INVITE and its transaction."
        self.transaction: Transaction | None = None
        "The transaction of the INVITE."
        self.answers: list[Answer] = []
        self.dialogs: dict[str | None, Dialog] = {}
        self.dialog: Dialog | None = None
        "The dialog that counts: the winner once there is one."
        self.winner: Dialog | None = None
        self.next_hop: Address | None = None
        self.headers: Sequence[tuple[str, str]] = ()
        self.negotiation = Negotiation(endpoint)
        self._begin_evidence()
        self._begin_outcome()
        self._begin_machines()

    def _begin_evidence(self) -> None:
        """What the media plane tells."""
        self.open_path: Agreement | None = None
        "The agreement that the media plane was last told."
        self.measured = NOT_MEASURED
        "The last interval that was told of: its band and its figures are in `extra`."
        self.rtp_flowing = False
        self.rtcp_received = False
        self.heard_at: Address | None = None
        "Where the first packet of a path came from, of the last path that had one."
        self.named_at: Address | None = None
        "The address that `source.toml` was told of last."
        self.learnt_at: Address | None = None
        "The source that was learnt last."

    def _begin_outcome(self) -> None:
        """How it ended, and where else it was tried."""
        self.status: int | None = None
        self.reason = ""
        self.contacts: tuple[str, ...] = ()
        self.tried: tuple[SipUri, ...] = ()
        "UAC: where the call was redirected to so far."
        self.further: tuple[SipUri, ...] = ()
        "Where else the redirections named."

    def _begin_machines(self) -> None:
        """Three that every call has; the others are made when they are needed."""
        endpoint, role = self.endpoint, self.role
        self.call = endpoint.machine("call", role, self, self)
        self.offer_answer = endpoint.machine("offer_answer", role, self, self)
        self.media = endpoint.machine("media", role, self, self)
        self.dtmf_receiver: DtmfReceiver | None = None
        "Made when the first telephone event arrives: few calls have any."
        self.dtmf_sender: DtmfSender | None = None
        "Made when the application first sends digits."
        self.hold: Machine | None = None
        "From the first wish on."
        self.peer_hold: Machine | None = None
        "From the second agreement on."
        self.quality: Machine | None = None
        self.watches: dict[str, Machine] = {}
        "What few calls need, by chart, each from the first moment that it is needed: source, silence, microphone …"

    def html(self) -> str:
        """For notebooks: call and media as they stand, how they came there, and the messages that passed."""
        head = ("call", "media", "with")
        row = (self.call.state, self.media.state, printable(self.remote_uri))
        return picture(self) or table(f"session {self.id}", head, [row])

    def _repr_html_(self) -> str:
        return self.html()

    # Getters.

    @property
    def session(self) -> Session:
        """Itself: the charts of a call have it as their context."""
        return self

    @property
    def call_state(self) -> CallState:
        """The state of the call chart."""
        return _CALL_STATES[self.call.state]

    @property
    def media_state(self) -> MediaState:
        """The state of the media chart."""
        return _MEDIA_STATES[self.media.state]

    @property
    def muted(self) -> bool:
        """Whether silence leaves in place of our audio."""
        microphone = self.watches.get("microphone")
        return microphone is not None and microphone.state == "Muted"

    @property
    def local_uri(self) -> str:
        """Our URI in this call."""
        return str(self.local.uri)

    @property
    def remote_uri(self) -> str:
        """The other party's URI."""
        if not self._remote_uri:
            self._remote_uri = str(self.remote.uri)
        return self._remote_uri

    @property
    def rows(self) -> Iterator[TraceRow]:
        """The trace so far, oldest row first."""
        return iter(self.trace or ())

    @property
    def finished(self) -> bool:
        """Whether nothing of it is open any more: the call has ended, and no transaction or answer needs it."""
        if not self.call.finished or not all(answer.machine.finished for answer in self.answers):
            return False
        return all(transaction.lingers for transaction in self.transactions)

    def wishing(self) -> Machine:
        """The machine that asks the peer for what the application wishes; it begins with the first wish."""
        if self.hold is None:
            self.hold = self.endpoint.machine("hold", self.role, self, self)
        return self.hold

    def watch_peer(self) -> None:
        """Something is about to be agreed. What is agreed after the first time may be a hold."""
        if self.peer_hold is None and self.negotiation.agreement is not None:
            self.peer_hold = self.endpoint.machine("peer_hold", self.role, self, self)

    # Who hears what.

    def hearers_of(self, edge: Edge) -> Iterable[Machine]:
        """Who hears this of the media plane: the machine that it is for, or all that have such an event."""
        if edge is Edge.EVENT_HEARD:
            if self.dtmf_receiver is None:
                self.dtmf_receiver = DtmfReceiver(self)
                self._catch_up(self.dtmf_receiver.machine)
            return (self.dtmf_receiver.machine,)
        if edge in (Edge.DIGIT_SENT, Edge.DIGIT_CUT):
            return (self.digits_out().machine,)
        if (chart := BEGINS.get(edge)) is not None and not self.media.finished:
            self.watch(chart)
        if not self.watches:
            return (self.media,) if edge not in NOT_OF_MEDIA else ()
        return [each for each in (self.media, *self.watches.values()) if edge in each.chart.events]

    def watch(self, chart: str) -> Machine:
        """The machine of one of the charts that few calls need."""
        if chart not in self.watches:
            self.watches[chart] = self.endpoint.machine(chart, self.role, self, self)
            self._catch_up(self.watches[chart])
        return self.watches[chart]

    def digits_out(self) -> DtmfSender:
        """Who sends our digits."""
        if self.dtmf_sender is None:
            self.dtmf_sender = DtmfSender(self)
            self._catch_up(self.dtmf_sender.machine)
        return self.dtmf_sender

    def _catch_up(self, machine: Machine) -> None:
        """A machine that is made so late hears what it has missed: that the media are closed."""
        if self.media.finished:
            machine.feed("closed", None, self.endpoint.mailbox.now)

    def dialogs_for(self, source: Emitter, payload: object) -> Iterable[Machine]:
        """The dialogs that an emission goes to: of a response the one with its tag, else the one that counts."""
        if source.purpose == "INVITE" and self.role == "UAC":
            if isinstance(payload, Response) and payload.status < 300:
                return (self.dialog_of(payload.to_tag).machine,) if _makes_dialog(payload) else ()
            return [dialog.machine for dialog in self.dialogs.values()]
        if isinstance(source, Dialog):
            return [dialog.machine for dialog in self.dialogs.values() if dialog is not source]
        dialog = getattr(source, "dialog", None) or self.dialog
        return (dialog.machine,) if dialog else ()

    def dialog_of(self, remote_tag: str | None) -> Dialog:
        """The dialog with this peer's tag; a new one if there is none (a fork)."""
        found = self.dialogs.get(remote_tag)
        if found is None:
            found = self.dialogs[remote_tag] = Dialog(self, remote_tag)
            self.dialog = self.dialog or found
        return found

    def forget_dialogs(self) -> None:
        """A call that is redirected begins anew: the next target's answer makes a new dialog, whatever its tag."""
        for tag in self.dialogs:
            self.endpoint.index.dialogs.pop((self.call_id, self.local_tag, tag), None)
        self.dialogs.clear()
        self.dialog = None

    def numbering_of(self, request: Request) -> Numbering:
        """A dialog numbers its own requests (RFC 3261 §12.2.1.1)."""
        return self.dialogs.get(request.to_tag, self)

    def sent_again(self, old: Transaction, new: Transaction) -> None:
        """RFC 3261 §8.1.3.5. What the first INVITE led to is over, as after a redirection."""
        if old is self.transaction:
            self.transaction, self.invite = new, new.request
            self.negotiation.first_seq = new.request.cseq.number
            self.forget_dialogs()
        elif old.purpose == "re-INVITE":
            self.negotiation.reoffer_seq = new.request.cseq.number

    def leave(self) -> None:
        """Nothing is open any more: be found by nobody, and leave no cycle for the collector.

        Whoever still holds the session can read how it ended.
        """
        endpoint, call_id, ours = self.endpoint, self.call_id, self.local_tag
        index = endpoint.index
        if self.role is CALLER:
            index.inviting.pop((call_id, ours), None)
        for tag, dialog in self.dialogs.items():
            index.dialogs.pop((call_id, ours, tag), None)
            _let_go(dialog.machine)
        for answer in self.answers:
            index.answers.pop(answer.key, None)
            _let_go(answer.machine)
        for transaction in self.transactions:
            transaction.outlive_session()
        for machine in (self.call, self.offer_answer, self.media, self.hold, self.peer_hold, self.quality):
            _let_go(machine)
        for machine in self.watches.values():
            _let_go(machine)
        if self.dtmf_receiver is not None:
            _let_go(self.dtmf_receiver.machine)
        if self.dtmf_sender is not None:
            _let_go(self.dtmf_sender.machine)
        endpoint.sessions.pop(self.id, None)
        endpoint.waiting.leave(self.id)
        self.dialog = self.winner = self.transaction = self.incoming = None
        self.negotiation.forget()
        self.dialogs.clear()
        self.answers.clear()
        self.transactions.clear()


def _let_go(machine: Machine | None) -> None:
    if machine is not None:
        machine.context = machine.trace = None


def _makes_dialog(response: Response) -> bool:
    """RFC 3261 §12.1: from 101 on with a To tag. A 2xx without one has the tag null, as RFC 2543 peers send it."""
    return response.status >= 200 or (response.status > 100 and response.to_tag is not None)
