"""One side of a product that is no call: machines of a few charts, what may happen to them, and what that leads to.

Registering, being challenged, sending digits and measuring each have a side of their own, made of this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from session_fsm.chart import Chart
from session_fsm.explore.abstract import CALL_ID, Event, Facts, Key, Message, Outcome, Place, Side, Stand, other, tag_of
from session_fsm.explore.arrival import response_event
from session_fsm.explore.effects import EffectMeaning
from session_fsm.explore.guards import GuardMeaning
from session_fsm.explore.rules import CLIENTS, Rules
from session_fsm.explore.sending import Payload
from session_fsm.explore.turn import Meaning, Sink, Turn
from session_fsm.session.matching import Identity, Index, client_key, match


class ApartMeaning(Meaning):
    """What names mean in such a product; emissions go where the charts say, to the machines that there are."""

    def __init__(
        self,
        rules: Rules,
        guards: Mapping[tuple[str, str], GuardMeaning],
        effects: Mapping[tuple[str, str, str], EffectMeaning],
    ) -> None:
        self.rules = rules
        self.guards = guards
        self.effects = effects

    def guard(self, turn: Turn, key: Key, name: str, payload: Payload) -> bool | None:
        """By the chart and the guard's name; any other is tried both ways."""
        known = self.guards.get((key.chart, name))
        return known(turn, payload) if known is not None else None

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: Payload) -> None:
        """By the chart, the kind and the effect's name; any other does nothing here."""
        known = self.effects.get((key.chart, kind, name))
        if known is not None:
            known(turn, key, payload)
        if kind == "emit":
            for target, event, of in self.rules.routes.get((key.chart, name), ()):
                if of in ("", key.purpose):
                    for hearer in self.hearers(turn, target, key):
                        turn.post(hearer, event, payload)

    def hearers(self, turn: Turn, target: str, source: Key) -> list[Key]:
        """The machines of the chart that hears it."""
        return [key for key in turn.stands if key.chart == target]

    def settled(self, place: Place) -> Place:
        """A client that can only repeat itself is not worth keeping, as in calls."""
        left = tuple((key, stand) for key, stand in place.machines if not self._is_over(key, stand))
        return place if len(left) == len(place.machines) else Place(left, place.facts)

    def _is_over(self, key: Key, stand: Stand) -> bool:
        return key.chart in CLIENTS and stand.state in self.rules.inert[key.chart]


