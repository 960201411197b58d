"""INVITEs of another process, as many a second as are asked for: memory, and how long a real call takes meanwhile."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from dataclasses import dataclass

from session_fsm import CallFailedError, IncomingInvite, SessionFsmError, UserAgent
from session_fsm.session.events import CallAnswered, CallEnded
from tools.soak.endurance import resident
from tools.soak.progress import counted

CALLS = 20
SLICE = 0.01  # seconds between two bursts of the flood

INVITE = """\
INVITE sip:bob@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.66;rport;branch=z9hG4bK{n}
Max-Forwards: 70
From: <sip:mallory@127.0.0.66>;tag=m
To: <sip:bob@127.0.0.1>
Call-ID: flood-{n}
CSeq: 1 INVITE
Contact: <sip:mallory@127.0.0.66>
Content-Length: 0

""".replace("\n", "\r\n")


@dataclass(frozen=True, slots=True)
class FloodFigures:
    """What a flood did."""

    per_second: int
    refused: int
    "INVITEs that got 503."
    completed: int
    "Real calls that were answered, of CALLS."
    slowest: float
    "Seconds from INVITE to answer, of the real call that took longest."
    megabytes: float
    "By which the process grew."

    @property
    def holds(self) -> bool:
        """Whether every real call was set up within two seconds."""
        return self.completed == CALLS and self.slowest <= 2.0


async def flooded(per_second: int, *, quiet: bool = False) -> FloodFigures:
    """Twenty real calls from another address, one after the other, while the flood goes on."""
    begun, completed, slowest = resident(), 0, 0.0
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:carol@127.0.0.1", bind="127.0.0.2:0") as carol,
    ):
        serving = asyncio.create_task(bob.serve(_take))
        flooding = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools.soak.flood", str(bob.address[1]), str(per_second)
        )
        try:
            while not bob.counters["refused.503"]:
                await _turn()
            for _ in counted("flood", CALLS, quiet=quiet):
                took = await _real_call(carol, bob)
                completed += took is not None
                slowest = max(slowest, took or 0.0)
        finally:
            flooding.kill()
            await flooding.wait()
        refused, megabytes = bob.counters["refused.503"], (resident() - begun) / 1e6
        await bob.drain(0.5)
        await serving
    return FloodFigures(per_second, refused, completed, slowest, megabytes)


async def _real_call(carol: UserAgent, bob: UserAgent) -> float | None:
    began = time.monotonic()
    try:
        async with carol.make_call(bob.contact) as call:
            await call.wait_for_event(CallAnswered)
            return time.monotonic() - began
    except SessionFsmError:
        return None


async def _take(invite: IncomingInvite) -> None:
    try:
        call = await invite.accept()
        await call.wait_for_event(CallEnded, timeout=None)
    except CallFailedError:
        return


async def _turn() -> None:
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turn.set_result, None)
    await turn


def send_for_ever(port: int, per_second: int) -> None:
    """The flood: bursts at absolute times."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind(("127.0.0.66", 0))
        out.settimeout(SLICE)
        n, due = 0, time.monotonic()
        while True:
            due += SLICE
            for _ in range(max(1, round(per_second * SLICE))):
                n += 1
                out.sendto(INVITE.format(n=n).encode(), ("127.0.0.1", port))
            # Reading what comes back is also how it waits.
            while (left := due - time.monotonic()) > 0:
                out.settimeout(left)
                try:
                    out.recv(65536)
                except TimeoutError:
                    break


if __name__ == "__main__":
    send_for_ever(int(sys.argv[1]), int(sys.argv[2]))
