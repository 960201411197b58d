"""`session-fsm explore` and `session-fsm replay`, as a shell sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from session_fsm.chart import shipped
from session_fsm.command.app import app
from session_fsm.session.building import shipped_charts

pytestmark = pytest.mark.slow

BROKEN = (
    '{ event = "hung_up",            to = "Terminated", do = ["note_peer_hung_up"] }',
    '{ event = "hung_up",            do = ["note_peer_hung_up"] }',
)


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def last_line(text: str) -> dict[str, object]:
    return json.loads(text.splitlines()[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a call chart in which nobody hears the other's BYE."""
    found = tmp_path_factory.mktemp("charts")
    text = Path(shipped_charts()["call"].file).read_text(encoding="utf-8")
    assert BROKEN[0] in text
    (found / "call.toml").write_text(text.replace(*BROKEN), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def explored(folder, tmp_path_factory):
    """A violation, its files, and what was printed as JSON."""
    out = tmp_path_factory.mktemp("out")
    words = ("--charts", folder, "--property", "ends-together", "--out", out, "--write-test", out / "test_found.py")
    result = run("explore", "--json", *words)
    return result, last_line(result.stdout), out


def test_a_violation_ends_with_three(explored):
    assert 3 == explored[0].exit_code


def test_the_summary_of_explore_has_what_was_promised(explored):
    wanted = {
        "type",
        "states",
        "edges",
        "seconds",
        "bound",
        "violations",
        "rows_taken",
        "rows_total",
        "rows_unreachable",
    }

    assert (set(), "Summary") == (wanted - explored[1].keys(), explored[1]["type"])


def test_a_violation_names_its_property_its_steps_and_its_trace(explored):
    violation = explored[1]["violations"][0]

    assert ("ends-together", True) == (violation["property"], Path(violation["trace"]).exists())
    assert violation["steps"][0].startswith("uac place")


def test_the_trace_of_a_violation_replays(explored):
    """With the charts that it was found in, which it names: exit code 0."""
    result = run("replay", explored[1]["violations"][0]["trace"], "--json")

    assert (0, True, None) == (result.exit_code, *(last_line(result.stdout)[key] for key in ("ok", "first_difference")))


def test_a_trace_of_other_charts_ends_with_two(explored):
    """It says which ones it was made with; that they step otherwise would be no news."""
    result = run("replay", explored[1]["violations"][0]["trace"], "--charts", shipped()["call"].parent)

    assert (2, True) == (result.exit_code, "it is of chart call" in result.stderr)


def test_a_trace_that_goes_another_way_ends_with_three(explored, tmp_path):
    """The shipped call chart leaves the call where the broken one stayed; the trace does not say what made it."""
    rows = Path(explored[1]["violations"][0]["trace"]).read_text(encoding="utf-8").splitlines(keepends=True)[1:]
    (tmp_path / "rows.jsonl").write_text("".join(rows), encoding="utf-8")

    result = run("replay", tmp_path / "rows.jsonl", "--charts", shipped()["call"].parent, "--json")
    difference = last_line(result.stdout)["first_difference"]

    assert (3, "call") == (result.exit_code, difference["machine"])


def test_the_written_test_is_there(explored):
    assert "def test_ends_together" in (explored[2] / "test_found.py").read_text(encoding="utf-8")


def test_an_unknown_property_names_those_that_there_are():
    result = run("explore", "--property", "peace")

    assert (2, True) == (result.exit_code, "possible: active-implies-established" in result.stderr)


def test_nothing_is_written_when_all_holds(tmp_path):
    """No folder and no test."""
    out = tmp_path / "out"
    result = run("explore", "--property", "no-media-before-ready", "--out", out, "--write-test", tmp_path / "test_x.py")

    assert (0, []) == (result.exit_code, list(tmp_path.iterdir()))


@pytest.mark.parametrize("text", ["", "no json\n", '{"schema": 9}\n'])
def test_what_is_no_trace_ends_with_two(tmp_path, text):
    """What, where, and what is possible."""
    trace = tmp_path / "trace.jsonl"
    trace.write_text(text, encoding="utf-8")
    result = run("replay", trace)

    assert (2, True, True) == (result.exit_code, "trace.jsonl" in result.stderr, "possible" in result.stderr)


def test_a_trace_of_another_chart_version_ends_with_two(explored, tmp_path):
    lines = Path(explored[1]["violations"][0]["trace"]).read_text(encoding="utf-8")
    trace = tmp_path / "old.jsonl"
    trace.write_text(lines.replace('"version": 1', '"version": 0'), encoding="utf-8")
    result = run("replay", trace)

    assert (2, True) == (result.exit_code, "version 0; possible: version 1" in result.stderr)


def test_a_trace_that_is_not_there_ends_with_two(tmp_path):
    assert 2 == run("replay", tmp_path / "none.jsonl").exit_code


IVR = Path(__file__).parents[2] / "examples" / "ivr.toml"


@pytest.fixture
def claiming(tmp_path: Path) -> Path:
    """A chart that has nothing to do with SIP, and claims what is not so."""
    file = tmp_path / "ivr.toml"
    text = IVR.read_text(encoding="utf-8")
    file.write_text(
        text.replace("[properties]\n", '[properties]\nstaffed = { never = ["Voicemail"] }\n'), encoding="utf-8"
    )
    return file


def test_one_chart_is_explored_by_name(tmp_path):
    """Only what it takes part in is walked, and only its rows are counted."""
    result = run("explore", "quality", "--json", "--out", tmp_path / "out")

    summary = last_line(result.stdout)
    rows = sum(1 for _, decisions in shipped_charts()["quality"].all_decisions() for _ in decisions.rows)
    assert (0, rows, rows, []) == (
        result.exit_code,
        summary["rows_total"],
        summary["rows_taken"],
        summary["rows_unreachable"],
    )


def test_a_chart_of_a_users_own_is_explored_from_its_file(claiming, tmp_path):
    """Its trace names the file, so it replays without more words."""
    result = run("explore", claiming, "--json", "--out", tmp_path / "out")

    found = last_line(result.stdout)["violations"]
    assert (3, ["ivr.staffed"]) == (result.exit_code, [one["property"] for one in found])
    assert 0 == run("replay", found[0]["trace"]).exit_code


def test_what_is_fuzzed_from_a_file_replays_too(claiming, tmp_path):
    """From any folder."""
    pytest.importorskip("hypothesis")
    words = ("--seed", 1, "--max-examples", 30, "--out", tmp_path / "found", "--json")

    result = run("fuzz", claiming, *words)

    traces = [one["trace"] for one in last_line(result.stdout)["violations"]]
    assert (3, [0]) == (result.exit_code, [run("replay", trace).exit_code for trace in traces])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "no chart has this name"),
        (("quality", "--property", "call.ends"), "possible: better-has-lasted"),
    ],
)
def test_what_cannot_be_explored_is_said(words, said):
    """What, where, and what is possible."""
    result = run("explore", *words)

    assert (2, True) == (result.exit_code, said in result.stderr)
