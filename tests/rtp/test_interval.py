"""When reports are due (RFC 3550 §6.2, §6.3.1, A.7)."""

from __future__ import annotations

from math import e

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.rtp import rtcp_interval
from session_fsm.rtp.interval import deterministic_interval

CALL = {"members": 2, "senders": 2, "bandwidth": 400.0, "we_sent": True, "average_size": 100.0}


def test_a_call_reports_every_five_seconds():
    """RFC 3550 §6.2: two members of an audio call are far below their share."""
    assert 5.0 == deterministic_interval(**CALL, initial=False)


def test_the_first_report_comes_after_half_of_it():
    """RFC 3550 §6.2."""
    assert 2.5 == deterministic_interval(**CALL, initial=True)


def test_many_receivers_share_three_quarters():
    """RFC 3550 §6.3.1: while senders are at most a quarter, receivers share what the senders leave."""
    many = {"members": 101, "senders": 1, "bandwidth": 400.0, "average_size": 100.0, "initial": False}

    assert pytest.approx(100 * 100 / 300) == deterministic_interval(**many, we_sent=False)


def test_few_senders_share_a_quarter():
    """RFC 3550 §6.3.1: senders report more often than receivers."""
    few = {"members": 400, "senders": 10, "bandwidth": 100.0, "average_size": 100.0, "initial": False}

    assert pytest.approx(10 * 100 / 25) == deterministic_interval(**few, we_sent=True)


@pytest.mark.parametrize(("dice", "factor"), [(0.0, 0.5), (0.5, 1.0)])
def test_the_dice_spread_it_and_reconsideration_is_compensated(dice: float, factor: float):
    """RFC 3550 §6.3.1: between half and one and a half, divided by e - 3/2."""
    assert pytest.approx(5.0 * factor / (e - 1.5)) == rtcp_interval(**CALL, initial=False, dice=dice)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.booleans(), st.floats(0, 1, exclude_max=True))
def test_it_is_never_shorter_than_the_least(members: int, senders: int, we_sent: bool, dice: float):
    """However many take part, nobody reports more often than every 2.05 seconds, or half of it at the start."""
    interval = rtcp_interval(
        members=members,
        senders=senders,
        bandwidth=400.0,
        we_sent=we_sent,
        average_size=100.0,
        initial=False,
        dice=dice,
    )

    assert 2.5 / (e - 1.5) <= interval
