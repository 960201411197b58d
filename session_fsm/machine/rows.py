"""A trace as a list that shows itself."""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart.display import picture, table
from session_fsm.machine.trace import TraceRow, read_jsonl

HEAD = ("time", "machine", "event", "from", "to", "row")


class TraceRows(list[TraceRow]):
    """The rows of a run, oldest first. A notebook shows them as the messages of the call with its media states."""

    @classmethod
    def read(cls, path: str | Path) -> TraceRows:
        """The rows of a file. Raises OSError, and ValueError naming the line that is none of ours."""
        with Path(path).open(encoding="utf-8") as file:
            return cls(read_jsonl(file))

    def _repr_html_(self) -> str:
        """A ladder where there were messages, else a table."""
        if any(row.session for row in self):
            shown = picture(self)
            if shown is not None:
                return shown
        rows = [
            (f"{row.time:.3f} s", row.machine, row.event, row.from_state, row.to_state, row.row or row.verdict)
            for row in self
        ]
        return table(f"{len(self)} rows", HEAD, rows)
