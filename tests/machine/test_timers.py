"""Timers of states and timers with a life of their own, in lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import a_door, door_binding, happened

from session_fsm.machine import Machine, Mailbox
from session_fsm.machine.timers import MOST_LINES, Further, Timed, Timers


def test_a_states_timer_dies_with_it():
    """Once the door is broken its spring pulls no more."""
    door, _, _ = a_door()
    door.feed("push", now=0.0)

    door.feed("kick", "hard", now=1.0)

    assert None is door.next_deadline()


def test_starting_a_running_timer_restarts_it():
    """Whoever holds the door open gets the full time again."""
    door, _, _ = a_door()
    door.feed("push", now=0.0)

    door.feed("push", now=3.0)

    assert 8.0 == door.next_deadline()


def test_a_growing_timer_runs_longer_each_time_up_to_its_cap():
    """1, 2, 4, 4: the interval belongs to the machine's life, not to the state's."""
    door, _, rows = a_door()
    door.feed("lock", now=0.0)

    while (deadline := door.next_deadline()) is not None and deadline < 12:
        door.expire(deadline)

    assert [1.0, 3.0, 7.0, 11.0] == [row.time for row in rows if row.event == "timer_nag"]


def test_a_parameter_can_be_given_to_a_binding_or_to_one_machine():
    """The chart's own value is only the default."""
    patient = Machine(door_binding(), context=[])
    patient.set_parameter("patience", 60)

    patient.feed("push", now=0.0)

    assert 60.0 == patient.next_deadline()


def test_an_unknown_parameter_is_refused():
    """A misspelling would silently leave the default."""
    door, _, _ = a_door()

    with pytest.raises(KeyError, match="no parameter patients"):
        door.set_parameter("patients", 3)


def test_timers_of_many_machines_fire_in_the_order_of_their_deadlines():
    """All machines of a mailbox share its timers, and each firing is played out before the next."""
    mailbox = Mailbox()
    doors = [a_door(mailbox=mailbox) for _ in range(3)]
    for delay, (door, _, _) in zip((2.0, 0.0, 1.0), doors, strict=True):
        door.feed("push", now=delay)

    mailbox.expire(7.0)

    numbers = [rows[-1].n for _, _, rows in doors]
    assert [numbers[1], numbers[2], numbers[0]] == sorted(numbers)
    assert [("timer_swing", "row", "Shut")] * 3 == [happened(rows)[-1] for _, _, rows in doors]


def plays_as_a_plain_list(timers: Timers, script: list[tuple[str, int, int]]) -> None:
    """Start, cancel and expire in any order: the same places fire in the same order, and none is left over."""
    plain: list[tuple[float, int, Timed]] = []
    now = 0.0
    for number, (what, which, delay) in enumerate(script):
        if what == "s":
            place = Timed()
            timers.start(place, "t", now, delay)
            plain.append((now + delay, number, place))
        elif what == "c" and plain:
            timers.cancel(plain.pop(which % len(plain))[2])
        elif what == "e":
            now += delay
            due = sorted(each for each in plain if each[0] <= now)
            plain = [each for each in plain if each not in due]
            fired = []
            while (found := timers.pop_due(now, timers.mark())) is not None:
                fired.append(found)
            assert [place for _, _, place in due] == fired
        if timers.next_deadline() is None or timers.next_deadline() < 1000.0:
            assert min((deadline for deadline, _, _ in plain), default=None) == timers.next_deadline()


SCRIPTS = st.lists(st.tuples(st.sampled_from("sce"), st.integers(0, 9), st.integers(0, 5)))


@given(SCRIPTS)
def test_timers_fire_as_a_plain_list_would(script: list[tuple[str, int, int]]):
    """A line for each duration is only a quicker way to the same order."""
    plays_as_a_plain_list(Timers(), script)


@given(SCRIPTS)
def test_timers_of_odd_durations_fire_in_their_order_too(script: list[tuple[str, int, int]]):
    """Where durations are too many for lines of their own, the others share one."""
    timers = Timers()
    for n in range(MOST_LINES):
        timers.start(Timed(), "t", 0.0, 1000.0 + n)
    others = [Timed() for _ in range(9)]
    for n, place in enumerate(others):
        timers.start(place, "t", 0.0, 2000.0 + n)
    assert 1 == len({id(place._line) for place in others})

    plays_as_a_plain_list(timers, script)


def test_a_cancelled_timer_leaves_nothing_behind():
    """A timer that is restarted for ever, with another duration each time, takes the room of one."""
    timers, place = Timers(), Timed()

    for n in range(1000):
        timers.cancel(place)
        timers.start(place, "t", 0.0, 1.0 + n)

    assert (1, True) == (len(timers), len(timers._lines) <= MOST_LINES + 1)


def test_a_timer_is_cancelled_once():
    """One that has fired, or was cancelled, is passed over."""
    timers, place = Timers(), Timed()
    timers.start(place, "t", 0.0, 1.0)

    timers.cancel(place)
    timers.cancel(place)

    assert (0, None) == (len(timers), timers.next_deadline())


@given(st.lists(st.tuples(st.sampled_from("sce"), st.sampled_from("ABC"), st.integers(0, 5))))
def test_one_owner_has_any_number_of_timers_at_once(script: list[tuple[str, str, int]]):
    """Its own place and those beside it are told apart by nothing but the timers' names."""
    timers, owner, expected, now = Timers(), Timed(), dict[str, float](), 0.0
    for what, name, delay in script:
        if what == "s" and name not in expected:
            owner._wait(timers, name, now, delay)
            expected[name] = now + delay
        elif what == "c":
            owner._stop(timers, name)
            expected.pop(name, None)
        elif what == "e":
            now += delay
            while (place := timers.pop_due(now, timers.mark())) is not None:
                due = min(expected, key=lambda each: expected[each])
                if isinstance(place, Further):
                    owner.part_from(place)
                assert (due, expected.pop(due)) == (place._timer, place._deadline)
        assert list(expected.items()) == list(owner.deadlines.items())
        assert len(expected) == len(timers)


def test_a_timer_of_no_length_does_not_hold_up_the_clock():
    """What is started while timers expire waits for the next call, even when it is due at once."""
    door = Machine(door_binding(), context=[])
    door.set_parameter("patience", 0)
    door.feed("push", now=0.0)
    door.feed("lock", now=0.0)

    door.expire(0.0)

    assert ("Locked", 1.0) == (door.state, door.next_deadline())
