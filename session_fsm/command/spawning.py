"""Another process of ours: started, listened to line by line, interrupted, and waited for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.jsonlines import Line

BEGIN = 30.0  # seconds for a process to import what it needs and to open its socket
OURS = "SESSION_FSM_"  # a registrar, a proxy, a password: of the user's calls, and not of the demo's
LAST_WORDS = 300  # characters of a log that are quoted


class Spawned:
    """One `python -m session_fsm …` with --json: every line of it, as data."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path, on_line: Callable[[Line], None]) -> None:
        self.lines: list[Line] = []
        self.code: int | None = None
        "Its exit code, once it has ended."
        self._process = process
        self._log = log
        self._on_line = on_line
        self._listening: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, arguments: Sequence[str], log: Path, on_line: Callable[[Line], None]) -> Spawned:
        """Start it. Its log goes to a file."""
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "session_fsm", *arguments, "--json"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            )
        return cls(process, log, on_line)

    async def listening(self) -> Line:
        """Its first line, which says where it is reached."""
        await asyncio.wait((self._listening, self._reading), timeout=BEGIN, return_when=asyncio.FIRST_COMPLETED)
        if not self._listening.done():
            raise CommandError(f"a process did not begin: {self.last_words()}", Exit.FAILED)
        return self._listening.result()

    async def ended(self, *, within: float) -> None:
        """Return when it has ended; after so many seconds it is killed."""
        _, late = await asyncio.wait((self._reading,), timeout=within)
        if late:
            await self.kill()
        self._reading.result()

    def interrupt(self) -> None:
        """As Ctrl-C: it hangs up and ends."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    async def kill(self) -> None:
        """At once, whatever it does."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await asyncio.wait((self._reading,))

    async def _read(self) -> None:
        """Every line until its end."""
        stdout = self._process.stdout
        assert stdout is not None  # it is a pipe
        async for text in stdout:
            line = json.loads(text)
            self.lines.append(line)
            self._on_line(line)
            if line["type"] == "Listening":
                self._listening.set_result(line)
        self.code = await self._process.wait()

    @property
    def summary(self) -> Line | None:
        """The summary of its first call."""
        return next((line for line in self.lines if line["type"] == "Summary"), None)

    def last_words(self) -> str:
        """The end of its log."""
        text = self._log.read_text("utf-8", "replace").strip()
        return text[-LAST_WORDS:] or "it said nothing"
