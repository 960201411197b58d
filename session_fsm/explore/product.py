"""Both sides and the network between them, numbered: what the search walks.

The network is a set: a message that was sent can be delivered for ever, once or many times, in any order or never.
That covers loss, duplication, reordering and late retransmission. Where a side stands is its *place*; a state of the
product is two places and the two sets of messages that were sent. What a side does in a place with a message depends on
nothing else, so it is worked out once for each such pair, and all the rest is looking up numbers, many at once. A
message that its receiver will never again take notice of, as a response to a transaction that is gone, is taken out of
the set: states that differ only in such messages are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from session_fsm.explore.abstract import Event, Outcome, Place
from session_fsm.explore.book import GIVES_UP, PROGRESS, Actor, Book
from session_fsm.explore.numbering import Ints, Numbering, Runs

LOW = (1 << 32) - 1


class Move(NamedTuple):
    """One event at one side and one of its outcomes."""

    side: int
    event: Event
    outcome: Outcome


class Faulty(NamedTuple):
    """An outcome that must not be."""

    event: Event
    outcome: Outcome
    position: int
    "Which of the pairs that were asked for it came up in."


class Half:
    """One side of a product: what may follow in each place with each inbox."""

    def __init__(self, book: Book, number: int, *, patient: bool = False) -> None:
        self.book = book
        self.number = number
        self.patient = patient
        "Whether nobody ever gives up."
        self.faulty: list[Faulty] = []
        "Every outcome that has a fault; whoever searches takes them away."
        self.follows = Runs(4)
        "Of each place and inbox: the place afterwards, what is sent, if it is progress, what is left of the inbox."
        self._inboxes = Numbering(1)
        self._told: set[int] = set()
        self._moves: dict[tuple[int, int], list[tuple[Event, Outcome]]] = {}

    @property
    def actor(self) -> Actor:
        """Who walks."""
        return self.book.actor

    @property
    def places(self) -> list[Place]:
        """Every place that is known, by number."""
        return self.book.places

    def following(self, places: Ints, inboxes: Ints, peer: Half) -> Ints:
        """The numbers in `follows` of these places with these messages of the peer."""
        numbers, fresh = self._inboxes.of(places << 32 | inboxes)
        if len(fresh):
            self._learn(places[fresh], inboxes[fresh], fresh, peer.book)
        return numbers

    def _learn(self, places: Ints, inboxes: Ints, positions: Ints, peer: Book) -> None:
        """What follows in each place with each inbox: without a message, and by each one that is there."""
        book = self.book
        at, messages = peer.sets.elements(inboxes)
        owners = np.concatenate((np.arange(len(places), dtype=np.int64), at))
        messages = np.concatenate((np.full(len(places), -1, dtype=np.int64), messages))
        order = np.argsort(owners, kind="stable")
        owners = owners[order]
        inputs = book.inputs(places[owners], messages[order], peer)
        if book.faults:
            self._tell(inputs, positions[owners])
        step, record = book.steps.of(inputs)
        owners = owners[step]
        after, said, kind = (column.all[record] for column in book.steps.columns)
        book.judge(after, peer)
        rest = peer.sets.joined(inboxes[owners], np.zeros_like(owners), book.deafness.all[after])
        # What changes nothing at all is left out, and where nobody gives up what is done by whoever does.
        kept = (after != places[owners]) | (said != 0) | (rest != inboxes[owners])
        if self.patient:
            kept &= kind & GIVES_UP == 0
        counts = np.bincount(owners[kept], minlength=len(places))
        self.follows.extend(counts, after[kept], said[kept], kind[kept] & PROGRESS, rest[kept])

    def _tell(self, inputs: Ints, positions: Ints) -> None:
        """The faults of inputs that come up for the first time here."""
        for number in self.book.faults.keys() - self._told:
            come = np.flatnonzero(inputs == number)
            if len(come):
                self._told.add(number)
                position = int(positions[come].min())
                faults = [one for one in self.book.faults[number] if not (self.patient and self.actor.gives_up(one[0]))]
                self.faulty += [Faulty(event, outcome, position) for event, outcome in faults]

    def moves(self, place: int, peer: Half, inbox: int) -> Iterator[Move]:
        """Everything that can happen next, with its outcomes: for the one run that is told in full."""
        for message in (-1, *peer.book.sets.numbers_in(inbox)):
            if (place, message) not in self._moves:
                self._moves[place, message] = list(self._outcomes(place, message, peer))
            for event, outcome in self._moves[place, message]:
                yield Move(self.number, event, outcome)

    def _outcomes(self, place: int, message: int, peer: Half) -> Iterator[tuple[Event, Outcome]]:
        for event in self.book.events(place, message, peer.book):
            if not (self.patient and self.actor.gives_up(event)):
                for outcome in self.actor.outcomes(self.places[place], event):
                    yield event, outcome

    def deaf_to(self, place: int, peer: Half) -> int:
        """The set of the peer's messages that can do nothing in a place."""
        self.book.judge(np.array([place], dtype=np.int64), peer.book)
        return int(self.book.deafness.all[place])
