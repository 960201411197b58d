"""Two callees behind one proxy: what one INVITE may reach (RFC 3261 §16.7).

Each callee is the same side as alone; here its messages get its number, and the proxy does what proxies do: everybody
gets the INVITE, its CANCEL and the ACK to its refusal; what comes from a dialog passes; a refusal passes when all have
refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from session_fsm.chart import Chart
from session_fsm.explore.abstract import FORKED, Event, Key, Message, Outcome, Place, branch_of
from session_fsm.explore.calling import Bound, CallSide
from session_fsm.explore.rules import Rules
from session_fsm.explore.turn import Sink

FORKS = 2
FIRST = branch_of("uac", 1)
"The branch of the INVITE, which its CANCEL and the ACK to its refusal have too."
DECIDING = ("progress", "accept", "reject")
"What the applications of the callees may ask."


class ForkSide:
    """Two callees that one INVITE reaches."""

    def __init__(self, charts: Sequence[Chart], bound: Bound) -> None:
        self.sides = [CallSide(charts, "uas", bound) for _ in range(FORKS)]
        for fork, side in enumerate(self.sides):
            side.commands = DECIDING
            side.rules.session = f"uas{fork + 1}"
        self._known: dict[tuple[int, Place, str, Message | None], list[Outcome]] = {}
        "What an event leads to at one callee, wherever the other stands."
        self._towards: dict[int, tuple[Message, Message]] = {}
        "Each message, and what it is to a callee; found by its identity."

    @property
    def rules(self) -> Rules:
        """The charts of a callee."""
        return self.sides[0].rules

    @property
    def taken(self) -> set[tuple[str, str]]:
        """Every (chart, row) that any of them took."""
        return set().union(*(side.taken for side in self.sides))

    def start(self) -> Place:
        """Nobody was called yet."""
        first, *others = (side.start() for side in self.sides)
        return first._replace(others=tuple(others))

    def own(self, places: Place) -> Iterator[Event]:
        """What can happen at either."""
        for fork, (side, place) in enumerate(zip(self.sides, places.each, strict=True)):
            for event in side.own(place):
                yield event._replace(fork=fork)

    def heard(self, places: Place, message: Message) -> Iterator[Event]:
        """What a message is for those that it reaches."""
        for fork in _reached(message):
            for event in self.sides[fork].heard(places.each[fork], self._meant(message)):
                yield event._replace(fork=fork)

    def deaf(self, places: Place, messages: Sequence[Message]) -> Iterable[bool]:
        """Whether nobody whom it reaches takes notice."""
        heard = [
            list(side.deaf(place, [self._meant(message) for message in messages]))
            for side, place in zip(self.sides, places.each, strict=True)
        ]
        return (all(heard[fork][n] for fork in _reached(message)) for n, message in enumerate(messages))

    def _meant(self, message: Message) -> Message:
        found = self._towards.get(id(message))
        if found is None:
            found = self._towards[id(message)] = (message, _towards(message))
        return found[1]

    def gives_up(self, event: Event) -> bool:
        """As of one."""
        return self.sides[event.fork].gives_up(event)

    def outcomes(self, places: Place, event: Event) -> list[Outcome]:
        """Everything that an event at one of them may lead to."""
        place = places.each[event.fork]
        key = (event.fork, place, str(event), event.message)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.sides[event.fork].outcomes(place, event)
        return [self._passed(places, event.fork, outcome) for outcome in found]

    def told(self, places: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """One outcome again, with a trace row for each step; each callee's session has a name of its own."""
        outcome = self.sides[event.fork].told(places.each[event.fork], event, script, sink)
        return self._passed(places, event.fork, outcome)

    def _passed(self, places: Place, fork: int, outcome: Outcome) -> Outcome:
        """What the proxy lets through."""
        each = [*places.each]
        each[fork] = outcome.after
        refused = all(map(_has_refused, each))
        sent = [_from_fork(message, fork) for message in outcome.sent if not _refuses(message) or refused]
        return outcome._replace(after=each[0]._replace(others=tuple(each[1:])), sent=tuple(sent))


def _has_refused(place: Place) -> bool:
    call = dict(place.machines).get(Key("call"))
    return call is not None and call.state in ("Failed", "Cancelled")


def _refuses(message: Message) -> bool:
    return message.method == "INVITE" and message.status >= 300 and message.branch == FIRST


def _reached(message: Message) -> tuple[int, ...]:
    """Everybody hears what belongs to the INVITE itself, one callee what belongs to its dialog."""
    return tuple(range(FORKS)) if message.branch == FIRST else (message.fork,)


def _towards(message: Message) -> Message:
    """As a callee knows it, who knows of no fork."""
    branch = message.branch - FORKED * message.fork if message.status else message.branch
    return message._replace(fork=0, branch=branch)


def _from_fork(message: Message, fork: int) -> Message:
    """As the caller sees it: dialogs and requests of the second callee are told from the first's."""
    if not message.status:
        return message._replace(fork=fork, branch=message.branch + FORKED * fork)
    whole = message.branch == FIRST and (message.status == 100 or message.status >= 300 or message.method != "INVITE")
    return message if whole else message._replace(fork=fork)
