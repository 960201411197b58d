"""Whatever a file says, the loader answers with faults or with a chart that runs."""

from __future__ import annotations

import re

from chart_breaking import DOOR, PHONE
from hypothesis import given, settings
from hypothesis import strategies as st

from session_fsm.chart import read_text
from session_fsm.machine import prove_equal

WORDS = sorted({*re.findall(r"\w+", DOOR + PHONE), "7", "true", "[]", "{}", '"*"', '"not strong"', "-1", '""'})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([DOOR, PHONE]), st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(WORDS)), max_size=4))
def test_a_text_with_exchanged_words_gives_faults_or_a_sound_chart(text: str, changes: list[tuple[int, str]]):
    """No text makes the loader or the checker fail, and what they let pass compiles to what transitions does."""
    for position, word in changes:
        found = list(re.finditer(r'"[^"\n]*"|\w+|\[\]', text))
        match = found[position % len(found)]
        text = text[: match.start()] + word + text[match.end() :]

    chart, faults = read_text(text)

    if chart is not None and not faults:
        sides = (chart.for_role("uac"), chart.for_role("uas")) if chart.sided else (chart,)
        assert [] == [difference for side in sides for difference in prove_equal(side)]
    else:
        assert all(str(fault) for fault in faults)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([DOOR, PHONE]), st.sets(st.integers(0, 80), max_size=5))
def test_a_text_with_missing_lines_gives_faults_or_a_sound_chart(text: str, missing: set[int]):
    """Half a file is no reason to fail either."""
    chart, faults = read_text("\n".join(line for n, line in enumerate(text.splitlines()) if n not in missing))

    assert chart is not None or faults
