"""The demo's end as people read it: two timelines side by side, media paths, timings, checks, a verdict in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.text import Text

from session_fsm.command.jsonlines import Line
from session_fsm.command.palette import BAD, EVENTS, GOOD, STATES, TIME, figure, ladder_text, terminal
from session_fsm.command.timeline import Moment, timeline
from session_fsm.command.verdict import Check

COLUMN = 44  # characters; two of them and the time fit a terminal of 100 columns
HEADINGS = {"UAC": "caller (UAC)", "UAS": "callee (UAS)"}


@dataclass(frozen=True, slots=True)
class Ended:
    """One side, when all is over."""

    lines: Sequence[Line]
    checks: Sequence[Check]

    @property
    def summary(self) -> Line | None:
        """What came of its call."""
        return next((line for line in self.lines if line["type"] == "Summary"), None)


@contextmanager
def waiting(seconds: float) -> Iterator[None]:
    """Something moves in a terminal while the two talk."""
    console = terminal()
    with console.status(f"two processes talk for {seconds:g} s …") if console.is_terminal else _nothing():
        yield


def show(sides: Mapping[str, Ended], *, files: Sequence[Path], ok: bool) -> None:
    """Print everything."""
    console = terminal()
    _timelines(console, timeline(*(side.lines for side in sides.values())))
    _paths(console, sides)
    _timings(console, sides)
    _checks(console, sides)
    _title(console, "files")
    for path in files:
        console.print(Text(f"  {path}"))
    console.print()
    console.print(_verdict(sides, ok))


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _timelines(console: Console, moments: Sequence[Moment]) -> None:
    caller, callee = HEADINGS.values()
    console.print(Text(f"{'ms':>9}  {caller:<{COLUMN}} {callee}", "bold"))
    before = None
    for moment in moments:
        ms = f"{moment.ms:9.1f}"
        side = " " * (COLUMN + 1) if moment.role == "UAS" else ""
        time = ms if ms != before else " " * len(ms)
        console.print(Text.assemble((time, TIME), "  ", side, (moment.event, _style(moment))))
        before = ms


def _style(moment: Moment) -> str:
    """A media state in its colour, so that the ladder stands out on both sides."""
    return f"{STATES[moment.media_state]} bold" if moment.media_state else EVENTS.get(moment.name, "")


def _paths(console: Console, sides: Mapping[str, Ended]) -> None:
    _title(console, "media paths")
    for name, side in sides.items():
        path = side.summary["media_path"] if side.summary else []
        console.print(Text(f"  {name}  ").append_text(ladder_text(cast("list[str]", path))))


def _timings(console: Console, sides: Mapping[str, Ended]) -> None:
    _title(console, "timings")
    for label, field in (("call set up in", "setup_ms"), ("first audio, after the 200", "audio_start_ms")):
        figures = {name: figure(side.summary[field] if side.summary else None, " ms") for name, side in sides.items()}
        measured = "   ".join(f"{name} {value:>8}" for name, value in figures.items())
        console.print(Text(f"  {label:<28}{measured}"))


def _checks(console: Console, sides: Mapping[str, Ended]) -> None:
    _title(console, "checks")
    for name, side in sides.items():
        for check in side.checks:
            mark = Text("✓ ", GOOD) if check.ok else Text("✗ ", BAD)
            console.print(
                Text("  ")
                .append_text(mark)
                .append(f"{name} {check.name:<8}{check.measured}")
                .append(f"  ({check.wanted})", "dim")
            )


def _verdict(sides: Mapping[str, Ended], ok: bool) -> Text:
    if ok:
        return Text("Both sides heard each other, without gaps.", GOOD)
    failed = [f"{name}: {check.measured}" for name, side in sides.items() for check in side.checks if not check.ok]
    return Text(f"It failed. {'; '.join(failed)}.", BAD)


@contextmanager
def _nothing() -> Iterator[None]:
    yield
