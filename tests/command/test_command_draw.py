"""`draw`, `ladder` and `import`: every format, a painted run, and complaints that leave nothing behind."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_line import run_here

from session_fsm.chart import Chart
from session_fsm.command import drawing
from session_fsm.command.formats import Format
from session_fsm.machine import write_jsonl
from session_fsm.testing import Line, Network, Phone


@pytest.fixture
def traces(tmp_path: Path) -> list[Path]:
    """Both sides of a plain call, as files."""
    alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2", when_called=Line.accept)
    net = Network(alice, bob, delay=0.003)
    line = alice.call(bob)
    net.run_for(1)
    line.hang_up()
    net.run_until_quiet()
    paths = [tmp_path / "alice.jsonl", tmp_path / "bob.jsonl"]
    for path, phone in zip(paths, (alice, bob), strict=True):
        with path.open("w") as file:
            write_jsonl(phone.rows, file)
    return paths


@pytest.mark.parametrize(
    ("form", "told"),
    [("svg", "<svg"), ("plantuml", "@startuml"), ("scxml", "<scxml"), ("xstate", '"initial": "Idle"')],
)
def test_draw_in_each_new_format(form, told):
    done = run_here("draw", "media", "--format", form)

    assert (0, "") == (done.returncode, done.stderr)
    assert told in done.stdout


def test_xstate_names_every_state_and_row():
    data = json.loads(run_here("draw", "media", "--format", "xstate").stdout)

    assert list(Chart.load("media").states) == list(data["states"])
    assert "Ready" == data["states"]["Negotiating"]["on"]["agreed"][0]["target"]


@pytest.mark.parametrize(("name", "panels"), [("pair:uac", 2), ("pair:uas", 2), ("both", 4)])
def test_call_and_media_are_one_picture(name, panels):
    root = ElementTree.fromstring(run_here("draw", name).stdout)

    assert panels == len(root.findall("{http://www.w3.org/2000/svg}g"))


def test_a_png_is_written(tmp_path):
    pytest.importorskip("resvg_py")

    assert 0 == run_here("draw", "media", "-o", tmp_path / "media.png").returncode
    assert (tmp_path / "media.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_is_painted_with_its_times_and_what_a_guard_refused(traces):
    """The `inactive` row of Ready was tried before the one that was taken."""
    done = run_here("draw", "media", "--trace", traces[0], "--format", "svg")

    assert (0, "") == (done.returncode, done.stderr)
    for told in ("6.0 ms", "1000.0 ms", "because inactive is false", "path_opened [inactive] to Held"):
        assert f">{told}<" in done.stdout


def test_a_row_of_several_states_is_painted_where_it_was_taken(traces):
    """The callee's `accept` leads from Initiating, Ringing and Queued to Active; this one accepted in Initiating."""
    drawn = run_here("draw", "call", "--trace", traces[1], "--format", "svg").stdout
    badges = re.findall(r'r="8"[^>]*/><text[^>]*>(\d+)</text>', drawn)

    # Each step once beside its arrow, and once in the list below.
    assert dict.fromkeys(badges, 2) == Counter(badges)


@pytest.mark.parametrize("name", ["pair:uac", "both"])
@pytest.mark.parametrize("form", list(Format))
def test_several_charts_are_one_drawing(name, form):
    """In every format, each chart with its title or a word of its own."""
    if form is Format.PNG:
        pytest.skip("a PNG has no words")
    done = run_here("draw", name, "--format", form)

    assert (0, "") == (done.returncode, done.stderr)
    for side in ("uac",) if name == "pair:uac" else ("uac", "uas"):
        assert f"call ({side.upper()})" in done.stdout or f"call_{side}" in done.stdout or form is Format.TABLE


def test_each_step_of_a_painted_run_has_its_number_on_its_arrow_and_its_time_below(traces):
    """The arrow that was taken carries the number; the list has number, time, event and where it led."""
    root = ElementTree.fromstring(run_here("draw", "media", "--trace", traces[0], "--format", "svg").stdout)
    told = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    begin = told.index("0.0 ms")

    assert ["1", "2", "3", "4"] == sorted(text for text in told[:begin] if text.isdigit())[:4]
    assert ["0.0 ms", "1", "negotiating", "Negotiating"] == told[begin : begin + 4]
    assert ["6.0 ms", "2", "agreed", "Ready"] == told[begin + 4 : begin + 8]


def test_without_an_engine_a_chart_of_ones_own_is_mermaid(monkeypatch, tmp_path):
    """One sentence says so, and the exit code is that of success."""
    monkeypatch.setattr(drawing, "panel", lambda chart, rows: None)

    done = run_here("draw", "media", "-o", tmp_path / "x.svg")

    assert 0 == done.returncode
    assert 1 == done.stderr.count("\n")
    assert "session-fsm[draw]" in done.stderr
    assert ["x.mmd"] == [path.name for path in tmp_path.iterdir()]


def test_the_table_stands_behind_that_mermaid_as_comments_of_it(monkeypatch):
    """So that the whole is still one Mermaid document."""
    monkeypatch.setattr(drawing, "panel", lambda chart, rows: None)
    table = run_here("draw", "media", "--format", "table").stdout

    drawn = run_here("draw", "media", "--format", "svg").stdout

    assert table.split() == [word for line in drawn.splitlines() if line[:2] == "%%" for word in line[2:].split()]


@pytest.mark.parametrize(
    ("form", "told"), [("text", "INVITE (offer)"), ("mermaid", "sequenceDiagram"), ("svg", "<svg")]
)
def test_a_ladder_in_each_format(traces, form, told):
    done = run_here("ladder", *traces, "--format", form)

    assert (0, "") == (done.returncode, done.stderr)
    assert told in done.stdout
    assert "Media Active" in done.stdout


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_ladder_is_well_formed(traces, theme):
    root = ElementTree.fromstring(run_here("ladder", *traces, "--format", "svg", "--theme", theme).stdout)

    assert "UAC and UAS" == root.findtext("{http://www.w3.org/2000/svg}title")


def test_a_file_s_name_says_what_several_charts_are_drawn_as(tmp_path):
    run_here("draw", "both", "-o", tmp_path / "both.mmd")

    assert (tmp_path / "both.mmd").read_text().startswith("stateDiagram-v2")


def test_import_writes_a_chart_that_loads(tmp_path):
    run_here("draw", "call", "--format", "scxml", "-o", tmp_path / "call.scxml")

    assert 0 == run_here("import", tmp_path / "call.scxml", "-o", tmp_path / "call.toml").returncode
    assert list(Chart.load("call").states) == list(Chart.load(tmp_path / "call.toml").states)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            "draw media --format mermaid --trace alice.jsonl -o out",
            "mermaid shows no run; possible: --format svg or png",
        ),
        ("draw answer --format svg --trace none.jsonl -o out", "cannot read none.jsonl"),
        ("draw media --trace broken.jsonl -o out", "line 1 is no trace row"),
        ("draw media --trace other.jsonl -o out", "it is of chart media version 99; possible: version"),
        ("draw nothing -o out", "no chart has this name"),
        ("ladder alice.jsonl alice.jsonl alice.jsonl -o out", "3 were given"),
        ("ladder broken.jsonl -o out", "line 1 is no trace row"),
        ("ladder alice.jsonl alice.jsonl -o out", "they are of one side; possible: both sides of one call"),
        ("ladder alice.jsonl another.jsonl -o out", "no call is in both; possible: both sides of one call"),
        ("import broken.jsonl -o out", "this is not XML"),
        ("import none.scxml -o out", "cannot read none.scxml"),
        ("draw media -o none/out", "-o: cannot write none/out"),
        ("draw media -o out.bmp", "-o: nothing is drawn as .bmp; possible: .svg, .png, .mmd"),
        ("ladder alice.jsonl -o out.dot", "-o: nothing is drawn as .dot; possible: .svg, .png, .mmd, .txt"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(traces, tmp_path, arguments, complaint):
    (tmp_path / "broken.jsonl").write_text("nonsense\n")
    lines = [json.loads(line) for line in traces[0].read_text().splitlines()]
    media = [line | {"n": 1, "version": 99} for line in lines if line.get("chart") == "media"]
    (tmp_path / "another.jsonl").write_text(
        traces[0].read_text().replace("10.0.0.1", "10.0.0.9").replace('session": "', 'session": "x')
    )
    (tmp_path / "other.jsonl").write_text("".join(json.dumps(line) + "\n" for line in media))

    done = run_here(*arguments.split(), folder=tmp_path)

    assert done.returncode in (2, 3)
    assert complaint in done.stderr
    assert not (tmp_path / "out").exists()
