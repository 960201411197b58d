"""Measures one event: a guarded step with two effects, ours through the mailbox against stock transitions.

Interleaved rounds, median of the ratios of the rounds. Prints a table; `--json` prints one object instead.
"""

from __future__ import annotations

import argparse
import json
import statistics
import timeit
from collections.abc import Callable

from transitions import Machine as StockMachine

from session_fsm.chart import parse
from session_fsm.machine import Binding, Machine, TraceRow

CHART = """
id = "turnstile"
initial = "Locked"
[events]
coin = { message = "a coin" }
[guards]
genuine = "it is no button"
[effects]
count = "one more"
[sends]
click = "the sound"
[states.Locked]
rows = [
  { event = "coin", guard = "genuine", to = "Free", do = ["count"], send = ["click"] },
  { event = "coin" },
]
[states.Free]
rows = [
  { event = "coin", guard = "genuine", to = "Locked", do = ["count"], send = ["click"] },
  { event = "coin" },
]
"""
MARK = 1 / 5  # of the time of stock transitions: the most that one event may cost


def genuine(context: object, payload: object) -> bool:
    return payload is not None


def effect(context: object, payload: object) -> None:
    return None


def ours(trace: list[TraceRow] | None = None, engine: str = "table") -> Callable[[], object]:
    binding = Binding(
        parse(CHART),
        guards={"genuine": genuine},
        effects={"count": effect},
        sends={"click": effect},
        engine=engine,
    )
    machine = Machine(binding, context=object(), trace=trace)
    machine.start()
    return lambda: machine.feed("coin", "a penny", 1.0)


def posted() -> Callable[[], object]:
    """The same by `post` and `run`, as events between machines go."""
    machine = Machine(parse(CHART), guards={"genuine": genuine}, effects={"count": effect}, sends={"click": effect})
    machine.start()
    mailbox = machine.mailbox

    def post_and_run() -> None:
        mailbox.post(machine, "coin", "a penny")
        mailbox.run(1.0)

    return post_and_run


class Session:
    """What stock transitions wants: a model with the callbacks as methods."""

    coin: Callable[[object], object]

    def genuine(self, payload: object) -> bool:
        return payload is not None

    def count(self, payload: object) -> None:
        return None

    def click(self, payload: object) -> None:
        return None


def stock() -> Callable[[], object]:
    session = Session()
    rows = [
        {"trigger": "coin", "source": source, "dest": target, "conditions": "genuine", "after": ["count", "click"]}
        for source, target in (("Locked", "Free"), ("Free", "Locked"))
    ]
    StockMachine(
        session, states=["Locked", "Free"], transitions=rows, initial="Locked", auto_transitions=False, queued=True
    )
    return lambda: session.coin("a penny")


class Nowhere(list[TraceRow]):
    """A trace that keeps nothing, so that only making the row is measured."""

    def append(self, row: TraceRow, /) -> None:
        return None


def measure(number: int, rounds: int) -> dict[str, dict[str, float]]:
    contestants = {
        "stock transitions, queued": stock(),
        "table": ours(),
        "table, posted": posted(),
        "table, with trace": ours(Nowhere()),
        "engine=transitions": ours(engine="transitions"),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, event in contestants.items():
            times[name].append(timeit.timeit(event, number=number) / number * 1e6)
    base = times["stock transitions, queued"]
    return {
        name: {
            "microseconds": statistics.median(found),
            "ratio": statistics.median(one / other for one, other in zip(found, base, strict=True)),
        }
        for name, found in times.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=20_000, help="events a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.number, options.rounds)
    if options.json:
        print(json.dumps(found))
    else:
        for name, figures in found.items():
            print(f"{name:28} {figures['microseconds']:7.2f} µs   {figures['ratio']:5.2f} of stock")
    return 0 if found["table"]["ratio"] <= MARK else 3


if __name__ == "__main__":
    raise SystemExit(main())
