"""The behavioural tests as plain functions: those of `tests/session` that play on the virtual network, and the races.

After each of them the laws of every run are asked. They are run here without pytest, because a thousand mutants are
judged by them: one takes about ten milliseconds.
"""

from __future__ import annotations

import inspect
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from session_fsm.chart import Chart
from session_fsm.session import building
from session_fsm.testing import Network, Phone, ScriptedPeer
from tools.races.published import RACES
from tools.races.virtual import play

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "session"

# Left out: tests that make mutants, that step or replay with the charts as they are (any change differs from those),
# and those whose runs are drawn by Hypothesis, which would take their time a thousand times.
LEFT_OUT = (
    "test_laws",
    "test_mutant_tool",
    "test_mutants",
    "test_published_races",
    "test_engines_and_replay",
    "test_any_order",
    "test_any_peer",
    "test_any_bytes",
    "test_torture_order",
    "test_network",
)

KNOWN = ("net", "alice", "bob", "peer")
"The fixtures that every test of the folder may ask for."
MOST_CPU = 5.0  # seconds; the slowest takes 0.2, so more is a run without an end


class EndlessError(BaseException):
    """A run that does not end. No `except Exception` on the way may take it for a fault of an effect."""


@dataclass(slots=True, eq=False)
class Scenario:
    """One test with its parameters."""

    name: str
    function: Callable[..., object]
    given: Mapping[str, object]
    made: Mapping[str, Callable[..., object]] = field(default_factory=dict)
    "The fixtures of its module that it asks for."
    lawful: bool = True
    "Whether the laws of every run are asked after it."
    seconds: float = 0.0
    "How long it took with the charts as they are."

    def run(self) -> None:
        """Play it with fresh phones. Raises whatever the test raises."""
        sides = {"alice": Phone("alice", "10.0.0.1"), "bob": Phone("bob", "10.0.0.2")}
        world: dict[str, object] = {**sides, "peer": ScriptedPeer("peer", "10.0.0.9")}
        wanted = inspect.signature(self.function).parameters
        with _limited(), phones_made() as nets:
            if {"net", *self.made} & {*wanted}:
                world["net"] = Network(*world.values())  # type: ignore[arg-type]  # both kinds can be on a network
            try:
                for name, make in self.made.items():
                    world[name] = make(**{each: world[each] for each in inspect.signature(make).parameters})
                self.function(**{name: self.given.get(name, world.get(name)) for name in wanted})
            except pytest.fail.Exception as failure:
                # What pytest raises where nothing else was raised is no Exception.
                raise AssertionError(str(failure)) from None
            if self.lawful:
                self._ask_laws(nets)

    def _ask_laws(self, nets: Mapping[Network, Sequence[Phone]]) -> None:
        laws = import_module("laws")  # it lies among the tests, beside those that are played

        for net, phones in nets.items():
            laws.finish(net, phones)
            found = laws.broken(phones)
            assert not found, f"the run is over, and {found[0]}"


def scenarios() -> list[Scenario]:
    """Every test that plays on the virtual network and needs nothing else."""
    for folder in (FOLDER, FOLDER.parent):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    files = sorted(FOLDER.glob("test_*.py"))
    tests = [found for file in files if file.stem not in LEFT_OUT for found in _of_module(import_module(file.stem))]
    return [*tests, *(Scenario(f"race {race.name}", play, {"race": race}) for race in RACES)]


def _of_module(module: Any) -> Iterator[Scenario]:
    fixtures = _fixtures(module)
    for name, function in vars(module).items():
        if not name.startswith("test_") or not inspect.isfunction(function) or hasattr(function, "hypothesis"):
            continue
        for given in _parameters(function):
            wanted = set(inspect.signature(function).parameters) - {*KNOWN, *given}
            if wanted <= {*fixtures}:
                label = ", ".join(str(value) for value in given.values())
                made = {each: fixtures[each] for each in sorted(wanted)}
                yield Scenario(f"{module.__name__}.{name}" + (f" [{label}]" if label else ""), function, given, made)


def _fixtures(module: Any) -> dict[str, Callable[..., object]]:
    """What a module's own fixtures call, where it needs nothing but the phones and their network."""
    found = {
        name: made.__wrapped__
        for name, made in vars(module).items()
        if hasattr(made, "__wrapped__") and type(made).__name__ == "FixtureFunctionDefinition"
    }
    return {
        name: make
        for name, make in found.items()
        if not inspect.isgeneratorfunction(make) and {*inspect.signature(make).parameters} <= {*KNOWN}
    }


def _parameters(function: Any) -> Iterator[dict[str, object]]:
    """The values of each `parametrize` mark, in every combination."""
    sets = []
    for mark in getattr(function, "pytestmark", ()):
        if mark.name != "parametrize":
            continue
        names = [name.strip() for name in mark.args[0].split(",")] if isinstance(mark.args[0], str) else mark.args[0]
        sets.append([dict(zip(names, _values(value, len(names)), strict=True)) for value in mark.args[1]])
    for combination in product(*sets):
        yield {name: value for part in combination for name, value in part.items()}


def _values(value: Any, count: int) -> tuple[object, ...]:
    values = value.values if hasattr(value, "marks") else (value if count > 1 else (value,))
    return tuple(values)


@contextmanager
def phones_made() -> Iterator[Mapping[Network, Sequence[Phone]]]:
    """The phones that join a network meanwhile."""
    found: dict[Network, list[Phone]] = {}
    attach = Phone.attach

    def noted(phone: Phone, network: Network) -> None:
        found.setdefault(network, []).append(phone)
        attach(phone, network)

    with patch.object(Phone, "attach", noted):
        yield found


@contextmanager
def running(charts: Mapping[str, Chart]) -> Iterator[None]:
    """Let every phone that is made run these charts."""
    with patch.object(building, "shipped_charts", lambda: charts):
        yield


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a scenario comes: what can be noticed there at all."""

    cells: frozenset[tuple[str, str, str]]
    "(chart, state, event)."
    entered: frozenset[tuple[str, str]]
    "(chart, state)."
    everywhere: bool = False
    "It has no phones: it looks at the charts themselves."


def reach_of(scenario: Scenario) -> Reach:
    """Play a scenario with the charts as they are, and note where it comes. Raises what it raises."""
    cells: set[tuple[str, str, str]] = set()
    entered: set[tuple[str, str]] = set()
    trace = Phone._trace

    def noted(phone: Phone, row: Any) -> None:
        cells.add((row.chart, row.from_state, row.event))
        if row.from_state != row.to_state:
            entered.add((row.chart, row.to_state))
        trace(phone, row)

    began = time.process_time()
    with patch.object(Phone, "_trace", noted):
        scenario.run()
    scenario.seconds = time.process_time() - began
    return Reach(frozenset(cells), frozenset(entered), not cells)


@contextmanager
def _limited() -> Iterator[None]:
    """Stop what takes too much of the processor, again and again until it really stops."""

    def stop(*_: object) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_CPU, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
