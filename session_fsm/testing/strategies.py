"""Hypothesis strategies: runs of calls in any order of events, and of any chart. Needs Hypothesis.

    @given(calls())
    def test_nothing_is_impossible(call):
        assert never_impossible(call) is None

Moves are drawn while the run goes on, from what is possible then, plus a share of what should change nothing. Kinds of
moves that are not among the `seen` ones are drawn more often; what was seen must not change while Hypothesis works.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from random import Random

from hypothesis import strategies as st

from session_fsm.chart import Chart
from session_fsm.session.settings import Settings
from session_fsm.testing.chart_run import ChartRun
from session_fsm.testing.pair_run import PairRun
from session_fsm.testing.runs import AnyRun, Choice, Move, Target
from session_fsm.testing.targets import chart_target, pair_target

MOVES = 40  # of one run, at most; a call with two re-INVITEs and its end takes about thirty
ANY_SHARE = 0.15  # of the moves should change nothing
EAGER = 5  # times as likely is a kind of move that has not been seen
MEAN, BRIEF = 30, 3  # moves that a run makes on average: while it can come to something, and after


@st.composite
def runs(
    draw: st.DrawFn, target: Target[AnyRun], *, moves: int = MOVES, seen: Collection[Hashable] = frozenset()
) -> AnyRun:
    """Runs of a target. Each stops where a fault comes up."""
    # Where time is real, drawing the same does not make the same run, and Hypothesis must not be told that it does.
    dice = None if target.steady else Random(draw(st.integers(0, 2**32 - 1)))
    run = target.begin()
    while len(run.made) < moves and run.fault is None:
        choices = run.choices()
        # Where only what changes nothing is left, a few of that are enough.
        goes_on = MEAN if any(choice.weight for choice in choices) else BRIEF
        if not choices or (dice.randint(0, goes_on) if dice else draw(st.integers(0, goes_on))) == 0:
            break
        moves_now = _weighted(choices, seen)
        run.make(dice.choice(moves_now) if dice else draw(st.sampled_from(moves_now)))
    return run


def _weighted(choices: Sequence[Choice], seen: Collection[Hashable]) -> list[Move]:
    others = [choice.move for choice in choices if not choice.weight for _ in range(1 if choice.key in seen else EAGER)]
    # The list begins with everything once, in its order: that is where a counterexample shrinks to.
    moves = [choice.move for choice in choices if choice.weight]
    for choice in choices:
        moves += [choice.move] * (choice.weight * (1 if choice.key in seen else EAGER))
    room = len(moves) * ANY_SHARE / (1 - ANY_SHARE)
    return moves * max(1, round(len(others) / room)) + others if moves else others


def calls(
    *,
    moves: int = MOVES,
    unrestricted: bool = False,
    settings: Settings | None = None,
    charts: Mapping[str, Chart] | None = None,
) -> st.SearchStrategy[PairRun]:
    """Calls between two phones, in any order of commands, deliveries, losses, copies, waits, jumps and media edges.

    Within causality: what arrives was sent. `unrestricted` adds messages that were forged or spoilt, and edges that no
    media plane would tell.
    """
    return runs(pair_target(unrestricted=unrestricted, settings=settings, charts=charts), moves=moves)


def chart_runs(chart: Chart, *, moves: int = MOVES) -> st.SearchStrategy[ChartRun]:
    """Runs of one chart by itself."""
    return runs(chart_target(chart), moves=moves)
