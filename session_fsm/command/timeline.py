"""The events of both processes in one order: the monotonic clock is the same for all processes of a computer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from session_fsm.command.describing import brief
from session_fsm.command.jsonlines import Line


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of one side."""

    ms: float
    "Milliseconds since the INVITE was sent."
    role: str
    event: str
    "Its name, with the word that tells it from others of its kind."
    name: str
    "Its name alone."
    media_state: str | None
    "The media state that it tells of, if it tells of one."


def timeline(*sides: Sequence[Line]) -> list[Moment]:
    """The events of these sides by time; those of one side keep their order."""
    found = [line for side in sides for line in side if "media_state" in line]
    zero = _zero(found)
    moments = []
    for line in sorted(found, key=_time):
        name = str(line["type"])
        state = str(line["new_state"]) if name == "MediaStateChanged" else None
        moments.append(Moment((_time(line) - zero) * 1000, str(line["role"]), brief(line), name, state))
    return moments


def _zero(lines: Sequence[Line]) -> float:
    """When the INVITE was sent; the first event's time when none was."""
    invites = [_time(line) for line in lines if line["type"] == "CallInitiated"]
    return min(invites or map(_time, lines), default=0.0)


def _time(line: Line) -> float:
    return cast(float, line["t"])
