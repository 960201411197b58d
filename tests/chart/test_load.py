from __future__ import annotations

from pathlib import Path

import pytest

from session_fsm.chart import Chart, check_files, read_text
from session_fsm.errors import ChartError

CHARTS = Path(__file__).parents[1] / "data" / "charts"


def test_a_sound_chart_loads_by_its_path():
    """A path leads to the file, wherever it is."""
    chart = Chart.load(CHARTS / "door.toml")

    assert ("door", "Shut") == (chart.id, chart.initial)


def test_an_unknown_name_is_refused_with_the_charts_that_exist():
    """A name without a path is looked up among the shipped charts only."""
    with pytest.raises(ChartError) as caught:
        Chart.load("no_chart_has_this_name")

    assert "no-such-chart" == caught.value.faults[0].rule


def test_check_files_reports_what_cannot_be_read(tmp_path: Path):
    """A missing file and one that is no TOML are faults like others; a sound file has none."""
    broken = tmp_path / "broken.toml"
    broken.write_text("id = ")

    faults = check_files([CHARTS / "door.toml", tmp_path / "missing.toml", broken])

    assert ["unreadable", "toml"] == [fault.rule for fault in faults]


def test_every_misspelling_is_reported_at_once_with_what_was_meant():
    """The loader does not stop at the first fault."""
    text = (CHARTS / "door.toml").read_text().replace("initial", "inital").replace('to = "Open"', 'too = "Open"')

    _, faults = read_text(text)

    assert {"missing-key", "unknown-key"} == {fault.rule for fault in faults}
    assert any("did you mean initial" in fault.message for fault in faults)
    assert any("row 1 of Shut has `too`" in fault.message for fault in faults)


def test_faults_of_different_sorts_are_reported_together():
    """A misspelt key, a name that is not declared and a gap in another state: one run tells all three."""
    text = (CHARTS / "door.toml").read_text()
    text = text.replace("exit   = { cancel", "exit   = { cancle").replace('guard = "strong"', 'guard = "stronk"')
    text = text.replace('push   = "it is locked"\n', "")

    _, faults = read_text(text)

    assert ["unknown-key", "unknown-name", "undecided"] == [fault.rule for fault in faults]


def test_an_empty_name_is_no_name():
    """An initial state of no letters is a fault like a missing one."""
    _, faults = read_text((CHARTS / "door.toml").read_text().replace('initial = "Shut"', 'initial = ""'))

    assert ["bad-name"] == [fault.rule for fault in faults]
