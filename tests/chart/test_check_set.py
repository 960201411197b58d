"""What one chart emits another receives, and the other way round."""

from __future__ import annotations

import pytest
from chart_breaking import DOOR

from session_fsm.chart import Chart, check_set, parse

BELL = """
id = "bell"
initial = "Quiet"
final = ["Gone"]
[events]
opened = { machine = "door.opened" }
taken  = { world = "somebody took it" }
[emits]
BellRang = "for the application"
[states.Quiet]
rows = [
  { event = "opened", emit = ["BellRang"] },
  { event = "taken", to = "Gone" },
]
[states.Gone.ignored]
opened = "gone"
taken  = "gone"
"""


def both(bell: str = BELL, door: str = DOOR) -> list[Chart]:
    return [parse(door, "door.toml"), parse(bell, "bell.toml")]


def test_a_set_in_which_everything_is_heard_has_no_fault():
    """The bell hears the door, and the application knows the bell's event."""
    assert [] == check_set(both(), {"BellRang"})


@pytest.mark.parametrize(
    ("charts", "application", "expected"),
    [
        ([parse(DOOR, "door.toml")], set(), [("door.toml", "emit-unheard")]),
        ([parse(BELL, "bell.toml")], {"BellRang"}, [("bell.toml", "event-unraised")]),
        (both(), {"BellTolled"}, [("bell.toml", "not-an-application-event")]),
    ],
)
def test_a_set_with_a_loose_end_is_reported(
    charts: list[Chart], application: set[str], expected: list[tuple[str, str]]
):
    """Emitted and not heard, awaited and not emitted, told to an application that does not know it."""
    assert expected == [(fault.file, fault.rule) for fault in check_set(charts, application)]


def test_a_sort_of_an_application_event_counts_as_that_event():
    """`BellRang:twice` is the event BellRang with a word about which."""
    charts = both(BELL.replace("BellRang = ", '"BellRang:twice" = ').replace('"BellRang"]', '"BellRang:twice"]'))

    assert [] == check_set(charts, {"BellRang"})
