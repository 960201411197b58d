"""Situations that come up seldom: requests at odd moments of a dialog. RFC 3261 §12."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, acknowledge, answered_by, called_by
from seldom import SENDONLY, dialog_path, ringing_at


def test_a_description_in_a_second_provisional_response_counts(net, alice, peer):
    line, invite = ringing_at(net, alice, peer)
    peer.respond(invite, 183, body=peer.sdp())
    net.deliver()

    assert LADDER[:4] == line.media_path[:4]


def test_a_bye_before_there_is_a_dialog_gets_481(net, bob, peer):
    """Whoever guessed our tag ends nothing."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    peer.request("BYE", bob, to_tag=bob.line.session.local_tag, cseq=2)
    net.deliver()

    assert ("481 BYE", "Initiating", []) == (bob.sent.names[-1], bob.line.state, dialog_path(bob.line))


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_request_of_the_callee_leaves_the_early_dialog_early(net, alice, peer, method):
    """RFC 3261 §14.2, §11: 491, 200."""
    line, invite = ringing_at(net, alice, peer)
    tag, call_id = invite.request.from_tag, invite.request.call_id
    peer.request(method, alice, to_tag=tag, call_id=call_id, cseq=1, body=peer.sdp() if method == "INVITE" else b"")
    net.deliver()

    answer = {"INVITE": 491, "OPTIONS": 200}[method]
    assert (f"{answer} {method}", ["Early"]) == (alice.sent.names[-1], dialog_path(line))


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_request_of_the_caller_leaves_the_early_dialog_early(net, bob, peer, method):
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    net.deliver()
    peer.request(method, bob, to_tag=peer.received.response(180).to_tag, cseq=2)
    net.deliver()

    assert ["Early"] == dialog_path(bob.line)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_request_older_than_one_that_was_answered_gets_500(net, bob, peer, method):
    """RFC 3261 §12.2.2: each request in order moves the number on."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request(method, bob, to_tag=tag, cseq=5, body=peer.sdp() if method == "INVITE" else b"")
    net.deliver()
    peer.request("BYE", bob, to_tag=tag, cseq=4)
    net.deliver()

    assert ("500 BYE", "Active") == (bob.sent.names[-1], line.state)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_request_that_crosses_our_bye_gets_481(net, alice, peer, method):
    """RFC 5407 §3.2.2: the BYE is not answered yet."""
    line, invite = answered_by(net, alice, peer)
    line.hang_up()
    net.deliver()
    tag, call_id = invite.request.from_tag, invite.request.call_id
    peer.request(method, alice, to_tag=tag, call_id=call_id, cseq=1)
    net.deliver()

    assert (f"481 {method}", "Terminating") == (alice.sent.names[-1], line.state)


def test_a_dialog_that_is_lost_ends(net, alice, peer):
    """RFC 3261 §12.2.1.2."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 481)
    net.deliver()

    assert ["Confirmed", "Mortal"] == dialog_path(line)
