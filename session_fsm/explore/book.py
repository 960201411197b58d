"""What one side does: its places, its messages, and what each place does with each message, worked out once.

Two walks of the same sides may share a book: what is known of one is known of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from session_fsm.explore.abstract import Event, Message, Outcome, Place
from session_fsm.explore.numbering import Growing, Ints, Numbering, Runs, distinct
from session_fsm.explore.rules import Rules
from session_fsm.explore.sets import Sets
from session_fsm.explore.turn import Sink

INPUT = 16  # bits of an input's key that are its message; 0 is what can happen without one
PROGRESS, GIVES_UP = 1, 2
"Kinds of steps, as bits: what happens by itself when nothing is lost, and what only comes when somebody gives up."


class Actor(Protocol):
    """One side of a product."""

    @property
    def rules(self) -> Rules:
        """Its charts."""

    @property
    def taken(self) -> set[tuple[str, str]]:
        """Every (chart, row) that it took."""

    def start(self) -> Place:
        """Before anything has happened."""

    def own(self, place: Place) -> Iterable[Event]:
        """What can happen here whatever the network holds."""

    def heard(self, place: Place, message: Message) -> Iterable[Event]:
        """What a message that the network holds may be here."""

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterable[bool]:
        """Whether each message can do nothing here, now and for ever."""

    def gives_up(self, event: Event) -> bool:
        """Whether this comes only when something was lost for good: a time-out, a transport that fails."""

    def outcomes(self, place: Place, event: Event) -> list[Outcome]:
        """Everything that an event may lead to."""

    def told(self, place: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """One outcome again, with a trace row for each step."""


class Step(NamedTuple):
    """One thing that an event leads to, in numbers."""

    after: int
    "The place."
    said: int
    "The set of what is sent."
    kind: int
    "PROGRESS, GIVES_UP."


class Book:
    """The places and messages of one side, by number, and its steps."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.messages: list[Message] = []
        "Every message that this side can send."
        self.sets = Sets()
        "Sets of them."
        self.places: list[Place] = []
        self.steps = Runs(3)
        "Of each input: the place afterwards, the set of what is sent, the kind of step."
        self.deafness = Growing()
        "For each place the set of the peer's messages that can do nothing there."
        self.faults: dict[int, list[tuple[Event, Outcome]]] = {}
        "Input -> its outcomes that must not be."
        self._wire: dict[Message, int] = {}
        self._place_numbers: dict[Place, int] = {}
        self._judged = Growing()
        "For each place how many of the peer's messages were looked at."
        self._inputs = Numbering(1)
        self._own: dict[int, list[Event]] = {}
        self.start = self.place_of(actor.start())

    def place_of(self, place: Place) -> int:
        """A place's number; a new one if it was not seen before."""
        found = self._place_numbers.setdefault(place, len(self.places))
        if found == len(self.places):
            self.places.append(place)
            self.deafness.extend([0])
            self._judged.extend([0])
        return found

    def said_in(self, outcome: Outcome) -> int:
        """The set of what an outcome sends."""
        mask = 0
        for message in outcome.sent:
            if not message.lost:
                number = self._wire.setdefault(message, len(self.messages))
                if number == len(self.messages):
                    self.messages.append(message)
                mask |= 1 << number
        return self.sets.number_of(mask)

    def judge(self, places: Ints, peer: Book) -> None:
        """See to it that it is known what these places are deaf to, of all that the peer can send so far."""
        known = len(peer.messages)
        for place in distinct(places[self._judged.all[places] < known]).tolist():
            deaf = peer.sets.masks[int(self.deafness.all[place])]
            begin = int(self._judged.all[place])
            for number, is_deaf in enumerate(self.actor.deaf(self.places[place], peer.messages[begin:]), begin):
                deaf |= is_deaf << number
            self.deafness.all[place] = peer.sets.number_of(deaf)
            self._judged.all[place] = known

    def inputs(self, places: Ints, messages: Ints, peer: Book) -> Ints:
        """The numbers in `steps` of these places with these messages; -1 is what can happen without one."""
        keys = places << INPUT | messages + 1
        inputs, fresh = self._inputs.of(keys)
        counts: list[int] = []
        found: list[Step] = []
        for number, key in zip(inputs[fresh].tolist(), keys[fresh].tolist(), strict=True):
            steps = self._work_out(number, key >> INPUT, (key & ((1 << INPUT) - 1)) - 1, peer)
            counts.append(len(steps))
            found += steps
        columns = zip(*found, strict=True) if found else ((), (), ())
        self.steps.extend(counts, *(list(column) for column in columns))
        return inputs

    def _work_out(self, number: int, place: int, message: int, peer: Book) -> list[Step]:
        """Step the charts, once for each input, whatever else the network holds."""
        found: dict[Step, None] = {}
        here = self.places[place]
        for event in self.events(place, message, peer):
            kind = PROGRESS * _is_progress(event) | GIVES_UP * self.actor.gives_up(event)
            for outcome in self.actor.outcomes(here, event):
                if outcome.faults:
                    self.faults.setdefault(number, []).append((event, outcome))
                found[Step(self.place_of(outcome.after), self.said_in(outcome), kind)] = None
        return list(found)

    def events(self, place: int, message: int, peer: Book) -> Iterable[Event]:
        """What a message may be in a place; for -1, what can happen there without one."""
        if message >= 0:
            return self.actor.heard(self.places[place], peer.messages[message])
        if place not in self._own:
            # Kept, because what need be tried only once is told only once.
            self._own[place] = list(self.actor.own(self.places[place]))
        return self._own[place]


def _is_progress(event: Event) -> bool:
    """What happens by itself when nothing is lost: a message comes, a path opens."""
    return event.kind == "message" or event.name == "path_opened"
