"""What the explorer proves of registering, challenges, digits and quality, and of a chart that is none of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_fsm.chart import Chart
from session_fsm.explore import explore, follow
from session_fsm.explore.exploration import Exploration, properties_of
from session_fsm.explore.following import as_test, replaced
from session_fsm.session.building import shipped_charts

pytestmark = pytest.mark.slow

# A call has this machine from the first packet on, which leads it out of its first state at once.
NEVER = {"dtmf_receiver": ["dtmf_receiver.Quiet.closed"]}
BESIDE = ("registration", "authentication", "dtmf_sender", "dtmf_receiver", "quality")


def failed(done: Exploration) -> set[str]:
    return {violation.property for violation in done.violations}


def charts_with(chart: str, old: str, new: str) -> list[Chart]:
    """The shipped charts with one thing changed in one of them."""
    charts = dict(shipped_charts())
    text = Path(charts[chart].file).read_text(encoding="utf-8")
    assert old in text
    charts[chart] = Chart.parse(text.replace(old, new), f"{chart}.toml")
    return list(charts.values())


@pytest.mark.parametrize("chart", BESIDE)
def test_what_is_beside_calls_holds(chart):
    """Every property, in every run of one side and whoever answers it, and every row of the chart is taken."""
    done = explore(shipped_charts().values(), chart=chart, reinvites=1)

    assert ([], NEVER.get(chart, [])) == ([(one.what, one.run.listed()) for one in done.violations], done.not_taken)


PLANTED = {
    "leaving forgets a binding that a refused refresh has left": (
        "registration",
        'guard = "bound", to = "Unregistering", send = ["removal"]',
        'guard = "bound", to = "Unregistered"',
        "left-is-forgotten",
    ),
    "a refusal is taken for a binding": (
        "registration",
        'to = "Refused", do = ["note_failure"], emit = ["RegistrationFailed"], id = "refused" }',
        'to = "Registered", do = ["note_failure"], emit = ["RegistrationFailed"], id = "refused" }',
        "registered-by-2xx",
    ),
    "a removal that nobody answers is awaited for ever": (
        "registration",
        '{ event = "timeout",        to = "Unregistered", do = ["note_left", "forget_binding"], '
        'emit = ["Unregistered"] }',
        '{ event = "timeout",        do = ["note_left", "forget_binding"], emit = ["Unregistered"] }',
        "registration.leaves",
    ),
    "credentials that were rejected are sent again": (
        "authentication",
        'guard = ["answerable", "not rejected"], to = "AnsweredTwice"',
        'guard = "answerable", to = "AnsweredTwice"',
        "no-rejected-answer-again",
    ),
    "nobody hears that a challenge was refused": (
        "authentication",
        '{ event = "challenged", to = "Refused", do = ["count"], emit = ["refused"], '
        'why = "RFC 3261 §22.2: rejected credentials are not sent again." }',
        '{ event = "challenged", to = "Refused", do = ["count"] }',
        "told-at-last",
    ),
    "a late packet is a new digit": (
        "dtmf_receiver",
        '{ event = "event_heard", guard = "older", id = "late" }',
        '{ event = "event_heard", guard = "older", do = ["begin"], emit = ["DtmfReceived"], id = "late" }',
        "digits-in-order",
    ),
    "the end of a digit is told three times": (
        "dtmf_receiver",
        '{ event = "event_heard", guard = "same", id = "repeated" }',
        '{ event = "event_heard", guard = "same", emit = ["DtmfReceived"], id = "repeated" }',
        "digits-once",
    ),
    "better is told at once": (
        "quality",
        'guard = "degraded", to = "PoorEasing", do = ["note_measure"], id = "poor-eases-to-degraded" }',
        'guard = "degraded", to = "Degraded", emit = ["MediaQualityChange"], id = "poor-at-once" }',
        "better-has-lasted",
    ),
    "worse is not told": (
        "quality",
        '{ event = "measured", guard = "poor",     to = "Poor", emit = ["MediaQualityChange"], id = "good-to-poor" }',
        '{ event = "measured", guard = "poor",     to = "Poor", id = "good-to-poor" }',
        "changes-are-told",
    ),
}


@pytest.mark.parametrize(("chart", "old", "new", "claim"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(chart, old, new, claim):
    """The property that it breaks is named."""
    assert claim in failed(explore(charts_with(chart, old, new), chart=chart))


IVR = Path(__file__).parents[2] / "examples" / "ivr.toml"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The menu of a bank, whose owner claims what is not so."""
    text = IVR.read_text(encoding="utf-8")
    file = tmp_path / "ivr.toml"
    file.write_text(
        text.replace("[properties]\n", '[properties]\nstaffed = { never = ["Voicemail"] }\n'), encoding="utf-8"
    )
    return file


def test_a_chart_of_somebody_is_walked_alone():
    """Every row of it is taken, and what it claims holds."""
    done = explore([*shipped_charts().values(), Chart.load(IVR)], chart="ivr")

    assert (set(), [], ["ivr alone"]) == (failed(done), done.not_taken, [one.product.name for one in done.walked])


def test_what_such_a_chart_claims_wrongly_is_found_by_a_shortest_run(broken):
    """A key during the greeting waits for its end; the bank is shut."""
    done = explore(replaced(broken), chart="ivr")

    assert {"ivr.staffed"} == failed(done)
    assert ["key (ivr)", "prompt_over (ivr)"] == [step.event for step in done.violations[0].run.steps]


def test_its_written_test_fails_until_it_is_mended(broken):
    """The test reads the chart from its file."""
    found = explore(replaced(broken), chart="ivr").violations[0]
    steps = [(step.side, step.event, step.script) for step in found.run.steps]
    text = as_test(found, 0, "ivr.toml")

    assert "replaced(Path(__file__).parent / 'ivr.toml')" in text
    assert ["ivr.staffed"] == follow(steps, product="ivr alone", charts=replaced(broken))
    assert [] == follow(steps, product="ivr alone", charts=replaced(IVR))


def test_only_what_is_asked_is_claimed():
    """Of one chart the properties of what it takes part in, and no others."""
    named = properties_of(list(shipped_charts().values()), "quality")

    assert {"changes-are-told", "better-has-lasted", "quality.ends", "quality.measured"} == {
        name for name in named if not name.startswith("no-")
    }
