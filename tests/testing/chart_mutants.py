"""Shipped charts with one thing changed, for tests that must notice it."""

from __future__ import annotations

from session_fsm.chart import Chart, parse, shipped


def mutant(chart: str, old: str, new: str) -> Chart:
    """A shipped chart in which `old` was exchanged."""
    text = shipped()[chart].read_text(encoding="utf-8")
    assert old in text, f"{chart} has no {old!r} any more"
    return parse(text.replace(old, new, 1), f"{chart}, mutant")


# A callee that takes a BYE and never answers it.
SILENT_AT_BYE = mutant(
    "dialog",
    'to = "Terminated", do = ["note_sequence"], send = ["200"], emit = ["hung_up"], id = "bye"',
    'to = "Terminated", do = ["note_sequence"], emit = ["hung_up"], id = "bye"',
)
