"""Offers that are made again, put off or withdrawn: where each path leads and what is told. RFC 3261 §9.1, §14.1."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, called_by, quiet_and_empty
from seldom import RECVONLY, SENDONLY, kinds

from session_fsm.session.events import CallEnded, MediaChange, MediaEvent
from session_fsm.session.settings import Settings
from session_fsm.testing import Datagram, Line, Method, Network, Phone, ScriptedPeer

ALLOWS = [("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")]
PATIENCE = 33.0  # seconds; a re-INVITE that only rings is cancelled after 64*T1


def reoffering(peer: ScriptedPeer, reoffer: str) -> tuple[Line, Network, Datagram]:
    """A caller that offers again in this method and has just offered a hold; that request at the scripted peer."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(reoffer=reoffer))
    net = Network(alice, peer)
    line, _ = answered_by(net, alice, peer, headers=ALLOWS)
    line.hold()
    net.deliver()
    return line, net, peer.received.of("UPDATE" if reoffer == "UPDATE" else "INVITE")[-1]


def in_glare(peer: ScriptedPeer, reoffer: str) -> tuple[Line, Network]:
    """The same, once 491 has come."""
    line, net, request = reoffering(peer, reoffer)
    peer.respond(request, 491)
    net.deliver()
    assert "GlareWait" == line.path("offer_answer")[-1]
    return line, net


def withdrawing(peer: ScriptedPeer) -> tuple[Line, Network, Datagram]:
    """A caller whose re-INVITE only rang, and was cancelled."""
    line, net, invite = reoffering(peer, "INVITE")
    peer.respond(invite, 180)
    net.run_for(PATIENCE)
    assert ["Reoffering", "Withdrawing"] == line.path("offer_answer")[-2:]
    return line, net, invite


def offered_by_peer(net: Network, peer: ScriptedPeer, line: Line, method: str, *, cseq: int = 1) -> None:
    """The called peer offers, in the dialog that the caller began."""
    invite = peer.received.of("INVITE")[0].request
    peer.request(
        method,
        line.phone,
        call_id=invite.call_id,
        to_tag=invite.from_tag,
        cseq=cseq,
        body=b"" if method == "ACK" else peer.sdp(version=2),
    )
    net.deliver()


WAY = {"UPDATE": ["Updating"], "INVITE": ["LocalReoffer"]}


