"""Processes that the bench starts, measures and ends: only those, by the object that started them."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
READY_TIMEOUT = 20.0  # seconds; a cold start with numpy takes well under one
STOP_TIMEOUT = 5.0

# Linux, <linux/posix-timers.h>: the CPU clock of a process is named by its id, three bits shifted and inverted.
CPUCLOCK_SCHED = 2


class Child:
    """One program. Without `port` it says on its first line `ready`, and the ports where it can be called."""

    def __init__(self, command: Sequence[str], *, port: int | None = None, folder: Path = ROOT) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if port is None else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._read = b""
        try:
            self.ports = [port] if port is not None else [int(word) for word in self.line().split()[1:]]
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Where it can be called."""
        return self.ports[0]

    def line(self, timeout: float = READY_TIMEOUT) -> str:
        """The next line that it prints."""
        out = self._process.stdout
        assert out is not None
        while b"\n" not in self._read:
            ready, _, _ = select.select([out], [], [], timeout)
            data = os.read(out.fileno(), 1 << 16) if ready else b""
            if not data:
                raise RuntimeError(f"{' '.join(map(str, self._process.args))} said nothing")  # type: ignore[arg-type]
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        return line.decode().strip()

    def say(self, line: str) -> None:
        """Send it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def cpu(self) -> float:
        """Seconds of CPU that it has used so far, in all its threads, those that have ended too."""
        return time.clock_gettime(~self._process.pid << 3 | CPUCLOCK_SCHED)

    def stop(self) -> None:
        """End it."""
        process = self._process
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def ours(module: str, *arguments: str) -> list[str]:
    """The command of one of our programs."""
    return [sys.executable, "-m", f"tools.bench.peers.{module}", *arguments]
