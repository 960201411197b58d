"""One client transaction and one server transaction of the same request, with whoever uses them free to do anything.

Here the timers fire that only wait for copies (D, I, J, K, L, M), and transports fail on either side. A request that
comes when its server transaction has ended would begin another one: that is where the pair ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_fsm.chart import Chart
from session_fsm.explore.abstract import CALL_ID, Event, Facts, Key, Message, Outcome, Place, Side, other, tag_of
from session_fsm.explore.rules import Rules
from session_fsm.explore.turn import Meaning, Sink, Turn
from session_fsm.session.authentication import CHALLENGES
from session_fsm.session.matching import Identity, Index, client_key, match, server_key

PAIRS = (("invite_client", "invite_server"), ("non_invite_client", "non_invite_server"))
STATUSES = {
    "send_provisional": (180,),
    "send_success": (200,),
    "send_final": (200, 401),
    "send_failure": (486, 401),
    "send_once": (488,),
}
"What the user of a server transaction may send."
BRANCH = 1


class PairMeaning(Meaning):
    """What a transaction sends. Its user hears what it emits, and nothing follows from that here."""

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: Message | None) -> None:
        """Send; all else is nobody's business here."""
        if kind != "send":
            return
        if name in ("INVITE", "request"):
            turn.send(Message(turn.side, key.purpose, cseq=1, branch=BRANCH))
        elif name == "ACK":
            turn.send(Message(turn.side, "ACK", cseq=1, branch=BRANCH, to_tag=True))
        elif name == "100":
            turn.send(Message(turn.side, key.purpose, 100, 1, BRANCH))
        elif name == "response" and payload is not None:
            turn.send(payload)


class PairSide:
    """One of the two transactions."""

    def __init__(self, charts: Sequence[Chart], side: Side, chart: str) -> None:
        self.side = side
        self.rules = Rules(charts, side)
        self.chart = self.rules.charts[chart]
        self.meaning = PairMeaning()
        self.key = Key(chart, "INVITE" if chart.startswith("invite") else "BYE", BRANCH, 1)
        self.taken: set[tuple[str, str]] = set()

    def start(self) -> Place:
        """Before the request was sent, or came."""
        return Place((), Facts())

    def own(self, place: Place) -> Iterator[Event]:
        """Every timer that may run, every command, every fact of the world and of other machines."""
        stand = dict(place.machines).get(self.key)
        if stand is None:
            if self.side == "uac" and not place.facts.local_seq:
                yield Event("command", "send")
            return
        for timer in sorted(self.chart.analysis.running[stand.state]):
            yield Event("timer", timer, self.key)
        for event in self.chart.events.values():
            if event.kind in ("world", "machine") or (
                event.kind == "command" and self.chart.cells[stand.state, event.name].rows
            ):
                yield Event("world" if event.kind != "command" else "command", event.name, self.key)

    def heard(self, place: Place, message: Message) -> list[Event]:
        """A message for this transaction, or the request that opens it."""
        stands = dict(place.machines)
        if not place.facts.local_seq and self.side == "uas" and not message.status and message.method != "ACK":
            return [Event("message", str(message), None, message)]
        matched = match(message.identity(), self._index(bool(stands)))
        return [Event("message", str(message), None, message)] if matched[1] is not None else []

    def _index(self, is_open: bool) -> Index[Key]:
        index: Index[Key] = Index()
        if is_open:
            theirs = other(self.side)
            seen = Identity(True, self.key.purpose, BRANCH, theirs, CALL_ID, None, tag_of(theirs), 1)
            index.clients[client_key(seen)] = index.servers[server_key(seen)] = self.key
        return index

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterator[bool]:
        """Never: this product is small."""
        return (False for _ in messages)

    def gives_up(self, event: Event) -> bool:
        """Never: its users may do anything at any time."""
        return False

    def outcomes(self, place: Place, event: Event) -> list[Outcome]:
        """What an event leads to; the charts of transactions have no guards, a user's own may."""
        found: dict[Outcome, None] = {}
        scripts: list[tuple[int, ...]] = [()]
        while scripts:
            turn = self._turn(place, event, scripts.pop(), None)
            found[turn.outcome(self.meaning)] = None
            scripts += turn.further()
        return list(found)

    def told(self, place: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """One outcome again, with a trace row for each step."""
        return self._turn(place, event, script, sink).outcome(self.meaning)

    def _turn(self, place: Place, event: Event, script: Sequence[int], sink: Sink | None) -> Turn:
        turn = Turn(self.rules, place, script, self.taken, sink)
        message = event.message
        if self.key not in turn.stands:
            turn.facts["local_seq"] = 1
            turn.open_machine(self.key, message)
        elif message is not None:
            turn.post(self.key, self._named(message), message)
        elif event.kind == "timer":
            turn.post(self.key, self.chart.timers[event.name].event)
        elif event.kind == "command":
            status = turn.choose(STATUSES.get(event.name, (200,)))
            response = Message(self.side, self.key.purpose, status, 1, BRANCH, True)
            turn.post(self.key, event.name, response)
        else:
            turn.post(self.key, event.name)
        turn.run(self.meaning)
        return turn

    def _named(self, message: Message) -> str:
        if not message.status:
            if message.method == "ACK":
                return "ack_received"
            return "invite_received" if message.method == "INVITE" else "request_received"
        if message.status < 200:
            return "provisional"
        if message.status in CHALLENGES:
            return "challenge"
        if "final" in self.chart.events:
            return "final"
        return "success" if message.status < 300 else "failure"
