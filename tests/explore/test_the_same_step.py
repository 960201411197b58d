"""Runtime, fuzzer, explorer, replayer and stock transitions: the same trace for the same events. Laws 2 and 3."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from session_fsm.chart import START, Chart
from session_fsm.explore.abstract import Key, Place
from session_fsm.explore.alone import AloneSide
from session_fsm.explore.apart import ApartMeaning
from session_fsm.explore.turn import SAME, Turn
from session_fsm.machine import Machine, TraceRow, replay
from session_fsm.session.building import shipped_charts
from session_fsm.testing import chart_runs
from session_fsm.testing.chart_run import ChartRun
from session_fsm.testing.charts import filled, silent

pytestmark = pytest.mark.slow


def sides() -> list[Chart]:
    """Every shipped chart, a side at a time."""
    charts = shipped_charts().values()
    return [
        side
        for chart in charts
        for side in ([chart.for_role("uac"), chart.for_role("uas")] if chart.sided else [chart])
    ]


def fuzzed(run: ChartRun) -> list[TraceRow]:
    """What the fuzzer's run wrote, but for the entering of the initial state."""
    return [row for row in run.rows if row.event != START]


class Recorded(ApartMeaning):
    """Guards have the values of a trace, row by row; effects do nothing."""

    recorded: list[TraceRow]
    written: list[TraceRow]

    def guard(self, turn: Turn, key: Key, name: str, payload: object) -> bool:
        """As the row says that comes next."""
        return dict(self.recorded[len(self.written)].guards)[name]

    def effect(self, turn: Turn, key: Key, kind: str, name: str, payload: object) -> None:
        """Nothing."""

    def settled(self, place: Place) -> Place:
        """Everything is kept."""
        return place


def explored(run: ChartRun) -> list[TraceRow]:
    """The same events, taken by the explorer."""
    side = AloneSide(run.chart, "uas" if run.chart.role == "uas" else "uac")
    meaning = Recorded(side.rules, {}, {})
    meaning.recorded, meaning.written = fuzzed(run), []
    place: Place = side.start()
    for move in run.made:
        turn = Turn(side.rules, place, (), set(), meaning.written.append)
        turn.post(side.key, move.verb)
        turn.run(meaning)
        place = turn.outcome(meaning).after
    return meaning.written


def run_by(engine: str, run: ChartRun) -> list[TraceRow]:
    """The same events, fed to a machine as an application has it."""
    rows: list[TraceRow] = []

    def holds(name: str) -> bool:
        return dict(run.rows[len(rows)].guards)[name]

    machine = Machine(
        run.chart,
        guards={name: (lambda context, payload, name=name: holds(name)) for name in run.chart.guards},
        effects=filled(run.chart.effects, None),
        sends=filled(run.chart.sends, None),
        emit=silent,
        trace=rows,
        engine=engine,
    )
    machine.start(now=0.0)
    for move in run.made:
        machine.mailbox.post(machine, move.verb)
        machine.mailbox.run()
    return [row for row in rows if row.event != START]


def told(rows: list[TraceRow]) -> list[tuple[object, ...]]:
    """What each step did."""
    return [(r.event, r.from_state, r.to_state, r.verdict, r.row, r.guards, r.effects) for r in rows]


@pytest.mark.parametrize("chart", sides(), ids=lambda chart: f"{chart.id}-{chart.role}")
@given(data=st.data())
def test_all_five_write_the_same_trace(chart: Chart, data: st.DataObject) -> None:
    """Any run of any chart, with events in any order and guards both ways."""
    run = data.draw(chart_runs(chart))
    waiting = Counter(row.event for row in run.rows if row.verdict == "postponed")
    assume(max(waiting.values(), default=0) <= SAME)  # the explorer lets no more of one kind wait

    steps = told(fuzzed(run))

    assert replay(run.rows, [chart]) is None
    assert steps == told(run_by("table", run))
    assert steps == told(run_by("transitions", run))
    assert steps == told(explored(run))
