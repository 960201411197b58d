"""What all machines of one user agent share: its names, its mailbox, the dice, the open machines, and what goes out.

Rooms above the charts (transaction, dialog, call, …) ask it for machines and give it datagrams; the coordinator
empties it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from session_fsm.frozen import plain
from session_fsm.machine import Binding, Machine, Mailbox
from session_fsm.machine.trace import Trace, TraceRow
from session_fsm.sdp import LocalMedia
from session_fsm.session.account import NO_ACCOUNT, Account
from session_fsm.session.events import Address, Role
from session_fsm.session.keyring import Trust
from session_fsm.session.matching import Index
from session_fsm.session.news import News
from session_fsm.session.orders import MediaOrder
from session_fsm.session.reading_allowance import ReadingAllowance
from session_fsm.session.seen_once import SeenOnce
from session_fsm.session.settings import Settings
from session_fsm.session.transmit import Transmit
from session_fsm.session.waiting_room import WaitingRoom
from session_fsm.sip import MAGIC_COOKIE, SipUri

if TYPE_CHECKING:
    from session_fsm.session.answer import Answer
    from session_fsm.session.challenger import Challenger
    from session_fsm.session.dialog import Dialog
    from session_fsm.session.registration import Registration
    from session_fsm.session.session import Session
    from session_fsm.session.transaction import Transaction
    from session_fsm.session.transaction_user import TransactionUser

BRANCH_BITS = 64  # RFC 3261 §8.1.1.7: unique over space and time
TAG_OCTETS = 8  # RFC 3261 §19.3 asks for at least 32 bits of randomness
CALL_ID_BITS = 96


@dataclass(eq=False)
class Endpoint:
    """One user agent without its sockets."""

    uri: SipUri
    "Our address of record."
    local: Address
    "Where we are reached: what Via and Contact say. Never a wildcard."
    dice: Random
    settings: Settings
    bindings: dict[tuple[str, Role], Binding]
    mailbox: Mailbox
    index: Index[Transaction | Answer | Dialog]
    sessions: dict[str, Session]
    transmits: deque[Transmit]
    orders: deque[MediaOrder]
    told: deque[list[News]]
    "For the application: each entry what one session tells of one turn."
    counters: Counter[str]
    waiting: WaitingRoom
    "Incoming calls whose caller has not shown yet that it hears us."
    seen_once: SeenOnce
    "INVITEs that have to come again, because room is short."
    allowance: ReadingAllowance
    "How much laborious reading there may still be."
    unsettled: list[TransactionUser]
    "Sessions to which something happened since the events were last handed out; one may be here twice."
    over: list[TransactionUser]
    "Sessions of which nothing is open; they go when all their events were handed out."
    trust: Trust
    "The hosts and realms that get our answers."
    home: Callable[[Address], Address] | None = None
    "Where each peer reaches us, when that is not `local` for all."
    account: Account = NO_ACCOUNT
    "The registrar and the proxy that we use."
    registration: Registration | None = None
    "Our binding at the registrar."
    challenger: Challenger | None = None
    "What asks others who they are."
    on_trace: Callable[[TraceRow], None] | None = None
    trace: Trace | None = None
    "Where rows go that belong to no session: to the listener, if there is one. A flood must not fill the memory."
    alone: int = 0
    "How many transactions belonged to no session."
    contacts: dict[Address, tuple[str, str]] = field(default_factory=dict)
    "Our Contact at each address of ours."
    usual_media: dict[Address, LocalMedia] = field(default_factory=dict)
    "What is answered at each address of ours, as long as the application has opened no port."

    def reached_by(self, peer: Address | None) -> Address:
        """Where this peer reaches us: what Via and Contact say to it."""
        return self.local if self.home is None or peer is None else self.home(peer)

    def contact_for(self, peer: Address | None) -> tuple[str, str]:
        """Where this peer's requests within a dialog reach us (RFC 3261 §8.1.1.8, §12.1.1)."""
        address = self.reached_by(peer)
        found = self.contacts.get(address)
        if found is None:
            user = f"{self.uri.user}@" if self.uri.user else ""
            found = self.contacts[address] = ("Contact", f"<sip:{user}{bracketed(address[0])}:{address[1]}>")
        return found

    def try_later(self) -> tuple[str, str]:
        """RFC 3261 §14.2: a Retry-After of 0 to 10 seconds, chosen at random."""
        return ("Retry-After", str(self.dice.randint(0, 10)))

    def media_at(self, address: Address) -> LocalMedia:
        """What would be answered at this address of ours if the application opened a port."""
        found = self.usual_media.get(address)
        if found is None:
            ours = self.settings
            found = self.usual_media[address] = LocalMedia(
                address, codecs=ours.codecs, ptime_ms=ours.ptime_ms, telephone_event=ours.telephone_event
            )
        return found

    def transmit(self, data: bytes, destination: Address) -> None:
        """Hand one datagram out."""
        self.transmits.append(Transmit(data, destination))

    def machine(
        self, chart: str, role: Role, context: object, session: TransactionUser | None, label: str = ""
    ) -> Machine:
        """A machine of this chart that shares our mailbox."""
        name, trace = ("", self.trace) if session is None else (session.id, session.trace)
        return Machine(
            self.bindings[chart, role],
            context=context,
            mailbox=self.mailbox,
            label=label or chart,
            session=name,
            trace=trace,
        )

    def new_trace(self, rows: int) -> Kept | None:
        """Where rows go: so many of the newest are kept, and whoever listens is told of each."""
        if self.on_trace is None:
            return Kept((), rows) if rows else None
        made = Tee((), rows)
        made.listener = self.on_trace
        return made

    def branch(self) -> str:
        """A new branch."""
        return f"{MAGIC_COOKIE}{self.dice.getrandbits(BRANCH_BITS):016x}"

    def tag(self) -> str:
        """A new tag."""
        return self.dice.randbytes(TAG_OCTETS).hex()

    def call_id(self) -> str:
        """A new Call-ID."""
        return f"{self.dice.getrandbits(CALL_ID_BITS):024x}@{self.local[0]}"


@plain
class Kept(deque[TraceRow]):
    """A session's newest rows."""

    __slots__ = ()


@plain
class Tee(Kept):
    """The same, and a listener is told of each."""

    __slots__ = ("listener",)
    listener: Callable[[TraceRow], None]

    def append(self, row: TraceRow) -> None:
        """Take one row."""
        super().append(row)
        self.listener(row)


def told_apart(name: str, taken: Collection[str]) -> str:
    """A name that no other open machine of a session has: a trace is told apart, and replayed, by names."""
    n, label = 1, name
    while label in taken:
        n += 1
        label = f"{name}.{n}"
    return label


def bracketed(host: str) -> str:
    """A host as a URI or a Via writes it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
