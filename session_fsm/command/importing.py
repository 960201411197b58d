"""`session-fsm import`: a chart from an SCXML document."""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart import Chart
from session_fsm.command.chart_set import every_chart
from session_fsm.command.checking import fitting
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.traces import write_out
from session_fsm.render.scxml_reading import NotAChart, chart_text


def import_scxml(file: Path, output: Path | None, folder: Path | None = None) -> Exit:
    """Write the chart that a document describes; it loads, or nothing is written.

    With a folder of charts it must also fit them: one that has the name of a chart of a call stands in its place.
    """
    others = every_chart(folder) if folder is not None else {}
    try:
        made = chart_text(file.read_bytes(), file.stem)
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from None
    except NotAChart as error:
        raise CommandError(f"{file}: {error}") from None
    chart = Chart.parse(made, str(file))
    if faults := fitting(chart, others):
        raise CommandError("\n".join(map(str, faults)), Exit.FAILED)
    write_out(made, output)
    return Exit.HOLDS
