"""Both sides and the network between them, numbered: what the search walks.

The network is a set: a message that was sent can be delivered for ever, once or many times, in any order or never.
That covers loss, duplication, reordering and late retransmission. A *part* is where one side stands together with what
it has sent; a state of the product is two parts. What a side can do next depends on its own part and on what the other
has sent, and is worked out once for each such pair. A message that its receiver will never again take notice of, as a
response to a transaction that is gone, is taken out of the set: states that differ only in such messages are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from session_fsm.explore.abstract import Event, Message, Outcome, Place
from session_fsm.explore.rules import Rules
from session_fsm.explore.turn import Sink

REMEMBERED = 400_000  # answers that are kept of each kind; what is forgotten is worked out again when it is needed


class Actor(Protocol):
    """One side of a product."""

    @property
    def rules(self) -> Rules:
        """Its charts."""

    def start(self) -> Place:
        """Before anything has happened."""

    def own(self, place: Place) -> Iterable[Event]:
        """What can happen here whatever the network holds."""

    def heard(self, place: Place, message: Message) -> Iterable[Event]:
        """What a message that the network holds may be here."""

    def deaf(self, place: Place, message: Message) -> bool:
        """Whether a message can do nothing here, now and for ever."""

    def outcomes(self, place: Place, event: Event) -> list[Outcome]:
        """Everything that an event may lead to."""

    def told(self, place: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """One outcome again, with a trace row for each step."""


class Move(NamedTuple):
    """One event at one side and one of its outcomes."""

    side: int
    event: Event
    outcome: Outcome
    part: int
    "The side's part afterwards."


class Part(NamedTuple):
    """Where one side stands and what it has sent."""

    place: int
    "The place's number."
    sent: int
    "One bit for each message that still matters, by the wire's numbers."


class Follow(NamedTuple):
    """What may come next at one side, by what else it changes."""

    plain: tuple[int, ...]
    "Parts; nothing else changes."
    sending: tuple[int, ...]
    "Parts that have sent something, which the peer may be deaf to."
    leaving: tuple[tuple[int, tuple[int, ...]], ...]
    "(the peer's messages that still matter, parts), where others have lost their meaning."
    calm: bool
    "Whether nothing that is on its way would change anything here, but for `replying`."
    replying: tuple[int, ...]
    "Those of `sending` that something on its way brings about: no change where the peer is deaf to the reply."


class Lead(NamedTuple):
    """One thing that an event may lead to from one part."""

    part: int
    place: int
    sends: bool
    progress: bool


class Half:
    """One side of a product: its parts, and what may follow each."""

    def __init__(self, actor: Actor, number: int) -> None:
        self.actor = actor
        self.number = number
        self.wire: dict[Message, int] = {}
        "Every message that this side can send -> its number."
        self.messages: list[Message] = []
        self.places: list[Place] = []
        self.parts: list[Part] = []
        self.faulty: list[tuple[Event, Outcome]] = []
        "Every outcome that has a fault; whoever searches takes them away."
        self._place_numbers: dict[Place, int] = {}
        self._numbers: dict[Part, int] = {}
        self._known: dict[tuple[int, Message | None], list[tuple[Event, Outcome, int, int]]] = {}
        self._kept: dict[tuple[int, int], int] = {}
        self._leads: dict[tuple[int, Message | None], list[Lead]] = {}
        self._deaf: dict[int, tuple[int, int]] = {}
        "Place -> (how many of the peer's messages were judged, those that it is deaf to)."
        self.start = self.number_of(Part(self.place_of(actor.start()), 0))

    def place_of(self, place: Place) -> int:
        """A place's number; a new one if it was not seen before."""
        found = self._place_numbers.get(place)
        if found is None:
            found = self._place_numbers[place] = len(self.places)
            self.places.append(place)
        return found

    def number_of(self, part: Part) -> int:
        """A part's number; a new one if it was not seen before."""
        found = self._numbers.get(part)
        if found is None:
            found = self._numbers[part] = len(self.parts)
            self.parts.append(part)
        return found

    def keeping(self, number: int, mask: int) -> int:
        """The part with only these of its messages."""
        found = self._kept.get((number, mask))
        if found is None:
            if len(self._kept) > REMEMBERED:
                self._kept.clear()
            part = self.parts[number]
            found = self._kept[number, mask] = self.number_of(Part(part.place, part.sent & mask))
        return found

    def minds(self, place: int, peer: Half) -> int:
        """The peer's messages that can still do something in this place or in one that follows."""
        judged, deaf = self._deaf.get(place, (0, 0))
        if judged < len(peer.messages):
            for bit in range(judged, len(peer.messages)):
                deaf |= self.actor.deaf(self.places[place], peer.messages[bit]) << bit
            self._deaf[place] = (len(peer.messages), deaf)
        return ~deaf

    def following(self, number: int, peer: Half, inbox: int) -> Follow:
        """What may come next for this part, with these messages of the peer."""
        # Dictionaries for sets whose order is the same in every run.
        plain: dict[int, None] = {}
        sending: dict[int, None] = {}
        leaving: dict[int, dict[int, None]] = {}
        calm = True
        replying: dict[int, None] = {}
        for message in (None, *peer.in_mask(inbox)):
            for part, place, sends, progress in self._leads_of(number, message):
                keep = self.minds(place, peer)
                if inbox & keep != inbox:
                    leaving.setdefault(keep, {})[part] = None
                elif sends:
                    sending[part] = None
                    if progress:
                        replying[part] = None
                    continue
                elif part != number:
                    plain[part] = None
                else:
                    continue
                calm = calm and not progress
        return Follow(
            tuple(plain),
            tuple(sending),
            tuple((keep, tuple(parts)) for keep, parts in leaving.items()),
            calm,
            tuple(replying),
        )

    def _leads_of(self, number: int, message: Message | None) -> list[Lead]:
        found = self._leads.get((number, message))
        if found is None:
            if len(self._leads) > REMEMBERED:
                self._leads.clear()
            part = self.parts[number]
            found = self._leads[number, message] = []
            for event, _, place, sent in self._by(part.place, message):
                after = self.number_of(Part(place, part.sent | sent))
                found.append(Lead(after, place, part.sent | sent != part.sent, _is_progress(event)))
        return found

    def moves(self, number: int, peer: Half, inbox: int) -> Iterator[Move]:
        """Everything that can happen next, with its outcomes: for the one run that is told in full."""
        part = self.parts[number]
        found = [lead for message in (None, *peer.in_mask(inbox)) for lead in self._by(part.place, message)]
        for event, outcome, place, sent in found:
            yield Move(self.number, event, outcome, self.number_of(Part(place, part.sent | sent)))

    def in_mask(self, mask: int) -> Iterator[Message]:
        """The messages of a set."""
        number = 0
        while mask:
            if mask & 1:
                yield self.messages[number]
            mask >>= 1
            number += 1

    def _by(self, place: int, message: Message | None) -> list[tuple[Event, Outcome, int, int]]:
        """(event, outcome, place afterwards, what is sent) of a message, or of what can happen without one."""
        found = self._known.get((place, message))
        if found is None:
            here = self.places[place]
            events = self.actor.own(here) if message is None else self.actor.heard(here, message)
            found = self._known[place, message] = list(self._led_to(place, events))
        return found

    def _led_to(self, place: int, events: Iterable[Event]) -> Iterator[tuple[Event, Outcome, int, int]]:
        for event in events:
            for outcome in self.actor.outcomes(self.places[place], event):
                if outcome.faults:
                    self.faulty.append((event, outcome))
                sent = 0
                for message in outcome.sent:
                    if not message.lost:
                        sent |= 1 << self._bit(message)
                yield event, outcome, self.place_of(outcome.after), sent

    def _bit(self, message: Message) -> int:
        found = self.wire.get(message)
        if found is None:
            found = self.wire[message] = len(self.messages)
            self.messages.append(message)
        return found


def _is_progress(event: Event) -> bool:
    """What happens by itself when nothing is lost: a message comes, a path opens."""
    return event.kind == "message" or event.name == "path_opened"
