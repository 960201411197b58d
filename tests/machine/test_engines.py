"""The table and stock transitions: the same steps, the same traces, on every chart."""

from __future__ import annotations

import gc
from contextlib import suppress
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import CHARTS, DOOR, a_door, stub_binding

from session_fsm.chart import Chart, shipped
from session_fsm.errors import LocalProtocolError
from session_fsm.machine import Machine, TraceRow, compile, compile_chart, prove_equal, reference_machine
from session_fsm.machine.reference import ChartMachine, build


def sides() -> list[Chart]:
    """Every chart that comes with the package and with the tests, a side at a time."""
    charts = [Chart.load(path) for path in [*shipped().values(), *sorted(CHARTS.glob("*.toml"))]]
    return [
        side
        for chart in charts
        for side in ((chart.for_role("uac"), chart.for_role("uas")) if chart.sided else (chart,))
    ]


@pytest.mark.parametrize("chart", sides(), ids=lambda chart: f"{chart.id}-{chart.role}")
def test_the_table_equals_stock_transitions(chart: Chart):
    """Next state, effects, row, verdict and guards asked, for every state, event and value of the guards."""
    assert [] == prove_equal(chart)


def test_a_table_that_differs_is_found_out():
    """The proof is no tautology: one changed step shows."""
    chart = Chart.load(CHARTS / "door.toml")
    spoilt = next(step for step in compile_chart(chart).steps if step.row == "Shut.lock")

    spoilt.effects = ()

    assert ["door: lock in Shut with {}"] == [difference[:26] for difference in prove_equal(chart)]


def test_a_compiled_chart_lets_its_stock_machine_go(monkeypatch: pytest.MonkeyPatch):
    """It has many times the objects of the table, and each full pass of the garbage collector would look at them."""
    built = []

    def remembered(chart: Chart) -> ChartMachine:
        machine = build(chart)
        built.append(ref(machine))
        return machine

    monkeypatch.setattr(compile, "build", remembered)
    table = compile_chart.__wrapped__(DOOR)
    gc.collect()

    assert (DOOR, [None]) == (table.chart, [machine() for machine in built])


def test_the_reference_is_a_stock_machine_without_models():
    """A chart and its transitions.Machine are one thing; no session is bound to it."""
    machine = reference_machine(DOOR)

    assert ([], "Shut", list(DOOR.states)) == (machine.models, machine.initial, list(machine.states))
    assert ["Shut.lock"] == [found.row for found in machine.get_transitions("lock", "Shut", "Locked")]


scripts = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["push", "lock", "unlock", "kick"]), st.booleans()),
        st.tuples(st.just("wait"), st.integers(0, 6)),
    )
)


@given(scripts)
def test_both_engines_leave_the_same_trace(script: list[tuple[str, int]]):
    """Any order of pushes, commands, kicks and time."""
    assert door_trace("table", script) == door_trace("transitions", script)


def door_trace(engine: str, script: list[tuple[str, int]]) -> list[dict[str, object]]:
    door, _, rows = a_door(engine)
    now = 0.0
    for event, value in script:
        if event == "wait":
            now += value
            door.expire(now)
        else:
            feed(door, event, value, now)
    return [row.as_dict() for row in rows]


def feed(machine: Machine, event: str, payload: object, now: float) -> None:
    with suppress(LocalProtocolError):  # a refused command is a row like another
        machine.feed(event, payload, now)


@pytest.mark.parametrize("chart", sides(), ids=lambda chart: f"{chart.id}-{chart.role}")
@given(data=st.data())
def test_both_engines_agree_on_every_chart(chart: Chart, data: st.DataObject):
    """Any events with any values of the guards; timers fire as they come due."""
    happenings = st.tuples(st.sampled_from(sorted(chart.events)), st.integers(0, 2 ** len(chart.guards) - 1))
    script = data.draw(st.lists(happenings, max_size=25))
    traces: list[list[TraceRow]] = []
    for engine in ("table", "transitions"):
        rows: list[TraceRow] = []
        machine = Machine(stub_binding(chart, engine), trace=rows)
        for event, payload in script:
            feed(machine, event, payload, machine.mailbox.now)
            if payload % 3 == 0 and (deadline := machine.next_deadline()) is not None:
                machine.expire(deadline)
        traces.append(rows)

    assert [row.as_dict() for row in traces[0]] == [row.as_dict() for row in traces[1]]
