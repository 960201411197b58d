"""Timers of states and timers with a life of their own, on one heap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import a_door, door_binding, happened

from session_fsm.machine import Machine, Mailbox
from session_fsm.machine.timers import TimerHeap


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


@given(st.lists(st.tuples(st.sampled_from("sce"), st.integers(0, 9), st.integers(0, 5))))
def test_the_heap_fires_what_a_plain_list_would(script: list[tuple[str, int, int]]):
    """Start, cancel and expire in any order: the same owners fire in the same order, and none is left over."""
    heap: TimerHeap[int] = TimerHeap()
    plain: dict[int, tuple[float, int]] = {}
    now = 0.0
    for what, which, delay in script:
        if what == "s":
            plain[heap.set(now + delay, which, "t")] = (now + delay, which)
        elif what == "c" and plain:
            number = sorted(plain)[which % len(plain)]
            heap.cancel(number)
            del plain[number]
        elif what == "e":
            now += delay
            due = [number for number in plain if plain[number][0] <= now]
            expected = [plain.pop(number)[1] for number in sorted(due, key=lambda number: (plain[number][0], number))]
            fired = []
            while (found := heap.pop_due(now, heap.mark())) is not None:
                fired.append(found[0])
            assert expected == fired
        assert min((deadline for deadline, _ in plain.values()), default=None) == heap.next_deadline()
        assert len(plain) == len(heap)


def test_cancelled_timers_do_not_pile_up():
    """A timer that is restarted for ever leaves nothing behind."""
    heap: TimerHeap[str] = TimerHeap()
    number = heap.set(1.0, "owner", "t")

    for n in range(1000):
        heap.cancel(number)
        number = heap.set(1.0 + n, "owner", "t")

    assert len(heap._heap) < 100


def test_a_timer_of_no_length_does_not_hold_up_the_clock():
    """What is started while timers expire waits for the next call, even when it is due at once."""
    door = Machine(door_binding(), context=[])
    door.set_parameter("patience", 0)
    door.feed("push", now=0.0)
    door.feed("lock", now=0.0)

    door.expire(0.0)

    assert ("Locked", 1.0) == (door.state, door.next_deadline())
