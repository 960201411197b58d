"""Events in words, as a terminal shows them."""

from __future__ import annotations

import pytest

from session_fsm.command.describing import describe


@pytest.mark.parametrize(
    "line",
    [
        {"type": "CallFailed", "status": 486, "reason": "Busy\x1b[2J"},
        {"type": "CallEnded", "status": None, "reason": "the peer hung up (\x1b]0;owned\x07)"},
        {"type": "IncomingCall", "caller": "sip:\x9b31m@192.0.2.1", "target": "sip:\u202ebob@192.0.2.2"},
    ],
)
def test_what_a_peer_wrote_cannot_steer_the_terminal(line):
    assert describe(line).isprintable()
