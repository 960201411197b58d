"""The same walk one state at a time, with dictionaries and masks of Python: slow, and plain enough to be believed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from session_fsm.explore.abstract import Message, Place
from session_fsm.explore.book import Actor

State = tuple[tuple[int, int], tuple[int, int]]
"Where both sides stand, and which messages each has sent, one bit for each."
Step = tuple[bool, int, int]
"(whether somebody gives up, the place afterwards, the messages that are sent)."


class PlainSide:
    """What one side does in each place."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.places: dict[Place, int] = {}
        self.messages: dict[Message, int] = {}
        self.steps = cache(self._steps)
        self.deaf = cache(self._deaf)

    def listed(self, mask: int) -> list[Message]:
        """The messages of a mask."""
        return [message for message, number in self.messages.items() if mask >> number & 1]

    def _steps(self, place: int, message: Message | None) -> list[Step]:
        here = list(self.places)[place]
        found = []
        # What may be told only once is asked only once: this is cached.
        for event in self.actor.own(here) if message is None else self.actor.heard(here, message):
            for outcome in self.actor.outcomes(here, event):
                said = 0
                for sent in outcome.sent:
                    if not sent.lost:
                        said |= 1 << self.messages.setdefault(sent, len(self.messages))
                after = self.places.setdefault(outcome.after, len(self.places))
                found.append((self.actor.gives_up(event), after, said))
        return found

    def _deaf(self, place: int, message: Message) -> bool:
        return next(iter(self.actor.deaf(list(self.places)[place], [message])))


class PlainWalk:
    """Every state and every edge of a product."""

    def __init__(self, actors: tuple[Actor, Actor], *, patient: bool = False) -> None:
        self.sides = tuple(map(PlainSide, actors))
        self.patient = patient
        for side in self.sides:
            side.places[side.actor.start()] = 0
        start: State = ((0, 0), (0, 0))
        self.states: dict[State, int] = {start: 0}
        "With the number of steps of a shortest run to each."
        self.edges = 0
        waiting = [start]
        for here in waiting:
            goals = set(self.following(here)) - {here}
            self.edges += len(goals)
            for goal in goals:
                if goal not in self.states:
                    self.states[goal] = self.states[here] + 1
                    waiting.append(goal)

    def following(self, here: State) -> Iterator[State]:
        """What each event of either side leads to."""
        places, sent = here
        for me, you in ((0, 1), (1, 0)):
            for message in (None, *self.sides[you].listed(sent[you])):
                for gives_up, after, said in self.sides[me].steps(places[me], message):
                    if not (self.patient and gives_up):
                        ours = self.minded(me, sent[me] | said, places[you])
                        theirs = self.minded(you, sent[you], after)
                        goal = ((after, ours), (places[you], theirs))[:: 1 if me == 0 else -1]
                        yield (goal[0][0], goal[1][0]), (goal[0][1], goal[1][1])

    def minded(self, sender: int, mask: int, place: int) -> int:
        """Those of a side's messages that can still do something where the other stands."""
        deaf = self.sides[1 - sender].deaf
        gone = (number for message, number in self.sides[sender].messages.items() if deaf(place, message))
        return mask & ~sum(1 << number for number in gone)

    def states_in_full(self) -> set[object]:
        """The states with places and messages in place of their numbers."""
        places = [list(side.places) for side in self.sides]
        return {
            (
                (places[0][one], places[1][two]),
                tuple(frozenset(side.listed(mask)) for side, mask in zip(self.sides, sent, strict=True)),
            )
            for (one, two), sent in self.states
        }
