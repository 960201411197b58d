"""Fuzzing: it finds what is broken, shrinks it, keeps it, tries it first next time, and can be had again."""

from __future__ import annotations

import json

import pytest
from chart_mutants import SILENT_AT_BYE
from chart_samples import DOOR, DOOR_FILE

from session_fsm.chart import Chart
from session_fsm.machine import read_jsonl, replay
from session_fsm.session.building import shipped_charts
from session_fsm.testing.counterexample import keep, kept, read, told
from session_fsm.testing.fuzz import Fuzzing
from session_fsm.testing.runs import Move
from session_fsm.testing.targets import chart_target, pair_target, targets

pytestmark = pytest.mark.slow

CHARTS = {"dialog": SILENT_AT_BYE}


@pytest.fixture(scope="module")
def findings():
    """What a hundred runs say of a callee that takes a BYE and never answers it."""
    fuzzing = Fuzzing(pair_target(charts=CHARTS), seed=1, properties=["no-fault", "both-end"], charts=CHARTS)
    return fuzzing.run(100)


def test_a_broken_chart_is_found_and_shrunk(findings):
    """Somebody's BYE has a transaction that nobody answers: call, INVITE, answer, and whoever hangs up when."""
    (example,) = findings.violations

    assert "both-end" == example.breaks
    assert "still has Leftovers" in example.message
    assert len(example.moves) <= 8
    assert Move("call", "alice") == example.moves[0]


def test_one_violation_of_a_property_is_enough(findings):
    """The others are still asked for, until all runs were made."""
    assert findings.examples >= 100


def test_it_is_told_step_by_step_with_a_ladder(findings):
    """What is wrong, each move with what it changed, and the messages."""
    text = told(findings.violations[0], CHARTS).splitlines()

    assert text[0].startswith("both-end: ")
    assert "  1. alice call" in text
    assert "       alice call: Idle → Initiating on place [offering]" in text
    assert any("INVITE (offer) ---" in line for line in text)


def test_it_is_kept_as_moves_as_a_trace_and_as_told(findings, tmp_path):
    """The moves can be made again, the trace replays, and nothing half-written is left."""
    trace = keep(findings.violations[0], tmp_path, CHARTS)
    with trace.open() as file:
        rows = list(read_jsonl(file))

    assert replay(rows, {**shipped_charts(), **CHARTS}.values()) is None
    assert {".json", ".jsonl", ".txt"} == {path.suffix for path in tmp_path.iterdir()}
    assert findings.violations == [read(path) for path in kept(tmp_path)]


def test_a_known_counterexample_is_tried_first(findings, tmp_path):
    """No further run is needed to find it again, nor Hypothesis."""
    keep(findings.violations[0], tmp_path, CHARTS)
    again = Fuzzing(pair_target(charts=CHARTS), seed=9, properties=["both-end"], charts=CHARTS).run(500, tmp_path)

    assert (1, findings.violations) == (again.examples, again.violations)


def test_a_counterexample_that_holds_now_is_told(findings, tmp_path):
    """The chart was mended."""
    trace = keep(findings.violations[0], tmp_path, CHARTS)
    mended = Fuzzing(pair_target(), properties=["both-end"]).run(1, tmp_path)

    assert ([], [trace.with_suffix(".json").name]) == (mended.violations, mended.stale)


def test_the_same_seed_draws_the_same_runs():
    """A run can be had again from its seed."""
    first, second = (Fuzzing(pair_target(), seed=5, properties=["no-fault"]).run(15).coverage for _ in range(2))

    assert (first.cells, first.rows, first.pairs) == (second.cells, second.rows, second.pairs)


def test_a_chart_by_itself_is_covered_against_what_can_be_reached():
    """A small one is seen through within a hundred runs."""
    found = Fuzzing(chart_target(DOOR), seed=1).run(100)

    assert (6, 6) == (len(found.coverage.rows), found.rows_total)
    assert (len(found.reachable), 0) == (found.pairs_seen, found.pairs_beyond)


def test_a_call_is_covered_against_what_the_explorer_reaches():
    """Pairs of both sides' states; a handful are beyond the explorer's bound, because there are re-INVITEs."""
    found = Fuzzing(pair_target(), seed=1, properties=["no-fault"]).run(30)

    assert 200 < len(found.reachable)
    assert 10 < found.pairs_seen < len(found.reachable)


def test_a_claim_of_a_chart_is_asked_for():
    """`never` and `always` of a user's own chart."""
    claim = '[properties]\nshut = { never = ["Locked"] }\n'
    claiming = Chart.parse(DOOR_FILE.read_text().replace("[states.Shut]", f"{claim}[states.Shut]", 1))
    (example,) = Fuzzing(chart_target(claiming), seed=1).run(50).violations

    assert ("shut", (Move("lock"),)) == (example.breaks, example.moves)
    assert "it is Locked, and shut says never Locked" == example.message


def test_sided_charts_give_two_targets():
    """Or the one that is named."""
    assert ["call:uac", "call:uas"] == [target.name for target in targets("call")]
    assert ["call:uas"] == [target.name for target in targets("call:uas")]
    assert ["invite_client"] == [target.name for target in targets("invite_client")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no JSON"),
        ("[]", "no counterexample; possible: a .json file that `session-fsm fuzz` wrote"),
        ('{"kind": "session_fsm counterexample", "schema": 1}', "a field is missing or wrong: 'moves'"),
    ],
)
def test_a_file_that_is_no_counterexample_is_told(tmp_path, text, complaint):
    """Which file, what was found, what is possible."""
    path = tmp_path / "x.json"
    path.write_text(text)

    with pytest.raises(ValueError) as raised:
        read(path)

    assert str(raised.value).startswith(f"{path}: {complaint}")


def test_a_counterexample_of_an_unknown_property_is_told(findings, tmp_path):
    """With the properties that there are."""
    data = findings.violations[0].as_dict() | {"property": "beauty"}
    path = tmp_path / "x.json"
    path.write_text(json.dumps(data))

    with pytest.raises(ValueError, match="no property beauty; possible: no-fault, never-impossible, media-paths"):
        read(path)
