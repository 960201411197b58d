"""A process that may open no more files (`ulimit -n`): a clean 503, and when calls end there is room for others."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from resource import RLIM_INFINITY

import pytest

from session_fsm import Call, CallFailedError, Settings, UserAgent
from session_fsm.runtime import files
from session_fsm.session.events import CallEnded

ROOM = 4  # calls
TRIED = 10  # calls

# Bob has files for ROOM calls from when he listens on, and one more, which is of no use alone. Each line on stdin has
# him say how many files he has open more than then, and how many calls. Counted without opening one.
BOB = f"""
import asyncio, fcntl, resource, sys
from session_fsm import CallFailedError, UserAgent
from session_fsm.session.events import CallEnded

def open_files():
    found = 0
    for fd in range(64):
        try:
            fcntl.fcntl(fd, fcntl.F_GETFD)
            found += 1
        except OSError:
            pass
    return found

async def take(invite):
    call = await invite.accept()
    await call.wait_for_event(CallEnded, timeout=None)

async def main(ports):
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", rtp_ports=ports) as bob:
        serving = asyncio.create_task(bob.serve(take))
        asked = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
        before = open_files()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (before + 2 * {ROOM} + 1, hard))
        print(bob.contact, flush=True)
        while await asked.readline():
            print(open_files() - before, len(bob.calls), flush=True)
    await serving
    print(len(asyncio.all_tasks()), flush=True)

asyncio.run(main((int(sys.argv[1]), int(sys.argv[2]))))
"""


class Bob:
    """The other process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.contact = ""

    async def line(self) -> str:
        """What he says next."""
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()

    async def holds(self) -> tuple[int, int]:
        """Files and calls."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        held, calls = (await self.line()).split()
        return int(held), int(calls)


@pytest.fixture(params=[(0, 0), (20_000, 60_000)], ids=["any port", "a range of ports"])
async def bob(request) -> AsyncIterator[Bob]:
    first, last = map(str, request.param)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOB, first, last, stdin=pipe, stdout=pipe, stderr=pipe
    )
    made = Bob(process)
    made.contact = await made.line()
    yield made
    said, complaints = await process.communicate(b"")
    assert (0, b"1\n") == (process.returncode, said)
    assert b"Traceback" not in complaints
    assert b"too many files are open" in complaints


async def outcome(call: Call) -> str:
    """`up`, or why not."""
    try:
        await call.wait_for_media()
    except CallFailedError as error:
        return f"{error.status}"
    return "up"


@pytest.mark.slow
async def test_without_files_a_caller_hears_503_and_all_come_back(bob):
    """Twice: as many as there are files for are up, and after them so many again."""
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice:
        for _ in range(2):
            calls = [alice.make_call(bob.contact) for _ in range(TRIED)]
            heard = Counter([await outcome(call) for call in calls])

            assert Counter({"up": ROOM, "503": TRIED - ROOM}) == heard
            assert (2 * ROOM, ROOM) == await bob.holds()
            for call in [each for each in calls if not each.is_over]:
                await call.hang_up()
                await call.wait_for_event(CallEnded)
            while await bob.holds() != (0, 0):
                pass


@pytest.mark.parametrize(
    ("files_allowed", "in_all", "of_one"),
    [(1024, 360, 240), (256, 72, 48), (64, 1, 1), (10, 1, 1), (1_000_000, 2000, 1000), (RLIM_INFINITY, 2000, 1000)],
)
def test_strangers_never_take_all_files(monkeypatch, files_allowed, in_all, of_one):
    """With the 1,024 that most systems give, a flood would otherwise leave none to anybody."""
    monkeypatch.setattr(files, "getrlimit", lambda what: (files_allowed, RLIM_INFINITY))
    found = files.fitting(Settings())

    assert (in_all, of_one) == (found.max_waiting, found.max_waiting_per_source)


def test_what_is_set_lower_stays_so():
    settings = replace(Settings(), max_waiting=1, max_waiting_per_source=1)

    assert settings is files.fitting(settings)
