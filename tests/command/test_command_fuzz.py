"""`session-fsm fuzz` as a script and as a person see it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Done, run_here

ROOT = Path(__file__).parents[2]
DIALOG = ROOT / "statecharts" / "dialog.toml"
DOOR_FILE = ROOT / "examples" / "door.toml"


def fuzz(*arguments: str, cwd: Path) -> Done:
    return run_here("fuzz", *arguments, folder=cwd)


def test_what_holds_ends_with_0_and_a_summary(tmp_path):
    """The fields that the issue names, and nothing is written."""
    ended = fuzz(str(DOOR_FILE), "--seed", "1", "--max-examples", "150", "--json", cwd=tmp_path)
    summary = json.loads(ended.stdout.splitlines()[-1])

    assert (0, "") == (ended.returncode, ended.stderr)
    assert ("Summary", 150, 1, [], 6, 6, 17, 17) == tuple(
        summary[name]
        for name in (
            *("type", "examples", "seed", "violations"),
            *("rows_taken", "rows_total", "pairs_seen", "pairs_reachable"),
        )
    )
    assert [] == list(tmp_path.iterdir())


def test_what_does_not_hold_ends_with_3_and_is_told(tmp_path):
    """The steps on stdout, the files in --out, and a trace that `replay` takes."""
    (tmp_path / "charts").mkdir()
    text = DIALOG.read_text().replace('send = ["200"], emit = ["hung_up"]', 'emit = ["hung_up"]')
    (tmp_path / "charts" / "dialog.toml").write_text(text)
    options = ("--charts", "charts", "--seed", "1", "--max-examples", "200", "--property", "both-end", "--out", "found")
    ended = fuzz(*options, cwd=tmp_path)
    again = fuzz(*options, "--json", cwd=tmp_path)
    (violation,) = json.loads(again.stdout)["violations"]

    assert (3, 3, "") == (ended.returncode, again.returncode, ended.stderr)
    assert "✗ both-end: " in ended.stdout
    assert f"session-fsm replay {violation['trace']}" in ended.stdout
    assert "alice call" == violation["steps"][0]
    assert (tmp_path / violation["trace"]).exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("cal",), "no chart has this name; did you mean call"),
        (("nowhere.toml",), "nowhere.toml: cannot read the file"),
        (("--property", "beauty"), "--property: there is no property beauty; possible: no-fault, never-impossible"),
        (("call", "--wire"), "--wire: call sends nothing; possible: pair"),
        (("call", "--unrestricted"), "--unrestricted: only pair has messages that can be forged"),
        (("--max-examples", "0"), "--max-examples: 0 is not possible; possible: 1 or more"),
        (("--charts", "nowhere"), "--charts: nowhere is no folder"),
    ],
)
def test_bad_input_is_one_sentence_and_2(tmp_path, arguments, complaint):
    """What, where, and what is possible."""
    ended = fuzz(*arguments, cwd=tmp_path)

    assert (2, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.startswith("session-fsm: ")
    assert complaint in ended.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_calls_are_fuzzed_over_udp(tmp_path):
    """Between two processes, with the same summary."""
    ended = fuzz("--wire", "--seed", "1", "--max-examples", "4", "--json", cwd=tmp_path)
    summary = json.loads(ended.stdout.splitlines()[-1])

    assert (0, ["pair:wire"], 4, []) == (
        ended.returncode,
        *(summary[name] for name in ("target", "examples", "violations")),
    )


def test_a_spoilt_corpus_is_told(tmp_path):
    """It is not passed over."""
    (tmp_path / "x.json").write_text("{")
    ended = fuzz(str(DOOR_FILE), "--out", str(tmp_path), cwd=tmp_path)

    assert 2 == ended.returncode
    assert f"--out: {tmp_path / 'x.json'}: no JSON" in ended.stderr


def test_without_hypothesis_it_says_how_to_install_it(tmp_path):
    """One sentence."""
    script = "import sys; sys.modules['hypothesis'] = None\nfrom session_fsm.__main__ import main\nmain()"
    command = [sys.executable, "-c", script, "fuzz", "pair"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (2, "session-fsm: fuzz needs Hypothesis: pip install 'session-fsm[testing]'\n") == (
        ended.returncode,
        ended.stderr,
    )
