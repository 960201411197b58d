"""What a command tells its caller by ending: four codes, and the one sentence that goes with a bad end."""

from __future__ import annotations

from enum import IntEnum


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


class CommandError(Exception):
    """One sentence for the person at the terminal, and the code to end with."""

    def __init__(self, sentence: str, code: Exit = Exit.USAGE) -> None:
        self.code = code
        super().__init__(sentence)
