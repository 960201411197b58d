"""One chart by itself as a run: events in any order, guards both ways, timers that may fire wherever they run."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from session_fsm.chart import Chart
from session_fsm.machine import Machine, TraceRow, compile_chart
from session_fsm.testing.charts import filled, silent
from session_fsm.testing.runs import Choice, Move
from session_fsm.testing.walks import Turn, turns_from, ways


class ChartRun:
    """A machine of a chart whose effects do nothing and whose guards have the values that a move says."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.fault: str | None = None
        self.made: list[Move] = []
        self.keys: set[Hashable] = set()
        self.pairs: set[tuple[str, ...]] = set()
        self.rows: list[TraceRow] = []
        self._values: dict[str, bool] = {}
        self._table = compile_chart(chart)
        self._place = ways(chart).start
        self._machine = Machine(
            chart,
            guards={name: (lambda context, payload, name=name: self._values.get(name, False)) for name in chart.guards},
            effects=filled(chart.effects, None),
            sends=filled(chart.sends, None),
            emit=silent,
            trace=self.rows,
        )
        self._machine.start(now=0.0)

    def choices(self) -> list[Choice]:
        """Every event with each answer of the guards; those that no row takes come last."""
        found = [
            Choice(move, (self._place.state, move.verb, move.what), self._weight(turn)) for move, turn in self._turns()
        ]
        return sorted(found, key=lambda choice: -choice.weight)

    def make(self, move: Move) -> bool:
        """Let an event happen. False when its timer does not run, or its guards cannot have these values now."""
        turn = next((turn for other, turn in self._turns() if other == move), None)
        if turn is None or self.fault is not None:
            return False
        self.made.append(move)
        self.keys.add((self._place.state, move.verb, move.what))
        self.pairs.update((taken.state, taken.event) for taken in turn.taken)
        self._values = dict(turn.move.guards)
        try:
            self._machine.mailbox.post(self._machine, turn.move.event)
            self._machine.mailbox.run()
        except Exception as error:
            self.fault = f"{type(error).__name__}: {error}"
        self._place = turn.after
        return True

    def states(self) -> tuple[str, ...]:
        """Where it stands."""
        return (self._machine.state,)

    def traces(self) -> Sequence[Sequence[TraceRow]]:
        """Its rows."""
        return (self.rows,)

    def _weight(self, turn: Turn) -> int:
        """Rows count, and those that do not end the run count more."""
        return 0 if not turn.rows else 1 if turn.after.state in self.chart.final else 4

    def _turns(self) -> list[tuple[Move, Turn]]:
        return [(Move(turn.move.event, what=_written(turn)), turn) for turn in turns_from(self._table, self._place)]


def _written(turn: Turn) -> str:
    return " and ".join(name if value else f"not {name}" for name, value in turn.move.guards)
