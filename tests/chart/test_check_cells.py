"""Each cell of a chart is decided once, by rows that can be taken and leave nothing open."""

from __future__ import annotations

from chart_breaking import DOOR, faults, places

LOCK_ROW = '{ event = "lock",   to = "Locked" },'


def test_an_undecided_cell_is_reported():
    """An event that a state says nothing about is a gap, not a way of ignoring it."""
    assert [("undecided", "Shut", None)] == places(DOOR, ('[states.Shut.refused]\nunlock = "it is not locked"\n', ""))


def test_a_row_behind_an_unguarded_one_is_dead():
    """The first row that holds decides, so nothing behind an unguarded row is ever tried."""
    changed = places(DOOR, (LOCK_ROW, LOCK_ROW + '\n  { event = "lock", guard = "strong" },'))

    assert [("dead-row", "Shut", "Shut.lock.2")] == changed


def test_a_row_behind_one_with_the_same_guard_is_dead():
    """What the second could take, the first has taken."""
    twice = '{ event = "kick", guard = "strong", to = "Broken" },\n  { event = "kick", guard = "strong" },'

    (fault,) = faults(DOOR, ('{ event = "kick", guard = "strong", to = "Broken" },', twice))

    assert ("dead-row", "Any", "Any.kick.2") == (fault.rule, fault.state, fault.row)
    assert "it is never reached: the earlier row Any.kick takes every kick that it could" == fault.message


def test_a_row_behind_one_with_an_implied_guard_is_dead():
    """`brutal` implies `strong`, so whatever is brutal was taken by the row for strong."""
    changed = places(
        DOOR,
        ('strong  = "the kick is strong enough"', 'strong  = ""\nbrutal = { implies = ["strong"] }'),
        ('to = "Broken" },\n', 'to = "Broken" },\n  { event = "kick", guard = "brutal" },\n'),
    )

    assert [("dead-row", "Any", "Any.kick.2")] == changed


def test_a_row_whose_guards_exclude_each_other_is_dead():
    """Exclusion is followed through implication: `brutal` implies `strong`, which excludes `weak`."""
    guards = 'strong  = { excludes = ["weak"] }\nbrutal = { implies = ["strong"] }\nweak = ""'
    changed = faults(
        DOOR,
        ('strong  = "the kick is strong enough"', guards),
        (
            'rows   = [\n  { event = "kick"',
            'rows   = [\n  { event = "kick", guard = ["brutal", "weak"] },\n  { event = "kick"',
        ),
    )

    assert ["its guard [brutal and weak] can never hold"] == [fault.message for fault in changed]


def test_guarded_rows_without_a_last_resort_are_reported():
    """When no guard holds, something has to be decided too."""
    changed = faults(DOOR, ('  { event = "kick", send = ["creak"] },\n', ""))

    assert ["no-fall-through"] == [fault.rule for fault in changed]
    assert "no row takes kick when not strong; add a row without a guard or a verdict for it" == changed[0].message


def test_a_guard_and_its_opposite_leave_no_gap():
    """`strong` and `not strong` together are exhaustive."""
    assert [] == places(DOOR, ('{ event = "kick", send', '{ event = "kick", guard = "not strong", send'))


def test_a_verdict_may_be_the_last_resort_of_guarded_rows():
    """The rows say what happens when a guard holds, the verdict why nothing does otherwise."""
    verdict = '[groups.Any.ignored]\nkick = "too weak"\n[groups.Any]'

    assert [] == places(DOOR, ('  { event = "kick", send = ["creak"] },\n', ""), ("[groups.Any]", verdict))


def test_a_verdict_that_rows_never_leave_anything_to_is_dead():
    """An unguarded row and a reason for ignoring contradict each other."""
    verdict = '[groups.Any.ignored]\nkick = "too weak"\n[groups.Any]'

    assert [("dead-verdict", "Any", None)] == places(DOOR, ("[groups.Any]", verdict))


def test_two_groups_may_not_decide_the_same_event_for_one_state():
    """Between two groups nothing says which is stronger."""
    groups = """[groups.One]
states = ["Shut"]
[groups.One.ignored]
unlock = "one"
[groups.Two]
states = ["Shut"]
[groups.Two.ignored]
unlock = "two"
[groups.Any]"""

    changed = places(DOOR, ('[states.Shut.refused]\nunlock = "it is not locked"\n', ""), ("[groups.Any]", groups))

    assert ("two-decisions", "Shut", None) in changed


def test_one_place_may_not_give_two_verdicts_on_an_event():
    """Ignored and refused at once means that somebody forgot something."""
    changed = places(DOOR, ("[states.Shut.refused]", '[states.Shut.ignored]\nunlock = "no"\n[states.Shut.refused]'))

    assert [("two-decisions", "Shut", None)] == changed


def test_only_a_command_can_be_refused():
    """A peer or the world cannot be told no by an exception."""
    changed = places(
        DOOR,
        ("[states.Locked.ignored]\npush", "[states.Locked.refused]\npush"),
        ("[states.Locked.refused]\nlock ", "lock "),
    )

    assert [("refused-not-command", "Locked", None)] == changed


def test_a_message_is_never_impossible():
    """A hostile peer sends anything."""
    changed = places(DOOR, ("[states.Locked.ignored]\npush", "[states.Locked.impossible]\npush"))

    assert [("impossible-message", "Locked", None)] == changed


def test_a_group_that_every_state_overrules_is_reported():
    """What is decided for nobody misleads the reader."""
    changed = places(DOOR, ("[groups.Any]", '[groups.Any.ignored]\nlock = "never asked"\n[groups.Any]'))

    assert [("dead-row", "Any", None)] == changed


def test_a_final_state_is_not_left():
    """A row with a target would make the end no end."""
    changed = places(DOOR, ('kick   = "no door"\n', ""))

    assert [("final-state-moves", "Broken", "Any.kick")] == changed


def test_a_final_state_starts_no_timer():
    """Nobody would be there to hear it."""
    changed = places(DOOR, ("[states.Broken.ignored]", '[states.Broken]\ntimers = ["swing"]\n[states.Broken.ignored]'))

    assert [("final-state-starts", "Broken", None)] == changed


def test_a_cell_has_at_most_ten_guards():
    """Every combination of their values is tried, here and in the proof."""
    names = [f"g{n}" for n in range(11)]
    rows = "\n".join(f'  {{ event = "kick", guard = "{name}" }},' for name in names)

    changed = places(
        DOOR,
        ("[effects]", "\n".join(f'{name} = ""' for name in names) + "\n[effects]"),
        ('to = "Broken" },\n', f'to = "Broken" }},\n{rows}\n'),
    )

    assert [("too-many-guards", "Any", None)] == changed
