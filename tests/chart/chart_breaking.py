"""Breaks one thing in a sound chart and says which faults that makes."""

from __future__ import annotations

from pathlib import Path

from session_fsm.chart import read_text
from session_fsm.errors import ChartFault

CHARTS = Path(__file__).parents[1] / "data" / "charts"
DOOR = (CHARTS / "door.toml").read_text()
PHONE = (CHARTS / "phone.toml").read_text()


def faults(text: str, *changes: tuple[str, str]) -> list[ChartFault]:
    """The faults of a text in which each (old, new) was exchanged once."""
    for old, new in changes:
        assert old in text, f"the sound chart has no {old!r}"
        text = text.replace(old, new, 1)
    return read_text(text, "broken.toml")[1]


def places(text: str, *changes: tuple[str, str]) -> list[tuple[str, str | None, str | None]]:
    """The same faults as (rule, state, row)."""
    return [(fault.rule, fault.state, fault.row) for fault in faults(text, *changes)]