class ApartSide:
    """What the sides of such products share: timers, commands, and responses that find their transaction."""

    def __init__(self, charts: Sequence[Chart], side: Side, meaning: type[ApartMeaning] = ApartMeaning) -> None:
        self.side = side
        self.rules = Rules(charts, side)
        self.meaning: ApartMeaning = meaning(self.rules, {}, {})
        self.taken: set[tuple[str, str]] = set()
        self._clients: dict[tuple[tuple[Key, ...], Message], tuple[Key | None]] = {}

    def facts(self) -> Facts:
        """What is known at the beginning."""
        return Facts()

    def opened(self) -> Sequence[Key]:
        """The machines that are there from the beginning."""
        return ()

    def start(self) -> Place:
        """Before anything has happened."""
        turn = Turn(self.rules, Place((), self.facts()), (), self.taken)
        for key in self.opened():
            turn.open_machine(key)
        turn.run(self.meaning)
        return turn.outcome(self.meaning).after

    def own(self, place: Place) -> Iterator[Event]:
        """Every timer that runs, every command that is possible, and what the world may do."""
        for key, stand in place.machines:
            yield from self.timers(key, stand)
            yield from self.commands(key, stand)
        if any(self._feels(key, stand) for key, stand in place.machines):
            yield Event("world", "transport_error")

    def timers(self, key: Key, stand: Stand) -> Iterator[Event]:
        """Those that are known to run, and those that only repeat or linger where they may."""
        for timer in sorted(self.rules.charts[key.chart].analysis.running[stand.state]):
            if timer in stand.timers or not self.rules.kept(key.chart, timer):
                yield Event("timer", timer, key)

    def commands(self, key: Key, stand: Stand) -> Iterator[Event]:
        """Those that do something; one that has to wait waits once."""
        chart = self.rules.charts[key.chart]
        for event in chart.events.values():
            cell = chart.cells[stand.state, event.name]
            waits = cell.verdict == "postponed" and event.name not in stand.postponed
            if event.kind == "command" and key.chart not in TRANSACTIONS and (cell.rows or waits):
                yield Event("command", event.name, key)

    def _feels(self, key: Key, stand: Stand) -> bool:
        return key.chart in CLIENTS and bool(self.rules.charts[key.chart].cells[stand.state, "transport_error"].rows)

    def heard(self, place: Place, message: Message) -> list[Event]:
        """A response to one of our requests, unless its transaction is gone."""
        return [Event("message", str(message), None, message)] if self.client_of(place, message) is not None else []

    def client_of(self, place: Place, message: Message) -> Key | None:
        """The client transaction of a response, as the real matching finds it."""
        if not message.status:
            return None
        clients = tuple(key for key, _ in place.machines if key.chart in CLIENTS)
        found = self._clients.get((clients, message))
        if found is None:
            index: Index[Key] = Index()
            theirs = other(self.side)
            for key in clients:
                seen = Identity(True, _method(key), key.branch, theirs, CALL_ID, None, tag_of(theirs), key.cseq)
                index.clients[client_key(seen)] = key
            found = self._clients[clients, message] = (match(message.identity(), index)[1],)
        return found[0]

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterator[bool]:
        """To responses whose transaction is gone, for every number is used once."""
        for message in messages:
            client = self.client_of(place, message)
            stand = dict(place.machines).get(client) if client is not None else None
            if client is None or stand is None:
                yield message.cseq <= place.facts.local_seq
            else:
                yield not self.rules.minds(client.chart, stand.state, response_event(client, message))

    def gives_up(self, event: Event) -> bool:
        """A timer that gives up, and a transport that fails."""
        if event.kind == "timer" and event.key is not None:
            return self.rules.charts[event.key.chart].timers[event.name].gives_up
        return event.name == "transport_error"

    def outcomes(self, place: Place, event: Event) -> list[Outcome]:
        """Everything that an event may lead to."""
        found: dict[tuple[object, ...], Outcome] = {}
        scripts: list[tuple[int, ...]] = [()]
        while scripts:
            turn = self._turn(place, event, scripts.pop(), None)
            outcome = turn.outcome(self.meaning)
            scripts += turn.further()
            if self.allows(outcome):
                found.setdefault((outcome.after, outcome.sent, outcome.faults), outcome)
        return list(found.values())

    def allows(self, outcome: Outcome) -> bool:
        """Whether this is within the bound."""
        return True

    def told(self, place: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """One outcome again, with a trace row for each step."""
        return self._turn(place, event, script, sink).outcome(self.meaning)

    def _turn(self, place: Place, event: Event, script: Sequence[int], sink: Sink | None) -> Turn:
        turn = Turn(self.rules, place, script, self.taken, sink)
        self.begin(turn, place, event)
        turn.run(self.meaning)
        self.judge(turn, place, event)
        return turn

    def begin(self, turn: Turn, place: Place, event: Event) -> None:
        """Post what an event is for the machines here."""
        message, key = event.message, event.key
        if message is not None:
            client = self.client_of(place, message)
            if client is not None:
                turn.post(client, response_event(client, message), message)
        elif event.name == "transport_error":
            for feeling, stand in place.machines:
                if self._feels(feeling, stand):
                    turn.post(feeling, "transport_error")
        elif key is not None and event.kind == "timer":
            stand = turn.stands[key]
            turn.stands[key] = stand._replace(timers=tuple(name for name in stand.timers if name != event.name))
            turn.post(key, self.rules.charts[key.chart].timers[event.name].event)
        elif key is not None:
            turn.post(key, event.name)

    def judge(self, turn: Turn, place: Place, event: Event) -> None:
        """What must hold of every turn here."""


TRANSACTIONS = ("non_invite_server", "invite_server")
"Their commands are given by the machines here, not by an application."


def _method(client: Key) -> str:
    return "INVITE" if client.chart == "invite_client" else client.purpose
