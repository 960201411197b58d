"""`--charts DIR`: charts that stand in the place of ours, and files that remember which ones a run was made with."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import pytest
from command_line import lines_of, run_here

from session_fsm.chart import Chart, shipped
from session_fsm.machine import charts_of, write_jsonl
from session_fsm.testing.pairs import VirtualPair

DOOR = Path(__file__).parents[2] / "examples" / "door.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dialog that does not answer BYE, one chart that is none of ours, and a later media chart in a folder within."""
    found = tmp_path / "set"
    (found / "inner").mkdir(parents=True)
    dialog = shipped()["dialog"].read_text()
    (found / "dialog.toml").write_text(dialog.replace('send = ["200"], emit = ["hung_up"]', 'emit = ["hung_up"]'))
    shutil.copy(DOOR, found)
    media = shipped()["media"].read_text()
    (found / "inner" / "media.toml").write_text(media.replace("version = 1", "version = 7"))
    return found


@pytest.fixture
def trace(tmp_path: Path, folder: Path) -> Path:
    """A call with those charts, beside their folder."""
    path = tmp_path / "trace.jsonl"
    with path.open("w") as file:
        charts = {name: Chart.load(folder / f"{name}.toml") for name in ("dialog", "inner/media")}
        pair = VirtualPair(charts={chart.id: chart for chart in charts.values()})
        pair.talk()
        write_jsonl(pair.alice.rows, file, charts="set")
    return path


def test_charts_lists_the_folder_s_in_place_of_ours(folder: Path):
    """And those that replace none at the end."""
    lines = lines_of(run_here("charts", "--charts", folder, "--json").stdout)

    assert [*shipped(), "door"] == [line["id"] for line in lines]
    assert 7 == next(line["version"] for line in lines if line["id"] == "media")


@pytest.mark.parametrize(
    "command", [("charts",), ("check",), ("draw", "call"), ("call", "sip:bob@127.0.0.1"), ("fuzz",)]
)
def test_a_folder_with_a_file_that_is_no_chart_cannot_be_read(command: tuple[str, ...], folder: Path):
    """Whatever was asked, the code is that of input that cannot be read, and the file is named."""
    (folder / "call.toml").write_text("id = ")

    done = run_here(*command, "--charts", folder)

    assert (2, True) == (done.returncode, "call.toml: this is not TOML" in done.stderr + done.stdout)


@pytest.mark.slow
def test_check_takes_the_set_as_it_would_run(folder: Path):
    """Each chart, and all against each other; a chart of another kind is checked by itself."""
    done = run_here("check", "--charts", folder, "--json")

    assert (0, [*shipped(), "door"]) == (done.returncode, lines_of(done.stdout)[-1]["charts"])


def test_check_by_name_finds_the_folder_s_chart(folder: Path):
    """With its faults."""
    (folder / "dialog.toml").write_text("id = 3")
    done = run_here("check", "dialog", "--charts", folder, "--json")

    assert (3, True) == (done.returncode, all("dialog.toml" in line["file"] for line in lines_of(done.stdout)[:-1]))


@pytest.mark.parametrize("name", ["door", "both", "pair:uac", "media"])
def test_draw_takes_it(folder: Path, name: str):
    """By name, and in pairs."""
    assert 0 == run_here("draw", name, "--charts", folder, "--format", "table").returncode


def test_a_trace_is_replayed_with_the_charts_that_it_names(trace: Path):
    """Nothing has to be said again."""
    done = run_here("replay", trace, "--json")

    assert ("set", True) == (charts_of(trace.read_text().partition("\n")[0]), json.loads(done.stdout)["ok"])


def test_a_trace_is_painted_on_the_charts_that_it_names(trace: Path):
    """Version 7 of media is none of ours."""
    assert 0 == run_here("draw", "media", "--trace", trace, "-o", trace.with_suffix(".svg")).returncode


def test_a_trace_whose_charts_are_gone_says_so(trace: Path, folder: Path):
    """Where they were, and what is possible; with --charts it goes on."""
    moved = folder.rename(folder.with_name("moved"))
    done = run_here("replay", trace)
    again = run_here("replay", trace, "--charts", moved)

    assert (2, 0) == (done.returncode, again.returncode)
    assert done.stderr.endswith(f"made with the charts in {folder}, which is not there now; possible: --charts DIR\n")


def test_a_trace_goes_with_its_folder(trace: Path, folder: Path, tmp_path: Path):
    """It names the folder as seen from where it is."""
    other = tmp_path / "elsewhere"
    other.mkdir()
    folder.rename(other / "set")
    moved = trace.rename(other / "trace.jsonl")

    assert 0 == run_here("replay", moved).returncode


