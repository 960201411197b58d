"""What an exception says can be shown and logged, whoever's words are in it."""

from __future__ import annotations

import pytest

from session_fsm.errors import CallFailedError, printable


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Busy Here", "Busy Here"),
        ("occupé ☃", "occupé ☃"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\nb\tc\x00", r"a\r\nb\tc\x00"),
        ("\x9b31m\u202e", r"\x9b31m\u202e"),
        ("\udcff", r"\udcff"),
    ],
)
def test_a_peer_cannot_steer_a_terminal(said, shown):
    """Escape sequences, line breaks and text that runs backwards are shown, not obeyed."""
    assert (shown, shown.encode().decode()) == (printable(said), shown)


def test_a_failure_keeps_the_reason_and_tells_it_safely():
    failure = CallFailedError(486, "Busy\x1b[2J")

    assert ("Busy\x1b[2J", r"486 Busy\x1b[2J") == (failure.reason, str(failure))
