"""UPDATEs at seldom moments: ours while an ACK is outstanding, and the peer's in every state that has to answer one.

RFC 3311 §5.1 to §5.3.
"""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, called_by
from seldom import RECVONLY, SENDONLY, USELESS, changes, kinds

from session_fsm.session.events import MediaChange
from session_fsm.testing import Line, Method, Network, Phone, ScriptedPeer

ALLOWS = [("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")]
MOVED = [("Contact", "<sip:moved@10.0.0.9:5062>")]
LONGEST_WAIT = 2.0  # seconds; RFC 3261 §14.1: of the side that did not choose the Call-ID


def updating_early(net: Network, bob: Phone, peer: ScriptedPeer, which: str = "INVITE") -> Line:
    """A callee whose UPDATE left before the ACK to its 200: to the first INVITE, or to a re-INVITE."""
    line = called_by(net, peer, bob, headers=ALLOWS)
    if which == "re-INVITE":
        tag = acknowledge(net, peer, bob)
        peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(version=2), headers=ALLOWS)
        net.deliver()
    line.hold()
    net.deliver()
    assert "UpdatingEarly" == line.path("offer_answer")[-1]
    return line


def answered(net: Network, peer: ScriptedPeer, status: int, body: bytes = b"") -> None:
    """The peer's final response to our UPDATE."""
    peer.respond(peer.received.of("UPDATE")[-1], status, body=body)
    net.deliver()


# Ours, before the ACK.


@pytest.mark.parametrize(("which", "cseq"), [("INVITE", 1), ("re-INVITE", 2)])
def test_the_ack_comes_before_the_answer_to_our_update(net, bob, peer, which, cseq):
    line = updating_early(net, bob, peer, which)
    acknowledge(net, peer, bob, cseq=cseq)
    acknowledged = line.path("offer_answer")[-1]
    answered(net, peer, 200, peer.sdp(RECVONLY, version=3))

    assert "UpdatingEarly" == acknowledged
    assert ["UpdatingEarly", "Acknowledging", "Agreed"] == line.path("offer_answer")[-3:]
    assert "OnHold" == line.state


def test_an_ack_to_our_reinvite_answer_that_never_comes_ends_the_call(net, bob, peer):
    """RFC 3261 §13.3.1.4: also while our UPDATE is open."""
    line = called_by(net, peer, bob, headers=ALLOWS)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(version=2), headers=ALLOWS)
    net.run_for(10.0)
    line.hold()
    net.run_until(lambda: line.state != "Active")

    assert (["UpdatingEarly", "Closed"], "Terminating") == (line.path("offer_answer")[-2:], line.state)
    assert 1 == bob.sent.count(Method.BYE)


def test_an_answer_to_our_update_leaves_the_ack_outstanding(net, bob, peer):
    """RFC 3311 §5.1: the hold is agreed, its 2xx refreshes the target, and no INVITE may leave yet."""
    line = updating_early(net, bob, peer)
    update = peer.received.of("UPDATE")[-1]
    peer.respond(update, 200, body=peer.sdp(RECVONLY, version=2), headers=MOVED, contact=False)
    net.deliver()
    before = (line.path("offer_answer")[-2:], line.state)
    acknowledge(net, peer, bob)

    assert ((["UpdatingEarly", "Acknowledging"], "OnHold"), "Agreed") == (before, line.path("offer_answer")[-1])
    assert "sip:moved@10.0.0.9:5062" == str(line.session.dialog.remote_target)
    assert ["offer_sent", "answer_received"] == kinds(line)[2:]


def test_a_2xx_to_an_early_update_that_answers_nothing_ends_the_call(net, bob, peer):
    """RFC 3311 §5.3: the answer has to be there."""
    line = updating_early(net, bob, peer)
    answered(net, peer, 200)
    path = line.path("offer_answer")[-3:]
    acknowledge(net, peer, bob)

    assert (["UpdatingEarly", "Refused", "Closed"], "Terminating") == (path, line.state)
    assert 1 == bob.sent.count(Method.BYE)


