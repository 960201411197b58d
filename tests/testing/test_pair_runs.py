"""Runs of a call as lists of moves: what can be made when, that they can be made again, and what holds of each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from session_fsm.session.building import shipped_charts
from session_fsm.testing import Move, PairRun, calls, chart_runs
from session_fsm.testing.chart_run import ChartRun
from session_fsm.testing.properties import chart_properties, off_ladder, pair_properties
from session_fsm.testing.runs import make_all, shrink
from session_fsm.testing.spoiling import SPOILS, spoilt, spoken

PLAIN = [
    Move("call", "alice"),
    Move("deliver", "bob", "INVITE"),
    Move("ring", "bob"),
    Move("deliver", "alice", "180 INVITE"),
    Move("accept", "bob", "sendrecv"),
    Move("deliver", "alice", "200 INVITE"),
    Move("deliver", "bob", "ACK"),
    Move("wait", seconds=0.02),
]
LADDER = ["Idle", "Negotiating", "Ready", "Established", "Active"]
CHARTS = list(shipped_charts().values())


def played(*moves: Move, unrestricted: bool = False) -> PairRun:
    return make_all(PairRun(unrestricted=unrestricted), moves)


def test_a_list_of_moves_is_a_call():
    """Both sides climb the ladder, and nothing was passed over."""
    run = played(*PLAIN)

    assert PLAIN == run.made
    assert [LADDER, LADDER] == [line.media_path for line in run.lines]
    assert ("Active / Active", "Active / Active") == run.states()


def test_moves_that_are_not_possible_are_passed_over():
    """A datagram that is not on the way, a line that is not there."""
    run = played(PLAIN[0], Move("deliver", "bob", "ACK"), Move("accept", "bob", "sendrecv"), Move("call", "alice"))

    assert PLAIN[:1] == run.made


def test_a_command_that_is_refused_changes_nothing():
    """It is made, and the chart says no: that is no fault."""
    run = played(PLAIN[0], Move("ring", "alice"))

    assert (2, None) == (len(run.made), run.fault)
    assert ("Initiating / Negotiating",) == run.states()


def test_within_causality_everything_that_arrives_was_sent():
    """At first there is the call, then its INVITE, time, and what Alice may do; no forged message, no early edge."""
    run = played(PLAIN[0])
    moves = [choice.move for choice in run.choices()]

    assert {("bob", "INVITE")} == {
        (move.who, move.what) for move in moves if move.verb in ("deliver", "copy", "lose", "bounce")
    }
    assert [] == [move for move in moves if move.verb.startswith(("forge", "spoil", "ask"))]
    assert {"first_frame", "rtcp_received"} == {move.what for move in moves if move.verb == "hears"}


def test_unrestricted_there_are_forged_and_spoilt_messages_and_any_edge():
    """What no honest peer sends, and what no media plane tells."""
    run = played(PLAIN[0], unrestricted=True)
    verbs = {choice.move.verb for choice in run.choices()}

    assert "forge" in verbs
    assert {f"spoil:{name}" for name in SPOILS} <= verbs
    assert "path_opened" in {choice.move.what for choice in run.choices() if choice.move.verb == "hears"}


def test_every_spoil_changes_some_message():
    """None of them is a dead letter."""
    assert [] == [name for name in SPOILS if all(spoilt(d.data, name) == d.data for d in spoken())]


def test_a_datagram_is_named_by_its_place_among_those_of_its_name():
    """The second INVITE is the one that timer A sent."""
    run = played(
        PLAIN[0], Move("wait", seconds=0.5), Move("lose", "bob", "INVITE"), Move("deliver", "bob", "INVITE", 1)
    )

    assert 4 == len(run.made)
    assert 1 == len(run.bob.lines)


def test_time_that_jumps_makes_everything_overdue_at_once():
    """The process slept for 200 s: timer B and the caller's patience run out in one moment."""
    run = played(PLAIN[0], Move("jump", seconds=200.0))

    assert ("Failed / Closed",) == run.states()
    assert {0.0, 200.0} == {row.time for row in run.alice.rows}


def test_a_run_on_the_other_engine_is_the_same_run():
    """It has the same moves, and if it was finished it is finished too."""
    run = played(*PLAIN)
    run.finish()
    twin = run.on("transitions")

    assert [row.as_dict() for row in run.alice.rows] == [row.as_dict() for row in twin.alice.rows]
    assert "transitions" == twin.alice.settings.engine


@pytest.mark.parametrize("unrestricted", [False, True])
def test_every_property_holds_of_any_call(unrestricted):
    """Never a fault, never impossible, on the ladder, both end, engines equal, replays."""

    @settings(max_examples=25)
    @given(calls(unrestricted=unrestricted))
    def holds(call):
        assert [] == [(name, wrong) for name, ask in pair_properties(CHARTS).items() if (wrong := ask(call))]

    holds()


@settings(max_examples=25)
@given(chart_runs(shipped_charts()["media"]))
def test_every_property_holds_of_any_run_of_a_chart(run):
    """By itself, with its guards both ways."""
    assert [] == [(name, wrong) for name, ask in chart_properties(run.chart).items() if (wrong := ask(run))]


def test_a_chart_that_is_run_by_itself_keeps_to_its_timers():
    """A timer fires only where it runs."""
    run = ChartRun(shipped_charts()["invite_client"])

    assert not run.make(Move("timer_d"))
    assert run.make(Move("timer_a"))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("Idle", False),
        ("Idle Negotiating Ready", False),
        ("Idle Closed", False),
        ("Idle Negotiating Ready Held Established Active Closed", False),
        ("Idle Negotiating Ready Established Active Stalled Active Held Closed", False),
        ("Idle Ready", True),
        ("Idle Negotiating Established", True),
        ("Idle Negotiating Held", True),
        ("Idle Negotiating Ready Active", True),
        ("Idle Negotiating Ready Established Negotiating", True),
    ],
)
def test_what_is_on_the_ladder(path, wrong):
    """A prefix of it, then what may come after it."""
    assert wrong is (off_ladder(path.split()) is not None)


def test_shrinking_leaves_out_whatever_is_not_needed():
    """Two of a hundred are enough, wherever they stand."""
    moves = [Move("wait", seconds=float(n)) for n in range(100)]

    assert [moves[13], moves[77]] == shrink(moves, lambda some: {moves[13], moves[77]} <= set(some))
