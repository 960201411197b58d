"""Every published race sans-IO, and one of them over the wire; `python -m tools.races --wire` plays them all there."""

from __future__ import annotations

import pytest

from tools.races import virtual, wire
from tools.races.published import RACES
from tools.races.stage import Race


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)
def test_a_published_race_comes_out_as_its_rfc_asks(race: Race):
    virtual.play(race)


def test_each_race_has_a_name_of_its_own():
    assert len(RACES) == len({race.name for race in RACES})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bye-crosses-bye", "cancel-in-moratorium"])
def test_a_race_comes_out_the_same_between_two_processes(name):
    """Over real UDP, through a relay that holds messages back."""
    wire.play(next(race for race in RACES if race.name == name))
