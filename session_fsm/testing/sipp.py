"""Runs SIPp, the traffic generator that nobody here wrote, against a user agent: as a caller, or as a callee.

Everything is an event: SIPp draws its first screen when its sockets are open, and ends when its calls are over.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from session_fsm.session.events import Address
from session_fsm.session.settings import Seconds

PATIENCE: Seconds = 30.0
LISTENING = b"Scenario Screen"
HOST = "127.0.0.1"


class SippError(AssertionError):
    """SIPp says that a call did not go as its scenario; the message shows what it sent and received."""


class SippRunner:
    """Starts SIPp with scenarios of its own (`uac`, `uas` …) or from files; logs go into `folder`."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self._count = 0

    async def call(
        self, target: Address, *, scenario: str | Path = "uac", calls: int = 1, timeout: Seconds = PATIENCE
    ) -> str:
        """Call somebody; gives what was sent and received. Raises SippError when a call did not go as it should."""
        sipp = _Sipp(self, [f"{target[0]}:{target[1]}", *_scenario(scenario), "-m", str(calls)])
        async with sipp:
            return await sipp.ended(timeout)

    @asynccontextmanager
    async def answer(
        self, *, scenario: str | Path = "uas", calls: int = 1, timeout: Seconds = PATIENCE
    ) -> AsyncIterator[str]:
        """Answer so many calls: gives the URI to call, and waits at the end until they are over."""
        sipp = _Sipp(self, [*_scenario(scenario), "-m", str(calls)])
        async with sipp:
            await sipp.listens(timeout)
            yield f"sip:service@{HOST}:{sipp.port}"
            await sipp.ended(timeout)

    def number(self) -> int:
        """A number for the next one's files."""
        self._count += 1
        return self._count


class _Sipp:
    """One SIPp process. It draws on a terminal of its own, or it would keep its screens to itself."""

    def __init__(self, runner: SippRunner, arguments: list[str]) -> None:
        stem = runner.folder / f"sipp-{runner.number()}"
        self.port = _free_port()
        self.messages = stem.with_suffix(".messages.log")
        self.errors = stem.with_suffix(".errors.log")
        logs = ["-trace_msg", "-message_file", str(self.messages), "-trace_err", "-error_file", str(self.errors)]
        own = ["-i", HOST, "-p", str(self.port), "-nostdin"]
        self.command = [runner.program, *arguments, *own, *logs]
        self._drawn = b""
        self._draws = asyncio.Event()

    async def __aenter__(self) -> _Sipp:
        self._ours, theirs = os.openpty()
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                env=os.environ | {"TERM": "vt100", "LINES": "24", "COLUMNS": "80"},
            )
        finally:
            os.close(theirs)
        asyncio.get_running_loop().add_reader(self._ours, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)

    def _read(self) -> None:
        try:
            new = os.read(self._ours, 65536)
        except OSError:
            new = b""  # its end of the terminal is closed
        if not new:
            asyncio.get_running_loop().remove_reader(self._ours)
        self._drawn = self._drawn[-4096:] + new
        self._draws.set()

    async def listens(self, timeout: Seconds) -> None:
        """Return when its sockets are open."""
        async with asyncio.timeout(timeout):
            while LISTENING not in self._drawn:
                self._draws.clear()
                if self.process.returncode is not None:
                    raise SippError(self._told("SIPp did not start"))
                await self._draws.wait()

    async def ended(self, timeout: Seconds) -> str:
        """Return when its calls are over, with what was sent and received."""
        try:
            code = await asyncio.wait_for(self.process.wait(), timeout)
        except TimeoutError:
            raise SippError(self._told(f"SIPp was not done after {timeout:g} s")) from None
        if code != 0:
            raise SippError(self._told(f"SIPp ended with {code}"))
        return self._text(self.messages)

    def _told(self, what: str) -> str:
        return "\n".join(filter(None, [what, self._text(self.errors), self._text(self.messages)]))

    @staticmethod
    def _text(path: Path) -> str:
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _scenario(scenario: str | Path) -> list[str]:
    is_file = isinstance(scenario, Path) or scenario.endswith(".xml")
    return ["-sf" if is_file else "-sn", str(scenario)]


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
