"""`session-fsm replay`: steps the charts over a recorded run, and says where it first goes another way."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from session_fsm.chart import Chart
from session_fsm.command.chart_set import every_chart
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.palette import BAD, GOOD, terminal
from session_fsm.command.reporting import put
from session_fsm.command.traces import check_versions, folder_for, read_trace
from session_fsm.machine import Difference, TraceRow, replay


def run_replay(trace: Path, charts: Path | None, *, as_json: bool) -> Exit:
    """Replay one trace."""
    rows = read_trace(trace)
    used = every_chart(folder_for(trace, charts), or_file=charts is None)
    _check_charts(trace, rows, used)
    difference = replay(rows, used.values())
    if as_json:
        put(
            {
                "type": "Summary",
                "ok": difference is None,
                "rows": len(rows),
                "first_difference": None if difference is None else _line(difference),
            }
        )
    elif difference is None:
        terminal().print(Text.assemble(("✓ ", GOOD), f"{len(rows)} rows, and every one goes the same way"))
    else:
        terminal().print(Text.assemble(("✗ ", BAD), str(difference)))
    return Exit.HOLDS if difference is None else Exit.FAILED


def _check_charts(trace: Path, rows: list[TraceRow], charts: dict[str, Chart]) -> None:
    """A trace of other charts cannot be replayed, which is another thing than a replay that differs."""
    for row in rows:
        if row.chart and row.chart not in charts:
            raise CommandError(
                f"{trace}: row {row.n} is of chart {row.chart} version {row.version}; possible: "
                f"{', '.join(sorted(charts))} (--charts DIR names other charts)"
            )
    check_versions(trace, rows, charts)


def _line(difference: Difference) -> dict[str, object]:
    return {
        "n": difference.n,
        "machine": difference.machine,
        "what": difference.what,
        "recorded": str(difference.recorded),
        "replayed": str(difference.replayed),
        "message": str(difference),
    }
