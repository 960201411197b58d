"""One side of one call: what can happen to it, and what each of these things leads to.

Events are commands of the application, timers that run, facts of the world, and messages that the network holds. What
is left out, and why it may be:

- A timer that only keeps a finished transaction open (D, I, J, K, L, M) does not fire: no message outlives the
  transaction that waits for its copies, which is what these timers are for. The pairs of transactions fire them.
- A timer that only repeats (A, E, G, the 2xx again) is tried once in each state: the network holds its message already.
- A fact of the media that moves no machine is tried once in each state.
- One INVITE is one call: a copy that comes when its transaction has failed does not begin another.
- A copy of a request does nothing beside the transaction that the first one opened, and does not outlive it; so nothing
  fails any more in a transaction that can only repeat its last response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from session_fsm.chart import Chart
from session_fsm.explore.abstract import PACKETS, RTP, SENDS, Event, Facts, Key, Message, Outcome, Place, Side, Stand
from session_fsm.explore.arrival import Arrival, open_session, response_event
from session_fsm.explore.meaning import CallMeaning
from session_fsm.explore.rules import CLIENTS, Rules, Updates
from session_fsm.explore.sending import CALL, DIALOG, HOLD, MEDIA, server_of
from session_fsm.explore.turn import Sink, Turn

WITH_DIRECTION = ("place", "accept", "progress")
"Commands that say what our media should be."
HEARD = {"first_frame", "flow_resumed", "report_received"}
"Media facts that need a packet of the peer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How far an exploration goes."""

    reinvites: int = 0
    "How many re-INVITEs the application of each side may ask for."
    retries: int = 1
    "How often each side may try again after glare."
    first: tuple[str, ...] = ("sendrecv",)
    "The directions that the first offer and its answer may wish."
    again: tuple[tuple[str, ...], ...] = (("inactive",), ("sendrecv",))
    "The directions that the first, the second … re-INVITE of a side may offer: hold, then resume."
    fails: bool = True
    "Timers give up, and transports fail."
    smooth: bool = False
    "Nobody refuses or hangs up: for the directions alone."
    updates: Updates = "never"
    "When what is wished is offered by UPDATE."
    named: bool = False
    "It is wished by `hold` and `resume`, not as a re-INVITE with a direction."
    silent: bool = False
    "No media flow: for the signalling alone."

    def wishes(self, asked: int) -> tuple[str, ...]:
        """The directions that the next re-INVITE may offer, when so many were asked for before."""
        return self.again[min(asked, len(self.again) - 1)]

    def __str__(self) -> str:
        again = "; ".join(" or ".join(directions) for directions in self.again[: self.reinvites])
        wished = "to hold and to resume" if self.named else f"offering {again}"
        way = f", by UPDATE {self.updates}" if self.updates != "never" else ""
        tried = f" {wished}{way}, {self.retries} retry after glare" if self.reinvites else ""
        free = "" if self.fails else ", nobody gives up" if not self.smooth else ", nobody gives up or hangs up"
        return f"first offer and answer {' or '.join(self.first)}; {self.reinvites} re-INVITEs a side{tried}{free}"


WISHES = ("reinvite", "hold", "resume")
"What is asked of the call, and then of the machine of its wishes."

SMOOTH = ("place", "accept", "reinvite")
"What an application may ask where nobody gives up."


