"""One request of ours against a peer that may say anything: it is challenged, answered, refused and withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_fsm.chart import Chart
from session_fsm.explore.abstract import Event, Key, Message, Outcome, Place, Side, branch_of, other
from session_fsm.explore.apart import ApartMeaning
from session_fsm.explore.asking import CHALLENGES, EFFECTS, GUARDS, AskingMeaning, AskingSide, asked, remember
from session_fsm.explore.rules import CLIENTS
from session_fsm.explore.turn import Turn

MOST = 4  # copies of a request: the first, and three with answers
FINALS = ((200, ""), (486, ""))
TOLD = {
    ("invite_client", "success"),
    ("invite_client", "failure"),
    ("non_invite_client", "final"),
    ("authentication", "refused"),
    *((chart, name) for chart in CLIENTS for name in ("timeout", "transport_error")),
}
"(chart, emission) of what tells whoever sent a request what became of it."


class ChallengedMeaning(AskingMeaning):
    """Whoever sent it counts what it is told."""

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: Message | None) -> None:
        """Besides, count."""
        if (key.chart, name) in TOLD and kind == "emit":
            again = name == "success" and asked(turn).heard
            if asked(turn).heard and not again:
                turn.fault("told-once", f"{key} tells of {payload}, and its sender was told before")
            remember(turn, heard=1)
        super().effect(turn, key, kind, name, payload)

    def settled(self, place: Place) -> Place:
        """There is one request, so its machine may stay."""
        return ApartMeaning.settled(self, place)


class ChallengedSide(AskingSide):
    """Who sends one request."""

    def __init__(self, charts: Sequence[Chart], side: Side, method: str) -> None:
        super().__init__(charts, side, ChallengedMeaning)
        self.method = method
        self.meaning.guards = GUARDS
        self.meaning.effects = {**EFFECTS, ("authentication", "send", "again"): self.again}

    def own(self, place: Place) -> Iterator[Event]:
        """It is sent once. A call may be cancelled at any time, and then its INVITE is not wanted any more."""
        if not place.facts.local_seq:
            yield Event("command", "send")
            return
        yield from super().own(place)
        stands = {key.chart: stand for key, stand in place.machines}
        known = stands.get("authentication")
        if self.method == "INVITE" and "invite_client" in stands and (known is None or known.state != "Withdrawn"):
            yield Event("world", "withdrawn")

    def begin(self, turn: Turn, place: Place, event: Event) -> None:
        """The request, or that it is not wanted; else as usual."""
        if event.name == "send":
            self.request(turn, self.method, self.method)
        elif event.name == "withdrawn":
            client = next(key for key in turn.stands if key.chart == "invite_client")
            remember(turn, given_up=True)
            for key in self.meaning.hearers(turn, "authentication", client):
                turn.post(key, "withdrawn")
        else:
            super().begin(turn, place, event)

    def allows(self, outcome: Outcome) -> bool:
        """One try too many is enough."""
        return outcome.after.facts.local_seq <= MOST + 1

    def judge(self, turn: Turn, place: Place, event: Event) -> None:
        """Nobody is followed for ever, and nobody at all for a call that was given up."""
        given_up = asked(turn).given_up
        if given_up and event.name != "withdrawn" and turn.facts["local_seq"] != place.facts.local_seq:
            turn.fault("given-up-stays-so", f"after {event} it is sent again, although its call was given up")
        if int(str(turn.facts["local_seq"])) > MOST:
            turn.fault("tries-end", f"after {event} it is sent a {turn.facts['local_seq']}th time")


def any_answer(side: Side, method: str) -> Iterator[Message]:
    """Everything that may come to any copy of the request."""
    for number in range(1, MOST + 2):
        for status, note in (*FINALS, *CHALLENGES, (100, "")):
            branch = branch_of(other(side), number)
            yield Message(side, method, status, number, branch, status > 100, note=note)
