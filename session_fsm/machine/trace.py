"""One row for each step of each machine: enough to draw a run, to compare two, and to replay it without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TextIO, cast

from session_fsm.chart import Effect, Seconds, Verdict

SCHEMA = 1
"The version of the rows' form in a file."


@dataclass(slots=True)
class TraceRow:
    """What one event did to one machine."""

    n: int
    "The row's number in its mailbox, from 1."
    cause: int | None
    "The number of the row whose effect posted this event, or None when it came from outside."
    time: Seconds
    "Monotonic, comparable between the processes of one computer."
    session: str
    role: str
    machine: str
    "The machine's label; the chart's id when it has none."
    chart: str
    version: int
    event: str
    payload: object
    "What came with the event; in a row that was read from a file, its summary."
    from_state: str
    to_state: str
    verdict: Verdict
    row: str | None
    "The id of the chart's row, or None when a verdict decided."
    guards: tuple[tuple[str, bool], ...]
    effects: tuple[Effect, ...]

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


def write_jsonl(rows: Iterable[TraceRow], file: TextIO) -> None:
    """Write rows as JSON Lines."""
    for row in rows:
        file.write(json.dumps(row.as_dict(), ensure_ascii=False) + "\n")


def read_jsonl(file: Iterable[str]) -> Iterator[TraceRow]:
    """Read rows from JSON Lines. Raises ValueError naming the line that is none of ours."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            yield _row(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"line {number} is no trace row of schema {SCHEMA}: {error}") from error


def _row(data: dict[str, object]) -> TraceRow:
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']!r}")
    return TraceRow(
        n=cast(int, data["n"]),
        cause=cast("int | None", data["cause"]),
        time=cast(float, data["time"]),
        session=cast(str, data["session"]),
        role=cast(str, data["role"]),
        machine=cast(str, data["machine"]),
        chart=cast(str, data["chart"]),
        version=cast(int, data["version"]),
        event=cast(str, data["event"]),
        payload=data["payload"],
        from_state=cast(str, data["from"]),
        to_state=cast(str, data["to"]),
        verdict=cast(Verdict, data["verdict"]),
        row=cast("str | None", data["row"]),
        guards=tuple((name, value) for name, value in cast("list[tuple[str, bool]]", data["guards"])),
        effects=tuple((kind, name) for kind, name in cast("list[tuple[str, str]]", data["effects"])),
    )
