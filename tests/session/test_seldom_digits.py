"""Digits in situations that come up seldom: what is left when one fails, and what follows a long one."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, talking
from seldom import edge
from test_dtmf_receiver import digits, hear, press

from session_fsm.rtp.telephone_event import LONGEST
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import DtmfFailed, DtmfReceived, DtmfSent
from session_fsm.session.orders import Edge


def test_after_the_last_segment_of_a_long_event_the_next_key_is_told(net, alice, bob):
    """RFC 4733 §2.5.1.3."""
    talking(net, alice, bob)
    hear(bob.line, 8, LONGEST)
    hear(bob.line, 8, 1600, at=1000 + LONGEST, last=True)
    press(bob.line, 9, at=1000 + 3 * LONGEST)

    assert "89" == digits(bob.line)


def test_each_of_several_keys_has_its_own_duration(net, alice, bob):
    """It is told at its end, not at its beginning."""
    talking(net, alice, bob)
    for n in range(3):
        press(bob.line, n, at=1000 + 2000 * n)

    assert [80, 80, 80] == [event.duration_ms for event in bob.line.told(DtmfReceived)]


def test_a_digit_that_is_cut_drops_what_is_left(net, alice, bob):
    talking(net, alice, bob)
    alice.line.send_dtmf("123", duration_ms=500, via="rtp")
    edge(alice.line, Edge.DIGIT_CUT)

    assert ("1", "") == (alice.line.only(DtmfFailed).digit, alice.line.session.dtmf_sender.left)


@pytest.mark.parametrize("status", [415, 481, 408, None])
def test_an_info_that_fails_drops_what_is_left(net, alice, peer, status):
    """Refused, or not answered at all."""
    line, _ = answered_by(net, alice, peer)
    line.send_dtmf("123", via="info")
    net.deliver()
    if status is None:
        net.run_for(40.0)
    else:
        peer.respond(peer.received.of("INFO")[-1], status)
        net.deliver()

    assert ("1", status, "") == (
        line.only(DtmfFailed).digit,
        line.only(DtmfFailed).status,
        line.session.dtmf_sender.left,
    )


def test_a_hold_between_two_digits_drops_what_is_left_and_leaves_info(net, alice, bob):
    """Another series, by INFO, may follow."""
    talking(net, alice, bob)
    alice.line.send_dtmf("123", duration_ms=100, gap_ms=1000, via="rtp")
    net.run_for(0.5)
    bob.line.reinvite(MediaDirection.INACTIVE)
    net.run_for(2.0)
    left = alice.line.session.dtmf_sender.left
    alice.line.send_dtmf("4", via="info")
    net.run_for(1.0)

    assert ("", ["1", "4"]) == (left, [event.digit for event in alice.line.told(DtmfSent)])


def test_the_end_of_a_call_drops_the_digits_that_are_left(net, alice, bob):
    talking(net, alice, bob)
    alice.line.send_dtmf("123", via="rtp")
    session = alice.line.session
    bob.line.hang_up()
    net.deliver()

    assert "" == session.dtmf_sender.left
