"""The example of a state machine of one's own does what it says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_chart.py"


def test_the_example_runs_and_prints_its_story(capsys: pytest.CaptureFixture[str]):
    """Postponing, a timer, a refused command, keeping and restoring, in one page."""
    runpy.run_path(str(EXAMPLE), run_name="__main__")

    lines = capsys.readouterr().out.splitlines()
    assert "Welcome, Ada!" == lines[0]
    assert "cannot lock: door is Locked; possible now: unlock" == lines[1]
    assert " 6.0  lock             Shut -> Locked  row" in lines
    assert "in the end it is Open and shuts at 7.0" == lines[-1]
