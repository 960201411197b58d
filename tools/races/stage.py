"""What a race is played on: two phones, and the messages between them, which can be held, lost, sent again or forged.

The same scenario plays on the virtual network and between two processes over UDP. Times are counted in T1, which is
0.5 s on the one and much shorter on the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

from session_fsm.sip import Request
from session_fsm.testing.datagram import Datagram, Log

CALLER, CALLEE = "caller", "callee"


class Stage(Protocol):
    """Two phones and what is between them. `name` is a message as in `INVITE`, `200 INVITE`."""

    log: Log
    "Every datagram that anybody sent, oldest first; what was held or lost too."

    async def call(self, *, offer: bool = True) -> None:
        """The caller calls; its INVITE leaves."""

    async def do(self, who: str, command: str, *arguments: str) -> None:
        """A command of one side: ring, accept, reject, hang_up, reinvite DIRECTION."""

    def hold(self, name: str, sender: str | None = None) -> None:
        """Keep what matches until it is released."""

    def drop(self, name: str, sender: str | None = None, *, count: int | None = None) -> None:
        """Lose what matches."""

    def release(self) -> None:
        """Let go of what is held, in order, and hold nothing more."""

    def deliver(self, datagram: Datagram, to: str) -> None:
        """Let a datagram arrive, once more or for the first time."""

    async def sent(self, name: str, sender: str | None = None, *, times: int = 1) -> None:
        """Wait until so many of them have left; a message that is repeated counts each time."""

    async def state(self, who: str, *states: str) -> None:
        """Wait until the call of this side is in one of these states."""

    async def wait(self, periods: float) -> None:
        """Let so many T1 pass."""

    def calls(self, who: str) -> Sequence[str]:
        """The states of all calls that this side has had."""

    def sender(self, datagram: Datagram) -> str:
        """Which side sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One published race."""

    name: str
    "Its short name, for the command line."
    source: str
    "Where it is published."
    title: str
    wanted: str
    "The outcome that the RFC asks for, in a sentence."
    play: Callable[[Stage], Coroutine[object, object, None]]
    "Plays it and asserts the outcome."
    updates: tuple[str, ...] = ()
    "The sides that offer changes by UPDATE."
    slow: bool = False
    "Whether it has to wait for 64*T1 or for the waiting times after glare."


@dataclass(frozen=True, slots=True)
class Waiting:
    """A published race that cannot be played yet."""

    source: str
    title: str
    needs: str
    "The method that it needs."


def distinct(stage: Stage, name: str, sender: str | None = None) -> list[Datagram]:
    """The different messages of this name that left, without their repetitions."""
    found: dict[bytes, Datagram] = {}
    for datagram in list(stage.log):
        if datagram.name == name and sender in (None, stage.sender(datagram)):
            found.setdefault(datagram.data, datagram)
    return list(found.values())


def count(stage: Stage, name: str, sender: str | None = None) -> int:
    """How many different ones."""
    return len(distinct(stage, name, sender))


def copies(stage: Stage, name: str, sender: str | None = None) -> int:
    """How many left, repetitions and all."""
    return sum(datagram.name == name and sender in (None, stage.sender(datagram)) for datagram in list(stage.log))


def early_bye(stage: Stage) -> Datagram:
    """A BYE in the caller's early dialog, which our own caller never sends: it cancels."""
    invite = distinct(stage, "INVITE", CALLER)[0]
    answer = next(d for d in stage.log if d.status and d.status > 100 and d.method == "INVITE")
    request = invite.request
    rows = [
        ("Via", str(request.via).replace("branch=z9hG4bK", "branch=z9hG4bKearly")),
        ("Max-Forwards", "70"),
        ("From", str(request.from_)),
        ("To", str(answer.response.to)),
        ("Call-ID", request.call_id),
        ("CSeq", f"{request.cseq.number + 1} BYE"),
    ]
    data = Request("BYE", request.uri, rows).encode()
    return Datagram(data, invite.source, invite.destination, invite.sent_at)


def other_fork(stage: Stage) -> Datagram:
    """The 200 to the INVITE as another fork would have sent it: under another tag."""
    answer = distinct(stage, "200 INVITE", CALLEE)[0]
    tag = answer.response.to_tag or ""
    data = re.sub(rb"(?m)^(To:.*;tag=)" + re.escape(tag.encode()), rb"\g<1>another", answer.data)
    return Datagram(data, answer.source, answer.destination, answer.sent_at)
