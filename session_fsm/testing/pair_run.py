"""Two phones on a network that delivers nothing by itself: every delivery, loss, wait and command is a move.

Within causality, what arrives was sent, and audio comes from where a description has told of an address. Without it
(`unrestricted`) a side also gets messages of other calls, forged and spoilt ones, and media edges at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Literal

from session_fsm.chart import Chart
from session_fsm.errors import LocalProtocolError
from session_fsm.machine import TraceRow
from session_fsm.rtp import MediaMetrics, MediaQuality
from session_fsm.rtp.telephone_event import HeardEvent
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import MediaState
from session_fsm.session.orders import Edge, EdgeFacts
from session_fsm.session.settings import Seconds, Settings
from session_fsm.testing.datagram import Datagram
from session_fsm.testing.line import Line
from session_fsm.testing.network import Network
from session_fsm.testing.phone import Phone
from session_fsm.testing.runs import DIRECTIONS, Choice, Move, make_all
from session_fsm.testing.spoiling import ASKED, SPOILS, asked, spoilt, spoken

# With their weights: a frame; T1; T2, which repeats requests; past 64*T1, when whoever is not answered gives up.
WAITS: Mapping[Seconds, int] = {0.02: 4, 0.5: 2, 4.0: 1, 33.0: 1}
JUMPS: tuple[Seconds, ...] = (10.0, 200.0)
"Times that pass while the process is asleep: whatever was due meanwhile is overdue at once."

COMMANDS: Mapping[str, Callable[[Line, str], object]] = {
    "accept": lambda line, how: line.accept(MediaDirection(how)),
    "ring": lambda line, how: line.ring(),
    "progress": lambda line, how: line.progress(MediaDirection(how)),
    "reject": lambda line, how: line.reject(int(how)),
    "redirect": lambda line, how: line.redirect(f"sip:other@{line.phone.address[0]}"),
    "hang_up": lambda line, how: line.hang_up(),
    "reinvite": lambda line, how: line.reinvite(MediaDirection(how)),
    "hold": lambda line, how: line.hold(music=how == "music"),
    "resume": lambda line, how: line.resume(),
}
WEIGHTS = {"accept": 3, "ring": 3, "reinvite": 2, "hold": 2, "resume": 2}
HOWS: Mapping[str, tuple[str, ...]] = {
    "accept": DIRECTIONS,
    "progress": DIRECTIONS[:1],
    "reinvite": DIRECTIONS,
    "reject": ("486", "603"),
    "hold": ("silence", "music"),
}
"With what a command is given; the first is the plainest."

EARLY = (Edge.FIRST_FRAME, Edge.RTCP_RECEIVED)
LATER = (
    Edge.PATH_FAILED,
    Edge.STALLED,
    Edge.FLOW_RESUMED,
    Edge.TIMED_OUT,
    Edge.UNPROVEN,
    Edge.SOURCE_PROVEN,
    Edge.NAMED_HEARD,
    Edge.SOURCE_CHANGED,
    Edge.REPORT_RECEIVED,
    Edge.MEASURED,
)
EXTRAS: Mapping[Edge, object] = {
    Edge.MEASURED: (MediaQuality.POOR, MediaMetrics(packet_loss=0.07)),
    Edge.EVENT_HEARD: HeardEvent(ssrc=7, timestamp=8000, code=5, duration=800, is_last=False),
}
"What is known about an edge besides where and when."
FLOWING = (MediaState.ESTABLISHED, MediaState.ACTIVE, MediaState.STALLED, MediaState.HELD)
LIED_ABOUT = 2  # datagrams on the way that are offered to be spoilt
MOST_HELD = 8  # datagrams on the way that are offered as choices, the oldest first


class PairRun:
    """Alice calls Bob, one move at a time."""

    names = ("alice", "bob")

    def __init__(
        self,
        *,
        unrestricted: bool = False,
        settings: Settings | None = None,
        charts: Mapping[str, Chart] | None = None,
    ) -> None:
        self.alice = Phone("alice", "10.0.0.1", settings=settings, charts=charts)
        self.bob = Phone("bob", "10.0.0.2", settings=settings, charts=charts)
        self.phones = {"alice": self.alice, "bob": self.bob}
        self.net = Network(self.alice, self.bob).hold()
        self.unrestricted = unrestricted
        self.settings = settings or Settings()
        self.charts = charts
        self.fault: str | None = None
        self.made: list[Move] = []
        self.keys: set[Hashable] = set()
        self.pairs: set[tuple[str, ...]] = set()
        self.finished = False

    # What can be made.

    def choices(self) -> list[Choice]:
        """Deliveries first, then time, commands, faults of the network, audio; last what should change nothing."""
        if not self.alice.lines:
            return [Choice(Move("call", "alice"), "call"), Choice(Move("call", "alice", "offerless"), "offerless")]
        return [Choice(move, self._key(move), weight) for move, weight in self._moves()]

    def _moves(self) -> Iterator[tuple[Move, int]]:
        """What can be made, with its weight: a call should come to something now and then."""
        here = list(self._on_the_way())
        for verb, weight in (("deliver", 6), ("copy", 2), ("lose", 1), ("bounce", 1)):
            yield from ((Move(verb, who, name, n), weight) for who, name, n in here)
        yield from ((Move("wait", seconds=seconds), weight) for seconds, weight in WAITS.items())
        yield from ((Move("jump", seconds=seconds), 1) for seconds in JUMPS)
        for name, line, n in self._lines():
            yield from self._commands(name, line, n)
            yield from self._edges(name, line, n)
        if self.unrestricted:
            yield from self._lies(here)

    def _lies(self, here: Sequence[tuple[str, str, int]]) -> Iterator[tuple[Move, int]]:
        """What no honest peer sends."""
        for who, name, n in here[:LIED_ABOUT]:
            yield from ((Move(f"spoil:{spoil}", who, name, n), 1) for spoil in SPOILS)
        for name, line, n in self._lines():
            if line.id in line.phone.coordinator.sessions:
                for late, what in product((False, True), ASKED):
                    yield Move("ask late" if late else "ask", name, what, n), 2
        for n, datagram in enumerate(spoken()):
            yield from ((Move("forge", who, datagram.name, n), 1) for who in self.phones)

    def _on_the_way(self) -> Iterator[tuple[str, str, int]]:
        """(to whom, name, which of all that were sent to them under that name) of the datagrams that are held."""
        seen: Counter[tuple[str, str]] = Counter()
        numbers = {}
        for datagram in self.net.log:
            key = (self._name_at(datagram), datagram.name)
            numbers[id(datagram)] = (*key, seen[key])
            seen[key] += 1
        return (numbers[id(datagram)] for datagram in self.net.held[:MOST_HELD])

    def _commands(self, name: str, line: Line, n: int) -> Iterator[tuple[Move, int]]:
        possible = line.session.call.possible if line.id in line.phone.coordinator.sessions else ()
        for command in COMMANDS:
            for how in HOWS.get(command, ("",))[: None if command in possible else 1]:
                yield Move(command, name, how, n), WEIGHTS.get(command, 1) if command in possible else 0

    def _edges(self, name: str, line: Line, n: int) -> Iterator[tuple[Move, int]]:
        alive = line.id in line.phone.coordinator.sessions
        told = alive and line.session.negotiation.local_media is not None
        for edge in Edge:
            causal = told and (edge in EARLY or (edge in LATER and line.media in FLOWING))
            if causal or self.unrestricted:
                yield Move("hears", name, edge.value, n), int(causal)

    def _lines(self) -> Iterator[tuple[str, Line, int]]:
        for name, phone in self.phones.items():
            for n, line in enumerate(phone.lines):
                yield name, line, n

    def _key(self, move: Move) -> tuple[object, ...]:
        """A move's kind and where whom it concerns stands: chart states, not times and numbers."""
        phones = [self.phones[move.who]] if move.who else list(self.phones.values())
        stand = [(line.state, line.media, line.session.offer_answer.state) for p in phones for line in p.lines[-1:]]
        return (move.verb, move.who, move.what, move.seconds, *stand)

    # Making it.

    def make(self, move: Move) -> bool:
        """Make a move. A command that is refused is made, and changes nothing; whatever else raises is a fault."""
        step = self._step(move)
        if step is None or self.fault is not None:
            return False
        self.made.append(move)
        self.keys.add(self._key(move))
        try:
            step()
            self.net.run_for(0.0)
        except LocalProtocolError:
            pass
        except Exception as error:
            self.fault = f"{type(error).__name__}: {error}"
        if self.alice.lines and self.bob.lines:
            self.pairs.add(self.states())
        return True

    def _step(self, move: Move) -> Callable[[], object] | None:
        """What a move does now, or None when it is not possible."""
        if move.verb == "call":
            return (lambda: self.alice.call(self.bob, offer=not move.what)) if not self.alice.lines else None
        if move.verb == "wait":
            return lambda: self.net.run_for(move.seconds)
        if move.verb == "jump":
            return lambda: self._jump(move.seconds)
        if move.verb == "forge":
            return lambda: self._arrive(move.who, spoken()[move.n].data) if move.n < len(spoken()) else None
        if move.verb in COMMANDS or move.verb in ("hears", "ask", "ask late"):
            lines = self.phones[move.who].lines
            return self._of_line(move, lines[move.n]) if move.n < len(lines) else None
        return self._of_datagram(move)

    def _of_line(self, move: Move, line: Line) -> Callable[[], object]:
        if move.verb == "hears":
            return lambda: self._hear(line, Edge(move.what))
        if move.verb.startswith("ask"):
            # A number that is too low, or one above all others.
            cseq = 0 if move.verb == "ask late" else 1000 + len(self.made)
            source = self._other(line.phone).address
            return lambda: self._arrive(move.who, asked(line, source, move.what, cseq))
        return lambda: COMMANDS[move.verb](line, move.what)

    def _of_datagram(self, move: Move) -> Callable[[], object] | None:
        sent = [d for d in self.net.log if d.name == move.what and self._name_at(d) == move.who]
        if move.n >= len(sent) or not any(sent[move.n] is held for held in self.net.held):
            return None
        this = sent[move.n]
        if move.verb == "lose":
            return lambda: self.net.discard(lambda datagram: datagram is this)
        if move.verb == "bounce":
            return lambda: self._bounce(this)
        if move.verb.startswith("spoil:"):
            return lambda: self._arrive(move.who, spoilt(this.data, move.verb.removeprefix("spoil:")))
        return lambda: self.net.release(lambda datagram: datagram is this, copy=move.verb == "copy")

    def _arrive(self, who: str, data: bytes) -> None:
        """A datagram that nobody sent like this."""
        receiver = self.phones[who]
        receiver.receive(Datagram(data, self._other(receiver).address, receiver.address, self.net.now))

    def _bounce(self, datagram: Datagram) -> None:
        """The sender hears that the port is unreachable."""
        self.net.discard(lambda held: held is datagram)
        sender = next(phone for phone in self.phones.values() if phone.address == datagram.source)
        sender.unreachable(datagram.destination, "the port is unreachable")

    def _other(self, phone: Phone) -> Phone:
        return self.bob if phone is self.alice else self.alice

    def _hear(self, line: Line, edge: Edge) -> None:
        extra = EXTRAS.get(edge)
        facts = EdgeFacts(source=("10.0.0.3", 4000), ssrc=7, arrival=self.net.now, detail="fuzz", extra=extra)
        line.phone.coordinator.media_edge(line.id, edge, facts, self.net.now)
        line.phone.drain()

    def _jump(self, seconds: Seconds) -> None:
        self.net.now += seconds

    def _name_at(self, datagram: Datagram) -> str:
        return next((name for name, phone in self.phones.items() if phone.address == datagram.destination), "nobody")

    # What came of it.

    def finish(self) -> None:
        """Let everything go its way for a while, hang up whatever still stands, and wait until all is quiet."""
        if self.fault is not None or self.finished:
            return
        self.finished = True
        try:
            self.net.release()
            self.net.run_for(100.0)
            for _, line, _ in self._lines():
                line.hang_up()
            self.net.run_until_quiet()
        except Exception as error:
            self.fault = f"{type(error).__name__}: {error}"

    def on(self, engine: Literal["table", "transitions"]) -> PairRun:
        """The same run on this engine."""
        settings = replace(self.settings, engine=engine)
        again = PairRun(unrestricted=self.unrestricted, settings=settings, charts=self.charts)
        make_all(again, self.made)
        if self.finished:
            again.finish()
        return again

    @property
    def lines(self) -> list[Line]:
        """Every line of both phones."""
        return [line for _, line, _ in self._lines()]

    def states(self) -> tuple[str, ...]:
        """Call and media state of the caller's line, and of the callee's newest one."""
        return tuple(
            f"{line.state} / {line.media}"
            for line in (p.lines[-1] if p.lines else None for p in self.phones.values())
            if line
        )

    def traces(self) -> Sequence[Sequence[TraceRow]]:
        """Both phones' rows."""
        return (self.alice.rows, self.bob.rows)
