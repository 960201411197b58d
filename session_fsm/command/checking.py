"""`session-fsm check`: every fault of every chart at once, each with file, state, row and rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.text import Text

from session_fsm.chart import Chart, check_set, files_of, read_file, shipped
from session_fsm.command.exits import CommandError, Exit, exit_for
from session_fsm.command.jsonlines import Line
from session_fsm.command.palette import BAD, GOOD, terminal
from session_fsm.command.reporting import put
from session_fsm.errors import ChartFault
from session_fsm.session.events import SessionEvent


def check(names: Sequence[str], folder: Path | None = None, *, as_json: bool) -> Exit:
    """Check the named charts, or all shipped ones, these also against each other.

    The files of a folder stand in the place of the shipped ones that have their names.
    """
    files = _files(folder)
    charts, faults = _read([files.get(name, name) for name in names or {**shipped(), **files}])
    if not names and not faults:
        faults = _together(charts)
    if as_json:
        for fault in faults:
            put(fault_line(fault))
        put({"type": "Checked", "ok": not faults, "charts": [chart.id for chart in charts], "faults": len(faults)})
    else:
        _print(charts, faults, whole_set=not names)
    return exit_for(faults)


def _together(charts: Sequence[Chart]) -> list[ChartFault]:
    """What is wrong between the charts of a call. What replaces none of ours is no part of one."""
    called = [chart for chart in charts if chart.id in shipped()]
    return [*check_set(called, application_events()), *media_path_faults(called)]


def fitting(chart: Chart, others: Mapping[str, Chart]) -> list[ChartFault]:
    """What is wrong between a chart and the charts that it would be among; nothing where there are none."""
    return _together(list({**others, chart.id: chart}.values())) if others else []


def _files(folder: Path | None) -> dict[str, Path]:
    if folder is not None and not folder.is_dir():
        raise CommandError(f"--charts: {folder} is no folder")
    return {path.stem: path for path in files_of(folder)} if folder is not None else {}


def _read(names: Sequence[str | Path]) -> tuple[list[Chart], list[ChartFault]]:
    charts: list[Chart] = []
    faults: list[ChartFault] = []
    for name in names:
        chart, found = read_file(name)
        charts += [chart] if chart else []
        faults += found
    return charts, faults


def application_events() -> set[str]:
    """The names of everything that an application can be told."""
    return {event.__name__ for event in SessionEvent.__subclasses__()}


def media_path_faults(charts: Sequence[Chart]) -> list[ChartFault]:
    """Where the media paths of the two roles differ."""
    from session_fsm.explore import compare_media_paths

    return [ChartFault("media.toml", "media-paths", difference) for difference in compare_media_paths(charts)]


def fault_line(fault: ChartFault) -> Line:
    """One fault as plain data."""
    return {
        "type": "ChartFault",
        "file": fault.file,
        "state": fault.state,
        "row": fault.row,
        "rule": fault.rule,
        "message": fault.message,
    }


def _print(charts: Sequence[Chart], faults: Sequence[ChartFault], *, whole_set: bool) -> None:
    console = terminal()
    for fault in faults:
        place = ": ".join(part for part in (fault.file, fault.state, fault.row) if part)
        console.print(Text.assemble((place, "bold"), f": {fault.message} ", (f"[{fault.rule}]", "dim")))
    if faults:
        console.print(Text(f"{len(faults)} fault{'s' * (len(faults) != 1)}", BAD))
        return
    for chart in charts:
        console.print(Text.assemble(("✓ ", GOOD), f"{chart.id:<20}", (f"{len(chart.states)} states", "dim")))
    if whole_set:
        console.print(Text.assemble(("✓ ", GOOD), "what one chart emits another receives, or the application"))
        console.print(Text.assemble(("✓ ", GOOD), "caller and callee take the same media paths"))