@pytest.mark.parametrize("reoffer", ["UPDATE", "INVITE"])
def test_after_the_waiting_time_the_offer_is_made_again_in_the_same_method(peer, reoffer):
    """RFC 3261 §14.1."""
    line, net = in_glare(peer, reoffer)
    before = len(kinds(line))
    net.run_for(5.0)
    asked = line.path("offer_answer")
    peer.respond(peer.received.of(reoffer)[-1], 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()

    assert ["GlareWait", *WAY[reoffer]] == asked[-2:]
    assert ([*WAY[reoffer], "Agreed"], "OnHold") == (line.path("offer_answer")[-2:], line.state)
    assert ["offer_sent", "answer_received"] == kinds(line)[before:]


@pytest.mark.parametrize("reoffer", ["UPDATE", "INVITE"])
def test_an_offer_that_met_another_is_made_again_after_that_one(peer, reoffer):
    """The peer's re-INVITE came first; ours is still wanted."""
    line, net = in_glare(peer, reoffer)
    before = len(kinds(line))
    offered_by_peer(net, peer, line, "INVITE")
    offered_by_peer(net, peer, line, "ACK")
    assert ["GlareWait", "GlareAcknowledging", "GlareWait"] == line.path("offer_answer")[-3:]
    net.run_for(5.0)
    asked = line.path("offer_answer")
    peer.respond(peer.received.of(reoffer)[-1], 200, body=peer.sdp(RECVONLY, version=3))
    net.deliver()

    assert ["GlareWait", *WAY[reoffer]] == asked[-2:]
    assert ("Agreed", "OnHold") == (line.path("offer_answer")[-1], line.state)
    assert ["offer_received", "answer_sent", "offer_sent", "answer_received"] == kinds(line)[before:]
    assert b"a=sendonly" in peer.received.of(reoffer)[-1].request.body


def test_an_offer_in_an_update_is_told(peer):
    line, net, update = reoffering(peer, "UPDATE")
    peer.respond(update, 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()

    assert ["offer_sent", "answer_received"] * 2 == kinds(line)
    assert (["Updating", "Agreed"], [MediaChange.RENEGOTIATED, MediaChange.REOFFER_ACCEPTED]) == (
        line.path("offer_answer")[-2:],
        [event.event for event in line.told(MediaEvent)],
    )


def test_an_offer_in_an_update_before_the_ack_is_told(net, bob, peer):
    line = called_by(net, peer, bob, headers=ALLOWS)
    line.hold()
    net.deliver()

    assert (["offer_received", "answer_sent", "offer_sent"], "UpdatingEarly") == (
        kinds(line),
        line.path("offer_answer")[-1],
    )


def test_after_a_refused_update_the_delayed_answer_still_counts(net, bob, peer):
    """RFC 3311 §5.2: 491 changes nothing of the offer that is open."""
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    tag = bob.sent.response(200).to_tag
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp())
    net.deliver()
    before = (bob.sent.names[-1], bob.line.path("offer_answer")[-1])
    peer.request("ACK", bob, to_tag=tag, cseq=1, body=peer.sdp())
    net.deliver()

    assert (("491 UPDATE", "LocalOffer"), ["LocalOffer", "Agreed"]) == (before, bob.line.path("offer_answer")[-2:])
    assert ("Established", ["offer_sent", "answer_received"]) == (bob.line.media, kinds(bob.line))


@pytest.mark.parametrize("status", [408, 481])
def test_a_cancelled_reinvite_that_finds_no_dialog_ends_the_call(peer, status):
    """RFC 3261 §12.2.1.2: its final response still decides."""
    line, net, invite = withdrawing(peer)
    peer.respond(invite, status)
    net.deliver()

    assert ["Withdrawing", "Refused", "Closed"] == line.path("offer_answer")[-3:]
    assert ("Terminated", status) == (line.state, line.only(CallEnded).status)


def test_a_cancelled_reinvite_leaves_all_as_it_was(peer):
    """RFC 3261 §14.1: 487, and another offer may follow."""
    line, net, invite = withdrawing(peer)
    peer.respond(invite, 487)
    net.deliver()
    left = (line.path("offer_answer")[-2:], line.state)
    line.reinvite(SENDONLY)
    net.deliver()

    assert ((["Withdrawing", "Agreed"], "Active"), 3) == (left, line.phone.sent.count(Method.INVITE))
    assert MediaChange.REOFFER_REFUSED == line.told(MediaEvent)[-1].event


def test_a_call_that_ends_while_its_reinvite_is_cancelled(peer):
    """RFC 3261 §17.1.1.2 bounds a ringing re-INVITE by nothing; the end of the call does."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line, net, _ = withdrawing(peer)
    line.hang_up()
    net.deliver()

    assert (["Withdrawing", "Closed"], "Terminated") == (line.path("offer_answer")[-2:], line.state)
    assert quiet_and_empty(net, line.phone)


def test_a_refused_update_leads_back_and_another_offer_may_follow(peer):
    """RFC 3311 §5.3: the session is as it was."""
    line, net, update = reoffering(peer, "UPDATE")
    peer.respond(update, 488)
    net.deliver()
    left = line.path("offer_answer")[-2:]
    line.reinvite(SENDONLY)
    net.deliver()

    assert (["Updating", "Agreed"], 2) == (left, line.phone.sent.count(Method.UPDATE))


def test_the_2xx_to_an_update_refreshes_the_target(peer):
    """RFC 3311 §5.1: its Contact is where our next request goes."""
    line, net, update = reoffering(peer, "UPDATE")
    moved = [("Contact", "<sip:moved@10.0.0.9:5062>")]
    peer.respond(update, 200, body=peer.sdp(RECVONLY, version=2), headers=moved, contact=False)
    net.deliver()

    assert "sip:moved@10.0.0.9:5062" == str(line.session.dialog.remote_target)