@pytest.mark.parametrize("status", [491, 481])
def test_an_early_update_is_made_again_after_the_ack_and_our_own_waiting_time(net, bob, peer, status):
    """RFC 3261 §14.1: the callee waits 2 s at most."""
    line = updating_early(net, bob, peer)
    answered(net, peer, status)
    path = line.path("offer_answer")[-2:]
    acknowledge(net, peer, bob)
    net.run_for(LONGEST_WAIT)

    assert (["UpdatingEarly", "GlareAcknowledging"], "LocalReoffer") == (path, line.path("offer_answer")[-1])
    assert MediaChange.REOFFER_REFUSED not in changes(line)


@pytest.mark.parametrize("status", [405, 488, 500])
def test_a_refused_early_update_leaves_all_as_it_was(net, bob, peer, status):
    """RFC 3311 §5.3: the ACK is outstanding as before, and another offer may follow."""
    line = updating_early(net, bob, peer)
    answered(net, peer, status)
    left = (line.path("offer_answer")[-2:], line.state)
    line.hold()
    net.deliver()

    assert ((["UpdatingEarly", "Acknowledging"], "Active"), 2) == (left, bob.sent.count(Method.UPDATE))
    assert 1 == changes(line).count(MediaChange.REOFFER_REFUSED)


# Ours, which left before the ACK and is answered after it.


@pytest.mark.parametrize("status", [481, 408, 491])
@pytest.mark.parametrize(("which", "cseq"), [("INVITE", 1), ("re-INVITE", 2)])
def test_a_481_that_says_no_more_than_that_the_200_was_overtaken_ends_no_call(net, bob, peer, status, which, cseq):
    """RFC 3261 §12.2.1.2 would have the dialog ended, but the ACK shows that the peer has it: we offer again."""
    line = updating_early(net, bob, peer, which)
    acknowledge(net, peer, bob, cseq=cseq)
    answered(net, peer, status)
    path = line.path("offer_answer")[-3:]
    net.run_for(LONGEST_WAIT)
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(RECVONLY, version=3))
    net.deliver()

    assert ["UpdatingEarly", "GlareAcknowledging", "GlareWait"] == path
    assert ("OnHold", 0) == (line.state, bob.sent.count("BYE"))


def test_a_refusal_after_the_ack_leaves_all_as_it_was(net, bob, peer):
    line = updating_early(net, bob, peer)
    acknowledge(net, peer, bob)
    answered(net, peer, 488)

    assert (["UpdatingEarly", "Acknowledging", "Agreed"], "Active") == (line.path("offer_answer")[-3:], line.state)
    assert 1 == changes(line).count(MediaChange.REOFFER_REFUSED)


# The peer's.


def test_an_update_while_our_offer_in_a_200_is_open_gets_491(net, bob, peer):
    """RFC 3311 §5.2; the answer in the ACK still counts."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2)
    net.deliver()
    peer.request("UPDATE", bob, to_tag=tag, cseq=3, body=peer.sdp(version=2))
    net.deliver()
    refused = (bob.sent.names[-1], line.path("offer_answer")[-1])
    peer.request("ACK", bob, to_tag=tag, cseq=2, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    assert (("491 UPDATE", "AwaitingAnswer"), "OnHold") == (refused, line.state)


def test_an_update_is_told_and_refreshes_the_target(net, bob, peer):
    """RFC 3311 §5.2."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp(SENDONLY, version=2), headers=MOVED)
    net.deliver()

    assert ["offer_received", "answer_sent"] * 2 == kinds(line)
    assert "sip:moved@10.0.0.9:5062" == str(line.session.dialog.remote_target)


def test_after_an_update_that_we_refused_we_can_offer(net, bob, peer):
    """RFC 3311 §5.2: 488 changes nothing."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp().replace(*USELESS))
    net.deliver()
    line.reinvite(SENDONLY)
    net.deliver()

    assert ["488 UPDATE", "INVITE"] == bob.sent.names[-2:]


def test_an_update_while_our_bye_waits_for_the_ack_gets_488(net, bob, peer):
    """The call is over here, and the dialog is not yet."""
    line = called_by(net, peer, bob)
    line.hang_up()
    peer.request("UPDATE", bob, to_tag=bob.sent.response(200).to_tag, cseq=2, body=peer.sdp(version=2))
    net.deliver()

    assert "488 UPDATE" == bob.sent.names[-1]
