"""Very many calls one after the other: what is held afterwards is what was held before."""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from random import Random

from session_fsm import Call, SessionFsmError, UserAgent
from session_fsm.machine import Machine
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.sdp import LocalMedia
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.dialog import Dialog
from session_fsm.session.events import CallEnded, IncomingCall
from session_fsm.session.orders import Edge, EdgeFacts, OpenPath
from session_fsm.session.session import Session
from session_fsm.session.settings import Settings
from session_fsm.session.transaction import Transaction
from tools.soak.progress import counted

WATCHED = (Call, Session, Machine, Transaction, Dialog, MediaStream)
AT_A_TIME = 20
STEP = 0.05  # seconds of virtual time from one call to the next
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class EnduranceFigures:
    """What was held before and after."""

    calls: int
    completed: int
    objects_left: dict[str, int]
    "Objects of the classes that make a call, that were not there before."
    files_left: int
    tasks_left: int
    megabytes: float
    "By which the process grew in the second half of the calls."

    @property
    def holds(self) -> bool:
        """Whether every call completed and nothing is left."""
        return self.completed == self.calls and not self.objects_left and not self.files_left and not self.tasks_left


def virtual_calls(calls: int, *, quiet: bool = False) -> EnduranceFigures:
    """Sans-IO: both sides, no sockets, time that jumps. Every timer of every call fires."""
    before = _alive()
    pair = _Pair()
    grown = 0
    for n in counted("virtual", calls, quiet=quiet):
        pair.one_call()
        if n == calls // 2:
            grown = resident()
    pair.finish()
    megabytes = (resident() - grown) / 1e6
    completed = pair.completed
    del pair
    return EnduranceFigures(calls, completed, _more(before), 0, 0, megabytes)


async def udp_calls(calls: int, *, quiet: bool = False) -> EnduranceFigures:
    """Real sockets: audio both ways, then BYE. Each quarter has two user agents of its own.

    A caller keeps a call for 64*T1 after its end, for the 200 of another fork. On a fast machine that is longer than
    the whole run, so memory is compared when the user agents of a quarter are closed: the last against the second.
    """
    before, files, tasks = _alive(), len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
    rounds = max(4, calls // AT_A_TIME)
    at_a_time = calls // rounds
    turns = iter(counted("UDP", rounds, quiet=quiet))
    completed = grown = 0
    for quarter in range(4):
        completed += await _calls_of_a_pair(islice(turns, rounds // 4) if quarter < 3 else turns, at_a_time)
        gc.collect()
        if quarter == 1:
            grown = resident()
    megabytes = (resident() - grown) / 1e6
    left = _more(before)
    files, tasks = len(os.listdir("/proc/self/fd")) - files, len(asyncio.all_tasks()) - tasks
    return EnduranceFigures(rounds * at_a_time, completed, left, files, tasks, megabytes)


async def _calls_of_a_pair(turns: Iterable[int], at_a_time: int) -> int:
    """Two user agents that call each other so many times at once in each turn: how many calls were complete."""
    completed = 0
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
    ):
        answering = asyncio.create_task(_answer(bob))
        for _ in turns:
            completed += sum(await asyncio.gather(*(_one_call(alice, bob) for _ in range(at_a_time))))
    await answering
    return completed


async def _one_call(alice: UserAgent, bob: UserAgent) -> bool:
    try:
        async with alice.make_call(bob.contact) as call:
            await call.wait_for_media()
        ended = await call.wait_for_event(CallEnded)
    except SessionFsmError:
        return False
    return ended.reason == "hung up"


async def _answer(bob: UserAgent) -> None:
    async for invite in bob.incoming_calls():
        await invite.accept()


class _Pair:
    """A caller and a callee whose datagrams arrive at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self.completed = 0
        settings = Settings(trace_rows=0)
        self.addresses = (("10.0.0.1", 5060), ("10.0.0.2", 5060))
        self.sides = tuple(
            SessionCoordinator(f"sip:user@{host}", (host, port), dice=Random(host), settings=settings)
            for host, port in self.addresses
        )

    def one_call(self) -> None:
        """Call, answer, talk, hang up."""
        caller, callee = self.sides
        media = [LocalMedia((host, 40_000)) for host, _ in self.addresses]
        made = caller.make_call(f"sip:user@{self.addresses[1][0]}", media=media[0], now=self.now)
        incoming = [event.session_id for event in self._drain() if isinstance(event, IncomingCall)]
        callee.accept(incoming[0], media=media[1], now=self.now)
        self._drain()
        self._advance(STEP)
        caller.hang_up(made, now=self.now)
        ended = [event for event in self._drain() if isinstance(event, CallEnded)]
        self.completed += len(ended) == 2

    def finish(self) -> None:
        """Until no timer runs."""
        while (due := min((at.next_deadline() or 1e18 for at in self.sides), default=1e18)) < 1e18:
            self._advance(due - self.now)
        assert all(not at.sessions and not any(at.open_machines().values()) for at in self.sides)

    def _advance(self, seconds: float) -> None:
        self.now += seconds
        for at in self.sides:
            at.expire(self.now)
        self._drain()

    def _drain(self) -> list[object]:
        """Carry out everything: datagrams cross at once, a path that opens hears its first frame."""
        told: list[object] = []
        edges: deque[tuple[SessionCoordinator, str, Edge]] = deque()
        while True:
            for at, own in zip(self.sides, self.addresses, strict=True):
                while (order := at.poll_media()) is not None:
                    if isinstance(order, OpenPath):
                        edges += [(at, order.session_id, edge) for edge in (Edge.PATH_OPENED, Edge.FIRST_FRAME)]
                told += iter(at.poll_event, None)
                while (sent := at.poll_transmit()) is not None:
                    other = self.sides[self.addresses.index(sent.destination)]
                    other.receive(sent.data, own, self.now)
                    break
                else:
                    continue
                break
            else:
                if not edges:
                    return told
                at, session_id, edge = edges.popleft()
                at.media_edge(session_id, edge, EdgeFacts(rtp_flowing=True), self.now)


def _alive() -> Counter[str]:
    gc.collect()
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, WATCHED))


def _more(before: Counter[str]) -> dict[str, int]:
    return dict(_alive() - before)


def resident() -> int:
    """Octets of memory that the process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE
