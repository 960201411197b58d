"""`charts`, `check` and `draw`: what the shipped charts are, that they hold, and how they look."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import lines_of, run, run_here

from session_fsm.chart import Chart, shipped

FAULTY = """
id      = "faulty"
source  = "none"
initial = "Here"

[events]
go   = { world = "somebody says so" }
stay = { world = "nobody says so" }

[states.Here]
source = "none"
rows   = [ { event = "go", to = "There" } ]

[states.There]
source = "none"
rows   = [ { event = "go", to = "Nowhere" }, { event = "gone", to = "Here" } ]
"""


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A chart with faults of several kinds."""
    path = tmp_path / "faulty.toml"
    path.write_text(FAULTY)
    return path


def test_charts_lists_every_shipped_chart():
    """With counts of states, events and rows."""
    lines = lines_of(run_here("charts", "--json").stdout)

    assert list(shipped()) == [line["id"] for line in lines]
    media = Chart.load("media")
    assert (len(media.states), len(media.events)) == next(
        (line["states"], line["events"]) for line in lines if line["id"] == "media"
    )
    assert all(line["rows"] for line in lines)


def test_charts_for_people_is_one_line_a_chart():
    """And a heading."""
    lines = run_here("charts").stdout.splitlines()

    assert ["chart", *shipped()] == [line.split()[0] for line in lines]


@pytest.mark.slow
def test_the_shipped_charts_hold():
    """Each by itself, against each other, and the media paths of both roles."""
    done = run("check")

    assert 0 == done.returncode
    assert 2 + len(shipped()) == done.stdout.count("✓")


@pytest.mark.slow
def test_check_as_json_says_that_all_is_well():
    """One line, when there is no fault."""
    assert [{"type": "Checked", "ok": True, "charts": list(shipped()), "faults": 0}] == lines_of(
        run_here("check", "--json").stdout
    )


def test_every_fault_is_named_at_once(faulty: Path):
    """With file, state, row and rule."""
    done = run_here("check", faulty, "--json")

    lines = lines_of(done.stdout)
    faults = [line for line in lines if line["type"] == "ChartFault"]
    assert (3, "Checked", False) == (done.returncode, lines[-1]["type"], lines[-1]["ok"])
    assert len(faults) == lines[-1]["faults"] > 1
    assert {("There", "There.go", "unknown-name"), ("There", "There.gone", "unknown-name")} <= {
        (fault["state"], fault["row"], fault["rule"]) for fault in faults
    }


def test_faults_for_people_are_one_line_each(faulty: Path):
    """And a count at the end."""
    done = run_here("check", faulty)

    *faults, count = done.stdout.splitlines()
    assert (3, f"{len(faults)} faults") == (done.returncode, count)
    assert all(str(faulty) in fault and "[" in fault for fault in faults)


def test_a_chart_that_cannot_be_read_is_wrong_usage(tmp_path: Path):
    """A name that no chart has, a file that is not there, a file that is no TOML."""
    (tmp_path / "no.toml").write_text("=")

    assert [2, 2, 2] == [run_here("check", name).returncode for name in ("door", "door.toml", tmp_path / "no.toml")]


def test_named_charts_are_checked_by_themselves():
    """Shipped names and files may be mixed."""
    done = run_here("check", "media", shipped()["call"])

    assert (0, 2) == (done.returncode, done.stdout.count("✓"))


@pytest.mark.parametrize(
    ("form", "told"), [("mermaid", "stateDiagram-v2"), ("dot", "digraph"), ("table", "Established")]
)
def test_draw_in_each_format(form: str, told: str):
    """To stdout unless a file is named."""
    done = run_here("draw", "media", "--format", form)

    assert (0, True) == (done.returncode, told in done.stdout)


def test_draw_writes_a_file(tmp_path: Path):
    """The same as to stdout."""
    done = run_here("draw", "call", "-o", tmp_path / "call.mmd")

    assert (0, "") == (done.returncode, done.stdout)
    assert run_here("draw", "call").stdout == (tmp_path / "call.mmd").read_text()


def test_draw_takes_a_chart_of_ones_own():
    """By its file."""
    door = Path(__file__).parents[2] / "examples" / "door.toml"

    assert 0 == run_here("draw", door).returncode
