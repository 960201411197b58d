"""Every chart that is shipped: sound alone and together, and equal to its `transitions.Machine`. Laws 1, 3 and 5."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from session_fsm.chart import Chart, check, check_set, shipped
from session_fsm.errors import ChartError
from session_fsm.leaving import LEAVING
from session_fsm.machine import prove_equal
from session_fsm.session import events
from session_fsm.session.building import REGISTRIES, shipped_charts
from session_fsm.session.coordinator import SessionCoordinator

SIDES = [(name, role) for name in shipped() for role in ("uac", "uas")]
APPLICATION_EVENTS = {
    name
    for name, value in vars(events).items()
    if isinstance(value, type) and issubclass(value, events.SessionEvent) and value is not events.SessionEvent
}


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return {name: Chart.load(name) for name in shipped()}


@pytest.mark.parametrize("name", shipped())
def test_a_chart_has_no_fault(charts, name):
    """Design §3, everything that the checker knows."""
    assert [] == check(charts[name])


def test_the_charts_fit_together(charts):
    """What one emits another receives, and every CamelCase emission is an application event."""
    assert [] == check_set(list(charts.values()), APPLICATION_EVENTS)


@pytest.mark.parametrize(("name", "role"), SIDES)
def test_every_cell_is_decided(charts, name, role):
    """Law 5: a row, ignored, postponed, refused or impossible."""
    side = charts[name].for_role(role)

    assert [] == [(state, event) for state in side.states for event in side.events if (state, event) not in side.cells]


@pytest.mark.parametrize(("name", "role"), SIDES)
def test_the_table_equals_the_transitions_machine(charts, name, role):
    """Law 3: next state, effects and row, for every state, event and guard valuation."""
    assert [] == prove_equal(charts[name].for_role(role))


@pytest.mark.parametrize(("name", "role"), SIDES)
def test_what_a_peer_can_send_is_never_impossible(charts, name, role):
    """Law 5: a hostile peer sends anything."""
    side = charts[name].for_role(role)
    messages = [event.name for event in side.events.values() if event.kind == "message"]

    assert [] == [
        (state, event)
        for (state, event), cell in side.cells.items()
        # A state of the other role is projected away; what is left is reachable.
        if event in messages and cell.verdict == "impossible" and not cell.rows
    ]


@pytest.mark.parametrize("name", shipped())
def test_every_state_and_file_names_its_source(charts, name):
    """Issue: each state and file with its RFC section."""
    chart = charts[name]

    assert chart.source
    assert [] == [state.name for state in chart.states.values() if not state.source]


def test_every_chart_is_run():
    """A chart in the folder that nobody binds is a picture."""
    assert set(shipped()) == {*REGISTRIES, LEAVING}
    assert set(REGISTRIES) == set(shipped_charts())


def test_every_application_event_is_emitted_by_a_chart(charts):
    """What an application can be told, some chart says."""
    emitted = {name.partition(":")[0] for chart in charts.values() for name in chart.emits}

    assert set() == APPLICATION_EVENTS - emitted


def test_whoever_hears_a_refusal_hears_that_of_a_challenge(charts):
    """RFC 3261 §22.2: a 401 or 407 that is not answered is the final response like any other."""
    final = {"invite_client.failure", "non_invite_client.final"}
    deaf = [
        f"{name}.{event.name}"
        for name, chart in charts.items()
        for event in chart.events.values()
        if final & set(event.origin) and "authentication.refused" not in event.origin
    ]

    assert [] == deaf


def changed(name: str, old: str, new: str) -> Chart:
    """A shipped chart with one text exchanged."""
    text = Path(shipped()[name]).read_text(encoding="utf-8")
    assert old in text
    return Chart.parse(text.replace(old, new), f"{name}.toml")


def test_an_event_of_a_transaction_that_nobody_opens_is_refused():
    """A purpose that is misspelt would make a receiver that never hears."""
    spoiled = changed("call", 'of = "BYE"', 'of = "BEY"')

    with pytest.raises(ChartError, match="transactions are opened for INVITE, re-INVITE, BYE"):
        SessionCoordinator("sip:a@10.0.0.1", ("10.0.0.1", 5060), dice=Random(1), charts={"call": spoiled})


def test_charts_that_do_not_fit_together_are_refused_when_they_are_used():
    """A receiver of what nobody emits is named."""
    spoiled = changed("media", 'machine = "offer_answer.agreed"', 'machine = "offer_answer.agreed_upon"')

    with pytest.raises(ChartError, match="agreed_upon"):
        SessionCoordinator("sip:a@10.0.0.1", ("10.0.0.1", 5060), dice=Random(1), charts={"media": spoiled})
