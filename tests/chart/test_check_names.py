"""Each name that a chart uses is declared, and each that it declares is used."""

from __future__ import annotations

import pytest
from chart_breaking import DOOR, faults, places


def test_the_sound_chart_has_no_fault():
    """What the other tests break was whole before."""
    assert [] == places(DOOR)


@pytest.mark.parametrize(
    ("old", "new", "state", "row"),
    [
        ('initial = "Shut"', 'initial = "Closed"', None, None),
        ('final   = ["Broken"]', 'final   = ["Gone"]', None, None),
        ('timers = ["swing"]', 'timers = ["swingg"]', "Open", None),
        ('event = "push",   to = "Open"', 'event = "pusch",   to = "Open"', "Shut", "Shut.pusch"),
        ('event = "lock",   to = "Locked"', 'event = "lock",   to = "Loked"', "Shut", "Shut.lock"),
        ('guard = "strong"', 'guard = "stronk"', "Any", "Any.kick"),
        ('do = ["count"]', 'do = ["cound"]', "Shut", "Shut.push"),
        ('send = ["creak"] },\n  { event = "lock"', 'send = ["crack"] },\n  { event = "lock"', "Shut", "Shut.push"),
        ('emit = ["opened"]', 'emit = ["openned"]', "Open", "enter"),
        ('exit   = { cancel = ["nag"] }', 'exit   = { cancel = ["nagg"] }', "Locked", "exit"),
        ('start = ["swing"], why', 'start = ["swink"], why', "Open", "Open.push"),
        ("[states.Open.postponed]\nlock", "[states.Open.postponed]\nlook", "Open", None),
        ('after = "patience"', 'after = "patienze"', None, None),
        ('strong  = "the kick is strong enough"', 'strong  = { excludes = ["weak"] }', None, None),
        ('states = ["*"]', 'states = ["Shut", "Opened"]', "Any", None),
        ("[states.Shut]\n", '[properties]\nends = { never = ["Opne"] }\n[states.Shut]\n', None, None),
    ],
)
def test_an_unknown_name_is_reported_where_it_stands(old: str, new: str, state: str | None, row: str | None):
    """States, events, guards, effects, sends, emits, timers and parameters alike."""
    assert [("unknown-name", state, row)] == places(DOOR, (old, new))


def test_an_unknown_name_comes_with_what_was_probably_meant():
    """The message is for the one who mistyped."""
    (fault,) = faults(DOOR, ('to = "Open"', 'to = "Opne"'))

    assert "target state Opne is not declared; did you mean Open?" == fault.message


@pytest.mark.parametrize(
    ("table", "entry", "message"),
    [
        ("[parameters]", "haste = 3", "parameter haste"),
        ("[timers]", "idle = { after = 3 }", "timer idle"),
        ("[guards]", 'weak = ""', "guard weak"),
        ("[effects]", 'paint = ""', "effect paint"),
        ("[sends]", 'knock = ""', "send knock"),
        ("[emits]", 'closed = ""', "emit closed"),
    ],
)
def test_a_name_that_nothing_uses_is_reported(table: str, entry: str, message: str):
    """What is declared and unused is a leftover or a misspelling."""
    found = faults(DOOR, (table, f"{table}\n{entry}"))

    assert f"{message} is declared and nothing uses it" in [fault.message for fault in found]
    assert "unused-name" == found[0].rule


def test_an_event_of_another_machine_that_no_row_takes_is_reported():
    """A message may be ignored everywhere, for a peer sends what it likes; the rest is declared because it matters."""
    everywhere = '[groups.Any.ignored]\nbell = "deaf"\n\n[groups.Any]'

    found = places(DOOR, ("[guards]", 'bell = { world = "a bell" }\n[guards]'), ("[groups.Any]", everywhere))

    assert [("unused-name", None, None)] == found
