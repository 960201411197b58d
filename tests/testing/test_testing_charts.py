"""What `session_fsm.testing` says of a chart: ours, and the samples."""

from __future__ import annotations

import subprocess
import sys

import pytest
from chart_samples import DOOR, DOOR_FILE, VAULT

from session_fsm.chart import Chart, shipped
from session_fsm.machine import replay
from session_fsm.testing import assert_reachable, assert_total, play, row_coverage, tour
from session_fsm.testing.charts import row_ids, sides_of
from session_fsm.testing.walks import ways

SIDES = [side for name in shipped() for side in sides_of(Chart.load(name))]
NAMES = [f"{side.id}, {side.role}" for side in SIDES]


@pytest.mark.parametrize("name", shipped())
def test_shipped_charts_are_total_and_can_be_reached(name):
    """Also where guards, running timers and postponed events are looked at."""
    assert_total(name)
    assert_reachable(Chart.load(name))


@pytest.mark.parametrize("side", SIDES, ids=NAMES)
def test_a_tour_takes_every_row(side):
    """Played on real machines, it covers the chart."""
    rows = [row for walk in tour(side) for row in play(side, walk)]

    assert () == row_coverage(rows, side).missing


@pytest.mark.parametrize("side", SIDES, ids=NAMES)
def test_what_a_tour_plays_is_what_the_walks_said(side):
    """The walks' own bookkeeping of states and postponed events agrees with the machine's."""
    for walk in tour(side):
        place, found = ways(side).start, ways(side)
        for move in walk:
            place = next(turn.after for turn in found.turns[place] if turn.move == move)
        assert place.state == play(side, walk)[-1].to_state


def test_a_tour_is_greedy():
    """It goes on from where it is, and starts again only when it must: far fewer walks than rows."""
    media = Chart.load("media")

    assert len(tour(media)) <= 5
    assert sum(map(len, tour(media))) <= 2 * len(row_ids(media))


def test_a_walk_reads_as_events_and_guards():
    """A move shows the values that its guards must have."""
    assert "knock [invited]" in [str(move) for walk in tour(DOOR) for move in walk]


def test_a_played_walk_replays():
    """It is a trace like any other."""
    assert [None] * len(tour(DOOR)) == [replay(play(DOOR, walk), [DOOR]) for walk in tour(DOOR)]


def test_a_played_walk_runs_what_is_bound():
    """Effects that are given run, all others do nothing."""
    greeted: list[str] = []
    for walk in tour(DOOR):
        play(DOOR, walk, effects={"greet": lambda context, payload: greeted.append("hello")})

    assert {"hello"} == set(greeted)


def test_coverage_names_the_rows_that_were_not_taken():
    """A run that only locks and unlocks."""
    rows = play(DOOR, [move for walk in tour(DOOR) for move in walk if str(move) in ("lock", "unlock")])
    coverage = row_coverage(rows, DOOR)

    assert (2, 6, False) == (len(coverage.taken), coverage.total, coverage.complete)
    assert "2 of 6 rows of door were taken; not: Shut.knock, Open.timer_spring, Open.knock, Anywhere.unhinge" == str(
        coverage
    )


def test_guards_that_exclude_each_other_never_hold_together():
    """The vault's postponed fuse burns only at night, and the wheel turns only by day: within one move never both."""
    for turns in ways(VAULT).turns.values():
        for turn in turns:
            assert {("day", True), ("night", True)} - set(turn.move.guards)


def test_what_only_a_run_can_tell_is_found():
    """Either fuse may burn in Lit, so the check at load lets it pass; but only one of them ever does."""
    bomb = Chart.parse(
        """
id = "bomb"
version = 1
initial = "Cold"
[events]
light = { message = "a match" }
[guards]
short_one = "the short fuse is nearer"
[timers]
short = { after = 1 }
long  = { after = 9 }
[states.Cold]
rows = [ { event = "light", guard = "short_one", to = "Lit", start = ["short"] }, { event = "light", to = "Lit", start = ["long"] } ]
[states.Lit]
rows = [ { event = "timer_short", to = "Warm" }, { event = "timer_long", to = "Warm" } ]
[states.Lit.ignored]
light = "it burns"
[states.Warm]
rows = [ { event = "timer_long", to = "Hot" }, { event = "light", to = "Lit" } ]
[states.Warm.ignored]
timer_short = "the other one"
[states.Hot]
rows = [ { event = "light", to = "Lit" } ]
[states.Hot.ignored]
timer_short = "it is over"
timer_long  = "it is over"
"""  # noqa: E501
    )

    with pytest.raises(AssertionError) as raised:
        assert_reachable(bomb)

    assert [
        "not all of bomb can be reached:",
        "no run leads to Hot",
        "no run takes the row Warm.timer_long",
        "no run takes the row Hot.light",
    ] == str(raised.value).splitlines()


def test_a_state_that_does_not_exist_is_a_mistake_of_the_test():
    """It says which there are."""
    with pytest.raises(ValueError, match="door has no state Ajar; it has Shut, Open, Locked, Removed"):
        assert_reachable(DOOR, "Ajar")


def test_a_chart_that_is_not_total_is_told_with_every_fault(tmp_path):
    """From its file, as it stands."""
    broken = tmp_path / "broken.toml"
    text = DOOR_FILE.read_text()
    broken.write_text(text.replace('knock  = "nobody opens"\n', "").replace('lock    = "no door"\n', ""))

    with pytest.raises(AssertionError) as raised:
        assert_total(broken)

    assert 3 == len(str(raised.value).splitlines())
    assert "Locked: nothing decides knock here" in str(raised.value)
    assert "Removed: nothing decides lock here" in str(raised.value)


def test_without_hypothesis_the_name_says_how_to_install_it():
    """Everything else works without it."""
    script = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from session_fsm.testing import tour, Network\n"
        "from session_fsm.testing import machine_of\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert "machine_of needs Hypothesis: pip install 'session-fsm[testing]'" in ended.stderr
