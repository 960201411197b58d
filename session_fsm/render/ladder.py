"""The sequence diagram of one call, from the traces of one side or of both.

A message of two traces is one arrow: its sending and its coming are paired by method, status, CSeq and branch, as far
as both traces name them, and by order. What left and never came is drawn as lost; what came twice, twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from session_fsm.chart import Seconds
from session_fsm.machine import TraceRow
from session_fsm.machine.trace import summary
from session_fsm.render.moments import Moment, moments

Look = Literal["message", "lost", "packet", "state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One line of a ladder."""

    look: Look
    side: int
    "0 is left, 1 is right: where a message starts, or whose state it is."
    label: str
    time: Seconds
    "Since the start of the ladder."
    arrival: Seconds | None = None
    "When the message came, where both traces say it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The rungs of one call and the names of its two sides."""

    names: tuple[str, str]
    rungs: tuple[Rung, ...]


def ladder(
    left: Iterable[TraceRow],
    right: Iterable[TraceRow] = (),
    *,
    charts: Sequence[str] = ("media",),
    call_id: str | None = None,
) -> Ladder:
    """The ladder of the call with this Call-ID, or of the first call; states are shown of machines of these charts."""
    sides = _one_call(list(left), list(right), call_id)
    names = _names(sides)
    read = [moments(rows, charts) for rows in sides]
    both = all(sides)
    if both:
        _pair(read[0], read[1])
        _pair(read[1], read[0])
    return Ladder(names=names, rungs=tuple(_rungs(read, both)))


def have_one_call(left: Iterable[TraceRow], right: Iterable[TraceRow]) -> bool:
    """Whether both traces may be of one call: they share a Call-ID, or one of them names none."""
    ours, theirs = ({*_calls(rows).values()} for rows in (left, right))
    return not ours or not theirs or not ours.isdisjoint(theirs)


def _one_call(
    left: list[TraceRow], right: list[TraceRow], call_id: str | None
) -> tuple[list[TraceRow], list[TraceRow]]:
    """The rows of the sessions that have one Call-ID on both sides."""
    calls = [_calls(rows) for rows in (left, right)]
    shared = [found for found in calls[0].values() if not right or found in calls[1].values()]
    wanted = call_id or next(iter(shared), None)
    return _of_call(left, calls[0], wanted), _of_call(right, calls[1], wanted)


def _of_call(rows: list[TraceRow], calls: dict[str, str], wanted: str | None) -> list[TraceRow]:
    found = next((session for session, call_id in calls.items() if call_id == wanted), None)
    if found is None:
        found = next((row.session for row in rows if row.session), None) if wanted is None else ""
    return [row for row in rows if found and row.session == found]


def _calls(rows: Iterable[TraceRow]) -> dict[str, str]:
    """Session -> its Call-ID, as the first message that names one says; a registration only behind all calls."""
    found: dict[str, str] = {}
    beside: set[str] = set()
    for row in rows:
        if row.chart == "registration":
            beside.add(row.session)
        if row.session and row.session not in found:
            told = summary(row.payload)
            if isinstance(told, dict) and told.get("call_id"):
                found[row.session] = str(told["call_id"])
    return dict(sorted(found.items(), key=lambda item: item[0] in beside))


def _names(sides: Sequence[Sequence[TraceRow]]) -> tuple[str, str]:
    roles = [next((row.role.upper() for row in rows if row.role.lower() in ("uac", "uas")), "") for rows in sides]
    left = roles[0] or "UAC"
    right = roles[1] or ("UAC" if left == "UAS" else "UAS")
    return (left, right) if left != right else (f"{left} 1", f"{right} 2")


def _pair(senders: Sequence[Moment], hearers: Sequence[Moment]) -> None:
    """Give each message that came the sending it came from: the latest before it, and of equal ones the first."""
    free: dict[tuple[str, int | None], list[Moment]] = {}
    for sent in senders:
        if sent.kind == "sent" and sent.key is not None:
            free.setdefault((sent.key.method, sent.key.status), []).append(sent)
    for heard in hearers:
        if heard.kind != "heard" or heard.key is None:
            continue
        same = free.get((heard.key.method, heard.key.status), [])
        fitting = [sent for sent in same if sent.key and sent.key.fits(heard.key) and sent.time <= heard.time]
        if fitting:
            best = max(fitting, key=lambda sent: sent.time)
            same.remove(best)
            heard.partner, best.partner = best, heard


def _rungs(read: Sequence[list[Moment]], both: bool) -> Iterator[Rung]:
    """Both sides' moments as one sequence, in which nothing comes before it left."""
    start = min((moment.time for side in read for moment in side), default=0.0)
    for side, moment in _merged(read):
        if moment.kind == "heard" and moment.partner is not None:
            continue
        arrival = moment.partner.time - start if moment.partner is not None else None
        look: Look = "state" if moment.kind == "state" else "packet" if moment.kind == "packet" else "message"
        if moment.kind == "sent" and both and arrival is None:
            look = "lost"
        origin = 1 - side if moment.kind in ("heard", "packet") else side
        yield Rung(look=look, side=origin, label=moment.label, time=moment.time - start, arrival=arrival)


def _merged(read: Sequence[list[Moment]]) -> Iterator[tuple[int, Moment]]:
    at = [0, 0]
    gone: set[int] = set()
    last = 0
    while any(at[side] < len(read[side]) for side in (0, 1)):
        heads = [(side, read[side][at[side]]) for side in (0, 1) if at[side] < len(read[side])]
        free = [(side, head) for side, head in heads if _may_pass(head, gone)] or heads
        # What happens at one instant stays together: a side goes on until it has to wait for the other.
        side, moment = min(free, key=lambda pair: (pair[1].time, pair[0] != last))
        at[side] += 1
        last = side
        gone.add(id(moment))
        yield side, moment


def _may_pass(moment: Moment, gone: set[int]) -> bool:
    return moment.kind != "heard" or moment.partner is None or id(moment.partner) in gone
