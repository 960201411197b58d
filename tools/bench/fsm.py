"""One event: a guarded step with two effects, ours through the mailbox against stock transitions."""

from __future__ import annotations

from collections.abc import Callable

from transitions import Machine as StockMachine

from session_fsm.chart import parse
from session_fsm.machine import Binding, Machine, TraceRow
from tools.bench.measure import Table, interleaved, microseconds
from tools.bench.others import Aiosipua

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
EVENTS = 10_000  # in a round
STOCK = "stock transitions, queued"


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


def run(other: Aiosipua) -> Table:
    contestants = {
        STOCK: stock(),
        "table": ours(),
        "table, posted": posted(),
        "table, with trace": ours(Nowhere()),
        "engine=transitions": ours(engine="transitions"),
    }
    for event in contestants.values():
        event()
    table = Table(name="fsm", title="One event of a chart", unit="µs", base=STOCK)
    table.rows = interleaved(
        {name: microseconds(event, EVENTS) for name, event in contestants.items()}, base=STOCK, rounds=5
    )
    table.must("an event, of stock transitions'", "table", STOCK, 1 / 5)
    table.must("an event with its trace row, of stock transitions'", "table, with trace", STOCK, 1 / 5)
    return table
