"""One machine: what it does with an event, in which order, and what it says when it cannot."""

from __future__ import annotations

import doctest
import sys
from pathlib import Path

import pytest
from machines import DOOR, a_door, door_binding, happened

from session_fsm.chart import parse
from session_fsm.errors import ChartError, LocalProtocolError
from session_fsm.machine import Binding, Machine, Mailbox

ORDER = """
id = "order"
initial = "Here"
final = ["There"]
[events]
go = { world = "now" }
again = { world = "now" }
stay = { world = "now" }
[effects]
leave = ""
move = ""
arrive = ""
[sends]
word = ""
[emits]
news = ""
[states.Here]
exit = { do = ["leave"] }
enter = { do = ["arrive"] }
rows = [
  { event = "go", to = "There", emit = ["news"], send = ["word"], do = ["move"] },
  { event = "again", to = "Here", do = ["move"] },
  { event = "stay", do = ["move"] },
]
[states.There]
enter = { do = ["arrive"] }
[states.There.ignored]
go = "there"
again = "there"
stay = "there"
"""


def ordered() -> tuple[Machine, list[str]]:
    log: list[str] = []
    names = ("leave", "move", "arrive")
    binding = Binding(
        parse(ORDER),
        effects={name: (lambda context, payload, name=name: context.append(name)) for name in names},
        sends={"word": lambda context, payload: context.append("word")},
        emit=lambda context, name, payload: context.append(name),
    )
    found = Machine(binding, context=log)
    found.start()
    log.clear()
    return found, log


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("go", ["leave", "move", "word", "news", "arrive"]),
        ("again", ["leave", "move", "arrive"]),
        ("stay", ["move"]),
    ],
)
def test_effects_run_in_the_order_exit_row_enter(event: str, expected: list[str]):
    """Within a row: do, send, emit; a row to its own state leaves and enters it, a row without target does not."""
    found, log = ordered()

    found.feed(event)

    assert expected == log


def test_a_machine_enters_its_initial_state_before_its_first_event():
    """Nobody has to call start; it is for those whose initial state sends something or starts a timer."""
    door, _, rows = a_door()

    door.feed("push")

    assert [("[start]", "Shut"), ("push", "Open")] == [(row.event, row.to_state) for row in rows]


def test_effects_see_the_state_that_was_committed():
    """By the time an effect runs the machine is where the row leads."""
    seen: list[str] = []
    binding = Binding(
        DOOR,
        guards={"strong": lambda context, payload: False},
        effects={"count": lambda context, payload: seen.append(door.state)},
        sends={"creak": lambda context, payload: None},
        emit=lambda context, name, payload: None,
    )
    door = Machine(binding)

    door.feed("push")

    assert ["Open"] == seen


def test_a_refused_command_raises_with_what_is_possible_and_changes_nothing():
    """The message says what was asked, where we stood, what was possible; the row is in the trace all the same."""
    door, _, rows = a_door()

    with pytest.raises(LocalProtocolError, match="cannot unlock: door is Shut; possible now: lock"):
        door.feed("unlock")

    assert [("unlock", "refused", "Shut")] == happened(rows)


def test_a_refused_command_that_comes_through_the_queue_is_a_row_only():
    """Whoever posted it is gone; there is nobody to raise to."""
    door, _, rows = a_door()

    door.mailbox.post(door, "unlock")
    door.mailbox.run()

    assert [("unlock", "refused", "Shut")] == happened(rows)


def test_an_unknown_event_raises_with_the_events_that_are_possible():
    """A misspelt event must not be mistaken for one that changes nothing."""
    door, _, rows = a_door()

    with pytest.raises(LocalProtocolError, match="cannot shove: door is Shut; possible now: push, lock, kick"):
        door.feed("shove")

    assert [] == happened(rows)


def test_an_impossible_event_is_counted_and_leaves_a_row():
    """Here a timer's event is fed that no timer raised; nothing is raised, for the fault is no caller's."""
    door, _, rows = a_door()

    door.feed("timer_swing")

    assert (1, [("timer_swing", "impossible", "Shut")]) == (door.mailbox.impossible, happened(rows))


def test_a_machine_is_never_entered_while_it_steps():
    """Feeding from inside an effect is refused; posting is the way."""
    errors: list[Exception] = []
    mailbox = Mailbox(on_failure=lambda machine, name, error: errors.append(error))
    door, _, _ = a_door(mailbox=mailbox)
    door.context = Reentrant(door)

    door.feed("push")

    assert ["RuntimeError"] == [type(error).__name__ for error in errors]
    assert "Open" == door.state


class Reentrant(list[object]):
    """A context whose first written word feeds the machine again."""

    def __init__(self, door: Machine) -> None:
        self.door = door

    def append(self, word: object) -> None:
        if word == "count":
            self.door.feed("push")


def test_an_event_is_posted_to_the_mailbox_that_its_machine_shares():
    """In another mailbox nobody would take what the machine posts to itself."""
    door, _, _ = a_door()

    with pytest.raises(ValueError, match="door has another mailbox; post push there"):
        Mailbox().post(door, "push")


def test_names_are_checked_both_ways_when_functions_are_bound():
    """What the chart names and the code lacks, and the other way round, all at once."""
    with pytest.raises(ChartError) as caught:
        Binding(DOOR, guards={"stronk": lambda context, payload: True}, effects={"count": 7}, parameters={"haste": 1})

    assert [
        ("unbound", "guard strong has no function; did you mean stronk?"),
        ("not-in-chart", "guard stronk is bound and the chart does not name it; did you mean strong?"),
        ("unbound", "effect count is bound to 7, which cannot be called"),
        ("unbound", "send creak has no function; none like it is declared"),
        ("unbound", "the chart emits opened, and there is no `emit` function"),
        ("not-in-chart", "parameter haste is bound and the chart does not name it; known are: patience"),
    ] == [(fault.rule, fault.message) for fault in caught.value.faults]


def test_a_chart_with_two_sides_does_not_run_before_one_is_chosen():
    """Otherwise both roles' rows would be mixed in one machine."""
    text = ORDER.replace('stay = { world = "now" }', 'stay = { world = "now", role = "uac" }')

    with pytest.raises(ChartError, match="choose one with for_role"):
        Machine(parse(text))


def test_ten_thousand_machines_share_one_binding():
    """Names are resolved once; a machine is only its own state."""
    binding, mailbox = door_binding(), Mailbox()
    doors = [Machine(binding, context=[], mailbox=mailbox) for _ in range(10_000)]

    for door in doors:
        door.feed("push")

    assert ({"Open"}, 10_000) == ({door.state for door in doors}, len(mailbox.timers))


def test_the_example_in_the_docstring_runs(monkeypatch: pytest.MonkeyPatch):
    """Ten lines: load, bind, feed, and time as a number."""
    module = sys.modules[Machine.__module__]
    if not str(module.__file__).endswith(".py"):
        pytest.skip("a compiled class is not looked at for examples")
    monkeypatch.chdir(Path(__file__).parents[2] / "examples")

    assert doctest.TestResults(failed=0, attempted=7) == doctest.testmod(module)


def test_a_notebook_shows_a_table_where_the_drawing_wing_is_missing(monkeypatch: pytest.MonkeyPatch):
    """The wing is imported only when a picture is asked for."""
    monkeypatch.setitem(sys.modules, "session_fsm.render.notebook", None)
    door, _, _ = a_door()
    door.feed("push")

    html = door._repr_html_()

    assert "<td>Open</td><td></td><td>swing at 5 s</td>" in html
    assert "<td>Shut</td><td>push</td><td></td><td>Open</td>" in DOOR._repr_html_()
