"""Digits from one side to the other, as RTP events or in INFO, over a network that loses, repeats and reorders.

Every digit that is sent has a number. Its packets have an RTP timestamp that grows with the number; a long one, as
peers of other makes send them, has two segments (RFC 4733 §2.5.1.3). A packet may come as late as it likes, and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from session_fsm.chart import Chart
from session_fsm.explore.abstract import Event, Facts, Key, Message, Place, Side, Stand, branch_of, other
from session_fsm.explore.apart import ApartMeaning, ApartSide
from session_fsm.explore.asking import EFFECTS as ASKING
from session_fsm.explore.effects import EFFECTS as OF_A_CALL
from session_fsm.explore.effects import EffectMeaning
from session_fsm.explore.guards import GUARDS as OF_CALLS
from session_fsm.explore.guards import GuardMeaning
from session_fsm.explore.rules import SERVERS
from session_fsm.explore.sending import DIALOG, Payload, number_of, respond, server_of
from session_fsm.explore.turn import Turn
from session_fsm.session.arrivals import IN_DIALOG

SENDER, RECEIVER = Key("dtmf_sender"), Key("dtmf_receiver")
EVENT = "telephone-event"
"What a packet with a digit is called here; RFC 4733."
SEGMENTS = 2  # of a long event, at most
FULL, LAST = "full segment", "end"
CONFIRMED = "Confirmed"
TOLD = frozenset({"DtmfReceived", "DtmfReceived:before", "DtmfReceived:info", "DtmfSent", "DtmfFailed"})


class Digits(NamedTuple):
    """What is known of the digits that one side sends, and of those that it hears."""

    left: int = 0
    "How many of those that were asked for are not sent yet."
    sent: int = 0
    "The number of the last one that was begun; digits are numbered from 1."
    accepted: tuple[int, ...] = ()
    "Those that were told as sent in an INFO."
    segments: int = 1
    "Of the digit that is being sent."
    heard: int = 0
    "The timestamp of the event that was heard last."
    is_over: bool = False
    "Whether its end was heard."
    before: int = 0
    "The timestamp of the one before it."
    told: tuple[int, ...] = ()
    "The digits that the application was told of that came as events."
    said: tuple[int, ...] = ()
    "Those that came in INFO."
    counts: bool = True
    "Whether it is remembered what was told: not where the other side says anything."


def digits(facts: Facts | Turn) -> Digits:
    """What is known."""
    kept = facts.apart if isinstance(facts, Facts) else facts.facts["apart"]
    return kept if isinstance(kept, Digits) else Digits()


def _know(turn: Turn, **changes: object) -> None:
    turn.facts["apart"] = digits(turn)._replace(**changes)  # type: ignore[arg-type]  # they are its fields


class DigitMeaning(ApartMeaning):
    """The responses of the dialog leave through server transactions, which then are there for copies alone."""

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: Payload) -> None:
        """Besides, respond."""
        if kind == "send" and key == DIALOG and name.isdigit():
            respond(turn, payload, int(name))
        super().effect(turn, key, kind, name, payload)

    def settled(self, place: Place) -> Place:
        """Of a transaction that has answered its number is enough."""
        left = super().settled(place)
        gone = [key for key, stand in left.machines if key.chart in SERVERS and stand.state == "Completed"]
        if not gone:
            return left
        facts = left.facts._replace(absorbed=tuple(sorted({*left.facts.absorbed, *gone})))
        return Place(tuple(pair for pair in left.machines if pair[0] not in gone), facts)


class DigitSide(ApartSide):
    """One side of an answered call, which may send so many digits and hears those of the other.

    `open_ended`: the peer says everything at any time, and nothing is promised of the digits that it sends.
    """

    def __init__(self, charts: Sequence[Chart], side: Side, most: int, *, open_ended: bool = False) -> None:
        super().__init__(charts, side)
        self.most = most
        self.open_ended = open_ended
        self.rules.told = TOLD
        self.meaning = DigitMeaning(self.rules, GUARDS, EFFECTS)

    def start(self) -> Place:
        """The dialog is confirmed, and nothing was dialled."""
        machines = {DIALOG: Stand(CONFIRMED)}
        if self.most:
            machines[SENDER] = Stand(self.rules.charts[SENDER.chart].initial)
        return Place(tuple(sorted(machines.items())), Facts(apart=Digits(counts=not self.open_ended)))

    def own(self, place: Place) -> Iterator[Event]:
        """Digits are asked for, events end or are cut off, the call ends; timers."""
        stands = dict(place.machines)
        kept = digits(place.facts)
        for event in super().own(place):
            ours = event.key is None or event.key.chart not in ("dialog", "non_invite_server")
            if ours and (event.name != "send_dtmf" or kept.sent + kept.left < self.most):
                yield event
        if SENDER in stands and stands[SENDER].state == "Sounding":
            yield Event("world", "digit_sent", SENDER)
            yield Event("world", "digit_cut", SENDER)
        if any(key in stands and stands[key].state != "Closed" for key in (SENDER, RECEIVER)):
            yield Event("world", "closed")

    def heard(self, place: Place, message: Message) -> list[Event]:
        """A packet with a digit, an INFO, or the response to ours."""
        if message.status:
            return super().heard(place, message)
        if message.method != EVENT and server_of(message) in (*place.facts.absorbed, *dict(place.machines)):
            return []
        return [Event("message", str(message), None, message)]

    def deaf(self, place: Place, messages: Sequence[Message]) -> Iterator[bool]:
        """To an INFO that was answered: its copies end at its transaction."""
        stands = dict(place.machines)
        over = RECEIVER in stands and stands[RECEIVER].state == "Closed"
        for message, gone in zip(messages, super().deaf(place, messages), strict=True):
            if message.method == EVENT:
                yield over and not self.open_ended
            elif message.status:
                yield gone and not self.open_ended
            else:
                yield server_of(message) in place.facts.absorbed and not self.open_ended

    def begin(self, turn: Turn, place: Place, event: Event) -> None:
        """Hand on what came."""
        message = event.message
        if event.name == "closed":
            for key in (SENDER, RECEIVER):
                if key in turn.stands:
                    turn.post(key, "closed")
        elif event.name == "send_dtmf":
            turn.post(SENDER, event.name, self._series(turn))
        elif event.name == "digit_sent":
            kept = digits(turn)
            turn.send(_packet(turn, kept.sent, kept.segments, LAST))
            turn.post(SENDER, event.name)
        elif message is None or message.status:
            super().begin(turn, place, event)
        elif message.method == EVENT:
            if RECEIVER not in turn.stands:
                turn.open_machine(RECEIVER)
            turn.post(RECEIVER, "event_heard", message)
        else:
            turn.open_machine(server_of(message))
            turn.post(DIALOG, IN_DIALOG[message.method], message)

    def _series(self, turn: Turn) -> Message:
        """How many digits the application asks for at once."""
        free = self.most - digits(turn).sent
        return Message(self.side, "digits", cseq=turn.choose(range(1, free + 1)))


def _packet(turn: Turn, digit: int, segment: int, note: str) -> Message:
    return Message(turn.side, EVENT, cseq=SEGMENTS * digit + segment - 1, note=note)


def _digit(timestamp: int) -> int:
    return timestamp // SEGMENTS


# Sending.


def _take_digits(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is not None:
        _know(turn, left=payload.cseq)


def _sound(turn: Turn, key: Key, payload: Payload) -> None:
    """The first packets leave; those of the end when it has ended."""
    number = digits(turn).sent + 1
    segments = turn.choose(range(1, SEGMENTS + 1))
    _know(turn, sent=number, segments=segments)
    turn.send(_packet(turn, number, 1, ""))
    for segment in range(2, segments + 1):
        turn.send(_packet(turn, number, segment - 1, FULL))
        turn.send(_packet(turn, number, segment, ""))


def _send_info(turn: Turn, key: Key, payload: Payload) -> None:
    """The digit is the one of its number."""
    _know(turn, sent=digits(turn).sent + 1)
    number = turn.facts["local_seq"] = number_of(turn, "local_seq") + 1
    made = Message(turn.side, "INFO", 0, number, branch_of(turn.side, number), True, note=f"{digits(turn).sent}")
    turn.open_machine(Key("non_invite_client", "INFO", made.branch, number), made)


def _count_digit(turn: Turn, key: Key, payload: Payload) -> None:
    _know(turn, left=digits(turn).left - 1)


def _drop_digits(turn: Turn, key: Key, payload: Payload) -> None:
    _know(turn, left=0)


def _sent(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is not None and digits(turn).counts:
        _know(turn, accepted=(*digits(turn).accepted, digits(turn).sent))


# Hearing.


def _same(turn: Turn, payload: Payload) -> bool:
    return payload is not None and payload.cseq == digits(turn).heard


def _older(turn: Turn, payload: Payload) -> bool:
    return payload is not None and payload.cseq < digits(turn).heard


def _follows(turn: Turn, payload: Payload) -> bool:
    kept = digits(turn)
    if payload is None or kept.is_over:
        return False
    return payload.cseq == kept.heard + 1 and _digit(payload.cseq) == _digit(kept.heard)


def _begin(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is not None:
        _know(turn, before=digits(turn).heard, heard=payload.cseq, is_over=payload.note == LAST)


def _extend(turn: Turn, key: Key, payload: Payload) -> None:
    if payload is not None:
        again = payload.cseq == digits(turn).heard
        _know(turn, heard=payload.cseq, is_over=payload.note == LAST or (again and digits(turn).is_over))


def _tell(turn: Turn, digit: int) -> None:
    kept = digits(turn)
    if kept.counts:
        _judge(turn, digit, kept.told)
        _know(turn, told=tuple(dict.fromkeys((*kept.told, digit))))


def _tell_said(turn: Turn, key: Key, payload: Payload) -> None:
    kept = digits(turn)
    if payload is not None and kept.counts:
        _judge(turn, int(payload.note), kept.said)
        _know(turn, said=tuple(dict.fromkeys((*kept.said, int(payload.note)))))


def _judge(turn: Turn, digit: int, before: tuple[int, ...]) -> None:
    """Those that came in the same way come in order; a change of the way may let one overtake another."""
    if digit in (*digits(turn).told, *digits(turn).said):
        turn.fault("digits-once", f"the application is told of digit {digit} twice")
    elif before and digit < before[-1]:
        turn.fault("digits-in-order", f"the application is told of digit {digit} after digit {before[-1]}")


GUARDS: Mapping[tuple[str, str], GuardMeaning] = {
    ("dialog", "stale"): OF_CALLS["dialog", "stale"],
    ("dialog", "packaged"): lambda turn, payload: payload is not None and payload.note == "package",
    ("dialog", "says_digit"): lambda turn, payload: payload is not None and payload.note.isdigit(),
    ("dialog", "empty"): lambda turn, payload: payload is not None and not payload.note,
    ("dtmf_sender", "accepted"): lambda turn, payload: payload is not None and payload.status < 300,
    ("dtmf_sender", "fatal"): lambda turn, payload: payload is not None and payload.status in (408, 481),
    ("dtmf_sender", "more"): lambda turn, _: digits(turn).left > 0,
    ("dtmf_receiver", "same"): _same,
    ("dtmf_receiver", "older"): _older,
    ("dtmf_receiver", "follows"): _follows,
    ("dtmf_receiver", "last"): lambda turn, payload: payload is not None and payload.note == LAST,
}
"By RTP or by INFO is tried both ways."
EFFECTS: Mapping[tuple[str, str, str], EffectMeaning] = {
    **ASKING,
    ("non_invite_server", "send", "response"): ASKING["non_invite_client", "send", "request"],
    ("dtmf_sender", "do", "take_digits"): _take_digits,
    ("dtmf_sender", "do", "sound"): _sound,
    ("dtmf_sender", "do", "count_digit"): _count_digit,
    ("dtmf_sender", "do", "drop_digits"): _drop_digits,
    ("dtmf_sender", "send", "INFO"): _send_info,
    ("dtmf_sender", "emit", "DtmfSent"): _sent,
    ("dtmf_receiver", "do", "begin"): _begin,
    ("dtmf_receiver", "do", "extend"): _extend,
    ("dtmf_receiver", "emit", "DtmfReceived"): lambda turn, key, _: _tell(turn, _digit(digits(turn).heard)),
    ("dtmf_receiver", "emit", "DtmfReceived:before"): lambda turn, key, _: _tell(turn, _digit(digits(turn).before)),
    ("dialog", "do", "note_sequence"): OF_A_CALL["dialog", "do", "note_sequence"],
    ("dialog", "emit", "DtmfReceived:info"): _tell_said,
}


def anything(side: Side, most: int) -> Iterator[Message]:
    """What a peer of another make may say: any response to our INFOs, any INFO, packets of any digit."""
    for number in range(1, most + 1):
        for status in (100, 200, 408, 415, 481):
            yield Message(side, "INFO", status, number, branch_of(other(side), number), True)
        for note in ("1", "package", "tone", ""):
            yield Message(side, "INFO", 0, number, branch_of(side, number), True, note=note)
        for segment in range(1, SEGMENTS + 1):
            for note in ("", FULL, LAST):
                yield Message(side, EVENT, cseq=SEGMENTS * number + segment - 1, note=note)
