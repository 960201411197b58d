"""What the explorer proves of the shipped charts, and that it finds faults that are planted in them."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from session_fsm.chart import Chart
from session_fsm.explore import explore, follow
from session_fsm.explore.counterexample import moves_of, steps_of
from session_fsm.explore.effects import EFFECTS
from session_fsm.explore.exploration import Exploration
from session_fsm.explore.following import as_test
from session_fsm.explore.guards import GUARDS
from session_fsm.explore.products import products
from session_fsm.explore.rules import APART
from session_fsm.machine import TraceRow, replay
from session_fsm.session.building import shipped_charts

pytestmark = pytest.mark.slow


def charts_with(chart: str, old: str, new: str) -> list[Chart]:
    """The shipped charts with one thing changed in one of them."""
    charts = dict(shipped_charts())
    text = Path(charts[chart].file).read_text(encoding="utf-8")
    assert old in text
    charts[chart] = Chart.parse(text.replace(old, new), f"{chart}.toml")
    return list(charts.values())


def failed(done: Exploration) -> set[str]:
    return {violation.property for violation in done.violations}


@pytest.fixture(scope="module")
def plain() -> Exploration:
    return explore(shipped_charts().values())


def test_the_shipped_charts_hold_without_reinvites(plain):
    """Every property, over every run of two sides and a network that loses, repeats and reorders."""
    assert [] == [(violation.property, violation.what, violation.run.listed()) for violation in plain.violations]


def test_everything_within_the_bound_was_walked(plain):
    names = [walked.product.name for walked in plain.walked]
    assert (True, len(products(0, list(shipped_charts().values()))), "calls") == (
        plain.complete,
        len(set(names)),
        names[-1],
    )


@pytest.mark.parametrize("reinvites", [1])
def test_the_shipped_charts_hold_with_reinvites(reinvites):
    done = explore(shipped_charts().values(), reinvites=reinvites)

    assert [] == [(violation.property, violation.what, violation.run.listed()) for violation in done.violations]


def test_every_row_of_the_transactions_is_taken(plain):
    """Pairwise, with users who are free to do anything."""
    transactions = ("invite_client.", "invite_server.", "non_invite_client.", "non_invite_server.")

    assert [] == [name for name in plain.not_taken if name.startswith(transactions)]


def test_the_rows_of_forks_are_taken(plain):
    """One INVITE that reaches two callees makes two dialogs, and one of them wins."""
    forks = {"dialog.second-2xx", "offer_answer.winner-was-another", "offer_answer.winner-does-not-agree"}

    assert set() == forks & set(plain.not_taken)


def test_every_guard_of_a_call_has_a_meaning():
    """A guard that is forgotten here would be tried both ways, and nobody would notice."""
    named = {(name, guard) for name, chart in shipped_charts().items() if name not in APART for guard in chart.guards}

    assert set() == named - GUARDS.keys()


def test_no_guard_or_effect_has_a_meaning_and_no_chart():
    """What the charts do not name any more is not kept."""
    charts = shipped_charts()
    guards = {(name, guard) for name, guard in GUARDS if guard not in charts[name].guards}
    effects = {
        (name, kind, what)
        for name, kind, what in EFFECTS
        if what not in (charts[name].effects if kind == "do" else charts[name].sends)
    }

    assert (set(), set()) == (guards, effects)


PLANTED = {
    "a caller forgets the BYE of a callee whose 2xx is late": (
        "dialog",
        'to = "Unwanted", do = ["remember_peer"], send = ["ACK", "BYE"], emit = ["answered_and_over"]',
        'to = "Confirmed", do = ["remember_peer", "win"], send = ["ACK"], emit = ["answered", "answered_and_over"]',
        "no-ghost-call",
    ),
    "the callee never negotiates": (
        "offer_answer",
        'emit = ["negotiating", "SdpEvent:offer_received"]',
        'emit = ["SdpEvent:offer_received"]',
        "ready-at-agreement",
    ),
    "a caller talks to two callees": (
        "dialog",
        'to = "Unwanted", do = ["remember_peer"], send = ["ACK", "BYE"], id = "second-2xx"',
        'to = "Confirmed", do = ["remember_peer"], send = ["ACK"], id = "second-2xx"',
        "ends-together",
    ),
    "nobody hears the other's BYE": (
        "call",
        '{ event = "hung_up",            to = "Terminated", do = ["note_peer_hung_up"] }',
        '{ event = "hung_up",            do = ["note_peer_hung_up"] }',
        "ends-together",
    ),
    "a 2xx that crossed the CANCEL is not ended": (
        "call",
        'to = "Terminating", emit = ["bye_wanted"], why = "The 2xx crossed',
        'to = "Terminated", why = "The 2xx crossed',
        "ends-together",
    ),
    "nobody answers BYE": (
        "dialog",
        'do = ["note_sequence"], send = ["200"], emit = ["hung_up"]',
        'do = ["note_sequence"], emit = ["hung_up"]',
        "answers-arrive",
    ),
    "media are opened before they are agreed": (
        "media",
        'enter  = { emit = ["MediaStateChanged"] }\nrows   = [\n  { event = "agreed"',
        'enter  = { do = ["open_path"], emit = ["MediaStateChanged"] }\nrows   = [\n  { event = "agreed"',
        "no-effect-fails",
    ),
    "a chart calls impossible what is possible": (
        "call",
        '[groups.Cancelled.ignored]\nprovisional_received = "we have cancelled"\n',
        'provisional_received = "no"\n',
        "no-impossible-cell",
    ),
    "a call can be left only by the peer": (
        "call",
        '{ event = "bye_finished", to = "Terminated" }',
        '{ event = "bye_finished" }',
        "call.ends",
    ),
}


@pytest.mark.parametrize(("chart", "old", "new", "claim"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(chart, old, new, claim):
    """The property that it breaks is named."""
    assert claim in failed(explore(charts_with(chart, old, new)))


@pytest.fixture(scope="module")
def broken() -> list[Chart]:
    return charts_with(*PLANTED["nobody hears the other's BYE"][:3])


@pytest.fixture(scope="module")
def found(broken) -> Exploration:
    return explore(broken, property_name="ends-together")


def test_a_violation_is_told_step_by_step(found):
    """Side, event, both state changes and what is sent."""
    steps = found.violations[0].run.listed()

    assert re.fullmatch(r"  1\. uac place; call Idle → Initiating;.* sends INVITE 1.*", steps[0])
    assert "uac receives 200 (BYE) 2; call Terminating → Terminated" in steps[-1]


def test_a_violation_is_a_shortest_run(found):
    """INVITE, accept, 200, ACK, hang up, BYE, its 200, and media that open by themselves."""
    assert 10 >= len(found.violations[0].run.steps)


def test_the_trace_of_a_violation_replays(broken, found):
    """With the charts that it was found in."""
    assert replay(found.violations[0].run.rows, broken) is None


def test_the_trace_of_a_run_with_two_reinvites_replays():
    """A callee may await two ACKs at once: machines of one purpose have names of their own."""
    charts = [*shipped_charts().values()]
    directions = next(one for one in products(1, charts) if one.name == "directions of the caller's re-INVITEs")
    found = directions.begun(charts)
    dice = Random(1)
    rows: list[TraceRow] = []
    while not any(row.machine == "answer:re-INVITE.2" for row in rows):
        here, moves = found.standing(0), []
        while len(moves) < 60 and (options := [*moves_of(found, here)]):
            move, here = dice.choice(options)
            moves.append(move)
        rows = [row for step in steps_of(found, moves) for row in step.rows]

        assert replay(rows, charts) is None


def test_a_violation_as_a_test_fails_until_it_is_mended(broken, found):
    """`follow` takes the same steps and judges where they lead."""
    steps = [(step.side, step.event, step.script) for step in found.violations[0].run.steps]

    name = found.violations[0].product.name
    assert "ends-together" in follow(steps, product=name, charts=broken)
    assert [] == follow(steps, product=name)


def test_the_written_test_is_python_that_passes_once_mended(found):
    namespace: dict[str, object] = {}
    exec(as_test(found.violations[0], 0), namespace)

    namespace["test_ends_together"]()


def test_only_the_property_that_was_asked_for_is_told(found):
    assert ["ends-together"] == list(found.properties)


def test_a_limit_stops_each_walk(plain):
    """And it says that not everything was walked."""
    stopped = explore(shipped_charts().values(), limit=100)

    assert (False, True) == (stopped.complete, stopped.states < plain.states)
