"""`--dtmf` on both sides: digits as events with --json, and what hinders them as one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import answering, calling, uri_of


def test_both_sides_dial(tmp_path: Path):
    """Each one sees the other's digits, and that its own have left."""
    with (
        answering(tmp_path, "--dtmf", "9D") as callee,
        calling(tmp_path, uri_of(callee), "--dtmf", "1#", "--seconds", "60") as caller,
    ):
        last = caller.until("DtmfReceived", digit="D")
        callee.until("DtmfReceived", digit="#")
        if len(caller.of_type("DtmfSent")) < 2:
            caller.until("DtmfSent", digit="#")
        caller.interrupt()

        assert (0, 0) == (caller.finish(), callee.finish())
    assert (160, "rtp") == (last["duration_ms"], last["method"])
    assert "1#" == "".join(line["digit"] for line in callee.of_type("DtmfReceived"))
    assert "9D" == "".join(line["digit"] for line in caller.of_type("DtmfReceived"))
    assert "1#" == "".join(line["digit"] for line in caller.of_type("DtmfSent"))


@pytest.mark.slow
def test_events_can_be_read_by_a_machine(tmp_path: Path):
    """One JSON object a line, digits among them."""
    with (
        answering(tmp_path) as callee,
        calling(tmp_path, uri_of(callee), "--dtmf", "*", "--seconds", "60") as caller,
    ):
        line = callee.until("DtmfReceived", digit="*")
        caller.interrupt()
        caller.finish()
        callee.finish()

    assert line == json.loads(json.dumps(line))
    assert "Active" == line["media_state"]