def test_a_ladder_of_other_charts_is_refused(trace: Path, folder: Path):
    """Whether the folder is named here or by the trace."""
    drawn = run_here("ladder", trace).returncode
    shutil.rmtree(folder / "inner")
    done = [run_here("ladder", trace, "--charts", folder), run_here("ladder", trace)]

    assert (0, [2, 2]) == (drawn, [each.returncode for each in done])
    assert all("is of chart media version 7; possible: version 1" in each.stderr for each in done)


@pytest.mark.parametrize("command", [("replay",), ("draw", "media", "--trace"), ("ladder",)])
def test_a_trace_of_a_chart_that_means_something_else_now_is_refused(trace: Path, folder: Path, command):
    """Its version is the same: only the fingerprints differ, and one sentence names both."""
    then = Chart.load(folder / "inner" / "media.toml").fingerprint
    path = folder / "inner" / "media.toml"
    path.write_text(path.read_text().replace(', do = ["note_frame"]', "", 1))
    now = Chart.load(path).fingerprint
    done = run_here(*command, trace)

    sentence = f"it is of chart media version 7 ({then}); possible: version 7 ({now})"
    assert (2, "") == (done.returncode, done.stdout)
    assert sentence in done.stderr


@pytest.mark.slow
def test_a_test_that_explore_writes_names_the_folder(folder: Path, tmp_path: Path):
    """As seen from the test, which fails as it stands."""
    shutil.rmtree(folder / "inner")
    written = tmp_path / "tests" / "test_found.py"
    written.parent.mkdir()
    options = ("--property", "answers-arrive", "--out", tmp_path / "out", "--write-test", written)
    done = run_here("explore", "--charts", folder, *options, "--json")
    (trace, *_) = [violation["trace"] for violation in lines_of(done.stdout)[-1]["violations"]]

    assert (3, "../set") == (done.returncode, charts_of(Path(trace).read_text().splitlines()[0]))
    assert "Path(__file__).parent / '../set'" in written.read_text()
    with pytest.raises(AssertionError):
        runpy.run_path(str(written))["test_answers_arrive"]()


@pytest.mark.parametrize("command", [("call", "sip:bob@127.0.0.1:9"), ("answer",), ("fuzz", "pair"), ("explore",)])
def test_a_folder_that_replaces_none_of_ours_is_a_mistake(tmp_path: Path, command: tuple[str, ...]):
    """For whoever makes calls: a name was misspelt, or the folder is another one."""
    shutil.copy(DOOR, tmp_path)
    done = run_here(*command, "--charts", tmp_path)

    assert (2, "") == (done.returncode, done.stdout)
    assert f"--charts: no chart in {tmp_path} replaces one of ours; possible: " in done.stderr


def test_two_charts_of_one_id_are_a_fault(folder: Path):
    """It would be chance which one is used."""
    shutil.copy(DOOR, folder / "inner" / "gate.toml")
    done = run_here("charts", "--charts", folder)

    assert 3 == done.returncode
    assert "gate.toml: its id is door, as of " in done.stderr


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path):
    """On every command."""
    commands = [("charts",), ("check",), ("draw", "media"), ("draw", "both"), ("replay", DOOR), ("explore",), ("demo",)]
    done = [run_here(*command, "--charts", tmp_path / "nowhere") for command in commands]

    assert [2] * len(commands) == [each.returncode for each in done]
    assert [] == [each.stderr for each in done if "nowhere" not in each.stderr and "trace row" not in each.stderr]


@pytest.mark.slow
def test_an_imported_chart_must_fit_the_folder_s(folder: Path, tmp_path: Path):
    """Nobody emits what it hears: that is said, and nothing is written."""
    shutil.rmtree(folder / "inner")
    document = tmp_path / "media.scxml"
    text = shipped()["media"].read_text()
    charts = {"whole": text, "deaf": text.replace('"offer_answer.agreed"', '"offer_answer.agreeing"')}
    exits = {}
    for name, chart in charts.items():
        (tmp_path / f"{name}.toml").write_text(chart)
        run_here("draw", tmp_path / f"{name}.toml", "--format", "scxml", "-o", document)
        exits[name] = run_here("import", document, "--charts", folder, "-o", tmp_path / f"{name}-again.toml").returncode

    assert {"whole": 0, "deaf": 3} == exits
    assert (True, False) == tuple((tmp_path / f"{name}-again.toml").exists() for name in charts)
