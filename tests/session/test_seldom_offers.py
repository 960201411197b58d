"""Situations that come up seldom: offers and answers that are useless, late or unasked. RFC 3264, RFC 3261 §14."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, answered_by, called_by
from seldom import SENDONLY, USELESS, kinds

from session_fsm.testing import Method


def test_a_description_in_a_provisional_response_is_no_offer(net, alice, peer):
    """RFC 3261 §13.2.1: without 100rel, only the 2xx carries the offer that the INVITE did not have."""
    line = alice.call(peer, offer=False)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183, body=peer.sdp(port=4444))
    net.deliver()
    before = line.media
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()

    assert ("Idle", ("10.0.0.9", 4000), ["offer_received", "answer_sent"]) == (
        before,
        line.session.open_path.remote,
        kinds(line),
    )


def test_a_useless_offer_and_a_useless_answer_are_told(net, alice, peer):
    delayed = alice.call(peer, offer=False)
    prompt = alice.call(peer)
    net.deliver()
    for invite in peer.received.of("INVITE"):
        peer.respond(invite, 200, body=peer.sdp().replace(*USELESS))
    net.deliver()

    assert (["offer_received"], ["offer_sent", "answer_received"]) == (kinds(delayed), kinds(prompt))
    assert ("Refused", "Refused") == (delayed.path("offer_answer")[-2], prompt.path("offer_answer")[-2])


def test_after_a_refused_reinvite_the_delayed_answer_still_counts(net, bob, peer):
    """RFC 5407 §3.1.5: 491 changes nothing of the offer that is open."""
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    tag = bob.sent.response(200).to_tag
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp())
    net.deliver()
    before = bob.line.media
    peer.request("ACK", bob, to_tag=tag, cseq=1, body=peer.sdp())
    net.deliver()

    assert ("Negotiating", "Established") == (before, bob.line.media)


def test_after_the_winner_was_another_fork_we_can_renegotiate(net, alice, peer):
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183, tag="one", body=peer.sdp(port=4002))
    peer.respond(invite, 200, tag="two", body=peer.sdp())
    net.deliver()
    line.reinvite(SENDONLY)
    net.deliver()

    assert 2 == alice.sent.count(Method.INVITE)
    assert ["offer_sent", "answer_received", "answer_received", "offer_sent"] == kinds(line)


def test_a_useless_early_answer_of_another_fork_ends_nothing(net, alice, peer):
    """That fork may never win."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183, tag="one", body=peer.sdp())
    peer.respond(invite, 183, tag="two", body=peer.sdp().replace(*USELESS))
    net.deliver()

    assert ("Proceeding", ["INVITE"]) == (line.state, alice.sent.names)


@pytest.mark.parametrize("body", ["useless", "none"])
def test_a_winner_that_does_not_agree_is_told_as_refused(net, alice, peer, body):
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183, tag="one", body=peer.sdp())
    peer.respond(invite, 200, tag="two", body=peer.sdp().replace(*USELESS) if body == "useless" else b"")
    net.deliver()

    answers = 2 if body == "useless" else 1
    assert (answers, "Refused") == (kinds(line).count("answer_received"), line.path("offer_answer")[-2])


@pytest.mark.parametrize("body", ["useless", "none"])
def test_a_useless_answer_to_a_reinvite_ends_the_call(net, alice, peer, body):
    """RFC 3261 §13.2.2.4: ACK, then BYE."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp().replace(*USELESS) if body == "useless" else b"")
    net.deliver()

    assert (["ACK", "BYE"], "Terminating") == (alice.sent.names[-2:], line.state)
    assert "Refused" in line.path("offer_answer")


@pytest.mark.parametrize("status", [481, None])
def test_a_reinvite_that_finds_no_dialog_is_refused(net, alice, peer, status):
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    if status:
        peer.respond(peer.received.of("INVITE")[-1], status)
    net.run_until_quiet()

    assert ["LocalReoffer", "Refused", "Closed"] == line.path("offer_answer")[-3:]


def test_after_an_answer_in_the_ack_we_can_offer(net, bob, peer):
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2)
    net.deliver()
    acknowledge(net, peer, bob, cseq=2, body=peer.sdp(version=2))
    line.reinvite(SENDONLY)

    assert 1 == bob.sent.count(Method.INVITE)
    assert ["offer_sent", "answer_received", "offer_sent"] == kinds(line)[2:]


@pytest.mark.parametrize("ack", ["without the answer", "none"])
def test_an_offer_in_a_200_that_gets_no_answer_is_refused(net, bob, peer, ack):
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2)
    net.deliver()
    if ack != "none":
        acknowledge(net, peer, bob, cseq=2)
    net.run_until(lambda: line.state != "Active")

    assert ["AwaitingAnswer", "Refused", "Closed"] == line.path("offer_answer")[-3:]


def test_a_reinvite_while_our_offer_in_a_200_is_open_gets_491(net, bob, peer):
    """RFC 5407 §3.1.5, the second time round; the answer still counts."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2)
    net.deliver()
    peer.request("INVITE", bob, to_tag=tag, cseq=3, body=peer.sdp())
    net.deliver()
    refused = bob.sent.names[-1]
    peer.request("ACK", bob, to_tag=tag, cseq=2, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    assert ("491 INVITE", "OnHold") == (refused, line.state)


def test_a_reinvite_without_an_offer_refreshes_the_target_too(net, bob, peer):
    """RFC 3261 §12.2."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, headers=[("Contact", "<sip:moved@10.0.0.9>")])
    net.deliver()
    acknowledge(net, peer, bob, cseq=2, body=peer.sdp(version=2))
    line.hang_up()
    net.deliver()

    assert "sip:moved@10.0.0.9" == str(peer.received.request("BYE").uri)


def test_after_a_reinvite_that_we_refused_we_can_offer(net, bob, peer):
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp().replace(*USELESS))
    net.deliver()
    line.reinvite(SENDONLY)
    net.deliver()

    assert (1, ["488 INVITE", "INVITE"]) == (bob.sent.count(Method.INVITE), bob.sent.names[-2:])


def test_a_reinvite_while_our_bye_waits_for_the_ack_gets_488(net, bob, peer):
    """The call is over here, and the dialog is not yet."""
    line = called_by(net, peer, bob)
    line.hang_up()
    peer.request("INVITE", bob, to_tag=bob.sent.response(200).to_tag, cseq=2, body=peer.sdp(version=2))
    net.deliver()

    assert "488 INVITE" == bob.sent.names[-1]


def test_an_ack_with_a_description_that_nobody_asked_for_is_an_ack(net, bob, peer):
    """The offer in the INVITE has its answer; now we may offer."""
    line = called_by(net, peer, bob)
    acknowledge(net, peer, bob, body=peer.sdp())
    line.reinvite(SENDONLY)

    assert 1 == bob.sent.count(Method.INVITE)
