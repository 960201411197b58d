"""Our registration against a registrar: an honest one that knows what it keeps, and one that may say anything.

The honest one answers each REGISTER once, in any way; a copy, and a number that it has gone past, changes nothing there
(RFC 3261 §10.3). It may list bindings of others beside ours. A REGISTER that was lost may come as late as it likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from session_fsm.chart import Chart
from session_fsm.explore.abstract import Event, Facts, Key, Message, Outcome, Place, Side, branch_of, other
from session_fsm.explore.asking import CHALLENGES, EFFECTS, GUARDS, AskingMeaning, AskingSide, asked, remember
from session_fsm.explore.guards import GuardMeaning
from session_fsm.explore.rules import Rules
from session_fsm.explore.sending import Payload
from session_fsm.explore.turn import Sink, Turn
from session_fsm.session.registration import TEMPORARY

REGISTRATION = Key("registration")
ASKS, REMOVES, WITH_ANSWER = "asks", "removes", ", with an answer"
"What a REGISTER says."
GRANTS = ("bound", "bound among others")
"What a 2xx lists that grants what was asked."
REFUSALS = ((403, ""), (423, "longer"), (423, ""), (500, ""), (503, "later"))
"(status, what else it says): `longer`, a Min-Expires beyond what we asked for; `later`, a Retry-After."
HONEST = ((403, ""), (423, "longer"), (503, "later"))
"One refusal of each kind; the differences are for the registrar that says anything."
ANYTHING = (*((200, note) for note in (*GRANTS, "none of ours")), *REFUSALS, *CHALLENGES, (100, ""))


class RegisteringSide(AskingSide):
    """Who registers. `most` bounds how often, without removals; None is for ever: the registrar says anything."""

    def __init__(self, charts: Sequence[Chart], side: Side, most: int | None) -> None:
        super().__init__(charts, side)
        self.most = most
        self.open_ended = most is None
        self.meaning = AskingMeaning(self.rules, {}, {})
        self.meaning.renumbers = self.open_ended
        self.meaning.guards = REGISTERING
        self.meaning.effects = {
            **EFFECTS,
            ("authentication", "send", "again"): self.again,
            ("registration", "send", "REGISTER"): lambda turn, key, payload: self._register(turn, ASKS),
            ("registration", "send", "removal"): lambda turn, key, payload: self._register(turn, REMOVES),
        }

    def opened(self) -> Sequence[Key]:
        """There is a registration from the beginning."""
        return (REGISTRATION,)

    def _register(self, turn: Turn, note: str) -> None:
        if note == ASKS and self.most is not None:
            remember(turn, wanted=asked(turn).wanted + 1)
        remember(turn, realms=())
        # What the last request was challenged with is over; this one has a machine of its own when it is.
        turn.stands.pop(Key("authentication", "REGISTER"), None)
        self.request(turn, "REGISTER", "REGISTER", note)

    def said(self, turn: Turn, client: Key) -> str:
        """A removal is a removal again."""
        return f"{REMOVES if turn.stands[REGISTRATION].state == 'Unregistering' else ASKS}{WITH_ANSWER}"

    def allows(self, outcome: Outcome) -> bool:
        """Whether it has not asked more often."""
        kept = outcome.after.facts.apart
        return self.most is None or not isinstance(kept, tuple) or not kept or int(str(kept[-1])) <= self.most

    def judge(self, turn: Turn, place: Place, event: Event) -> None:
        """Nothing but a 2xx that lists us makes us registered."""
        before, after = dict(place.machines)[REGISTRATION].state, turn.stands[REGISTRATION].state
        message = event.message
        granted = message is not None and message.status == 200 and message.note in GRANTS
        if after == "Registered" != before and not granted:
            turn.fault("registered-by-2xx", f"registered by {event}")


def _temporary(turn: Turn, payload: Payload) -> bool:
    return payload is not None and payload.status >= 300 and (payload.status in TEMPORARY or payload.note == "later")


REGISTERING: Mapping[tuple[str, str], GuardMeaning] = {
    **GUARDS,
    ("registration", "accepted"): lambda turn, p: p is not None and p.status == 200 and p.note in GRANTS,
    ("registration", "too_brief"): lambda turn, p: p is not None and p.status == 423 and p.note == "longer",
    ("registration", "temporary"): _temporary,
    ("registration", "bound"): lambda turn, p: "lapse" in turn.stands[REGISTRATION].timers,
}


class Binding(NamedTuple):
    """What a registrar remembers of us."""

    kept: bool = False
    "Whether it keeps our Contact."
    number: int = 0
    "CSeq number of the last REGISTER that it obeyed."
    answered: tuple[int, ...] = ()
    "Numbers beyond that one that it has refused."
    unwilling: bool = False
    "Whether it has refused to forget us."


class RegistrarSide:
    """An honest registrar."""

    def __init__(self, charts: Sequence[Chart], side: Side) -> None:
        self.side = side
        self.rules = Rules(charts, side)
        self.taken: set[tuple[str, str]] = set()

    def start(self) -> Place:
        """It has not heard of us."""
        return Place((), Facts(apart=Binding()))

    def own(self, place: Place) -> Iterator[Event]:
        """It speaks when it is asked."""
        return iter(())

    def heard(self, place: Place, message: Message) -> Iterable[Event]:
        """A REGISTER that it has not decided yet."""
        return () if self._is_old(place, message) else (Event("message", str(message), None, message),)

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterable[bool]:
        """To copies, and to what comes after a later one."""
        return (self._is_old(place, message) for message in messages)

    def _is_old(self, place: Place, message: Message) -> bool:
        kept = binding(place)
        return message.method != "REGISTER" or message.cseq <= kept.number or message.cseq in kept.answered

    def gives_up(self, event: Event) -> bool:
        """Never."""
        return False

    def outcomes(self, place: Place, event: Event) -> list[Outcome]:
        """It obeys and says so, or refuses, or challenges."""
        request, kept = event.message, binding(place)
        if request is None:
            return []
        removes = request.note.startswith(REMOVES)
        unwilling = kept.unwilling or removes
        refused = kept._replace(answered=tuple(sorted({*kept.answered, request.cseq})), unwilling=unwilling)
        later = tuple(number for number in kept.answered if number > request.cseq)
        obeyed = Binding(not removes, request.cseq, later)
        found = [(obeyed, 200, "none of ours" if removes else "bound")]
        found += [(refused, status, note) for status, note in (*HONEST, (401, "foreign"))]
        # Who challenges what was answered does not want to forget us either; a first challenge is no refusal.
        asking = refused._replace(unwilling=kept.unwilling or request.note == REMOVES + WITH_ANSWER)
        found += [(asking, 401, note) for note in ("ours", "stale")]
        return [
            Outcome(Place((), Facts(apart=after)), (self._response(request, status, note),), (number,))
            for number, (after, status, note) in enumerate(found)
        ]

    def _response(self, request: Message, status: int, note: str) -> Message:
        return Message(self.side, "REGISTER", status, request.cseq, request.branch, status > 100, note=note)

    def told(self, place: Place, event: Event, script: Sequence[int], sink: Sink) -> Outcome:
        """It has no machine that could be traced."""
        return self.outcomes(place, event)[script[0]]


def binding(place: Place) -> Binding:
    """What a registrar keeps."""
    kept = place.facts.apart
    return kept if isinstance(kept, Binding) else Binding()


def any_answer(side: Side) -> Iterator[Message]:
    """Everything that a registrar may say to the two requests that can be under way at once."""
    for number in (1, 2):
        for status, note in ANYTHING:
            branch = branch_of(other(side), number)
            yield Message(side, "REGISTER", status, number, branch, status > 100, note=note)
