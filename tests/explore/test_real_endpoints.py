"""Runs that the explorer finds, on two real coordinators: both must go the same way."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from real_pair import RealPair, name_of

from session_fsm.explore.abstract import SIDES, Place
from session_fsm.explore.calling import Bound, CallSide
from session_fsm.explore.counterexample import moves_of
from session_fsm.explore.product import Move
from session_fsm.explore.search import begin
from session_fsm.machine import TraceRow
from session_fsm.session.building import shipped_charts

pytestmark = pytest.mark.slow

STEPS = 40
RUNS = 100
OWN = ("call", "dialog", "offer_answer", "media")


def stands(place: Place) -> dict[str, str]:
    return {key.chart: stand.state for key, stand in place.machines if key.chart in OWN}


def led(seed: int, bound: Bound) -> set[tuple[str, str]]:
    """One run at random; the rows that it took."""
    dice = Random(seed)
    charts = list(shipped_charts().values())
    actors = (CallSide(charts, "uac", bound), CallSide(charts, "uas", bound))
    found = begin(*actors)
    real = RealPair(bound)
    here, places = found.standing(0), [actor.start() for actor in actors]
    told: list[str] = []
    taken: set[tuple[str, str]] = set()
    for number in range(STEPS):
        options = [(move, goal) for move, goal in moves_of(found, here) if real.knows(move, places[move.side])]
        if not options:
            break
        enders = dice.random() < 0.06
        if dice.random() < 0.8:
            options = [one for one in options if one[1] != here] or options
        move, goal = dice.choice([one for one in options if ends_early(one[0]) == enders] or options)
        rows: list[TraceRow] = []
        outcome = actors[move.side].told(places[move.side], move.event, move.outcome.script, rows.append)
        if asks_for_a_contact_that_is_no_use(rows):
            continue
        here = goal
        told.append(f"{number}. {SIDES[move.side]} {move.event} {move.outcome.script}")
        real.do(move, places[move.side], rows)
        places[move.side] = outcome.after
        side = real.sides[move.side]
        assert stands(outcome.after) == side.states(), "\n".join(told)
        for message in outcome.sent:
            assert message.is_packet or message.lost or name_of(message) in side.sent, "\n".join([*told, str(message)])
        compare_transactions(outcome.after, side, told)
        taken.update((row.chart, row.row) for row in rows if row.row is not None)
    return taken


def compare_transactions(place: Place, side, told: list[str]) -> None:
    if side.session is None or side.session.transaction is None:
        return
    real = {known: machine.state for known, machine in side.many()}
    ours = {(key.chart, key.purpose, key.cseq): stand.state for key, stand in place.machines if key.chart not in OWN}
    assert ours == {known: state for known, state in real.items() if known in ours}, "\n".join(told)


def ends_early(move: Move) -> bool:
    """What ends a call soon comes less often than everything else."""
    return move.event.name in ("hang_up", "transport_error", "reject", "redirect") or move.event.kind == "timer"


def asks_for_a_contact_that_is_no_use(rows: list[TraceRow]) -> bool:
    """A real 302 has a Contact that was not tried; the explorer also knows others."""
    return any(
        guard == ("followable", False) and (row.payload or {}).get("status") == 302
        for row in rows
        for guard in row.guards
    )


WAYS = {
    "calls": (Bound(), 105),
    "a direction a side": (Bound(reinvites=1, updates="early"), 120),
    "two directions a side": (Bound(reinvites=2, updates="early"), 120),
    "hold and resume": (Bound(reinvites=2, updates="early", named=True), 120),
    "hold and resume by UPDATE": (Bound(reinvites=2, updates="always", named=True), 120),
}


@cache
def sampled(way: str) -> frozenset[tuple[str, str]]:
    """The rows that a sample of runs took; each run compares every step."""
    return frozenset().union(*(led(seed, WAYS[way][0]) for seed in range(RUNS)))


@pytest.mark.parametrize("way", WAYS)
def test_real_endpoints_go_the_way_that_the_explorer_found(way):
    """States of every machine, and every message, after each step of each run; most rows of a call are among them."""
    assert len(sampled(way)) > WAYS[way][1]
