"""`--charts DIR`: the charts found there replace ours by name. What a command then works with."""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart import Chart, read_folder, remembered, shipped
from session_fsm.command.exits import CommandError, exit_for
from session_fsm.errors import ChartError


def charts_in(folder: Path | None, *, or_file: bool = False) -> dict[str, Chart]:
    """The charts of a folder, by id; what a trace names may be a file as well."""
    if folder is None:
        return {}
    if not folder.is_dir() and not (or_file and folder.is_file()):
        raise CommandError(f"--charts: {folder} is no folder")
    try:
        return read_folder(folder)
    except ChartError as error:
        raise CommandError(f"--charts: {error}", exit_for(error.faults)) from None


def every_chart(folder: Path | None, *, or_file: bool = False) -> dict[str, Chart]:
    """The shipped charts, those of the folder in place of the ones that have their names, and its others."""
    return {**{name: Chart.load(name) for name in shipped()}, **charts_in(folder, or_file=or_file)}


def replacing(folder: Path | None) -> dict[str, Chart]:
    """The charts of a folder that a call runs in place of ours. A folder that replaces none is a mistake."""
    # What a call runs is known to the engine, which not every command needs.
    from session_fsm.leaving import LEAVING
    from session_fsm.session.building import REGISTRIES

    run = (*REGISTRIES, LEAVING)
    found = {name: chart for name, chart in charts_in(folder).items() if name in run}
    if folder is not None and not found:
        raise CommandError(f"--charts: no chart in {folder} replaces one of ours; possible: {', '.join(run)}")
    return found


def note(folder: Path | None, file: Path) -> str:
    """How a file that is written remembers the folder; empty when there is none."""
    return "" if folder is None else remembered(folder, file)
