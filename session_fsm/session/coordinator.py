"""SessionCoordinator: the one door to everything that decides. Sans-IO.

Three doors in (`receive` and what else the world does, `expire`, and the user's commands), one chute out: after every
call drain `poll_transmit`, `poll_media` and `poll_event`, then arm one timer for `next_deadline`. `now` is in seconds
of one monotonic clock and never goes back.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from random import Random

from session_fsm.chart import Chart
from session_fsm.machine import Machine
from session_fsm.machine.trace import TraceRow
from session_fsm.session import quality
from session_fsm.session.account import NO_ACCOUNT, Account
from session_fsm.session.arrivals import note
from session_fsm.session.building import build_endpoint
from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.commands import Commanded
from session_fsm.session.events import Address, SessionEvent, SessionId
from session_fsm.session.matching import Index
from session_fsm.session.news import News
from session_fsm.session.orders import RAW, Edge, EdgeFacts, MediaOrder
from session_fsm.session.possible import sip_uri
from session_fsm.session.registration import Registration
from session_fsm.session.session import Session
from session_fsm.session.settings import Seconds, Settings
from session_fsm.session.transaction import Transaction
from session_fsm.session.transaction_user import TransactionUser
from session_fsm.session.transmit import Transmit

log = logging.getLogger("session_fsm")


class SessionCoordinator(Commanded):
    """All calls of one user agent.

    Commands raise `LocalProtocolError` with what is possible now, `Malformed` for a URI, reason or header that cannot
    be sent. What a peer sends never raises.
    """

    def __init__(
        self,
        uri: str,
        local: Address,
        *,
        dice: Random,
        settings: Settings | None = None,
        charts: Mapping[str, Chart] | None = None,
        on_trace: Callable[[TraceRow], None] | None = None,
        home: Callable[[Address], Address] | None = None,
        account: Account = NO_ACCOUNT,
        challenge: DigestPolicy | None = None,
    ) -> None:
        """`local` is where peers reach us; `home` says it for each peer where that differs."""
        super().__init__(
            build_endpoint(
                sip_uri(uri),
                local,
                dice=dice,
                settings=settings or Settings(),
                charts=charts or {},
                on_trace=on_trace,
                account=account,
                challenge=challenge,
            )
        )
        self._endpoint.home = home
        self._endpoint.mailbox.on_failure = self._failed

    # What the world does.

    def receive(self, data: bytes, source: Address, now: Seconds) -> None:
        """A datagram arrived on the SIP socket."""
        self.turns.receive(data, source, now)

    def expire(self, now: Seconds) -> None:
        """Run every timer that is due."""
        self.turns.expire(now)

    def transport_failed(self, destination: Address, reason: str, now: Seconds) -> None:
        """A datagram to this destination cannot be delivered: its port is unreachable, or its host has no address."""
        endpoint = self._endpoint
        endpoint.mailbox.now = now
        note(endpoint, "transport_failed", reason, destination)
        for open_one in [*endpoint.index.clients.values(), *endpoint.index.servers.values()]:
            if isinstance(open_one, Transaction) and open_one.destination == destination:
                open_one.post("transport_error", reason)
        self.turns.run(now)

    def media_edge(self, session_id: SessionId, edge: Edge, facts: EdgeFacts, now: Seconds) -> None:
        """The media plane saw something happen for the first time. Edges of sessions that are gone are passed over."""
        session = self._endpoint.sessions.get(session_id)
        if session is not None:
            if edge is Edge.MEASURED:
                quality.measured(session, facts)
            else:
                heard = facts.extra if edge in RAW else facts
                for machine in session.hearers_of(edge):
                    self._endpoint.mailbox.post(machine, edge.value, heard)
            self.turns.run(now)

    def close(self) -> None:
        """Nothing will happen any more: every session, transaction and timer is forgotten, and nothing is sent."""
        endpoint = self._endpoint
        endpoint.sessions.clear()
        endpoint.unsettled.clear()
        endpoint.index = Index()
        endpoint.mailbox.forget()
        endpoint.registration = endpoint.on_trace = endpoint.trace = None
        for chute in (endpoint.transmits, endpoint.orders, endpoint.told):
            chute.clear()

    # What we hand out, one by one, or as the queues themselves: whoever empties `told` then calls `let_go`.

    @property
    def transmits(self) -> deque[Transmit]:
        """The SIP datagrams to send."""
        return self._endpoint.transmits

    @property
    def orders(self) -> deque[MediaOrder]:
        """The orders for the media plane."""
        return self._endpoint.orders

    @property
    def told(self) -> deque[list[News]]:
        """The events for the application, not made yet: each entry what one session tells of one turn."""
        return self._endpoint.told

    @property
    def over(self) -> list[TransactionUser]:
        """The sessions that `let_go` lets go."""
        return self._endpoint.over

    def let_go(self) -> None:
        """Let sessions go that are over: until then whoever is told of one can look at it."""
        over = self._endpoint.over
        while over:
            over.pop().leave()

    def poll_transmit(self) -> Transmit | None:
        """The next SIP datagram to send."""
        return self.transmits.popleft() if self.transmits else None

    def poll_media(self) -> MediaOrder | None:
        """The next order for the media plane."""
        return self.orders.popleft() if self.orders else None

    def poll_event(self) -> SessionEvent | None:
        """The next event for the application."""
        if not self.told:
            self.let_go()
            return None
        news = self.told[0]
        event = news.pop(0).event
        if not news:
            self.told.popleft()
        return event

    def next_deadline(self) -> Seconds | None:
        """When to call `expire` next: whatever retransmits, gives up or lingers has a timer of its own."""
        return self.turns.next_deadline()

    # Getters.

    @property
    def sessions(self) -> Mapping[SessionId, Session]:
        """The sessions that still have something open, a while after their call has ended too."""
        return self._endpoint.sessions

    def session(self, session_id: SessionId) -> Session | None:
        """One session, or None once it is gone."""
        return self._endpoint.sessions.get(session_id)

    @property
    def counters(self) -> Mapping[str, int]:
        """What was dropped, rejected, refused or failed, and how often."""
        return self._endpoint.counters

    def open_machines(self) -> dict[str, int]:
        """How many transactions, dialogs and 2xx without ACK are still looked up: where a leak would show."""
        index = self._endpoint.index
        return {
            "transactions": len(index.clients) + len(index.servers),
            "dialogs": len(index.dialogs) + len(index.inviting),
            "answers": len(index.answers),
        }

    @property
    def registration(self) -> Registration | None:
        """Our binding at the registrar, if we have one to register with."""
        return self._endpoint.registration

    # Inside.

    def _failed(self, machine: Machine, effect: str, error: Exception) -> None:
        """A fault of ours, never a peer's: the call goes on, and nobody loses the traceback."""
        self._endpoint.counters[f"fault.{machine.chart.id}.{effect}"] += 1
        log.error("effect %s of %s failed", effect, machine.label, exc_info=error)
