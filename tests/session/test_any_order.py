"""Messages in any order, lost or doubled, and commands at any time: each side's media stays on the ladder."""

from __future__ import annotations

import re
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from session_fsm.errors import LocalProtocolError
from session_fsm.machine import replay
from session_fsm.sdp import MediaDirection
from session_fsm.session.building import shipped_charts
from session_fsm.testing import Leftovers, Line, Network, Phone

# A prefix of the ladder, then states that come after it.
LADDER = re.compile(
    "Idle( Negotiating( Ready(( Established| Held)( Established| Active| Stalled| Held)*)?)?)?( Closed)?"
)
# The same when nobody renegotiates.
CLIMB = re.compile(r"Idle( Negotiating( Ready( Established( Active( (Stalled|Active))*)?)?)?)?( Closed)?")

OVER = ("Terminated", "Cancelled", "Failed")
COMMANDS = ("ring", "progress", "accept", "reject", "hang_up", "hold", "resume")
# What ends a call, or loses or waits long, is possible in one choice of eight, so that most runs get far.
SELDOM = ("reject", "hang_up", "lose")
steps = st.lists(st.integers(0, 2**16), max_size=40)


class Play:
    """Two phones on a network that delivers nothing by itself; each number chooses one of the things possible now."""

    def __init__(self, *, faults: bool, commands: tuple[str, ...] = COMMANDS) -> None:
        self.alice, self.bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2")
        self.phones = (self.alice, self.bob)
        self.net = Network(*self.phones).hold()
        self.faults = faults
        self.commands = commands

    def call(self, *, offer: bool) -> None:
        self.alice.call(self.bob, offer=offer)
        self.net.run_for(0.0)

    @property
    def lines(self) -> list[Line]:
        return [line for phone in self.phones for line in phone.lines]

    def choices(self) -> list[tuple[object, ...]]:
        fates = ("deliver", "copy", "lose") if self.faults else ("deliver", "copy")
        found = [(fate, datagram) for datagram in self.net.held for fate in fates]
        found.append(("wait", 0.5))
        for line in self.lines:
            possible = line.session.call.possible if line.id in line.phone.coordinator.sessions else ()
            for command in self.commands:
                if {"hold": "reinvite", "resume": "reinvite"}.get(command, command) in possible:
                    found.append((command, line))
        return found

    def step(self, number: int) -> None:
        number, seldom = divmod(number, 8)
        choices = self.choices()
        if seldom:
            choices = [choice for choice in choices if choice[0] not in SELDOM]
        elif self.faults:
            choices.append(("wait", 33.0))
        what, which = choices[number % len(choices)]
        match what:
            case "deliver":
                self.net.release(lambda datagram: datagram is which)
            case "copy":
                self.net.release(lambda datagram: datagram is which, copy=True)
            case "lose":
                self.net.discard(lambda datagram: datagram is which)
            case "wait":
                self.net.run_for(which)
            case "hold":
                which.reinvite(MediaDirection.SENDONLY)
            case "resume":
                which.reinvite(MediaDirection.SENDRECV)
            case "progress":
                # Without an offer there is nothing to answer early.
                with suppress(LocalProtocolError):
                    which.progress()
            case _:
                getattr(which, what)()
        self.net.run_for(0.0)

    def run(self, numbers: list[int]) -> None:
        """The first number says who offers: in three of four calls the caller."""
        self.call(offer=not numbers or numbers[0] % 4 != 3)
        for number in numbers:
            self.step(number)

    def paths(self) -> list[str]:
        return [" ".join(line.media_path) for line in self.lines]

    def finish(self) -> None:
        """Let everything go its way, then hang up whatever still stands."""
        self.net.release()
        self.net.run_for(100.0)
        for line in self.lines:
            line.hang_up()
        self.net.run_until_quiet()


@given(steps)
@settings(max_examples=120)
def test_media_stays_on_the_ladder(numbers):
    """Issue: a prefix of the ladder followed by closed, held or stalled states."""
    play = Play(faults=True)
    play.run(numbers)

    assert [] == [path for path in play.paths() if not LADDER.fullmatch(path)]


@given(steps)
def test_without_reinvites_media_only_climbs(numbers):
    play = Play(faults=True, commands=("ring", "progress", "accept", "reject", "hang_up"))
    play.run(numbers)

    assert [] == [path for path in play.paths() if not CLIMB.fullmatch(path)]


@given(steps)
@settings(max_examples=120)
def test_every_run_comes_to_an_end_and_leaves_nothing(numbers):
    """No state is stuck, whatever was lost."""
    play = Play(faults=True)
    play.run(numbers)
    play.finish()

    assert [] == [line.state for line in play.lines if line.state not in OVER]
    assert [Leftovers()] * 2 == [phone.leftovers for phone in play.phones]


@given(steps)
@settings(max_examples=120)
def test_without_loss_both_sides_end_equal(numbers):
    """Order and copies do not matter: both talk, with the same media, or both are done."""
    play = Play(faults=False)
    play.run(numbers)
    play.net.release()
    play.net.run_for(20.0)
    calls = [(line.state in OVER, str(line.media)) for line in play.lines]

    assert 1 == len(set(calls)) or len(play.lines) == 1


@given(steps)
def test_any_run_replays(numbers):
    play = Play(faults=True)
    play.run(numbers)
    play.finish()

    charts = list(shipped_charts().values())
    assert [None, None] == [replay(phone.rows, charts) for phone in play.phones]


@given(st.lists(st.integers(0, 2**16), min_size=10, max_size=40))
def test_nobody_is_told_of_a_state_twice(numbers):
    """Each StateChanged and MediaStateChanged leads from where the last one led."""
    play = Play(faults=True)
    play.run(numbers)
    play.finish()

    for line in play.lines:
        for kind in ("StateChanged", "MediaStateChanged"):
            told = [event for event in line.events if type(event).__name__ == kind]
            assert [event.new_state for event in told[:-1]] == [event.old_state for event in told[1:]]
            assert [] == [event for event in told if event.new_state == event.old_state]
