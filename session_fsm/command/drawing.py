"""`session-fsm draw`: a chart as Mermaid, as Graphviz DOT, or as a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from session_fsm.chart import Chart, read_file
from session_fsm.command.checking import exit_for
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.formats import Format
from session_fsm.render import dot, mermaid, table

DRAWN: Mapping[Format, Callable[[Chart], str]] = {
    Format.MERMAID: lambda chart: mermaid(chart),
    Format.DOT: lambda chart: dot(chart),
    Format.TABLE: lambda chart: table(chart),
}


def draw(name: str, form: Format, output: Path | None) -> Exit:
    """Draw a sound chart to a file, or to standard output."""
    chart, faults = read_file(name)
    if chart is None or faults:
        raise CommandError("\n".join(map(str, faults)), exit_for(faults))
    picture = DRAWN[form](chart).rstrip("\n") + "\n"
    if output is None:
        sys.stdout.write(picture)
        return Exit.HOLDS
    try:
        output.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"-o: cannot write {output}: {error.strerror}") from None
    return Exit.HOLDS
