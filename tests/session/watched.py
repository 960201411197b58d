"""What the tests of the machines that few calls need share: where such a machine stands, and what it has ordered."""

from __future__ import annotations

from session_fsm.session.orders import MediaOrder
from session_fsm.testing import Line


def state(line: Line, chart: str) -> str:
    """Where this call's machine stands; `none` when it has none."""
    machine = line.session.watches.get(chart)
    return machine.state if machine else "none"


def ordered(line: Line) -> list[MediaOrder]:
    """What the media plane was told to do beside opening and closing, since the last question."""
    stream = line.phone.streams[line.id]
    asked, stream.asked = stream.asked, []
    return asked
