"""Datagrams of another process, as many a second as are asked for: memory, and how long a real call takes meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from session_fsm import CallFailedError, Credentials, DigestPolicy, IncomingInvite, SessionFsmError, UserAgent
from session_fsm.session.events import CallEnded
from tools.soak.endurance import resident

SECONDS = 5.0  # of real calls, one after the other
SOURCES = 500  # addresses, where a flood comes from many
SLICE = 0.01  # seconds between two bursts of the flood

OFFER = """\
v=0
o=- 1 1 IN IP4 127.0.0.66
s=-
c=IN IP4 127.0.0.66
t=0 0
m=audio 4000 RTP/AVP 0
"""

REQUEST = """\
{method} sip:bob@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.66;rport;branch=z9hG4bK{n}
Max-Forwards: 70
From: <sip:mallory@127.0.0.66>;tag=m
To: <sip:bob@127.0.0.1>{tag}
Call-ID: flood-{n}
CSeq: 1 {method}
Contact: <sip:mallory@127.0.0.66>
"""

RESPONSE = """\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{n}
From: <sip:bob@127.0.0.1>;tag=m
To: <sip:mallory@127.0.0.66>;tag=n
Call-ID: flood-{n}
CSeq: 1 INVITE

"""


VIAS = 800 * b"Via: SIP/2.0/UDP 127.0.0.66;branch=z9hG4bKn\r\n"


def message(kind: str, n: int) -> bytes:
    """The n-th datagram of a flood of this kind."""
    if kind == "garbage":
        return b"\x00\x17\xff%d" % n * 20
    if kind == "responses":
        return RESPONSE.format(n=n).replace("\n", "\r\n").encode()
    if kind == "monstrous":
        return message("OPTIONS", n).replace(b"Max-Forwards", VIAS + b"Max-Forwards")
    head = REQUEST.format(method=kind, n=n, tag=";tag=guessed" if kind == "BYE" else "")
    carried = f"Content-Type: application/sdp\n\n{OFFER}" if kind == "INVITE" else "\n"
    return f"{head}{carried}".replace("\n", "\r\n").encode()


KINDS = ("BYE", "CANCEL", "OPTIONS", "REGISTER", "ACK", "responses", "garbage")
"Besides INVITE, which carries an offer: whoever takes the call at once opens two ports and sends audio."


@dataclass(frozen=True, slots=True)
class FloodFigures:
    """What a flood did."""

    calls: int
    "Real calls that were placed meanwhile."
    completed: int
    "Those of them that were answered and had audio both ways."
    slowest: float
    "Seconds from INVITE to audio, of the one that took longest."
    median: float
    "The same, of the one in the middle."
    refused: int
    "Requests of the flood that were refused."
    megabytes: float
    "By which the process grew."

    @property
    def holds(self) -> bool:
        """Whether every real call was set up within two seconds."""
        return 0 < self.calls == self.completed and self.slowest <= 2.0


async def flooded(
    kind: str, per_second: int, *, sources: int = 1, asked: bool = False, seconds: float = SECONDS
) -> FloodFigures:
    """Real calls from another address while the flood goes on; `asked` for a password, which they know."""
    begun = resident()
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", challenge=POLICY if asked else None) as bob,
        UserAgent("sip:carol@127.0.0.1", bind="127.0.1.1:0", credentials=CAROL) as carol,
    ):
        serving = asyncio.create_task(bob.serve(take))
        async with flooding(kind, bob.address[1], per_second, sources):
            took = await _real_calls(carol, bob, seconds)
        refused = sum(count for name, count in bob.counters.items() if name.startswith(("refused", "dropped")))
        megabytes = (resident() - begun) / 1e6
        await bob.drain(0.5)
        await serving
    set_up = [each for each in took if each is not None]
    median = statistics.median(set_up) if set_up else 0.0
    return FloodFigures(len(took), len(set_up), max(set_up, default=0.0), median, refused, megabytes)


@asynccontextmanager
async def flooding(kind: str, port: int, per_second: int, sources: int) -> AsyncIterator[None]:
    """A process floods this port of 127.0.0.1, and has done so for a second when this is entered."""
    arguments = ("-m", "tools.soak.flood", kind, str(port), str(per_second), str(sources))
    flooder = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert flooder.stdout is not None  # it says when it has sent for a second
    try:
        await flooder.stdout.readline()
        yield
    finally:
        flooder.kill()
        await flooder.wait()


POLICY = DigestPolicy("bob", {"carol": "secret"}.get)
CAROL = Credentials("carol", "secret", "bob")


async def _real_calls(carol: UserAgent, bob: UserAgent, seconds: float) -> list[float | None]:
    until, took = time.monotonic() + seconds, []
    while time.monotonic() < until:
        took.append(await _real_call(carol, bob))
    return took


async def _real_call(carol: UserAgent, bob: UserAgent) -> float | None:
    began = time.monotonic()
    try:
        async with carol.make_call(bob.contact) as call:
            await call.wait_for_media()
            return time.monotonic() - began
    except SessionFsmError:
        return None


async def take(invite: IncomingInvite) -> None:
    """Take every call at once, and leave hanging up to the caller."""
    try:
        call = await invite.accept()
        await call.wait_for_event(CallEnded, timeout=None)
    except CallFailedError:
        return


def send_for_ever(kind: str, port: int, per_second: int, sources: int) -> None:
    """The flood: bursts at absolute times. Says so after a second."""
    with ExitStack() as stack:
        out = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(sources)]
        for at, each in enumerate(out):
            each.bind((f"127.0.{2 + at // 250}.{1 + at % 250}", 0))
        n, due = 0, time.monotonic()
        while True:
            due += SLICE
            for _ in range(max(1, round(per_second * SLICE))):
                n += 1
                out[n % sources].sendto(message(kind, n), ("127.0.0.1", port))
            if n == per_second:
                print("a second has passed", flush=True)
            _wait_until(due, out[n % sources])


def _wait_until(due: float, out: socket.socket) -> None:
    """Reading what comes back is also how it waits."""
    while (left := due - time.monotonic()) > 0:
        out.settimeout(left)
        with contextlib.suppress(TimeoutError):
            out.recv(65536)
    out.settimeout(None)


if __name__ == "__main__":
    send_for_ever(sys.argv[1], *map(int, sys.argv[2:]))
