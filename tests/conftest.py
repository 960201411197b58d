"""What every test gets: no error of the engine may pass unseen, and Hypothesis is repeatable."""

from __future__ import annotations

import logging

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_fault_of_ours(caplog):
    """Every `fault.*` counter is written together with an error in the log of `session_fsm`."""
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert [] == [record.getMessage() for record in errors if record.name.startswith("session_fsm")]
