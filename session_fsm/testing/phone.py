"""A user agent on the virtual network: a SessionCoordinator, its media ports, and a diary of everything.

A test holds `Phone`s and their `Line`s: `line = alice.call(bob)`, `bob.line.accept()`, `line.hang_up()`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from session_fsm.chart import Chart
from session_fsm.errors import SessionFsmError
from session_fsm.machine import TraceRow
from session_fsm.sdp import Codec, LocalMedia, MediaDirection
from session_fsm.session.account import NO_ACCOUNT, Account
from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.events import (
    Address,
    IncomingCall,
    Registered,
    RegistrationFailed,
    SessionCreated,
    SessionEvent,
    SessionId,
    Unregistered,
)
from session_fsm.session.orders import ClosePath, Edge, EdgeFacts
from session_fsm.session.settings import Seconds, Settings
from session_fsm.testing.datagram import Datagram, Log, uri_of
from session_fsm.testing.line import Line
from session_fsm.testing.media import Stream

if TYPE_CHECKING:
    from session_fsm.testing.befalling import Reachable
from session_fsm.testing.network import Network

FIRST_RTP_PORT = 40000


class EngineError(AssertionError):
    """The engine itself failed: an effect raised, or an event came that a chart calls impossible."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is still open. All of it is nothing once every call is over and every timer has fired."""

    sessions: int = 0
    transactions: int = 0
    dialogs: int = 0
    timers: bool = False
    ports: int = 0
    "RTP ports."


