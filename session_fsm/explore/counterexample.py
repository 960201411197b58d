"""The shortest run to a finding: step by step, and as trace rows that can be replayed and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise

from session_fsm.chart import NOWHERE
from session_fsm.explore.abstract import SIDES, Side
from session_fsm.explore.product import Move
from session_fsm.explore.properties import Finding
from session_fsm.explore.rules import TRANSACTION_CHARTS
from session_fsm.explore.search import Found, Standing
from session_fsm.machine import TraceRow
from session_fsm.session.endpoint import told_apart

SECONDS_A_STEP = 0.1  # the explorer knows no time; in its traces each step takes so long, in seconds
UNTOLD = frozenset({*TRANSACTION_CHARTS, "dialog", "offer_answer", "answer", "hold", "peer_hold"})
"The charts whose states are not told with each step: of a call, the call's and the media's are."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of a run and what came of it."""

    side: Side
    event: str
    script: tuple[int, ...]
    "How the open questions of this step were answered."
    rows: tuple[TraceRow, ...]
    sent: tuple[str, ...]

    @property
    def changes(self) -> list[str]:
        """The changes of the states that people look at: in a call, the call's and the media's."""
        found = []
        charts = {row.chart for row in self.rows} - (UNTOLD if len({row.chart for row in self.rows}) > 1 else set())
        for chart in sorted(charts):
            path = [row for row in self.rows if row.chart == chart and row.from_state not in (row.to_state, NOWHERE)]
            if path:
                found.append(f"{chart} {' → '.join([path[0].from_state, *(row.to_state for row in path)])}")
        return found

    @property
    def blocked(self) -> list[str]:
        """The guards that said no."""
        refused = (f"{row.chart}: {name}" for row in self.rows for name, value in row.guards if not value)
        return list(dict.fromkeys(refused))

    def __str__(self) -> str:
        parts = [f"{self.side} {self.event}", *self.changes]
        parts += [f"sends {', '.join(self.sent)}"] if self.sent else []
        parts += [f"not {', '.join(self.blocked)}"] if self.blocked else []
        return "; ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of both sides."""

    steps: tuple[Step, ...]

    @property
    def rows(self) -> list[TraceRow]:
        """The trace of both sides, in the order in which it happened."""
        return [row for step in self.steps for row in step.rows]

    def of(self, side: Side) -> list[TraceRow]:
        """The trace of one side."""
        return [row for row in self.rows if row.session == side]

    def listed(self) -> list[str]:
        """Its steps, numbered."""
        return [f"{number:>3}. {step}" for number, step in enumerate(self.steps, 1)]


def run_to(found: Found, finding: Finding) -> Run:
    """The shortest run to a finding; a fault within a turn is its last step."""
    path = found.path_to(finding.state)
    moves = [_move(found, here, there) for here, there in pairwise(path)]
    if finding.event is not None and finding.outcome is not None:
        moves.append(Move(finding.side, finding.event, finding.outcome))
    return Run(steps=tuple(steps_of(found, moves)))


def _move(found: Found, here: int, there: int) -> Move:
    """One move that leads from a state to the next."""
    goal = found.standing(there)
    return next(move for move, standing in moves_of(found, found.standing(here)) if standing == goal)


def moves_of(found: Found, here: Standing) -> Iterator[tuple[Move, Standing]]:
    """Every move from a state, with the state that it leads to."""
    for half in found.halves:
        me, you = half.number, 1 - half.number
        peer = found.halves[you]
        for move in half.moves(here.places[me], peer, here.sent[you]):
            place = half.book.place_of(move.outcome.after)
            said = half.book.said_in(move.outcome)
            ours = half.book.sets.joined_one(here.sent[me], said, peer.deaf_to(here.places[you], half))
            theirs = peer.book.sets.joined_one(here.sent[you], 0, half.deaf_to(place, peer))
            yield move, here.moved(me, place, ours, theirs)


def steps_of(found: Found, moves: Sequence[Move]) -> Iterator[Step]:
    """Each move again, with its trace rows numbered through."""
    places = [half.actor.start() for half in found.halves]
    last = 0
    names: dict[tuple[str, str], str] = {}
    for number, move in enumerate(moves):
        rows: list[TraceRow] = []
        actor = found.halves[move.side].actor
        outcome = actor.told(places[move.side], move.event, move.outcome.script, rows.append)
        places[move.side] = outcome.after
        numbered = tuple(_named(_numbered(row, last, number * SECONDS_A_STEP), names) for row in rows)
        last += len(rows)
        yield Step(
            side=SIDES[move.side],
            event=str(move.event),
            script=outcome.script,
            rows=numbered,
            sent=tuple(map(str, outcome.sent)),
        )


def _numbered(row: TraceRow, after: int, time: float) -> TraceRow:
    """The row as one of a longer trace."""
    found = copy(row)
    found.n += after
    found.cause = row.cause + after if row.cause is not None else None
    found.time = round(time, 6)
    return found


def _named(row: TraceRow, names: dict[tuple[str, str], str]) -> TraceRow:
    """The row with its machine named as on a real endpoint: the second of one purpose has a number behind it."""
    bare = row.machine.partition("#")[0]
    known = names.get((row.session, row.machine))
    if known is None:
        taken = [name for (session, _), name in names.items() if session == row.session]
        known = names[row.session, row.machine] = told_apart(bare, taken)
    return row.renamed(known)
