"""What a command tells its caller by ending: four codes, and the one sentence that goes with a bad end."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from session_fsm.errors import ChartFault

UNREADABLE = frozenset({"no-such-chart", "unreadable", "toml"})
"Rules of charts that are broken by a file that is none."


class Exit(IntEnum):
    """The exit codes of every command."""

    HOLDS = 0
    "What was asked is so."
    FAULT = 1
    "A fault of ours: Python's own code for an exception that nobody expected."
    USAGE = 2
    "Wrong usage, or input that cannot be read."
    FAILED = 3
    "What was asked failed: the call, the demo, a chart's rule."


def exit_for(faults: Sequence[ChartFault]) -> Exit:
    """What the faults of charts mean to whoever asked."""
    if any(fault.rule in UNREADABLE for fault in faults):
        return Exit.USAGE
    return Exit.FAILED if faults else Exit.HOLDS


class CommandError(Exception):
    """One sentence for the person at the terminal, and the code to end with."""

    def __init__(self, sentence: str, code: Exit = Exit.USAGE) -> None:
        self.code = code
        super().__init__(sentence)


def within(option: str, value: float | None, least: float, most: float | None) -> None:
    """Complain about a number outside these limits, naming the option and what is possible."""
    if value is None or (least <= value and (most is None or value <= most)):
        return
    possible = f"{least:g} or more" if most is None else f"{least:g} to {most:g}"
    raise CommandError(f"{option}: {value:g} is not possible; possible: {possible}")
