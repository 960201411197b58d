"""Situations that come up seldom: transactions that fail, or that a call leaves behind. RFC 3261 §17."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, quiet_and_empty
from seldom import SENDONLY, dialog_path, ringing_at

from session_fsm.session.events import (
    CallEnded,
    CallFailed,
)
from session_fsm.testing import Method


def test_an_invite_to_an_unreachable_port_leaves_no_transaction(net, alice, peer):
    """RFC 3261 §17.1.4: at once."""
    net.refuse(peer)
    alice.call(peer)
    net.deliver()

    assert 0 == alice.leftovers.transactions


def test_a_cancel_to_an_unreachable_port_ends_the_call_at_once(net, alice, peer):
    line, _ = ringing_at(net, alice, peer)
    net.refuse(peer)
    line.hang_up()
    net.deliver()

    assert ("Cancelled", 0.0, 0) == (line.state, line.only(CallEnded).time, alice.leftovers.transactions)


def test_a_failure_after_a_provisional_response_is_acknowledged_each_time(net, alice, peer):
    """RFC 3261 §17.1.1.2."""
    _, invite = ringing_at(net, alice, peer)
    peer.respond(invite, 486)
    peer.respond(invite, 486)
    net.deliver()

    assert 2 == alice.sent.count(Method.ACK)


def test_the_ack_to_a_failure_that_cannot_be_delivered_ends_the_transaction(net, alice, peer):
    _, invite = ringing_at(net, alice, peer)
    peer.respond(invite, 486)
    net.refuse(peer)
    net.deliver()

    assert 0 == alice.leftovers.transactions


@pytest.mark.parametrize("slow", [False, True])
def test_a_repeated_answer_to_a_bye_is_absorbed(net, alice, peer, slow):
    """RFC 3261 §17.1.2.2: Completed lasts T4 for them."""
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.deliver()
    bye = peer.received.of("BYE")[0]
    for status in (100, 200, 200) if slow else (200, 200):
        peer.respond(bye, status)
    net.deliver()

    assert ("Terminated", 0) == (line.state, alice.counters["dropped.stray response"])


def test_a_bye_that_is_only_trying_is_given_up_too(net, alice, peer):
    """RFC 3261 §17.1.2.2: timer F runs on in Proceeding."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 100))
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.run_until_quiet()

    assert ("Terminated", 32.0) == (line.state, line.only(CallEnded).time)


def test_a_bye_whose_peer_goes_away_ends_the_call_at_its_next_repetition(net, alice, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 100))
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.deliver()
    net.refuse(peer)
    net.run_for(5.0)

    assert ("Terminated", 0.5) == (line.state, line.only(CallEnded).time)


def test_a_180_that_cannot_be_delivered_fails_the_call(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    net.refuse(peer)
    bob.line.ring()
    net.deliver()

    assert ("Failed", 503, 0) == (bob.line.state, bob.line.only(CallFailed).status, bob.leftovers.transactions)
    assert ["Early", "Terminated"] == dialog_path(bob.line)


def test_a_redirected_caller_ends_the_early_dialog(net, alice, bob):
    """RFC 3261 §12.3."""
    alice.call(bob)
    net.deliver()
    bob.line.ring()
    bob.line.redirect("sip:nobody@10.0.0.77")
    net.deliver()

    assert ["Early", "Terminated"] == dialog_path(bob.line)


def test_a_refusal_that_cannot_be_delivered_leaves_no_transaction(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    net.refuse(peer)
    bob.line.reject()
    net.deliver()

    assert 0 == bob.leftovers.transactions


def test_an_invite_again_does_not_stop_the_repetition_of_its_refusal(net, bob, peer):
    """RFC 3261 §17.2.1: only the ACK does."""
    invite = peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.reject()
    peer.send(invite.data, bob)
    net.run_for(5.0)

    assert [0.0, 0.0, 0.5, 1.5, 3.5] == bob.sent.times(status=486)


@pytest.mark.parametrize("status", [200, 487])
def test_a_reinvite_that_proceeds_and_is_answered_after_the_bye_gets_its_ack(net, alice, peer, status):
    """RFC 5407 §3.2.2, with a provisional response before."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 100)
    net.deliver()
    line.hang_up()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], status)
    net.deliver()

    assert (2, "Terminated") == (peer.received.count(Method.ACK), line.state)
    assert quiet_and_empty(net, alice)


def test_a_reinvite_that_proceeds_does_not_outlive_the_call(net, alice, peer):
    """RFC 3261 §17.1.1.2 bounds Proceeding by nothing; the end of the call does, 64*T1 later."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 100)
    net.deliver()
    line.hang_up()

    assert quiet_and_empty(net, alice)
    assert 2 == alice.sent.count(Method.INVITE)
