"""`session-fsm ladder`: the sequence diagram of one or both sides' traces."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from session_fsm.command.chart_set import every_chart
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.formats import LadderFormat, chosen_ladder_format
from session_fsm.command.traces import check_versions, folder_for, read_trace, write_out
from session_fsm.machine import TraceRow
from session_fsm.render import ladder, ladder_mermaid, ladder_text
from session_fsm.render.ladder import have_one_call
from session_fsm.render.ladder_svg import ladder_svg
from session_fsm.render.png import can_make_png, png
from session_fsm.render.theme import Theme


def draw_ladder(
    traces: Sequence[Path], form: LadderFormat | None, theme: Theme, output: Path | None, charts: Path | None = None
) -> Exit:
    """Draw one call to a file, or to standard output. The traces must be of the charts that are there."""
    if len(traces) > 2:
        raise CommandError(f"TRACE: {len(traces)} were given; possible: one side's trace, or both")
    read = {path: read_trace(path) for path in traces}
    for path, rows in read.items():
        check_versions(path, rows, every_chart(folder_for(path, charts)))
    left, right = [*(read[path] for path in traces), []][:2]
    if right:
        _check_pair(traces, left, right)
    write_out(*_made(left, right, chosen_ladder_format(form, output), theme, output))
    return Exit.HOLDS


def _check_pair(traces: Sequence[Path], left: list[TraceRow], right: list[TraceRow]) -> None:
    """Complain about two traces that are not the two sides of one call: what one lacks would be drawn as lost."""
    possible = "possible: both sides of one call, or one trace alone"
    named = " and ".join(map(str, traces))
    if {row.session for row in left if row.session} & {row.session for row in right}:
        raise CommandError(f"{named}: they are of one side; {possible}")
    if not have_one_call(left, right):
        raise CommandError(f"{named}: no call is in both; {possible}")


def _made(
    left: list[TraceRow], right: list[TraceRow], form: LadderFormat, theme: Theme, output: Path | None
) -> tuple[str | bytes, Path | None]:
    """What is written, and where."""
    if form is LadderFormat.TEXT:
        return ladder_text(left, right), output
    if form is LadderFormat.MERMAID:
        return ladder_mermaid(left, right), output
    drawn = ladder_svg(ladder(left, right), theme)
    if form is LadderFormat.SVG:
        return drawn, output
    if can_make_png():
        return png(drawn), output
    sys.stderr.write("session-fsm: nothing here can make a PNG, so here it is as text; install session-fsm[draw]\n")
    return ladder_text(left, right), output.with_suffix(".txt") if output else None
