"""The charts of a folder, which stand in the place of shipped ones, and how a file remembers where that folder is."""

from __future__ import annotations

import os
from pathlib import Path

from session_fsm.chart.load import load
from session_fsm.chart.model import Chart
from session_fsm.errors import ChartError, ChartFault


def read_folder(folder: str | Path) -> dict[str, Chart]:
    """The charts of a folder and of those within it, by id; of a chart file, its own.

    Raises ChartError with every fault of every file, when two have one id, and when there is no such folder.
    """
    if Path(folder).is_file():
        chart = load(folder)
        return {chart.id: chart}
    if not Path(folder).is_dir():
        raise ChartError([ChartFault(str(folder), "no-such-folder", "there is no such folder")])
    charts: dict[str, Chart] = {}
    faults: list[ChartFault] = []
    for path in files_of(folder):
        try:
            chart = load(path)
        except ChartError as error:
            faults += error.faults
            continue
        if chart.id in charts:
            message = f"its id is {chart.id}, as of {charts[chart.id].file}; possible: one chart of each id"
            faults.append(ChartFault(chart.file, "two-of-one-id", message))
        charts[chart.id] = chart
    if faults:
        raise ChartError(faults)
    return charts


def files_of(folder: str | Path) -> list[Path]:
    """The chart files of a folder and of those within it, in order."""
    return sorted(Path(folder).rglob("*.toml"))


def remembered(folder: str | Path, file: str | Path) -> str:
    """A folder as a file names it: as seen from where the file is, so that both can be moved together."""
    try:
        return Path(os.path.relpath(folder, Path(file).parent)).as_posix()
    except ValueError:  # another drive
        return str(Path(folder).resolve())


def recalled(note: str, file: str | Path) -> Path:
    """The folder that a file names."""
    return Path(os.path.normpath(Path(file).parent / note))
