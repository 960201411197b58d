"""A ladder as a Mermaid sequence diagram, and as plain text for a terminal or a failed test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from session_fsm.machine import TraceRow
from session_fsm.render.ladder import Ladder, Rung, ladder
from session_fsm.render.mermaid import INDENT, text

WIDTH = 58  # characters between the two sides of a ladder in text

ARROWS = {"message": "->>", "lost": "-x", "packet": "--)"}
STROKES = {"message": ("-", ">"), "lost": ("-", "x"), "packet": (".", ">")}


def ladder_mermaid(
    left: Iterable[TraceRow],
    right: Iterable[TraceRow] = (),
    *,
    charts: Sequence[str] = ("media",),
    call_id: str | None = None,
) -> str:
    """One call as the text of a Mermaid sequence diagram, from one side's trace or from both."""
    drawn = ladder(left, right, charts=charts, call_id=call_id)
    heads = [f"participant {_id(name)} as {text(name)}" for name in drawn.names]
    body = [*heads, *_steps(drawn)]
    return "\n".join(["sequenceDiagram", *(INDENT + line for line in body)]) + "\n"


def ladder_text(
    left: Iterable[TraceRow],
    right: Iterable[TraceRow] = (),
    *,
    charts: Sequence[str] = ("media",),
    call_id: str | None = None,
) -> str:
    """One call as a ladder in plain text; the times are milliseconds since its first moment."""
    drawn = ladder(left, right, charts=charts, call_id=call_id)
    head = f"{'ms':>10}  {drawn.names[0]}{drawn.names[1]:>{WIDTH + 4 - len(drawn.names[0])}}"
    return "\n".join([head, *(_line(rung) for rung in drawn.rungs)]) + "\n"


def _id(name: str) -> str:
    return name.replace(" ", "")


def _steps(drawn: Ladder) -> Iterator[str]:
    """Messages as arrows, and states as notes in the order of time; what one side enters in a row is one note."""
    ids = [_id(name) for name in drawn.names]
    for (look, side), rungs in groupby(drawn.rungs, key=lambda rung: (rung.look, rung.side)):
        if look == "state":
            yield f"Note over {ids[side]}: {'<br/>'.join(text(rung.label) for rung in rungs)}"
            continue
        for rung in rungs:
            label = f"{rung.label}{' lost' if rung.look == 'lost' else ''}, {_ms(rung.time)} ms"
            yield f"{ids[side]}{ARROWS[look]}{ids[1 - side]}: {text(label)}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def _line(rung: Rung) -> str:
    left, right = ("*", "|") if rung.side == 0 else ("|", "*")
    if rung.look == "state":
        inside = f" {rung.label}".ljust(WIDTH) if rung.side == 0 else f"{rung.label} ".rjust(WIDTH)
        return f"{_ms(rung.time):>10}  {left}{inside}{right}"
    arrival = f"  {_ms(rung.arrival)}" if rung.arrival is not None else ""
    return f"{_ms(rung.time):>10}  |{_shaft(rung)}|{arrival}"


def _shaft(rung: Rung) -> str:
    stroke, head = STROKES[rung.look]
    label = f" {rung.label} "
    length = WIDTH - 4 - len(label)
    if rung.look == "lost":
        return _cut(f"{stroke * 3}{label}{head}" if rung.side == 0 else f"{head}{label}{stroke * 3}", rung.side)
    if rung.side == 0:
        return f"{stroke * 3}{label}{stroke * length}{head}"
    return f"<{stroke * length}{label}{stroke * 3}"


def _cut(part: str, side: int) -> str:
    return part.ljust(WIDTH) if side == 0 else part.rjust(WIDTH)
