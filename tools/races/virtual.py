"""Plays races sans-IO, on the virtual network: time jumps, nothing ever really waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from session_fsm.sdp import MediaDirection
from session_fsm.session.settings import Settings
from session_fsm.testing import Datagram, Line, Network, Phone
from tools.races.stage import CALLEE, CALLER, Race

T1 = 0.5


class VirtualStage:
    """Alice calls Bob."""

    def __init__(self, updates: Sequence[str] = ()) -> None:
        settings = {who: Settings(reoffer="UPDATE" if who in updates else "INVITE") for who in (CALLER, CALLEE)}
        self.phones = {
            CALLER: Phone("alice", "10.0.0.1", settings=settings[CALLER]),
            CALLEE: Phone("bob", "10.0.0.2", settings=settings[CALLEE]),
        }
        self.net = Network(*self.phones.values())
        self.log = self.net.log

    async def call(self, *, offer: bool = True) -> None:
        self.phones[CALLER].call(self.phones[CALLEE], offer=offer)
        self.net.run_until(lambda: bool(self.phones[CALLEE].lines))

    async def do(self, who: str, command: str, *arguments: str) -> None:
        self.net.deliver()
        line = self.phones[who].lines[0]
        if command == "reinvite":
            line.reinvite(MediaDirection(arguments[0]))
        else:
            getattr(line, command)()

    def hold(self, name: str, sender: str | None = None) -> None:
        self.net.hold(_named(name), sender=self._phone(sender))

    def drop(self, name: str, sender: str | None = None, *, count: int | None = None) -> None:
        self.net.drop(_named(name), sender=self._phone(sender), count=count)

    def release(self) -> None:
        self.net.release()

    def deliver(self, datagram: Datagram, to: str) -> None:
        self.phones[to].receive(datagram)

    async def sent(self, name: str, sender: str | None = None, *, times: int = 1) -> None:
        self.net.run_until(lambda: times <= sum(d.name == name and sender in (None, self.sender(d)) for d in self.log))

    async def state(self, who: str, *states: str) -> None:
        self.net.run_until(lambda: bool(self.phones[who].lines) and self.phones[who].lines[0].state in states)

    async def wait(self, periods: float) -> None:
        self.net.run_for(periods * T1)

    def calls(self, who: str) -> Sequence[str]:
        return [str(line.state) for line in self.phones[who].lines]

    def sender(self, datagram: Datagram) -> str:
        return CALLER if datagram.source == self.phones[CALLER].address else CALLEE

    def _phone(self, who: str | None) -> Phone | None:
        return self.phones[who] if who else None

    def _lines(self) -> list[Line]:
        return [line for phone in self.phones.values() for line in phone.lines]

    def finish(self) -> None:
        """Whatever was played: once both have hung up and all is quiet, nothing is left."""
        self.net.release()
        for line in self._lines():
            line.hang_up()
        self.net.run_until_quiet()
        left = [phone.leftovers for phone in self.phones.values()]
        assert all(each == type(each)() for each in left), f"something is left: {left}"


def play(race: Race) -> None:
    """Play one race. Raises AssertionError when the outcome is not the one that the RFC asks for."""
    stage = VirtualStage(race.updates)
    scenario = race.play(stage)
    try:
        scenario.send(None)
    except StopIteration:
        stage.finish()
    else:  # pragma: no cover - a stage that waits would be a fault of ours
        scenario.close()
        raise AssertionError("nothing waits on the virtual network")


def _named(name: str) -> Callable[[Datagram], bool]:
    return lambda datagram: datagram.name == name