class Phone:
    """One user agent.

    `when_called` is what it does with an incoming call, such as `Line.accept`; without it the test decides. A fault of
    the engine raises EngineError where it happens.
    """

    def __init__(
        self,
        name: str,
        host: str,
        *,
        port: int = 5060,
        seed: int = 0,
        when_called: Callable[[Line], None] | None = None,
        settings: Settings | None = None,
        charts: Mapping[str, Chart] | None = None,
        account: Account = NO_ACCOUNT,
        challenge: DigestPolicy | None = None,
    ) -> None:
        self.name = name
        self.address: Address = (host, port)
        self.uri = uri_of(name, self.address)
        self.when_called = when_called
        self.settings = settings or Settings()
        self.sent = Log()
        self.received = Log()
        self.events: list[SessionEvent] = []
        self.lines: list[Line] = []
        self.rows: list[TraceRow] = []
        self.streams: dict[SessionId, Stream] = {}
        self._faults: list[str] = []
        self._network: Network | None = None
        self._edges: deque[tuple[SessionId, Edge, EdgeFacts]] = deque()
        self._next_port = FIRST_RTP_PORT
        dice = Random(f"{name} {seed}")
        self.coordinator = SessionCoordinator(
            self.uri,
            self.address,
            dice=dice,
            settings=self.settings,
            charts=charts,
            on_trace=self._trace,
            account=account,
            challenge=challenge,
        )

    # What a test asks.

    def call(
        self,
        target: Reachable | str,
        *,
        offer: bool = True,
        direction: MediaDirection = MediaDirection.SENDRECV,
        codecs: Sequence[Codec] | None = None,
        next_hop: Address | None = None,
        headers: Sequence[tuple[str, str]] = (),
        no_answer: Seconds | None = None,
    ) -> Line:
        """Call somebody."""
        stream = self._open_port()
        media = self._describe(stream, direction, codecs)
        try:
            made = self.coordinator.make_call(
                target if isinstance(target, str) else target.uri,
                media=media,
                now=self.network.now,
                next_hop=next_hop,
                offer=offer,
                headers=headers,
                no_answer=no_answer,
            )
        except Exception:
            self.network.media.remove(stream)
            raise
        stream.session_id = made
        self.streams[made] = stream
        line = self._line_of(made)
        self.drain()
        return line

    def register(self) -> None:
        """Register with the account's registrar."""
        self.command(lambda at, now: at.register(now=now))

    def unregister(self) -> None:
        """Leave the registrar."""
        self.command(lambda at, now: at.unregister(now=now))

    @property
    def line(self) -> Line:
        """The newest line."""
        return self.lines[-1]

    @property
    def counters(self) -> Mapping[str, int]:
        """The coordinator's counters."""
        return self.coordinator.counters

    @property
    def leftovers(self) -> Leftovers:
        """What is still open."""
        still = self.coordinator.open_machines()
        return Leftovers(
            sessions=len(self.coordinator.sessions),
            transactions=still["transactions"],
            dialogs=still["dialogs"] + still["answers"],
            timers=self.coordinator.next_deadline() is not None,
            ports=len(self.streams),
        )

    @property
    def verdicts(self) -> Counter[str]:
        """How often each verdict was given."""
        return Counter(row.verdict for row in self.rows)

    def command(self, step: Callable[[SessionCoordinator, Seconds], object]) -> None:
        """Give the coordinator one command, and carry out what comes of it."""
        try:
            step(self.coordinator, self.network.now)
        finally:
            self.drain()

    def answer(
        self,
        line: Line,
        step: Callable[[SessionCoordinator, LocalMedia, Seconds], object],
        direction: MediaDirection,
        codecs: Sequence[Codec] | None = None,
    ) -> None:
        """Give a command that needs the line's RTP port, opened now if it is not; a refusal closes it again."""
        known = self.streams.get(line.id)
        stream = known or self._open_port()
        stream.session_id = line.id
        self.streams[line.id] = stream
        try:
            self.command(lambda at, now: step(at, self._describe(stream, direction, codecs), now))
        except SessionFsmError:
            if known is None:
                self.network.media.remove(self.streams.pop(line.id))
            raise

    # What the network asks.

    @property
    def network(self) -> Network:
        """The network that it is on."""
        assert self._network is not None, f"{self.name} is on no network"
        return self._network

    def attach(self, network: Network) -> None:
        """Become a part of this network."""
        self._network = network

    def receive(self, datagram: Datagram) -> None:
        """A datagram arrives."""
        self.received.append(datagram)
        self.coordinator.receive(datagram.data, datagram.source, self.network.now)
        self.drain()

    def unreachable(self, destination: Address, reason: str) -> None:
        """A datagram could not be delivered."""
        self.coordinator.transport_failed(destination, reason, self.network.now)
        self.drain()

    def next_deadline(self) -> Seconds | None:
        """When its next timer fires."""
        return self.coordinator.next_deadline()

    def expire(self, now: Seconds) -> None:
        """Fire its timers."""
        self.coordinator.expire(now)
        self.drain()

    def drain(self) -> None:
        """Carry out everything that the coordinator hands out, until all is quiet."""
        at, network = self.coordinator, self.network
        called: list[Line] = []
        while True:
            while (transmit := at.poll_transmit()) is not None:
                self.sent.append(network.send(transmit.data, self.address, transmit.destination))
            while (order := at.poll_media()) is not None:
                stream = self.streams.get(order.session_id)
                if stream is not None:
                    network.media.obey(stream, order, network.now)
                if isinstance(order, ClosePath):
                    self.streams.pop(order.session_id, None)
            while (event := at.poll_event()) is not None:
                called += self._note(event)
            if not self._edges:
                break
            session_id, edge, facts = self._edges.popleft()
            at.media_edge(session_id, edge, facts, network.now)
        self._check()
        if self.when_called is not None:
            for line in called:
                self.when_called(line)

    # Inside.

    def _note(self, event: SessionEvent) -> list[Line]:
        self.events.append(event)
        if isinstance(event, SessionCreated):
            self._line_of(event.session_id)
        if isinstance(event, Registered | RegistrationFailed | Unregistered):
            return []
        line = next(line for line in reversed(self.lines) if line.id == event.session_id)
        line.events.append(event)
        return [line] if isinstance(event, IncomingCall) else []

    def _line_of(self, session_id: SessionId) -> Line:
        for line in self.lines:
            if line.id == session_id:
                return line
        session = self.coordinator.session(session_id)
        assert session is not None  # it was made just now
        self.lines.append(Line(self, session))
        return self.lines[-1]

    def _open_port(self) -> Stream:
        address = (self.address[0], self._next_port)
        self._next_port += 2
        stream = Stream(address, self._tell, ssrc=address[1])
        self.network.media.add(stream)
        return stream

    def _describe(self, stream: Stream, direction: MediaDirection, codecs: Sequence[Codec] | None) -> LocalMedia:
        chosen = tuple(codecs) if codecs is not None else self.settings.codecs
        return LocalMedia(
            stream.address,
            codecs=chosen,
            direction=direction,
            session_id=stream.ssrc,
            telephone_event=self.settings.telephone_event,
        )

    def _tell(self, session_id: SessionId, edge: Edge, facts: EdgeFacts) -> None:
        self._edges.append((session_id, edge, facts))
        self.network.wake(self)

    def _trace(self, row: TraceRow) -> None:
        self.rows.append(row)
        if row.verdict == "impossible":
            self._faults.append(f"{row.machine} had {row.event} in {row.from_state}, which is impossible")

    def _check(self) -> None:
        faults = [*self._faults, *(name for name in self.counters if name.startswith("fault."))]
        if faults:
            raise EngineError(f"{self.name}: {'; '.join(faults)}; the log of session_fsm may say more")

    def __repr__(self) -> str:
        return f"<Phone {self.name} at {self.address[0]}:{self.address[1]}>"
