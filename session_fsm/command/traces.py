"""Traces and pictures as files: read whole before anything is written, written whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from session_fsm.chart import Chart, recalled
from session_fsm.command.exits import CommandError
from session_fsm.machine import TraceRow, head_of, other_charts, read_jsonl
from session_fsm.machine.trace_head import NO_HEAD, Head


def read_trace(trace: Path) -> list[TraceRow]:
    """Every row of a trace."""
    possible = "possible: one trace row of schema 1 a line, as --trace writes"
    try:
        with trace.open(encoding="utf-8") as file:
            rows = list(read_jsonl(file))
    except OSError as error:
        raise CommandError(f"cannot read {trace}: {error.strerror}") from None
    except ValueError as error:
        raise CommandError(f"{trace}: {error}; {possible}") from None
    if not rows:
        raise CommandError(f"{trace}: there is no trace row in it; {possible}")
    return rows


def head_for(trace: Path) -> Head:
    """What the trace says before its rows."""
    try:
        with trace.open(encoding="utf-8") as file:
            return head_of(file.readline())
    except (OSError, UnicodeDecodeError):
        return NO_HEAD  # whoever reads the rows says so


def folder_for(trace: Path, charts: Path | None) -> Path | None:
    """The folder of charts that was asked for, else the one that the trace names."""
    if charts is not None:
        return charts
    named = head_for(trace).charts
    if not named:
        return None
    folder = recalled(named, trace)
    if not folder.exists():
        raise CommandError(
            f"{trace}: it was made with the charts in {folder}, which is not there now; possible: --charts DIR"
        )
    return folder


def check_versions(trace: Path, rows: Sequence[TraceRow], charts: Mapping[str, Chart]) -> None:
    """Complain when the trace is of another version of one of these charts, or of one that meant something else."""
    used = [(row.chart, row.version) for row in rows]
    for complaint in other_charts(head_for(trace), used, charts):
        raise CommandError(f"{trace}: {complaint} (--charts DIR names other charts)")


def check_place(option: str, place: Path, *, folder: bool = False) -> None:
    """Complain before long work about a file, or a folder that is still to be made, that cannot be written."""
    nearest = next((path for path in (place, *place.parents) if path.exists()), Path())
    problem = 0
    if nearest == place and not folder:
        problem = errno.EISDIR if place.is_dir() else 0
    elif not nearest.is_dir():
        problem = errno.ENOTDIR
    elif not folder and nearest != place.parent:
        problem = errno.ENOENT
    if not problem and not os.access(nearest, os.W_OK):
        problem = errno.EACCES
    if problem:
        raise CommandError(f"{option}: cannot write {place}: {os.strerror(problem)}")


def write_out(made: str | bytes, output: Path | None) -> None:
    """Write to a file that is there whole or not at all, or to standard output."""
    if output is None and isinstance(made, str):
        sys.stdout.write(made)
        return
    data = made.encode() if isinstance(made, str) else made
    if output is None:
        if sys.stdout.isatty():
            raise CommandError("a PNG is nothing for a terminal; possible: -o FILE.png")
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    part: str | None = None
    try:
        if output.exists() and not output.is_file():
            output.write_bytes(data)
            return
        with NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as file:
            part = file.name
            file.write(data)
        os.chmod(part, 0o644)
        os.replace(part, output)
    except OSError as error:
        if part is not None:
            Path(part).unlink(missing_ok=True)
        raise CommandError(f"-o: cannot write {output}: {error.strerror}") from None
