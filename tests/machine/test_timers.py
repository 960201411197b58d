"""Timers of states and timers with a life of their own, in lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import a_door, door_binding, happened

from session_fsm.machine import Machine, Mailbox
from session_fsm.machine.timers import MOST_LINES, Timer, Timers


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
    """All machines of a mailbox share one heap, and each firing is played out before the next."""
    mailbox = Mailbox()
    doors = [a_door(mailbox=mailbox) for _ in range(3)]
    for delay, (door, _, _) in zip((2.0, 0.0, 1.0), doors, strict=True):
        door.feed("push", now=delay)

    mailbox.expire(7.0)

    numbers = [rows[-1].n for _, _, rows in doors]
    assert [numbers[1], numbers[2], numbers[0]] == sorted(numbers)
    assert [("timer_swing", "row", "Shut")] * 3 == [happened(rows)[-1] for _, _, rows in doors]


def plays_as_a_plain_list(timers: Timers[int], script: list[tuple[str, int, int]]) -> None:
    """Start, cancel and expire in any order: the same owners fire in the same order, and none is left over."""
    plain: dict[int, tuple[float, Timer[int]]] = {}
    now = 0.0
    for what, which, delay in script:
        if what == "s":
            timer = timers.start(now, delay, which, "t")
            plain[timer.number] = (now + delay, timer)
        elif what == "c" and plain:
            timers.cancel(plain.pop(sorted(plain)[which % len(plain)])[1])
        elif what == "e":
            now += delay
            due = [number for number in plain if plain[number][0] <= now]
            expected = [plain.pop(number)[1].owner for number in sorted(due, key=lambda n: (plain[n][0], n))]
            fired = []
            while (found := timers.pop_due(now, timers.mark())) is not None:
                fired.append(found[0])
            assert expected == fired
        assert min((deadline for deadline, _ in plain.values()), default=None) == timers.next_deadline()
        assert len(plain) == len(timers)


SCRIPTS = st.lists(st.tuples(st.sampled_from("sce"), st.integers(0, 9), st.integers(0, 5)))


@given(SCRIPTS)
def test_timers_fire_as_a_plain_list_would(script: list[tuple[str, int, int]]):
    """A line for each duration is only a quicker way to the same order."""
    plays_as_a_plain_list(Timers(), script)


@given(SCRIPTS)
def test_timers_of_odd_durations_fire_in_their_order_too(script: list[tuple[str, int, int]]):
    """Where durations are too many for lines of their own, the others share one."""
    timers: Timers[int] = Timers()
    for n in range(MOST_LINES):
        timers.start(0.0, 1000.0 + n, -1, "t")
    others = [timers.start(0.0, 2000.0 + n, -1, "t") for n in range(9)]
    assert 1 == len({id(timer.line) for timer in others})

    now = 0.0
    running: list[Timer[int]] = []
    for what, which, delay in script:
        if what == "s":
            running.append(timers.start(now, delay, which, "t"))
        elif what == "c" and running:
            timers.cancel(running.pop(which % len(running)))
        else:
            now += delay
            expected = sorted((t for t in running if t.deadline <= now), key=lambda t: (t.deadline, t.number))
            running = [timer for timer in running if timer.deadline > now]
            fired = []
            while (found := timers.pop_due(now, timers.mark())) is not None:
                fired.append(found[0])
            assert [timer.owner for timer in expected] == fired


def test_a_cancelled_timer_leaves_nothing_behind():
    """A timer that is restarted for ever, with another duration each time, takes the room of one."""
    timers: Timers[str] = Timers()
    timer = timers.start(0.0, 1.0, "owner", "t")

    for n in range(1000):
        timers.cancel(timer)
        timer = timers.start(0.0, 1.0 + n, "owner", "t")

    assert (1, True) == (len(timers), len(timers._lines) <= MOST_LINES + 1)


def test_a_timer_is_cancelled_once():
    """One that has fired, or was cancelled, is passed over."""
    timers: Timers[str] = Timers()
    timer = timers.start(0.0, 1.0, "owner", "t")

    timers.cancel(timer)
    timers.cancel(timer)

    assert (0, None) == (len(timers), timers.next_deadline())


def test_a_timer_of_no_length_does_not_hold_up_the_clock():
    """What is started while timers expire waits for the next call, even when it is due at once."""
    door = Machine(door_binding(), context=[])
    door.set_parameter("patience", 0)
    door.feed("push", now=0.0)
    door.feed("lock", now=0.0)

    door.expire(0.0)

    assert ("Locked", 1.0) == (door.state, door.next_deadline())
