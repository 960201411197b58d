"""Plays races over real UDP: two processes, and a relay between them that holds, loses and repeats what it is told."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from session_fsm.session.events import Address
from session_fsm.testing.datagram import Datagram, Log
from tools.races.stage import CALLEE, CALLER, Race

T1 = 0.1  # seconds; five times as fast as the default, and slow enough for a machine that does other things too
PATIENCE = 30.0  # seconds that anything may take
NAMES = {CALLER: "alice", CALLEE: "bob"}
OTHER = {CALLER: CALLEE, CALLEE: CALLER}


@dataclass(slots=True)
class Rule:
    """What befalls messages of one name."""

    verb: str
    name: str
    sender: str | None
    left: int | None = None

    def applies(self, datagram: Datagram, sender: str) -> bool:
        """Whether it is meant; if so, one time is used up."""
        if self.left == 0 or datagram.name != self.name or self.sender not in (None, sender):
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(slots=True)
class Side:
    """One process, the relay's socket that it takes for the other side, and what is known of its calls."""

    socket: socket.socket
    process: Process | None = None
    address: Address = ("127.0.0.1", 0)
    states: list[list[str]] = field(default_factory=list)
    done: int = 0
    refused: str = ""

    @property
    def seen_at(self) -> Address:
        """What this side takes for the other one."""
        found: Address = self.socket.getsockname()
        return found


class WireStage:
    """Two user agents in processes of their own. Use it as `async with`."""

    def __init__(self, updates: Sequence[str] = ()) -> None:
        self.log = Log()
        self._updates = updates
        self._sides = {CALLER: Side(_open()), CALLEE: Side(_open())}
        self._rules: list[Rule] = []
        self._held: list[tuple[Datagram, str]] = []
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> WireStage:
        for who, side in self._sides.items():
            # Each side tells its peer to send to the relay's other socket.
            host, port = self._sides[OTHER[who]].seen_at
            arguments = [
                "-m",
                "tools.races.phone",
                NAMES[who],
                f"{host}:{port}",
                str(T1),
                "UPDATE" if who in self._updates else "INVITE",
            ]
            side.process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=PIPE, stdout=PIPE)
            self._readers.append(asyncio.create_task(self._listen(side)))
            self._loop.add_reader(side.socket, self._carry, who)
        await self._until(lambda: all(side.address[1] for side in self._sides.values()), "both processes listen")
        return self

    async def __aexit__(self, *error: object) -> None:
        for side in self._sides.values():
            self._loop.remove_reader(side.socket)
            side.socket.close()
            if side.process is not None:
                if side.process.returncode is None:
                    side.process.kill()
                await side.process.wait()
        for reader in self._readers:
            reader.cancel()

    # What a race asks.

    async def call(self, *, offer: bool = True) -> None:
        host, port = self._sides[CALLER].seen_at
        await self.do(CALLER, "call", f"sip:bob@{host}:{port}", "offer" if offer else "no offer")
        await self._until(lambda: bool(self._sides[CALLEE].states), "the INVITE arrives")

    async def do(self, who: str, command: str, *arguments: str) -> None:
        side = self._sides[who]
        assert side.process is not None  # both were started, with pipes
        assert side.process.stdin is not None
        before = side.done
        side.process.stdin.write(json.dumps([command, *arguments]).encode() + b"\n")
        await self._until(lambda: side.done > before, f"{who} does {command}")
        assert not side.refused, f"{who} could not {command}: {side.refused}"

    def hold(self, name: str, sender: str | None = None) -> None:
        self._rules.append(Rule("hold", name, sender))

    def drop(self, name: str, sender: str | None = None, *, count: int | None = None) -> None:
        self._rules.append(Rule("drop", name, sender, count))

    def release(self) -> None:
        self._rules = [rule for rule in self._rules if rule.verb != "hold"]
        held, self._held = self._held, []
        for datagram, to in held:
            self.deliver(datagram, to)

    def deliver(self, datagram: Datagram, to: str) -> None:
        side = self._sides[to]
        side.socket.sendto(datagram.data, side.address)

    async def sent(self, name: str, sender: str | None = None, *, times: int = 1) -> None:
        def left() -> bool:
            return times <= sum(d.name == name and sender in (None, self.sender(d)) for d in self.log)

        await self._until(left, f"{name} leaves")

    async def state(self, who: str, *states: str) -> None:
        side = self._sides[who]
        await self._until(lambda: bool(side.states) and side.states[0][-1] in states, f"{who} is {' or '.join(states)}")

    async def wait(self, periods: float) -> None:
        passed = self._loop.create_future()
        self._loop.call_at(self._loop.time() + periods * T1, passed.set_result, None)
        await passed

    def calls(self, who: str) -> Sequence[str]:
        return [states[-1] for states in self._sides[who].states]

    def sender(self, datagram: Datagram) -> str:
        return CALLER if datagram.source == self._sides[CALLER].address else CALLEE

    # What happens.

    def _carry(self, who: str) -> None:
        """Everything that one side has sent."""
        side, to = self._sides[who], OTHER[who]
        while True:
            try:
                data = side.socket.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                continue  # the other process has gone already
            datagram = Datagram(data, side.address, self._sides[to].address, self._loop.time())
            self.log.append(datagram)
            verb = next((rule.verb for rule in self._rules if rule.applies(datagram, who)), "pass")
            if verb == "hold":
                self._held.append((datagram, to))
            elif verb == "pass":
                self.deliver(datagram, to)
        self._changed.set()

    async def _listen(self, side: Side) -> None:
        assert side.process is not None  # both were started, with pipes
        assert side.process.stdout is not None
        while line := await side.process.stdout.readline():
            said = json.loads(line)
            if "bound" in said:
                side.address = ("127.0.0.1", said["bound"])
            elif "done" in said:
                side.done += 1
                side.refused = said.get("refused", "")
            elif said["call"] == len(side.states):
                side.states.append([said["state"]])
            else:
                side.states[said["call"]].append(said["state"])
            self._changed.set()

    async def _until(self, done: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not done():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            states = {who: side.states for who, side in self._sides.items()}
            raise AssertionError(f"not within {PATIENCE:g} s: {what}; {states}; {self.log.names}") from None


async def _play(race: Race) -> None:
    async with WireStage(race.updates) as stage:
        await race.play(stage)


def play(race: Race) -> None:
    """Play one race. Raises AssertionError when the outcome is not the one that the RFC asks for."""
    asyncio.run(_play(race))


def _open() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.setblocking(False)
    return opened
