"""Tables as text, and a line on the terminal that says what is being measured."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench.measure import Table


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say what is going on, on a terminal only."""
    shown = sys.stderr.isatty()
    if shown:
        print(f"\r\x1b[Kmeasuring: {what} …", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def machine() -> str:
    """What this was measured on."""
    return f"CPython {platform.python_version()}, {_processor()}, {os.cpu_count()} cores, {platform.system()}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def text_of(table: Table) -> str:
    """One table, and whether its marks hold."""
    return "\n".join([f"{table.title} ({table.unit})", *_rows(table), *_marks(table), *(f"  {n}" for n in table.notes)])


def _rows(table: Table) -> Iterable[str]:
    width = max((len(row.name) for row in table.rows), default=0)
    for row in table.rows:
        ratio = f"{row.ratio:8.2f} x" if row.ratio is not None else " " * 10
        more = "   ".join(f"{name} {value:.2f}" for name, value in row.more.items())
        yield f"  {row.name:{width}}  {row.value:9.2f}{ratio}   {more}".rstrip()


def _marks(table: Table) -> Iterable[str]:
    for mark in table.marks:
        yield f"  {'holds' if mark.holds else 'MISSED'}: {mark.text}: {mark.found:.2f} (at most {mark.limit:.2f})"


def markdown_of(table: Table) -> str:
    """One table for a document."""
    names = list(dict.fromkeys(name for row in table.rows for name in row.more))
    head = ["", table.unit, *(["ratio"] if table.base else []), *names]
    lines = [f"### {table.title}", "", _line(head), _line(["---", *["---:"] * (len(head) - 1)])]
    for row in table.rows:
        ratio = [f"{row.ratio:.2f}" if row.ratio is not None else ""] if table.base else []
        more = [f"{row.more[name]:.2f}" if name in row.more else "" for name in names]
        lines.append(_line([row.name, f"{row.value:.2f}", *ratio, *more]))
    lines += ["", *(f"- {line.strip()}" for line in [*_marks(table), *table.notes])]
    return "\n".join(lines).rstrip() + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
