"""Where events and summaries are printed: as JSON for scripts, or as lines for people."""

from __future__ import annotations

import sys
from typing import Protocol

from rich.text import Text

from session_fsm.call_summary import CallSummary
from session_fsm.command.describing import describe
from session_fsm.command.jsonlines import Line, event_line, listening_line, summary_line, written
from session_fsm.command.palette import BAD, EVENTS, GOOD, TIME, figure, ladder_text, state_text, terminal
from session_fsm.errors import printable
from session_fsm.session.events import Address, SessionEvent, SessionId


class Report(Protocol):
    """Whoever prints what happens."""

    def listening(self, address: Address, uri: str, now: float) -> None:
        """The socket is open."""

    def event(self, event: SessionEvent) -> None:
        """Something happened to a call."""

    def summary(self, summary: CallSummary) -> None:
        """A call has ended."""

    def note(self, text: str) -> None:
        """Something that only a person wants to know."""


class JsonReport:
    """One object a line, each flushed, so that a reader can wait for it."""

    def listening(self, address: Address, uri: str, now: float) -> None:
        """`{"type": "Listening", …}`."""
        put(listening_line(address, uri, now))

    def event(self, event: SessionEvent) -> None:
        """`{"type": "CallAnswered", …}`."""
        put(event_line(event))

    def summary(self, summary: CallSummary) -> None:
        """`{"type": "Summary", …}`."""
        put(summary_line(summary))

    def note(self, text: str) -> None:
        """Nothing: only JSON is on stdout."""


class PlainReport:
    """One line an event, with the milliseconds since the call began."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._console = terminal()
        self._begun: dict[SessionId, float] = {}

    def listening(self, address: Address, uri: str, now: float) -> None:
        """Where we are reached."""
        self._console.print(Text.assemble("listening on ", (uri, "bold"), f"  ({self._doing})"))
        self._flush()

    def event(self, event: SessionEvent) -> None:
        """Time, event, media state, and what else it tells."""
        line = event_line(event)
        begun = self._begun.setdefault(event.session_id, event.time)
        name = str(line["type"])
        self._console.print(
            Text.assemble(
                (f"{(event.time - begun) * 1000:10.1f} ms  ", TIME),
                (f"{event.role}  ", TIME),
                (f"{name:<25}", EVENTS.get(name, "")),
                state_text(event.media_state, 13),
                describe(line),
            )
        )
        self._flush()

    def summary(self, summary: CallSummary) -> None:
        """What came of the call, in a few lines."""
        for label, value in summary_rows(summary):
            self._console.print(Text.assemble((f"  {label:<8}", TIME), value))
        self._flush()

    def note(self, text: str) -> None:
        """A line of its own."""
        self._console.print(Text(f"  {text}"))
        self._flush()

    def _flush(self) -> None:
        self._console.file.flush()


def summary_rows(summary: CallSummary) -> list[tuple[str, Text]]:
    """A summary as labelled lines."""
    result = Text("answered", GOOD) if summary.ok else Text("not answered", BAD)
    result.append(f": {outcome(summary)}", "default")
    heard = Text(
        f"{summary.frames_sent} sent, {summary.frames_received} received, "
        f"{figure(summary.frames_lost)} lost, longest gap {figure(summary.longest_gap_ms, ' ms')}"
    )
    timing = Text(
        f"set up in {figure(summary.setup_ms, ' ms')}, first audio {figure(summary.audio_start_ms, ' ms')} later"
    )
    rows = [("call", result), ("media", ladder_text(list(summary.media_path)))]
    if summary.why_silent:
        rows.append(("silent", Text(printable(summary.why_silent), BAD)))
    return [*rows, ("timing", timing), ("frames", heard)] if summary.ok else rows


def outcome(summary: CallSummary) -> str:
    """How a call ended, with its SIP status where a response ended it."""
    return printable(" ".join(str(part) for part in (summary.status, summary.reason) if part))


def put(line: Line) -> None:
    """Print one JSON line, now."""
    sys.stdout.write(written(line) + "\n")
    sys.stdout.flush()


def make_report(*, as_json: bool, doing: str) -> Report:
    """The report that was asked for."""
    return JsonReport() if as_json else PlainReport(doing)
