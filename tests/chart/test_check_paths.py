"""Every state can be entered and left, the end can be reached, and what waits is taken at last."""

from __future__ import annotations

from chart_breaking import DOOR, places

ATTIC = """[states.Attic]
rows = [ { event = "push", to = "Shut" } ]
[states.Attic.ignored]
lock   = "no lock"
[states.Attic.refused]
unlock = "no lock"
"""


def test_an_unreachable_state_is_reported():
    """A state without a row to it is never seen."""
    assert [("unreachable-state", "Attic", None)] == places(DOOR, ("[groups.Any]", ATTIC + "[groups.Any]"))


def test_a_trap_is_reported():
    """A state that is entered, never left and not final."""
    trap = ATTIC.replace('{ event = "push", to = "Shut" }', '{ event = "push" }, { event = "kick" }')

    changed = places(
        DOOR,
        ('{ event = "unlock",    to = "Shut" }', '{ event = "unlock",    to = "Attic" }'),
        ("[groups.Any]", trap + "[groups.Any]"),
    )

    assert [("trap", "Attic", None)] == changed


def test_a_state_without_a_way_to_the_end_is_reported():
    """Two rooms that lead to each other only, while the chart has an end."""
    rooms = """
id = "rooms"
initial = "Hall"
final = ["Outside"]
[events]
walk = { world = "feet" }
leave = { world = "feet" }
[states.Hall]
rows = [ { event = "walk", to = "Left" }, { event = "leave", to = "Outside" } ]
[states.Left]
rows = [ { event = "walk", to = "Right" }, { event = "leave" } ]
[states.Right]
rows = [ { event = "walk", to = "Left" }, { event = "leave" } ]
[states.Outside.ignored]
walk = "free"
leave = "free"
"""

    assert [("no-way-out", "Left", None), ("no-way-out", "Right", None)] == places(rooms)


def test_an_event_that_is_postponed_for_ever_is_reported():
    """Waiting has a meaning only when a later state takes the event."""
    nobody = places(
        DOOR,
        ("[states.Open.postponed]\n", '[states.Open.postponed]\nswipe = "later"\n'),
        ("[guards]", 'swipe = { message = "a card" }\n[guards]'),
        ("[groups.Any]", '[groups.Any.ignored]\nswipe = "no reader"\n[groups.Any]'),
    )

    assert [("postponed-forever", "Open", None)] == nobody
