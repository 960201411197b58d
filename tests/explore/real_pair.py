"""Two real coordinators that are led through a run of the explorer, step by step, message by message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from random import Random

import pytest

from session_fsm.errors import LocalProtocolError
from session_fsm.explore.abstract import SIDES, Key, Message, Place
from session_fsm.explore.calling import Bound
from session_fsm.explore.product import Move
from session_fsm.machine import Machine, TraceRow
from session_fsm.sdp import CODECS, Codec, LocalMedia, MediaDirection
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.events import MediaQuality
from session_fsm.session.orders import Edge, EdgeFacts
from session_fsm.session.session import Session
from session_fsm.session.settings import Settings
from session_fsm.sip import Accepted, Request, read

ADDRESSES = {"uac": ("10.0.0.1", 5060), "uas": ("10.0.0.2", 5060)}
CAROL = ("10.0.0.3", 5060)
GSM = (Codec("GSM", 3, 8000, 1),)
CALL_MACHINES = ("call", "offer_answer", "media")
FACTS = EdgeFacts(extra=(MediaQuality.GOOD, None))
Name = tuple[str, int, int]


def name_of(message: Message) -> Name:
    """What an abstract message has in common with its real one, among all that one side sends."""
    return (message.method, message.status, message.cseq)


class RealSide:
    """A coordinator, and what it has sent."""

    def __init__(self, side: str, bound: Bound) -> None:
        self.side = side
        address = ADDRESSES[side]
        settings = Settings(reoffer="UPDATE" if bound.updates == "always" else "INVITE")
        self.at = SessionCoordinator(f"sip:{side}@{address[0]}", address, dice=Random(side), settings=settings)
        self.sent: dict[Name, bytes] = {}
        self.session: Session | None = None
        self.dialog: Machine | None = None

    def collect(self) -> None:
        """Keep what it sends, and its session and dialog, which are let go of when the call is over."""
        while (transmit := self.at.poll_transmit()) is not None:
            verdict = read(transmit.data)
            assert isinstance(verdict, Accepted)
            message = verdict.message
            status = 0 if isinstance(message, Request) else message.status
            self.sent[message.cseq.method if status else message.method, status, message.cseq.number] = transmit.data
        self.session = self.session or next(iter(self.at.sessions.values()), None)
        if self.session is not None and self.dialog is None and self.session.dialog is not None:
            self.dialog = self.session.dialog.machine
        while self.at.poll_media() is not None or self.at.poll_event() is not None:
            pass

    def states(self) -> dict[str, str]:
        """Where the machines of its call stand."""
        if self.session is None:
            return {}
        found = {name: getattr(self.session, name).state for name in CALL_MACHINES}
        return found | ({"dialog": self.dialog.state} if self.dialog is not None else {})

    def machine(self, key: Key) -> Machine:
        """The machine that an abstract key stands for."""
        assert self.session is not None
        if key.chart in CALL_MACHINES:
            return getattr(self.session, key.chart)
        return next(machine for known, machine in self.many() if known == (key.chart, key.purpose, key.cseq))

    def many(self) -> Iterator[tuple[tuple[str, str, int], Machine]]:
        """The transactions and answers of its session, and what watches holds."""
        assert self.session is not None
        for name in ("hold", "peer_hold"):
            if (machine := getattr(self.session, name)) is not None:
                yield (name, "", 0), machine
        for transaction in self.session.transactions:
            key = (transaction.chart, transaction.purpose, transaction.request.cseq.number)
            yield key, transaction.machine
        for answer in self.session.answers:
            yield ("answer", answer.purpose, answer.transaction.request.cseq.number), answer.machine


class RealPair:
    """Both coordinators and the way between them, which keeps every datagram."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.sides = [RealSide(side, bound) for side in SIDES]
        self.now = 0.0

    def do(self, move: Move, before: Place, rows: list[TraceRow]) -> None:
        """One step of the run, at the real side."""
        self.now += 0.001
        side, event = self.sides[move.side], move.event
        if event.message is not None and not event.message.is_packet:
            self.deliver(side, event.message, refused(rows))
        elif event.kind == "command":
            with pytest.raises(LocalProtocolError) if rows[0].verdict == "refused" else nullcontext():
                self.command(side, event.name, move, before, refused(rows))
        elif event.kind == "timer":
            self.fire(side, event.key, event.name)
        elif event.name == "transport_error":
            for address in (ADDRESSES[SIDES[1 - move.side]], CAROL):
                side.at.transport_failed(address, "unreachable", self.now)
        elif side.session is not None:
            side.at.media_edge(side.session.id, Edge(event.name), FACTS, self.now)
        side.collect()

    def knows(self, move: Move, place: Place) -> bool:
        """Whether a step can be asked of a coordinator.

        A caller's session begins with its first command. Whether a session is kept by a transaction that nobody hears
        is known there and open here. A timer that only repeats may be stopped already.
        """
        side, event = self.sides[move.side], move.event
        if event.kind == "timer":
            return event.name in side.machine(event.key).deadlines
        open_question = place.facts.busy and event.message is not None and not event.message.status
        return not open_question and (side.session is not None or event.name == "place" or move.side == 1)

    def deliver(self, side: RealSide, message: Message, spoilt: bool) -> None:
        """A datagram of the other side; where the run says that its description is of no use, it is made so."""
        peer = self.sides[1 - SIDES.index(side.side)]
        data = peer.sent[name_of(message)]
        if spoilt:
            data = re.sub(rb"RTP/AVP [0-9 ]+", lambda found: b"RTP/AVP 3".ljust(len(found[0]), b" "), data)
        side.at.receive(data, ADDRESSES[peer.side], self.now)

    def command(self, side: RealSide, name: str, move: Move, before: Place, spoilt: bool) -> None:
        """A command with what the run says of its open questions."""
        at, now = side.at, self.now
        media = LocalMedia((ADDRESSES[side.side][0], 40000), codecs=GSM if spoilt else CODECS)
        if name == "place":
            offer = move.outcome.after.facts.offering
            at.make_call("sip:uas@10.0.0.2", media=media, now=now, offer=offer)
            return
        assert side.session is not None
        if name in ("accept", "progress"):
            getattr(at, name)(side.session.id, media=media, now=now)
        elif name == "redirect":
            at.redirect(side.session.id, ["sip:carol@10.0.0.3"], now=now)
        elif name == "reinvite":
            asked = self.bound.reinvites - before.facts.reinvites
            at.reinvite(side.session.id, MediaDirection(self.bound.wishes(asked)[0]), now=now)
        else:
            getattr(at, name)(side.session.id, now=now)

    def fire(self, side: RealSide, key: Key, timer: str) -> None:
        """One timer, and no other: the explorer knows no time."""
        machine = side.machine(key)
        machine.cancel_timer(timer)
        machine.mailbox.post(machine, machine.fired(timer))
        side.at.turns.run(self.now)


def refused(rows: list[TraceRow]) -> bool:
    """Whether this step judged a description and could not use it."""
    judged = {name: value for row in rows for name, value in row.guards if name in ("agreeable", "offer_acceptable")}
    return False in judged.values()
