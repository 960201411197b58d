"""A UDP relay in this process, between two user agents: it loses, doubles and delays, and its dice have a seed.

To each side the relay is the other side: each advertises the relay's socket on the far side as its own address, so
that requests within the dialog pass it too. Media goes directly, as the descriptions say.
"""

from __future__ import annotations

import asyncio
import random
import socket
from dataclasses import dataclass, field

from session_fsm.session.events import Address

ANY: Address = ("127.0.0.1", 0)


@dataclass(slots=True, kw_only=True)
class Faults:
    """What happens to a datagram, as probabilities, each way."""

    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    "A datagram that is reordered waits until another one has passed it, or for `patience`."
    patience: float = 0.02
    "Seconds."


@dataclass(slots=True)
class Counts:
    """What happened."""

    passed: int = 0
    doubled: int = 0
    overtaken: int = 0


@dataclass(slots=True)
class _Side:
    """One of the relay's sockets, what it hears, and where that goes."""

    socket: socket.socket
    peer: Address | None = None
    "The user agent on this side."
    held: list[tuple[bytes, asyncio.TimerHandle]] = field(default_factory=list)
    "Datagrams for this side's user agent that wait to be overtaken."


class Relay:
    """Use it as `with`. The caller calls `callee_seen_at` and advertises `caller_seen_at`; the callee the other way."""

    def __init__(self, faults: Faults, *, seed: int, near: Address = ANY, far: Address = ANY) -> None:
        """`near` is the socket that the caller sends to, `far` the one that the callee sends to."""
        self.counts = Counts()
        self.lost: list[tuple[Address | None, bytes]] = []
        "Each datagram that was lost, and whom it was meant for."
        self._faults = faults
        self._dice = random.Random(seed)
        self._loop = asyncio.get_running_loop()
        self._near, self._far = _Side(_open(near)), _Side(_open(far))
        self.callee_seen_at: Address = self._near.socket.getsockname()
        "What the caller takes for the callee."
        self.caller_seen_at: Address = self._far.socket.getsockname()
        "What the callee takes for the caller."

    def join(self, caller: Address, callee: Address) -> None:
        """Carry datagrams between these two."""
        self._near.peer, self._far.peer = caller, callee

    def __enter__(self) -> Relay:
        self._loop.add_reader(self._near.socket, self._carry, self._near, self._far)
        self._loop.add_reader(self._far.socket, self._carry, self._far, self._near)
        return self

    def __exit__(self, *error: object) -> None:
        for side in (self._near, self._far):
            self._loop.remove_reader(side.socket)
            for _, timer in side.held:
                timer.cancel()
            side.socket.close()

    def _carry(self, source: _Side, target: _Side) -> None:
        while True:
            try:
                data = source.socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                continue  # a user agent's socket is closed already
            self._roll(data, target)

    def _roll(self, data: bytes, target: _Side) -> None:
        dice, faults = self._dice, self._faults
        if dice.random() < faults.loss:
            self.lost.append((target.peer, data))
            return
        if dice.random() < faults.reordering:
            target.held.append((data, self._loop.call_later(faults.patience, self._release, target)))
            return
        self._pass(data, target)
        if dice.random() < faults.duplication:
            self.counts.doubled += 1
            self._pass(data, target)
        self.counts.overtaken += len(target.held)
        self._release(target)

    def _release(self, target: _Side) -> None:
        held, target.held = target.held, []
        for data, timer in held:
            timer.cancel()
            self._pass(data, target)

    def _pass(self, data: bytes, target: _Side) -> None:
        if target.peer is not None:
            self.counts.passed += 1
            target.socket.sendto(data, target.peer)


def _open(address: Address) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(address)
    opened.setblocking(False)
    return opened
