"""The sizes of what is written in a picture, and where a label's line is broken."""

from __future__ import annotations

from session_fsm.render.measure import text_width

STATE_SIZE = 13.0
LABEL_SIZE = 11.0
LINE = 14.0  # from one line of a label to the next
STATE_HEIGHT = 34.0
SIGN_HEIGHT = 24.0
WIDEST = 120.0  # of a label's line, so that a picture stays readable in a column of text


def wrapped(line: str) -> list[str]:
    """A label's line, broken before a guard or what is sent where it would be too wide."""
    found = [""]
    for word in _words(line):
        joined = f"{found[-1]} {word}".strip()
        if found[-1] and text_width(joined, LABEL_SIZE) > WIDEST:
            found.append(f"  {word}")
        else:
            found[-1] = joined if found[-1].strip() == found[-1] else f"{found[-1]} {word}"
    return found


def label_lines(labels: tuple[str, ...]) -> list[str]:
    """Every line of an arrow's label as it is drawn."""
    return [part for line in labels for part in wrapped(line)]


def _words(line: str) -> list[str]:
    """Words of a line; those of a guard stay together while they can."""
    return line.replace(" and ", "\u00a0and ").replace("/ ", "/\u00a0").split(" ")
