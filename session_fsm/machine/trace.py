"""One row for each step of each machine: enough to draw a run, to compare two, and to replay it without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from copy import copy
from typing import NamedTuple, Protocol, TextIO, cast

from session_fsm.chart import Chart, Effect, Seconds, Verdict
from session_fsm.machine.step import Step
from session_fsm.machine.trace_head import SCHEMA, head_line, head_of, read_head


class Origin(NamedTuple):
    """Which machine a row is of."""

    session: str
    role: str
    machine: str
    "The machine's label; the chart's id when it has none."
    chart: str
    version: int

    @property
    def origin(self) -> Origin:
        """Itself, so that it can stand where a machine does."""
        return self


class HasOrigin(Protocol):
    """A machine, or an `Origin` where there is none."""

    @property
    def origin(self) -> Origin:
        """Which machine it is."""


class TraceRow:
    """What one event did to one machine.

    A row is made at every step and seldom read, so it keeps the machine and the step that it is of, and takes them
    apart when it is read.
    """

    __slots__ = ("_source", "_step", "cause", "event", "from_state", "n", "payload", "time")

    def __init__(
        self,
        n: int,
        cause: int | None,
        time: Seconds,
        source: HasOrigin,
        event: str,
        payload: object,
        from_state: str,
        found: Step,
    ) -> None:
        self._source = source
        self._step = found
        self.n = n
        "The row's number in its mailbox, from 1."
        self.cause = cause
        "The number of the row whose effect posted this event, or None when it came from outside."
        self.time = time
        "Monotonic, comparable between the processes of one computer."
        self.event = event
        self.payload = payload
        "What came with the event; in a row that was read from a file, its summary."
        self.from_state = from_state

    @property
    def session(self) -> str:
        """The session of the machine; empty when it has none."""
        return self._source.origin.session

    @property
    def role(self) -> str:
        """The role of the machine's chart."""
        return self._source.origin.role

    @property
    def machine(self) -> str:
        """The machine's label; the chart's id when it has none."""
        return self._source.origin.machine

    @property
    def chart(self) -> str:
        """The chart's id."""
        return self._source.origin.chart

    @property
    def version(self) -> int:
        """The chart's version."""
        return self._source.origin.version

    @property
    def made_by(self) -> Chart | None:
        """The chart itself, where the row is still with the machine that made it."""
        chart = getattr(self._source, "chart", None)
        return chart if isinstance(chart, Chart) else None

    @property
    def to_state(self) -> str:
        """Where the machine was afterwards."""
        return self._step.state

    @property
    def verdict(self) -> Verdict:
        """How it was decided."""
        return self._step.verdict

    @property
    def row(self) -> str | None:
        """The id of the chart's row, or None when a verdict decided."""
        return self._step.row

    @property
    def guards(self) -> tuple[tuple[str, bool], ...]:
        """The guards that were asked, with their values."""
        return self._step.guards

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What was done, in order."""
        return self._step.effects

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TraceRow) and self._told() == other._told()

    def __repr__(self) -> str:
        move = f"{self.from_state} -> {self.to_state}"
        return f"<TraceRow {self.n} of {self.machine}: {self.event}, {move}, {self.row or self.verdict}>"

    def _told(self) -> tuple[object, ...]:
        return self.n, self.cause, self.time, self._source.origin, self.event, self.payload, self.from_state, self._step

    def as_dict(self) -> dict[str, object]:
        """The row as plain data, with the schema's version first."""
        return {
            "schema": SCHEMA,
            "n": self.n,
            "cause": self.cause,
            "time": self.time,
            "session": self.session,
            "role": self.role,
            "machine": self.machine,
            "chart": self.chart,
            "version": self.version,
            "event": self.event,
            "payload": summary(self.payload),
            "from": self.from_state,
            "to": self.to_state,
            "verdict": self.verdict,
            "row": self.row,
            "guards": [list(pair) for pair in self.guards],
            "sent": [name for kind, name in self.effects if kind == "send"],
            "emitted": [name for kind, name in self.effects if kind == "emit"],
            "effects": [list(effect) for effect in self.effects],
        }

    def renamed(self, machine: str) -> TraceRow:
        """The same row, of a machine with this label."""
        found = copy(self)
        found._source = self._source.origin._replace(machine=machine)
        return found

    def same_step(self, other: TraceRow) -> bool:
        """Whether two rows tell the same, whatever their payloads' objects are."""
        return self.as_dict() == other.as_dict()


