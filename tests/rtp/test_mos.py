"""The E-model, simplified: the figures that G.107 and others print for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.rtp.mos import G711, G711_CONCEALED, delay_impairment, mos_of, r_factor


def test_nothing_wrong_is_the_default_connection():
    """G.107 §7.7 and Annex B: R = 93.2 and MOS = 4.41."""
    assert (93.2, 4.41) == (r_factor(0.0, 0.0), round(mos_of(93.2), 2))


@pytest.mark.parametrize(
    ("r", "mos"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1.0), (100, 4.5)]
)
def test_the_limits_of_satisfaction(r, mos):
    """ITU-T G.107 Annex B, table B.1."""
    assert pytest.approx(mos, abs=0.011) == mos_of(r)


@pytest.mark.parametrize(("milliseconds", "impairment"), [(0, 0.0), (100, 2.4), (177.3, 4.26), (300, 20.7)])
def test_delay_costs_little_until_people_interrupt_each_other(milliseconds, impairment):
    """Cole and Rosenbluth: linear, and steeper above 177.3 ms."""
    assert pytest.approx(impairment, abs=0.01) == delay_impairment(milliseconds / 1000)


def test_concealment_makes_loss_bearable():
    """G.113 Appendix I: at 2 % G.711 loses 30 points without concealment and 7 with it."""
    lost = [93.2 - r_factor(0.02, 0.0, codec) for codec in (G711, G711_CONCEALED)]

    assert [30.2, 7.0] == [round(points, 1) for points in lost]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 5))
def test_more_loss_never_sounds_better(one: float, other: float, delay: float):
    """Within the range of opinions, whatever is measured."""
    less, more = sorted((one, other))

    assert 1.0 <= mos_of(r_factor(more, delay)) <= mos_of(r_factor(less, delay)) <= 4.5
