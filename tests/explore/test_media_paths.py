"""The media paths of both roles, compared as automata, and the faults that this finds."""

from __future__ import annotations

import re

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.explore import OFFERLESS, SCENARIOS, compare_media_paths, media_paths, run_to

pytestmark = pytest.mark.slow

LADDER = ("Idle", "Negotiating", "Ready", "Established", "Active")


@pytest.fixture(scope="module")
def charts() -> list[Chart]:
    return [Chart.load(name) for name in shipped()]


def changed(charts: list[Chart], name: str, old: str, new: str) -> list[Chart]:
    """The charts with one place of one of them written otherwise."""
    text = shipped()[name].read_text(encoding="utf-8")
    found, count = re.subn(old, new, text)
    assert 1 == count, f"{old} is {count} times in {name}"
    return [Chart.parse(found, name) if chart.id == name else chart for chart in charts]


def test_both_roles_can_pass_through_the_same_media_states(charts):
    assert [] == compare_media_paths(charts)


def test_both_roles_agree_when_the_invite_has_no_offer(charts):
    assert [] == compare_media_paths(charts, [OFFERLESS])


@pytest.mark.parametrize("role", ["uac", "uas"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_role_climbs_the_ladder_in_order(charts, role, scenario):
    """No rung is left out, and media can be closed from each but the first step back."""
    paths = media_paths(charts, role, scenario)

    assert paths.accepts(LADDER)
    assert not paths.accepts(("Idle", "Ready"))
    assert not paths.accepts(("Idle", "Negotiating", "Established"))
    assert not paths.accepts(("Idle", "Negotiating", "Ready", "Active"))
    assert not paths.accepts((*LADDER, "Closed", "Idle"))


def test_a_callee_that_never_negotiates_is_found(charts):
    """The first historical fault of the reference documents."""
    mutants = changed(charts, "offer_answer", r'(event = "offer_received".*emit = \[)"negotiating", ', r"\1")

    assert [
        "with the offer in the INVITE a uac can pass through Idle > Negotiating and a uas cannot; "
        "the uac does by call.place [offering]",
        "with the offer in the INVITE and no ACK a uac can pass through Idle > Negotiating and a uas cannot; "
        "the uac does by call.place [offering]",
    ] == compare_media_paths(mutants)


def test_a_callee_that_establishes_on_the_ack_is_found(charts):
    """The second historical fault: the same path is there, but not when the ACK is lost."""
    text = shipped()["offer_answer"].read_text(encoding="utf-8")
    row = re.search(r'\{ event = "answer_sent", .*\},\n', text)
    assert row is not None
    late = row[0].replace('"answer_sent"', '"confirmed"', 1)
    early = '  { event = "answer_sent", emit = [] },\n'
    text = text.replace(row[0], late.replace("SdpEvent:confirmed", "SdpEvent:answer_sent") + early)
    text = text.replace("""confirmed      = "the peer's offer stands"\n""", "")
    mutants = [Chart.parse(text) if chart.id == "offer_answer" else chart for chart in charts]

    found = compare_media_paths(mutants)

    assert 1 == len(found)
    assert found[0].startswith(
        "with the offer in the INVITE and no ACK a uac can pass through Idle > Negotiating > Ready and a uas cannot; "
    )


def test_a_run_names_the_events_that_lead_along_a_path(charts):
    assert ["call.invite_received [not offer_acceptable, offerless]", "call.accept [offerless]"] == run_to(
        charts, "uas", LADDER[:2], OFFERLESS
    )


def test_a_path_that_nobody_takes_has_no_run(charts):
    assert [] == run_to(charts, "uac", ("Idle", "Active"))


def test_a_set_without_a_media_chart_says_so(charts):
    others = [chart for chart in charts if chart.id != "media"]

    assert ["there is no chart media whose paths could be compared"] == compare_media_paths(others)


def test_the_comparison_is_the_same_each_time(charts):
    assert media_paths(charts, "uas") == media_paths(reversed(charts), "uas")