class Trace(Protocol):
    """Whatever takes rows: a list, a bounded deque, a writer of files."""

    def append(self, row: TraceRow, /) -> object:
        """Take one row."""


def summary(payload: object) -> object:
    """A payload as plain data: by its own `summary()`, as it is when it is plain, else by the name of its class."""
    summarise = getattr(payload, "summary", None)
    if callable(summarise):
        return cast(object, summarise())
    if payload is None or isinstance(payload, str | int | float | bool):
        return payload
    if isinstance(payload, BaseException):
        return f"{type(payload).__name__}: {payload}"
    if isinstance(payload, dict):
        return {str(key): summary(value) for key, value in payload.items()}
    if isinstance(payload, list | tuple):
        return [summary(item) for item in payload]
    return type(payload).__name__


def write_jsonl(
    rows: Iterable[TraceRow], file: TextIO, *, charts: str = "", made_with: Iterable[Chart] | None = None
) -> None:
    """Write rows as JSON Lines, after a line that says which charts made them.

    `charts` names the folder of the charts that stood in the place of shipped ones, as seen from the file. `made_with`
    are the charts that ran; without it, those of the machines that the rows are of, as far as these are there.
    """
    every = list(rows)
    file.write(head_line(charts, charts_behind(every) if made_with is None else made_with))
    write_rows(every, file)


def write_rows(rows: Iterable[TraceRow], file: TextIO) -> None:
    """Write rows to a file that has its head."""
    for row in rows:
        file.write(json.dumps(row.as_dict(), ensure_ascii=False) + "\n")


def charts_behind(rows: Iterable[TraceRow]) -> list[Chart]:
    """The charts of the machines that these rows are of, each once; none of rows that were read from a file."""
    return list({chart.id: chart for row in rows if (chart := row.made_by) is not None}.values())


def read_jsonl(file: Iterable[str]) -> Iterator[TraceRow]:
    """Read rows from JSON Lines. Raises ValueError naming the line that is none of ours."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            if read_head(data) is None:
                yield _row(data)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"line {number} is no trace row of schema {SCHEMA}: {error}") from error


def charts_of(first: str) -> str:
    """The folder of charts that the first line of a trace names; empty when it names none."""
    return head_of(first).charts


def _row(data: dict[str, object]) -> TraceRow:
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']!r}")
    origin = Origin(
        session=cast(str, data["session"]),
        role=cast(str, data["role"]),
        machine=cast(str, data["machine"]),
        chart=cast(str, data["chart"]),
        version=cast(int, data["version"]),
    )
    found = Step(
        state=cast(str, data["to"]),
        effects=tuple((kind, name) for kind, name in cast("list[list[str]]", data["effects"])),
        row=cast("str | None", data["row"]),
        verdict=cast(Verdict, data["verdict"]),
        guards=tuple((str(name), value is True) for name, value in cast("list[list[object]]", data["guards"])),
    )
    # These are told twice, so that a trace can be read with other tools; one who edits a copy is told.
    for column, kind in (("sent", "send"), ("emitted", "emit")):
        names = [name for what, name in found.effects if what == kind]
        if data.get(column, names) != names:
            raise ValueError(f"{column} is {data[column]}, and by the effects {names}")
    return TraceRow(
        n=cast(int, data["n"]),
        cause=cast("int | None", data["cause"]),
        time=cast(float, data["time"]),
        source=origin,
        event=cast(str, data["event"]),
        payload=data["payload"],
        from_state=cast(str, data["from"]),
        found=found,
    )
