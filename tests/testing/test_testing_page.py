"""What docs/testing-your-charts.md shows is so, and its example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from session_fsm.chart import Chart
from session_fsm.testing import tour

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing-your-charts.md").read_text(encoding="utf-8")


def blocks(mark: str) -> list[tuple[str, str]]:
    """(what the comment names, the block behind it)."""
    return re.findall(rf"<!-- {mark}: (\S+) -->\n```\w*\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_of_a_file_stands_in_the_file():
    """As it is, to the letter."""
    shown = blocks("file")

    assert 2 == len(shown)
    assert [] == [text for name, text in shown if text not in (ROOT / name).read_text(encoding="utf-8")]


def test_the_tour_is_the_tour():
    """Greedy, and the same every time."""
    ((name, text),) = blocks("tour")
    walks = tour(Chart.load(ROOT / name))

    assert text.splitlines() == [", ".join(map(str, walk)) for walk in walks]


def test_the_sizes_are_right():
    """7 states and 15 rows."""
    chart = Chart.load(ROOT / "examples" / "ivr.toml")
    rows = sum(len(decisions.rows) for _, decisions in chart.all_decisions())

    assert f"{len(chart.states)} states and {rows}\nrows" in PAGE


def test_every_page_that_it_names_exists():
    """No link leads nowhere."""
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)

    assert [] == [link for link in links if not (ROOT / "docs" / link).exists()]


@pytest.mark.slow
def test_the_examples_tests_pass():
    """Run as a reader would run them."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "examples" / "test_ivr.py")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert 0 == ended.returncode, ended.stdout


def test_the_planted_bug_is_found():
    """A menu that gives up the place only when an agent comes forgets who is sent to voicemail."""
    script = """
import sys
sys.path.insert(0, "examples")
import ivr
from hypothesis import Phase, settings, strategies as st
from hypothesis.stateful import run_state_machine_as_test
from session_fsm.chart import Chart
from session_fsm.testing import machine_of

text = ivr.CHART.read_text().replace('exit   = { do = ["leave_queue"] }\\n', "")
text = text.replace('"agent_free",  to = "Talking" }', '"agent_free",  to = "Talking", do = ["leave_queue"] }')

def in_the_queue_or_not(menu):
    assert menu.context.waiting == (["you"] if menu.state == "Queue" else [])

run_state_machine_as_test(
    machine_of(Chart.parse(text), guards=ivr.GUARDS, effects=ivr.EFFECTS, context=ivr.Caller,
               payloads={"key": st.sampled_from("019")}, invariants=[in_the_queue_or_not]),
    settings=settings(phases=[Phase.generate, Phase.shrink], database=None, derandomize=True),
)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)

    assert "key -> Queue" in ended.stderr
    assert ended.stderr.count("Draw ") <= 4


@pytest.mark.parametrize("name", ["virtual_pair", "virtual_clock", "udp_pair", "sipp_runner"])
def test_every_fixture_is_named(name):
    """And the two options."""
    assert f"`{name}`" in PAGE
    assert "--fsm-seed" in PAGE
    assert "--fsm-replay" in PAGE