class CallSide:
    """The caller or the callee."""

    def __init__(self, charts: Sequence[Chart], side: Side, bound: Bound) -> None:
        self.side = side
        self.bound = bound
        self.rules = Rules(charts, side)
        self.rules.updates = bound.updates
        self.meaning = CallMeaning(self.rules)
        self.taken: set[tuple[str, str]] = set()
        self.commands: tuple[str, ...] | None = SMOOTH if bound.smooth else None
        "What an application may ask; None is everything."
        self._arriving: dict[int, list[Event]] = {}
        "What the messages that came are, by their identity: to hash one takes longer."
        self._deaf: dict[tuple[object, ...], dict[int, tuple[Message, bool]]] = {}
        "By what it depends on in a place, and by the message's identity: whether it can do nothing any more."
        self._tried: set[tuple[str, str, str]] = set()
        "(chart, state, event) of what is tried once in each state."

    def start(self) -> Place:
        """Before anything has happened."""
        retries = self.bound.retries if self.bound.reinvites else 0
        facts = Facts(reinvites=self.bound.reinvites, retries=retries)
        blank = Turn(self.rules, Place((), facts), (), self.taken)
        if self.side == "uac":
            open_session(blank)
        blank.run(self.meaning)
        return blank.outcome(self.meaning).after

    def gives_up(self, event: Event) -> bool:
        """A timer that gives up, and a transport that fails."""
        if event.kind == "timer" and event.key is not None:
            return self.rules.charts[event.key.chart].timers[event.name].gives_up
        return event.name == "transport_error"

    def outcomes(self, place: Place, event: Event) -> list[Outcome]:
        """Everything that an event may lead to."""
        turn = self._turn(place, event, ())
        first = turn.outcome(self.meaning)
        scripts = turn.further()
        if not scripts:
            return [first]
        found = {(first.after, first.sent, first.faults): first}
        while scripts:
            turn = self._turn(place, event, scripts.pop())
            outcome = turn.outcome(self.meaning)
            scripts += turn.further()
            found.setdefault((outcome.after, outcome.sent, outcome.faults), outcome)
        return list(found.values())

    def told(self, place: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """One outcome again, with a trace row for each step."""
        return self._turn(place, event, script, sink).outcome(self.meaning)

    def _turn(self, place: Place, event: Event, script: Sequence[int], sink: Sink | None = None) -> Turn:
        turn = Turn(self.rules, place, script, self.taken, sink)
        if event.message is not None and not event.message.is_packet:
            Arrival(turn, self.meaning, place).of(event.message)
        else:
            self._begin(turn, place, event)
        turn.run(self.meaning)
        if ("media", "Established") in turn.entered:
            turn.facts["established"] = True
        return turn

    def _begin(self, turn: Turn, place: Place, event: Event) -> None:
        if event.kind == "command":
            self._command(turn, place, event.name)
        elif event.kind == "timer" and event.key is not None:
            self._expire(turn, event.key, event.name)
        elif event.name == "transport_error":
            if turn.facts["lingers"] == "loosely":
                turn.facts["lingers"] = ""
            for key in sorted(turn.stands, key=lambda key: not key.chart.endswith("_client")):
                if self._feels(key, turn.stands[key].state):
                    turn.post(key, "transport_error")
        else:
            self._media(turn, event.name)

    def _command(self, turn: Turn, place: Place, name: str) -> None:
        if name == "place":
            turn.facts["offering"] = turn.choose([True, False])
        if name in WITH_DIRECTION and turn.facts["offering"]:
            turn.facts["local"] = turn.choose(self.bound.first)
        left = int(str(turn.facts["reinvites"]))
        if name == "reinvite":
            wish = turn.choose(self.bound.wishes(self.bound.reinvites - left))
            turn.facts["waiting"] = (*place.facts.waiting, wish)
        if name in WISHES:
            turn.facts["reinvites"] = left - 1
        turn.post(CALL, name)
        if name in WISHES:
            if HOLD not in turn.stands:
                turn.open_machine(HOLD)
            turn.post(HOLD, name)

    def _expire(self, turn: Turn, key: Key, timer: str) -> None:
        stand = turn.stands[key]
        turn.stands[key] = stand._replace(timers=tuple(name for name in stand.timers if name != timer))
        if timer == "glare":
            turn.facts["retries"] = int(str(turn.facts["retries"])) - 1
        turn.post(key, self.rules.charts[key.chart].timers[timer].event)

    def _media(self, turn: Turn, name: str) -> None:
        if name == "path_opened" and turn.facts["open"] in SENDS:
            # The first frame leaves, and that is what the media plane tells.
            if turn.stands[MEDIA].state in ("Idle", "Negotiating"):
                turn.fault("no-media-before-ready", f"RTP leaves while media is {turn.stands[MEDIA].state}")
            turn.send(Message(self.side, RTP, fork=int(str(turn.facts["adopted"]))))
        turn.post(MEDIA, name)

    # What can happen.

    def own(self, place: Place) -> Iterator[Event]:
        """What can happen here whatever the network holds."""
        stands = dict(place.machines)
        if not self.has_begun(stands):
            return
        yield from self._commands(stands[CALL], place.facts, stands.get(HOLD))
        for key, stand in place.machines:
            yield from self._timers(key, stand.state, stand.timers, place.facts)
        felt = place.facts.lingers == "loosely" or any(self._feels(key, stand.state) for key, stand in place.machines)
        if felt and self.bound.fails:
            yield Event("world", "transport_error")
        if not self.bound.silent:
            yield from self._facts(stands[MEDIA].state, place.facts)

    def has_begun(self, stands: Mapping[Key, Stand]) -> bool:
        """Whether there is a session: a callee has none before the INVITE."""
        return self.side == "uac" or DIALOG in stands

    def _may_wish(self, name: str, wishes: Stand | None) -> bool:
        """Whether the application of this bound wishes so, and the machine of its wishes would not refuse it."""
        if self.bound.named != (name in WISHES[1:]):
            return False
        hold = self.rules.charts["hold"]
        return hold.cells[wishes.state if wishes else hold.initial, name].verdict != "refused"

    def _commands(self, stand: Stand, facts: Facts, wishes: Stand | None) -> Iterator[Event]:
        call = self.rules.charts["call"]
        for event in call.events.values():
            if event.kind != "command" or (event.name in WISHES and not facts.reinvites):
                continue
            if event.name in WISHES and not self._may_wish(event.name, wishes):
                continue
            if self.commands is not None and event.name not in self.commands:
                continue
            cell = call.cells[stand.state, event.name]
            if cell.rows or (cell.verdict == "postponed" and event.name not in stand.postponed):
                yield Event("command", event.name)

    def _timers(self, key: Key, state: str, running: Sequence[str], facts: Facts) -> Iterator[Event]:
        for timer in running:
            if facts.retries if timer == "glare" else self._may_fire(key, timer):
                yield Event("timer", timer, key)
        chart = self.rules.charts[key.chart]
        for timer in sorted(chart.analysis.running[state]):
            if (key.chart, timer) in self.rules.repeating and self._is_new(key.chart, state, timer):
                yield Event("timer", timer, key)

    def _may_fire(self, key: Key, timer: str) -> bool:
        return self.bound.fails or not self.rules.charts[key.chart].timers[timer].gives_up

    def _feels(self, key: Key, state: str) -> bool:
        cell = self.rules.charts[key.chart].cells.get((state, "transport_error"))
        return cell is not None and bool(cell.rows) and state not in self.rules.inert[key.chart]

    def _facts(self, media: str, facts: Facts) -> Iterator[Event]:
        if media in self.rules.charts["media"].final:
            return
        for event in self.rules.charts["media"].events.values():
            if event.kind not in ("message", "world") or event.name in HEARD:
                continue
            if event.name in self.rules.observed:
                if self._is_new("media", media, event.name):
                    yield Event("world", event.name, MEDIA)
            elif facts.open:
                yield Event("world", event.name, MEDIA)

    def _is_new(self, chart: str, state: str, event: str) -> bool:
        """Whether this was not tried yet in this state."""
        key = (chart, state, event)
        fresh = key not in self._tried
        self._tried.add(key)
        cell = self.rules.charts[chart].cells.get((state, event))
        return fresh and (cell is None or cell.verdict != "postponed")

    def heard(self, place: Place, message: Message) -> list[Event]:
        """What a message that the network holds is for this side; nothing when it is not for it, or can do nothing."""
        if message.lost:
            return []
        if not message.is_packet:
            found = self._arriving.get(id(message))
            if found is None:
                # The event keeps the message, and so its identity.
                found = self._arriving[id(message)] = [Event("message", str(message), None, message)]
            return found
        stand = dict(place.machines).get(MEDIA)
        if stand is None or message.fork != place.facts.adopted:
            return []
        cells = self.rules.charts["media"].cells
        names = [name for name in PACKETS[message.method] if (stand.state, name) in cells]
        if message.method == RTP and len(names) > 1 and not cells[stand.state, names[1]].rows:
            names = names[:1]  # it is RTP again only where it had stopped
        return [Event("message", name, MEDIA, message) for name in names if name not in stand.postponed]

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterator[bool]:
        """Whether each can do nothing here any more: what it belongs to is gone and never opens again."""
        known = self._deaf.setdefault((place.machines, place.facts.absorbed), {})
        for message in messages:
            found = known.get(id(message))
            if found is None:
                found = known[id(message)] = (message, self._is_deaf(place, message))
            yield found[1]

    def _is_deaf(self, place: Place, message: Message) -> bool:
        stands = dict(place.machines)
        if message.status:
            clients = [key for key in stands if key.chart in CLIENTS and key.branch == message.branch]
            return not any(self._minds(message, key, stands[key]) for key in clients)
        if message.lost:
            return True
        if message.method in PACKETS:
            media = stands.get(MEDIA)
            return media is not None and media.state in self.meaning.finals["media"]
        if message.method == "ACK":
            return not any(self._awaits(message, key, stand) for key, stand in place.machines)
        if message.method == "INVITE" and not message.to_tag:
            return self.has_begun(stands)
        server = server_of(message)
        return server in stands or server in place.facts.absorbed

    def _minds(self, response: Message, client: Key, stand: Stand) -> bool:
        return self.rules.minds(client.chart, stand.state, response_event(client, response))

    def _awaits(self, ack: Message, key: Key, stand: Stand) -> bool:
        if key.chart == "answer":
            return key.cseq == ack.cseq
        mine = key.chart == "invite_server" and key.branch == ack.branch
        return mine and self.rules.minds(key.chart, stand.state, "ack_received")
