"""A telephone menu: the chart says what follows what, and this says what it means. Nothing here is about SIP."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from session_fsm.chart import Chart
from session_fsm.machine import Binding, Machine

CHART = Path(__file__).with_name("ivr.toml")
MISTAKES = 3


@dataclass
class Caller:
    """What the menu knows of one caller."""

    account: int = 120
    is_open: bool = True
    mistakes: int = 0
    waiting: list[str] = field(default_factory=list)
    messages: int = 0
    said: list[str] = field(default_factory=list)


def say(prompt: str):
    return lambda caller, payload: caller.said.append(prompt)


def note_mistake(caller: Caller, payload: object) -> None:
    caller.mistakes += 1


def say_balance(caller: Caller, payload: object) -> None:
    caller.said.append(f"you have {caller.account}")


def enqueue(caller: Caller, payload: object) -> None:
    caller.waiting.append("you")


def leave_queue(caller: Caller, payload: object) -> None:
    caller.waiting.remove("you")


def store(caller: Caller, payload: object) -> None:
    caller.messages += 1


GUARDS = {
    "balance": lambda caller, key: key == "1",
    "operator": lambda caller, key: key == "0",
    "forgiving": lambda caller, key: caller.mistakes < MISTAKES,
    "open": lambda caller, key: caller.is_open,
}
EFFECTS = {
    "note_mistake": note_mistake,
    "say_balance": say_balance,
    "enqueue": enqueue,
    "leave_queue": leave_queue,
    "store": store,
}


def menu(caller: Caller) -> Machine:
    """The menu for one caller."""
    chart = Chart.load(CHART)
    binding = Binding(chart, guards=GUARDS, effects=EFFECTS, sends={name: say(name) for name in chart.sends})
    return Machine(binding, context=caller)
