"""A bar for a person, a line each tenth for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

WIDTH = 30


def counted(name: str, total: int, *, quiet: bool = False) -> Iterator[int]:
    """Numbers from 0, and how far they are on stderr."""
    begun, told = time.monotonic(), -1
    for n in range(total):
        tenth = 10 * n // total
        if not quiet and (tenth != told or (sys.stderr.isatty() and n % max(1, total // 200) == 0)):
            told = tenth
            _show(name, n, total, time.monotonic() - begun)
        yield n
    if not quiet:
        _show(name, total, total, time.monotonic() - begun)
        if sys.stderr.isatty():
            print(file=sys.stderr)


def _show(name: str, n: int, total: int, seconds: float) -> None:
    done = WIDTH * n // total
    text = f"{name:12} [{'#' * done}{'.' * (WIDTH - done)}] {n:,} of {total:,}, {seconds:.0f} s"
    print(
        f"\r{text}" if sys.stderr.isatty() else text,
        end="" if sys.stderr.isatty() else "\n",
        file=sys.stderr,
        flush=True,
    )
