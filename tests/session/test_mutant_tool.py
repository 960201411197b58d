"""`tools.mutants`: what it changes, and that the two historical faults are noticed by name."""

from __future__ import annotations

import pytest

from session_fsm.chart import check
from session_fsm.session.building import shipped_charts
from tools.mutants.changes import mutants_of
from tools.mutants.historical import ESTABLISHES_ON_ACK, NEVER_NEGOTIATES, historical
from tools.mutants.page import explanations
from tools.mutants.scenarios import reach_of, scenarios
from tools.mutants.trial import Court


@pytest.mark.parametrize("name", [NEVER_NEGOTIATES, ESTABLISHES_ON_ACK])
def test_a_historical_fault_is_a_sound_chart_that_a_test_notices(name):
    """The checker finds nothing wrong with it: it takes a call to see it."""
    charts = dict(shipped_charts())
    plain = [scenario for scenario in scenarios() if scenario.name.startswith("test_call_plain.")]
    court = Court(charts, [(scenario, reach_of(scenario)) for scenario in plain])
    mutant = next(mutant for mutant in historical(charts) if mutant.change == name)

    assert ([], "test") == (check(mutant.chart), court.judge(mutant).noticed_by)


@pytest.mark.parametrize("chart", shipped_charts())
def test_every_row_is_redirected_and_ignored_once(chart):
    """At least: a row that leads somewhere is also kept where it stands."""
    found = list(mutants_of(shipped_charts()[chart]))
    rows = [row.id for _, decisions in shipped_charts()[chart].all_decisions() for row in decisions.rows]

    assert sorted(rows) == sorted(mutant.place for mutant in found if mutant.kind == "ignored")
    assert set(rows) == {mutant.place for mutant in found if mutant.kind == "redirected"}


def test_what_is_explained_is_a_mutant():
    """An explanation of a row that is gone would explain nothing."""
    names = {mutant.name for chart in shipped_charts().values() for mutant in mutants_of(chart)}

    assert set() == explanations().keys() - names
