"""`session-fsm import`: a chart from an SCXML document."""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart import Chart
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.traces import write_out
from session_fsm.render.scxml_reading import NotAChart, chart_text


def import_scxml(file: Path, output: Path | None) -> Exit:
    """Write the chart that a document describes; it loads, or nothing is written."""
    try:
        made = chart_text(file.read_bytes(), file.stem)
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from None
    except NotAChart as error:
        raise CommandError(f"{file}: {error}") from None
    Chart.parse(made, str(file))
    write_out(made, output)
    return Exit.HOLDS
