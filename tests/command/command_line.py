"""Runs the real command line as real processes, and reads their lines as they come."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from session_fsm.__main__ import main

COMMAND = (sys.executable, "-m", "session_fsm")

Line = dict[str, Any]


def run(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One command from its start to its end."""
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=100)


@dataclass(frozen=True)
class Done:
    """What a command left behind; named as in `subprocess`."""

    returncode: int
    stdout: str
    stderr: str


def run_here(*arguments: object, folder: Path | None = None) -> Done:
    """The same within this process: what needs no process of its own is checked in a hundredth of the time."""
    stdout, stderr = io.StringIO(), io.StringIO()
    argv, sys.argv = sys.argv, ["session-fsm", *map(str, arguments)]
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr), chdir(folder or "."), pytest.raises(SystemExit) as ended:
            main()
    finally:
        sys.argv = argv
    code = ended.value.code
    return Done(code if isinstance(code, int) else 0, stdout.getvalue(), stderr.getvalue())


def lines_of(text: str) -> list[Line]:
    """Standard output that has to be JSON and nothing else."""
    return [json.loads(line) for line in text.splitlines()]


class Program:
    """A command with --json that runs beside the test. Whoever waits for a line waits for an event, not for time."""

    def __init__(self, folder: Path, name: str, *arguments: object) -> None:
        self.lines: list[Line] = []
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [*COMMAND, *map(str, arguments), "--json"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.communicate()

    def until(self, kind: str, **fields: object) -> Line:
        """Read on to the next line of this type with these fields."""
        assert self._process.stdout is not None
        for text in self._process.stdout:
            line: Line = json.loads(text)
            self.lines.append(line)
            if line["type"] == kind and all(line[name] == value for name, value in fields.items()):
                return line
        raise AssertionError(f"no {kind} came; the log says: {self.log.read_text()}")

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """As Ctrl-C."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """At once, without a word to anybody."""
        self._process.kill()
        self._process.wait()

    def finish(self) -> int:
        """Read all the rest; the exit code."""
        assert self._process.stdout is not None
        self.lines += [json.loads(text) for text in self._process.stdout]
        return self._process.wait()

    def of_type(self, *kinds: str) -> list[Line]:
        """The lines of these types that were read."""
        return [line for line in self.lines if line["type"] in kinds]

    def first(self, kind: str, **fields: object) -> Line:
        """The first line of this type with these fields."""
        return next(line for line in self.of_type(kind) if all(line[name] == value for name, value in fields.items()))

    @property
    def summary(self) -> Line:
        """What came of its only call."""
        (summary,) = self.of_type("Summary")
        return summary


def answering(folder: Path, *arguments: object, calls: int = 1, name: str = "callee") -> Program:
    """`answer` on a free port."""
    return Program(folder, name, "answer", "--bind", "127.0.0.1:0", "--calls", calls, *arguments)


def uri_of(callee: Program) -> str:
    """Where a callee is reached, as soon as it is."""
    return str(callee.until("Listening")["uri"])


def calling(folder: Path, uri: str, *arguments: object, name: str = "caller") -> Program:
    """`call`."""
    return Program(folder, name, "call", uri, *arguments)


def names(lines: Sequence[Line]) -> list[str]:
    """The types of these lines."""
    return [line["type"] for line in lines]
