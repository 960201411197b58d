"""One event at one side, run to completion: the real step, the real routes, the mailbox's order, abstract data.

The order is that of `machine.mailbox`: what a machine posts to itself, then what it had postponed, then all others.
What is not known (whether a description is agreeable, which direction the application asks for) is a question; a
script answers the first ones, and each further question takes its first answer and is noted, so that whoever calls can
come back with the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from session_fsm.chart import NOWHERE, START
from session_fsm.chart.guards import excluded, implied
from session_fsm.explore.abstract import Facts, Key, Message, Outcome, Place, Side, Stand
from session_fsm.explore.rules import Plan, Rules
from session_fsm.machine import Step, TraceRow, step
from session_fsm.machine.trace import Origin

Answer = TypeVar("Answer")
Posted = tuple[Key, str, Message | None, int | None]
Sink = Callable[[TraceRow], object]


NOBODY = Stand("")
ENDLESS = 200  # steps of one turn; a turn of the shipped charts takes about twenty
SAME = 4  # events of one name that wait at one machine; more would make no other difference


class StuckError(Exception):
    """An effect that cannot do what the row asks of it: where the real one would fail."""


class Turn:
    """One event, from its arrival until the queue is empty."""

    def __init__(
        self, rules: Rules, place: Place, script: Sequence[int], taken: set[tuple[str, str]], sink: Sink | None = None
    ) -> None:
        self.rules = rules
        self.side: Side = rules.side
        self.place = place
        self.stands, self.facts = rules.known(place)
        self._unsorted = False
        self.script = script
        self.asked: list[tuple[int, int]] = []
        "(the answer that was taken, how many there were) of each question."
        self.sent: list[Message] = []
        self.faults: list[tuple[str, str]] = []
        self.taken = taken
        "Every (chart, row) that was taken."
        self.event = ""
        "What is being taken now."
        self.entered: set[tuple[str, str]] = set()
        "(chart, state) of every machine that took an event, afterwards."
        self.sink = sink
        self.row = 0
        self.judged: dict[Message, tuple[str, str] | None] = {}
        self.described = ""
        "The last description of ours that was made in this turn."
        self._queue: deque[Posted] = deque()
        self._own: list[Posted] = []
        self._stepping: Key | None = None
        self._cause: int | None = None
        self._known: dict[str, bool] = {}

    # What effects ask.

    def post(self, key: Key, event: str, payload: Message | None = None) -> None:
        """Queue an event for a machine."""
        if key == self._stepping:
            self._own.append((key, event, payload, self._cause))
        else:
            self._queue.append((key, event, payload, self._cause))

    def send(self, message: Message) -> None:
        """A message leaves."""
        self.sent.append(message)

    def choose(self, options: Sequence[Answer]) -> Answer:
        """One of several possible values; a script that has run out takes the first."""
        if len(options) == 1:
            return options[0]
        place = len(self.asked)
        taken = self.script[place] if place < len(self.script) else 0
        self.asked.append((taken, len(options)))
        return options[taken]

    def open_machine(self, key: Key, payload: Message | None = None) -> None:
        """A new machine; it enters its initial state when its turn in the queue comes."""
        self.stands[key] = Stand(NOWHERE)
        self._unsorted = True
        self.post(key, START, payload)

    def fault(self, rule: str, what: str) -> None:
        """Something that must not happen."""
        if (rule, what) not in self.faults:
            self.faults.append((rule, what))

    # Running.

    def run(self, meaning: Meaning) -> None:
        """Take events until none is left."""
        while self._queue:
            if self.row > ENDLESS:
                self.fault("no-endless-turn", f"more than {ENDLESS} steps follow from one event")
                return
            key, event, payload, cause = self._queue.popleft()
            if key in self.stands:
                self._take(meaning, key, event, payload, cause)

    def _take(self, meaning: Meaning, key: Key, event: str, payload: Message | None, cause: int | None) -> None:
        stand = self.stands[key]
        self._known = {}
        self.event = event

        def holds(guard: str) -> bool:
            value = meaning.guard(self, key, guard, payload)
            if value is None:
                value = self._open_guard(key, guard)
            self._known[guard] = value
            return value

        try:
            found = step(self.rules.tables[key.chart], stand.state, event, holds)
        except KeyError:
            self.fault("no-lost-event", f"{key} is sent {event}, which its chart does not have on this side")
            return
        self.row += 1
        plan = self.rules.plan(key.chart, found)
        if found.row is not None:
            self.taken.add(plan.taken)
        else:
            self._account(key, stand, event, found, cause)
        if self.sink is not None:
            self.sink(self._trace_row(key, stand, event, payload, found, cause))
        if found.effects or found.state != stand.state:
            self._act(meaning, key, payload, plan)
            if found.state != stand.state and self.stands.get(key, NOBODY).postponed:
                self._bring_back(key)
        if self._own:
            self._queue.extendleft(reversed(self._own))
            self._own.clear()
        self.entered.add(plan.entered)

    def _account(self, key: Key, stand: Stand, event: str, found: Step, cause: int | None) -> None:
        if found.verdict == "postponed" and stand.postponed.count(event) < SAME:
            self.stands[key] = Stand(stand.state, stand.timers, (*stand.postponed, event))
        elif found.verdict == "impossible":
            self.fault("no-impossible-cell", f"{key} in {stand.state} was sent {event}")
        elif found.verdict == "refused" and cause is not None:
            self.fault("no-refused-command", f"{key} in {stand.state} refuses {event}")

    def _act(self, meaning: Meaning, key: Key, payload: Message | None, plan: Plan) -> None:
        """The new state first, and then the effects; timers are on the way as the effects leave them."""
        before = self.stands[key]
        state = plan.step.state
        if state != before.state:
            self.stands[key] = Stand(state, before.timers, before.postponed)
        self._stepping, self._cause = key, self.row
        for kind, name in plan.effects:
            try:
                meaning.effect(self, key, kind, name, payload)
            except StuckError as why:
                self.fault("no-effect-fails", f"{name} of {key}: {why}")
        self._stepping = self._cause = None
        if plan.timers and key in self.stands:
            timers = set(before.timers)
            for starts, name in plan.timers:
                timers.add(name) if starts else timers.discard(name)
            self.stands[key] = Stand(state, tuple(sorted(timers)), before.postponed)

    def _bring_back(self, key: Key) -> None:
        """What it had postponed comes back once its state has changed; what it posted to itself goes before that."""
        stand = self.stands[key]
        back: list[Posted] = [(key, event, None, None) for event in stand.postponed]
        self.stands[key] = Stand(stand.state, stand.timers)
        self._queue.extendleft(reversed(back))

    def _open_guard(self, key: Key, guard: str) -> bool:
        """A guard that nothing here decides: both ways, within what the chart says of the guards known so far."""
        guards = self.rules.charts[key.chart].guards
        true = [name for name, value in self._known.items() if value]
        false = [name for name, value in self._known.items() if not value]
        may = not any(excluded(guards, guard, name) for name in true) and not implied(guards, guard) & set(false)
        must = any(guard in implied(guards, name) for name in true)
        return self.choose([True] if must else [True, False] if may else [False])

    def _trace_row(
        self, key: Key, stand: Stand, event: str, payload: Message | None, found: Step, cause: int | None
    ) -> TraceRow:
        chart = self.rules.charts[key.chart]
        role = chart.role if chart.role != "both" else self.side
        said = payload.summary() if payload is not None else None
        origin = Origin(self.rules.session, role, key.label, chart.id, chart.version)
        return TraceRow(self.row, cause, 0.0, origin, event, said, stand.state, found)

    # The end.

    def outcome(self, meaning: Meaning) -> Outcome:
        """Where it led."""
        facts = Facts._make(self.facts.values())  # their order is that of the fields
        machines = tuple(sorted(self.stands.items()) if self._unsorted else self.stands.items())
        place = self.place
        if machines != place.machines or facts != place.facts:
            place = meaning.settled(Place(machines, facts, place.others))
        sent = tuple(dict.fromkeys(self.sent))
        return Outcome(place, sent, tuple([taken for taken, _ in self.asked]), tuple(self.faults))

    def further(self) -> list[tuple[int, ...]]:
        """The scripts that answer the questions beyond the script's end in the ways that this turn did not."""
        taken = [answer for answer, _ in self.asked]
        return [
            (*taken[:place], answer)
            for place in range(len(self.script), len(self.asked))
            for answer in range(1, self.asked[place][1])
        ]


class Meaning:
    """What names mean to the data: guards, effects, sends and emissions. The base knows none of them."""

    def guard(self, turn: Turn, key: Key, name: str, payload: Message | None) -> bool | None:
        """Its value, or None when nothing here decides it."""
        return None

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: Message | None) -> None:
        """Carry out one effect: do, send or emit."""

    def settled(self, place: Place) -> Place:
        """The place with everything forgotten that can never matter again."""
        return place
