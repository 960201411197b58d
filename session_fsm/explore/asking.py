"""Requests of ours that are no part of a call: their transactions, and the machine that answers challenges.

A challenge says whose it is: `ours`, the realm whose password we have; `stale`, the same with another nonce; `another`,
a second server on the way, whose password we have too; `foreign`, to whom nothing is proven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from session_fsm.explore.abstract import FORKED, Key, Message, Place, Stand, branch_of
from session_fsm.explore.apart import ApartMeaning, ApartSide
from session_fsm.explore.effects import EffectMeaning
from session_fsm.explore.guards import GuardMeaning
from session_fsm.explore.rules import CLIENTS
from session_fsm.explore.sending import Payload
from session_fsm.explore.turn import Turn

REALMS = {"ours": "ours", "stale": "ours", "another": "another"}
"What a challenge says -> the realm that it names, where that is one of ours."
CHALLENGES = ((401, "ours"), (401, "stale"), (407, "another"), (401, "foreign"))
"(status, what it says)."

Kept = TypeVar("Kept", bound="Asked")


class Asked(NamedTuple):
    """What is remembered of the request that is under way."""

    realms: tuple[str, ...] = ()
    "Those that it answers after a challenge of its own, sorted."
    heard: int = 0
    "How often its sender was told what became of it."
    given_up: bool = False
    "Whether its sender wants it no more."
    wanted: int = 0
    "How often a registration has sent REGISTER, without what challenges made it send again."


def asked(turn: Turn) -> Asked:
    """What is remembered now."""
    kept = turn.facts["apart"]
    return kept if isinstance(kept, Asked) else Asked()


def remember(turn: Turn, **changes: object) -> None:
    """Other values for some of it."""
    turn.facts["apart"] = asked(turn)._replace(**changes)  # type: ignore[arg-type]  # they are its fields


class AskingMeaning(ApartMeaning):
    """A transaction's machine of challenges is made when it is first asked for, as `authentication_of` does."""

    renumbers = False
    "The only transaction that is left has number 1: for a peer that says everything at any time."

    def hearers(self, turn: Turn, target: str, source: Key) -> list[Key]:
        """The challenges of one request have one machine."""
        if target != "authentication":
            return super().hearers(turn, target, source)
        key = Key("authentication", source.purpose)
        if key not in turn.stands:
            turn.open_machine(key)
        return [key]

    def settled(self, place: Place) -> Place:
        """It goes with the last transaction of its request."""
        left = super().settled(place)
        live = {key.purpose for key, _ in left.machines if key.chart in CLIENTS}
        kept = tuple(pair for pair in left.machines if pair[0].chart != "authentication" or pair[0].purpose in live)
        return Place(self._renumbered(kept) if self.renumbers else kept, left.facts)

    def _renumbered(self, machines: tuple[tuple[Key, Stand], ...]) -> tuple[tuple[Key, Stand], ...]:
        clients = [key for key, _ in machines if key.chart in CLIENTS]
        if len(clients) != 1 or clients[0].cseq == 1:
            return machines
        first = clients[0]._replace(cseq=1, branch=branch_of(self.rules.side, 1))
        return tuple(sorted((first if key == clients[0] else key, stand) for key, stand in machines))


class AskingSide(ApartSide):
    """A side that asks, whoever answers."""

    open_ended = False
    "The peer says everything at any time: numbers are used again, and nothing is too late."

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterator[bool]:
        """Of a peer that says everything nothing can be taken away."""
        return (False for _ in messages) if self.open_ended else super().deaf(place, messages)

    def request(self, turn: Turn, method: str, purpose: str, note: str = "") -> None:
        """A request with a transaction of its own."""
        number = self._number(turn)
        turn.facts["local_seq"] = 0 if self.open_ended else number
        made = Message(self.side, method, 0, number, branch_of(self.side, number), note=note)
        chart = "invite_client" if method == "INVITE" else "non_invite_client"
        turn.open_machine(Key(chart, purpose, made.branch, number), made)

    def again(self, turn: Turn, key: Key, payload: Payload) -> None:
        """The same request with an answer, and the next number (RFC 3261 §8.1.3.5)."""
        if payload is not None:
            before = asked(turn).realms
            realm = REALMS[payload.note]
            if realm in before and payload.note != "stale":
                turn.fault("no-rejected-answer-again", f"{payload} is answered with what it rejects")
            remember(turn, realms=tuple(sorted({*before, realm})))
        old = next(key for key in turn.stands if payload is not None and key.branch == payload.branch)
        self.request(turn, "INVITE" if old.chart == "invite_client" else old.purpose, old.purpose, self.said(turn, old))

    def said(self, turn: Turn, client: Key) -> str:
        """What a request says besides, which its copy says too."""
        return ""

    def _number(self, turn: Turn) -> int:
        if not self.open_ended:
            return int(str(turn.facts["local_seq"])) + 1
        used = {key.cseq for key in turn.stands if key.chart in CLIENTS}
        return next(number for number in range(1, FORKED) if number not in used)


def _answerable(turn: Turn, payload: Payload) -> bool:
    return payload is not None and payload.note in REALMS


def _rejected(turn: Turn, payload: Payload) -> bool:
    return payload is not None and payload.note != "stale" and REALMS.get(payload.note) in asked(turn).realms


def _send_request(turn: Turn, key: Key, payload: Payload) -> None:
    """The first time; what is sent again is in the network already."""
    if payload is not None and payload.sender == turn.side:
        turn.send(payload)


def _acknowledge(turn: Turn, key: Key, payload: Payload) -> None:
    turn.send(Message(turn.side, "ACK", 0, key.cseq, key.branch, True, lost=True))


def _forget(turn: Turn, key: Key, payload: Payload) -> None:
    turn.stands.pop(key, None)


GUARDS: Mapping[tuple[str, str], GuardMeaning] = {
    ("authentication", "answerable"): _answerable,
    ("authentication", "rejected"): _rejected,
}
EFFECTS: Mapping[tuple[str, str, str], EffectMeaning] = {
    ("invite_client", "send", "INVITE"): _send_request,
    ("invite_client", "send", "ACK"): _acknowledge,
    ("non_invite_client", "send", "request"): _send_request,
    **{(chart, "do", "forget"): _forget for chart in ("invite_client", "non_invite_client")},
}
