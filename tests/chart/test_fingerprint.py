"""A chart's fingerprint: another one for another meaning, the same for other words."""

from __future__ import annotations

import pytest

from session_fsm.chart import Chart, shipped

TEXT = shipped()["media"].read_text()


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ('to = "Established"', 'to = "Held"'),
        (', do = ["note_frame"]', ""),
        ('guard = "inactive"', 'guard = "not inactive"'),
        ('emit = ["MediaFlowEstablished:', 'emit = ["StateChanged", "MediaFlowEstablished:'),
    ],
)
def test_another_meaning_has_another_fingerprint(then, now):
    """Whatever its version says."""
    from session_fsm.chart.load import read_text

    changed, _ = read_text(TEXT.replace(then, now, 1))

    assert TEXT != TEXT.replace(then, now, 1)
    assert changed is not None
    assert Chart.load("media").fingerprint != changed.fingerprint


def test_other_words_leave_the_fingerprint_as_it_is():
    """Comments, docs, sources and reasons are for people."""
    words = TEXT.replace("RFC", "the RFC") + "\n# a comment\n"

    assert Chart.load("media").fingerprint == Chart.parse(words).fingerprint


@pytest.mark.parametrize("role", ["uac", "uas"])
def test_a_side_has_the_fingerprint_of_the_whole(role):
    whole = Chart.load("call")

    assert whole.fingerprint == whole.for_role(role).fingerprint


def test_every_shipped_chart_has_a_fingerprint_of_its_own():
    found = [Chart.load(name).fingerprint for name in shipped()]

    assert len(found) == len(set(found))
