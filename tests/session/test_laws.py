"""The laws of every run, asked after each test that plays on the virtual network."""

from __future__ import annotations

import pytest


@pytest.mark.slow
def test_every_run_keeps_the_laws():
    """Whatever was played: every change is told, every request answered, every call over, and nothing left."""
    # The tests that it plays again must be collected before they are imported here.
    from tools.mutants.scenarios import scenarios

    broken = {}
    for scenario in scenarios():
        try:
            scenario.run()
        except AssertionError as error:
            broken[scenario.name] = str(error)

    assert {} == broken
