"""Calls over a network that loses, doubles and reorders: how many complete, and whether anything is stuck."""

from __future__ import annotations

from dataclasses import dataclass

from session_fsm.session.events import CallAnswered, CallEnded
from session_fsm.testing import Line, Network, NoRestError, Phone
from tools.soak.progress import counted

DUPLICATION = REORDERING = 0.05
DELAY = 0.02  # seconds
TALK = 0.5  # seconds from audio both ways to the BYE


@dataclass(frozen=True, slots=True)
class LossFigures:
    """What came of many calls."""

    calls: int
    loss: float
    "Of each direction."
    completed: int
    "Answered, audio both ways, hung up, and both sides saw it."
    stuck: int
    "Calls of which anything was left when every timer had fired."

    @property
    def share(self) -> float:
        """Completed calls of all calls."""
        return self.completed / self.calls


def calls_over_a_bad_network(calls: int, loss: float, *, quiet: bool = False) -> LossFigures:
    """Each call has a network and dice of its own, so that a failure can be had again by its number."""
    completed = stuck = 0
    for seed in counted(f"loss {loss:.0%}", calls, quiet=quiet):
        alice = Phone("alice", "10.0.0.1", seed=seed)
        bob = Phone("bob", "10.0.0.2", seed=seed, when_called=_ring_and_accept)
        net = Network(alice, bob, seed=seed, delay=DELAY, loss=loss, duplication=DUPLICATION, reordering=REORDERING)
        completed += _completes(net, alice, bob)
        stuck += alice.leftovers != type(alice.leftovers)() or bob.leftovers != type(bob.leftovers)()
    return LossFigures(calls, loss, completed, stuck)


def _ring_and_accept(line: Line) -> None:
    line.ring()
    line.accept()


def _completes(net: Network, alice: Phone, bob: Phone) -> bool:
    line = alice.call(bob)
    try:
        net.run_until(lambda: bool(bob.lines) and "Active" == line.media == bob.line.media, within=120.0)
        net.run_for(TALK)
    except NoRestError:
        return False
    finally:
        line.hang_up()
        net.run_until_quiet()
    ends = [one.told(CallEnded) for one in (line, bob.line)]
    return all(len(end) == 1 for end in ends) and all(one.told(CallAnswered) for one in (line, bob.line))
