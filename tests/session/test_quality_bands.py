"""The band that counts: worse at once, better when it has lasted, and nothing after the end."""

from __future__ import annotations

import pytest
from plain_calls import talking

from session_fsm.rtp import MediaMetrics, MediaQuality
from session_fsm.session.events import CallEnded, MediaQualityChange
from session_fsm.session.orders import Edge, EdgeFacts
from session_fsm.testing import Line, Network, Phone

GOOD, DEGRADED, POOR, FAILED = MediaQuality
STEADY = 4.0  # seconds, in quality.toml


def measured(line: Line, *bands: MediaQuality) -> None:
    """Intervals in these bands, one after the other."""
    for band in bands:
        facts = EdgeFacts(extra=(band, MediaMetrics(jitter_ms=list(MediaQuality).index(band) * 100.0)))
        line.phone.command(lambda at, now, facts=facts: at.media_edge(line.id, Edge.MEASURED, facts, now))


def told(line: Line) -> list[MediaQuality]:
    return [event.quality for event in line.told(MediaQualityChange)]


def state(line: Line) -> str:
    machine = line.session.quality
    return machine.state if machine else "none"


def answered(net: Network, alice: Phone, bob: Phone) -> Line:
    """The caller's side of a call in which audio flows."""
    return talking(net, alice, bob)[0]


@pytest.mark.parametrize("band", MediaQuality)
def test_the_first_measurement_is_told(net, alice, bob, band):
    """Until then there is no machine, and no quality."""
    line = answered(net, alice, bob)
    before = state(line)
    measured(line, band)

    assert ("none", str(band), [band]) == (before, state(line), told(line))


@pytest.mark.parametrize(
    ("bands", "at_last"),
    [
        ((GOOD, DEGRADED, POOR, FAILED), "Failed"),
        ((GOOD, POOR), "Poor"),
        ((GOOD, FAILED), "Failed"),
        ((GOOD, DEGRADED), "Degraded"),
        ((DEGRADED, POOR), "Poor"),
        ((DEGRADED, FAILED), "Failed"),
        ((POOR, FAILED), "Failed"),
    ],
)
def test_worse_is_told_at_once(net, alice, bob, bands, at_last):
    """And stays so until something better is measured."""
    line = answered(net, alice, bob)
    measured(line, *bands)
    before = told(line), state(line)
    net.run_for(STEADY * 2)

    assert (list(bands), at_last) == before == (told(line), state(line))


@pytest.mark.parametrize("worse", [DEGRADED, POOR, FAILED])
def test_better_is_told_when_it_has_lasted(net, alice, bob, worse):
    """With the figures of the interval that was better."""
    line = answered(net, alice, bob)
    measured(line, worse, GOOD)
    net.run_for(STEADY - 0.1)
    before = told(line)
    net.run_for(0.2)

    assert ([worse], [worse, GOOD], "Good") == (before, told(line), state(line))
    assert 0.0 == line.told(MediaQualityChange)[-1].metrics.jitter_ms


@pytest.mark.parametrize("worse", [DEGRADED, POOR, FAILED])
def test_better_for_a_moment_is_not_told(net, alice, bob, worse):
    """The edge of a band does not flicker."""
    line = answered(net, alice, bob)
    for _ in range(5):
        measured(line, worse, GOOD)
        net.run_for(STEADY / 2)
    measured(line, worse)
    net.run_for(STEADY * 2)

    assert ([worse], str(worse)) == (told(line), state(line))


@pytest.mark.parametrize(
    ("bands", "then", "state_then"),
    [
        ((POOR, DEGRADED), DEGRADED, "Degraded"),
        ((FAILED, DEGRADED), DEGRADED, "Degraded"),
        ((FAILED, POOR), POOR, "Poor"),
        ((FAILED, POOR, DEGRADED), DEGRADED, "Degraded"),
        ((FAILED, DEGRADED, POOR), POOR, "Poor"),
        ((FAILED, POOR, GOOD), GOOD, "Good"),
        ((POOR, DEGRADED, GOOD), GOOD, "Good"),
        ((POOR, GOOD, DEGRADED), DEGRADED, "Degraded"),
    ],
)
def test_what_lasts_is_told_not_what_came_first(net, alice, bob, bands, then, state_then):
    """The band of the last interval counts when the time is over."""
    line = answered(net, alice, bob)
    measured(line, *bands)
    net.run_for(STEADY + 0.1)

    assert ([bands[0], then], state_then) == (told(line), state(line))
    assert list(MediaQuality).index(then) * 100.0 == line.told(MediaQualityChange)[-1].metrics.jitter_ms


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        ((DEGRADED, GOOD, POOR), [DEGRADED, POOR]),
        ((DEGRADED, GOOD, FAILED), [DEGRADED, FAILED]),
        ((POOR, GOOD, FAILED), [POOR, FAILED]),
    ],
)
def test_worse_than_before_is_told_while_better_is_waited_for(net, alice, bob, bands, expected):
    line = answered(net, alice, bob)
    measured(line, *bands)
    net.run_for(STEADY * 2)

    assert (expected, str(expected[-1])) == (told(line), state(line))


@pytest.mark.parametrize("band", [GOOD, DEGRADED, POOR, FAILED])
def test_the_same_band_again_is_not_told(net, alice, bob, band):
    """A stream that was silent meanwhile is as it was."""
    line = answered(net, alice, bob)
    measured(line, band, band)
    before = state(line)
    net.run_for(STEADY * 2)

    assert ([band], str(band), str(band)) == (told(line), before, state(line))


@pytest.mark.parametrize(
    ("worse", "better"),
    [(DEGRADED, GOOD), (POOR, GOOD), (POOR, DEGRADED), (FAILED, GOOD), (FAILED, DEGRADED), (FAILED, POOR)],
)
def test_better_again_and_again_while_waiting(net, alice, bob, worse, better):
    """It does not put off the moment; the figures that are told are the last ones."""
    line = answered(net, alice, bob)
    measured(line, worse, better)
    net.run_for(STEADY / 2)
    facts = EdgeFacts(extra=(better, MediaMetrics(jitter_ms=7.0)))
    line.phone.command(lambda at, now: at.media_edge(line.id, Edge.MEASURED, facts, now))
    net.run_for(STEADY / 2 + 0.1)

    assert [worse, better] == told(line)
    assert 7.0 == line.told(MediaQualityChange)[-1].metrics.jitter_ms


def test_the_end_of_the_call_is_the_end_of_its_quality(net, alice, bob):
    """What would have been told later is not; a measurement that comes too late begins nothing."""
    line = answered(net, alice, bob)
    measured(line, POOR, GOOD)
    line.hang_up()
    net.deliver()
    measured(line, FAILED)
    net.run_for(STEADY * 2)

    assert ("Closed", [POOR]) == (state(line), told(line))
    assert isinstance(line.events[-1], CallEnded)


def test_a_call_that_was_never_measured_ends_without(net, alice, bob):
    line = answered(net, alice, bob)
    line.hang_up()
    net.deliver()
    measured(line, GOOD)

    assert ("none", []) == (state(line), told(line))
