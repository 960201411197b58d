"""`session-fsm demo`: the main job in one command, as people and as scripts see it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from command_line import Program, lines_of, names, run

from session_fsm.audio import Tone, WavWriter, read_wav

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FILES = {
    *("caller.log", "callee.log", "heard-by-caller.wav", "heard-by-callee.wav"),
    *("trace-caller.jsonl", "trace-callee.jsonl", "sequence.mmd", "sequence.txt"),
}


def test_people_see_both_sides_and_a_verdict(tmp_path: Path):
    """Timelines side by side, media paths, timings, checks, files, and one sentence at the end."""
    done = run("demo", "--seconds", "1", folder=tmp_path)

    lines = done.stdout.splitlines()
    assert (0, "Both sides heard each other, without gaps.") == (done.returncode, lines[-1]), done.stdout
    assert ["ms", "caller", "(UAC)", "callee", "(UAS)"] == lines[0].split()
    assert 2 == done.stdout.count("Idle → Negotiating → Ready → Established → Active → Closed")
    assert 8 == done.stdout.count("✓")
    assert max(map(len, lines)) <= 100
    assert FILES == {path.name for path in (tmp_path / "demo-out").iterdir()}
    assert "sequenceDiagram" in (tmp_path / "demo-out" / "sequence.mmd").read_text()


def test_scripts_see_events_of_both_summaries_and_a_verdict(tmp_path: Path):
    """All of it JSON; what is written is in the folder that was named."""
    done = run("demo", "--seconds", "1", "--json", "--out", tmp_path / "here")

    lines = lines_of(done.stdout)
    assert {"UAC", "UAS"} == {line["role"] for line in lines if "role" in line}
    assert 2 == names(lines).count("Summary")
    assert ("Verdict", True, 8) == (lines[-1]["type"], lines[-1]["ok"], len(lines[-1]["checks"]))
    assert 0 == done.returncode
    assert 8000 <= len(read_wav(tmp_path / "here" / "heard-by-callee.wav"))


def test_other_sources_can_be_played(tmp_path: Path):
    """A WAV file one way, its echo the other."""
    with WavWriter(tmp_path / "tune.wav") as file:
        file.write(Tone(300).take(3000))
        file.write(Tone(700).take(3000))

    done = run("demo", "--seconds", "1", "--caller", "tune.wav", "--callee", "echo", folder=tmp_path)

    assert 0 == done.returncode, done.stdout
    assert 2 == done.stdout.count("like tune.wav")


def test_a_call_that_is_interrupted_is_hung_up_and_fails(tmp_path: Path):
    """It was not as long as it was asked to be."""
    with Program(tmp_path, "demo", "demo", "--seconds", "60") as demo:
        demo.until("AudioChannelsReady", role="UAC")
        demo.interrupt(signal.SIGINT)

        assert 3 == demo.finish()
    assert {"hung up", "the peer hung up"} == {line["reason"] for line in demo.of_type("Summary")}
    assert "frames" in {check["name"] for check in demo.lines[-1]["checks"] if not check["ok"]}


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_process_that_does_not_begin_is_told_of(tmp_path: Path, as_json: list[str]):
    """With what it said itself."""
    name_an_unknown_effect(tmp_path)

    done = run("demo", "--charts", ".", *as_json, folder=tmp_path)

    assert (3, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("session-fsm: a process did not begin: session-fsm: media.toml")
    assert "Traceback" not in done.stderr


def test_a_chart_that_does_not_load_starts_no_process(tmp_path: Path):
    """The complaint is the loader's own."""
    (tmp_path / "media.toml").write_text('id = "media"\ninitial = "Idle"\n')

    done = run("demo", "--charts", ".", folder=tmp_path)

    assert (3, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("session-fsm: --charts: media.toml")
    assert not (tmp_path / "demo-out").exists()


def test_an_old_recording_proves_nothing(tmp_path: Path):
    """What an earlier run has left is removed first."""
    out = tmp_path / "demo-out"
    out.mkdir()
    (out / "heard-by-caller.wav").write_text("old")
    name_an_unknown_effect(tmp_path)

    run("demo", "--charts", ".", folder=tmp_path)

    assert not (out / "heard-by-caller.wav").exists()


def test_the_verdict_line_names_what_was_wanted(tmp_path: Path):
    """So that a script can say why."""
    done = run("demo", "--seconds", "0.4", "--json", "--out", tmp_path)

    (verdict,) = [line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "Verdict"]
    assert {"side", "name", "ok", "measured", "wanted"} == set(verdict["checks"][0])


def name_an_unknown_effect(folder: Path) -> None:
    """A chart that loads, and that no process of ours can bind."""
    text = (ROOT / "statecharts" / "media.toml").read_text(encoding="utf-8")
    (folder / "media.toml").write_text(text.replace("note_rtcp", "note_nothing"))
