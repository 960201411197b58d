"""A callee that puts its decision off: the state Queued of `call.toml`, and 182."""

from __future__ import annotations

import pytest
from plain_calls import quiet_and_empty

from session_fsm.session.events import CallEnded, CallFailed


@pytest.fixture
def queued(net, alice, bob):
    """Alice's call to Bob, who has put his decision off for ten minutes."""
    line = alice.call(bob, no_answer=3600.0)
    net.deliver()
    bob.line.defer(600.0)
    net.deliver()
    return line


def test_the_caller_is_told_with_182(queued, bob):
    """RFC 3261 §21.1.4."""
    assert (1, "Queued", "Proceeding") == (bob.sent.count(status=182), bob.line.state, queued.state)


def test_the_time_that_was_given_counts(queued, net, bob):
    """Not the 180 seconds that an application has otherwise."""
    net.run_until_quiet()

    assert (600.0, 480) == (bob.line.only(CallFailed).time, queued.only(CallFailed).status)
    assert quiet_and_empty(net, bob)


def test_another_deferral_begins_the_time_anew(queued, net, bob):
    net.run_for(500.0)
    bob.line.defer(600.0)
    net.run_until_quiet()

    assert 1100.0 == bob.line.only(CallFailed).time
    assert 2 <= bob.sent.count(status=182)


def test_a_queued_call_may_ring_after_all(queued, net, bob):
    bob.line.ring()
    net.deliver()

    assert ("Ringing", "Ringing") == (bob.line.state, queued.state)


def test_a_ringing_call_may_be_queued(net, alice, bob):
    alice.call(bob)
    net.deliver()
    bob.line.ring()
    bob.line.defer()
    net.deliver()

    assert "Queued" == bob.line.state


def test_a_queued_call_may_be_accepted(queued, net, bob):
    bob.line.accept()
    net.deliver()

    assert ("Active", "Active") == (bob.line.state, queued.state)


def test_the_caller_of_a_queued_call_may_give_up(queued, net, bob):
    queued.hang_up()
    net.deliver()

    assert 487 == bob.line.only(CallEnded).status
