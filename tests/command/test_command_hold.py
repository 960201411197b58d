"""`--hold AT:FOR` on both sides: its events with --json, and what is no hold as one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import answering, calling, run_here, uri_of


@pytest.mark.slow
@pytest.mark.parametrize("who", ["caller", "callee"])
def test_a_side_holds_and_resumes(tmp_path: Path, who: str):
    """Each side sees it in its own words."""
    hold = ("--hold", "0.1:0.1")
    ours, theirs = (hold, ()) if who == "caller" else ((), hold)
    with (
        answering(tmp_path, *theirs) as callee,
        calling(tmp_path, uri_of(callee), *ours, "--seconds", "60") as caller,
    ):
        holding, held = (caller, callee) if who == "caller" else (callee, caller)
        holding.until("CallHeld")
        holding.until("CallResumed")
        held.until("RemoteResume")
        caller.interrupt()

        assert (0, 0) == (caller.finish(), callee.finish())
    assert 1 == len(held.of_type("RemoteHold"))


@pytest.mark.parametrize("text", ["1", "1:", "soon:2", "-1:2", "1:nan"])
def test_what_is_no_hold_is_one_sentence(text: str):
    """With an example."""
    done = run_here("call", "sip:bob@127.0.0.1:5070", f"--hold={text}")

    assert 2 == done.returncode
    assert done.stderr.startswith(f"session-fsm: --hold: {text!r} is no hold; write AT:FOR in seconds, such as 1:2.5")


def test_a_hold_after_the_end_is_one_sentence():
    """The call would be over by then, and nothing would be held."""
    done = run_here("call", "sip:bob@127.0.0.1:5070", "--hold", "5:1")

    assert 2 == done.returncode
    assert done.stderr.startswith("session-fsm: --hold: 5 s after the answer the call is over; --seconds says how long")
