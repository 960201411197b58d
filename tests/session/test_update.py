"""UPDATE: answered in every state as RFC 3311 §5.2 says, and sent where no INVITE may leave or it is preferred."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, answered_by, called_by, quiet_and_empty, talking

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import CallEnded, CallHeld, MediaEvent, RemoteHold
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Method, Network, Phone

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection
ALLOWS = [("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")]


def directions(*lines: Line) -> list[str]:
    """What each side may do now."""
    return [str(line.session.negotiation.agreement.direction) for line in lines]


def in_early_dialog(net, bob, peer, *, offer: bool = True, progress: bool = False) -> str:
    """Bob's tag, once he rings a scripted peer's INVITE or has answered it in a 183."""
    peer.request("INVITE", bob, body=peer.sdp() if offer else b"")
    net.deliver()
    bob.line.progress() if progress else bob.line.ring()
    net.deliver()
    return peer.received.response(183 if progress else 180).to_tag


@pytest.fixture
def updating() -> tuple[Network, Phone, Phone]:
    """Two phones that prefer UPDATE."""
    settings = Settings(reoffer="UPDATE")
    alice, bob = Phone("alice", "10.0.0.1", settings=settings), Phone("bob", "10.0.0.2", settings=settings)
    return Network(alice, bob), alice, bob


# Received.


@pytest.mark.parametrize("acknowledged", [True, False])
def test_an_update_is_answered_in_a_call(net, bob, peer, acknowledged):
    """RFC 3311 §5.2; also before the ACK to the INVITE."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob) if acknowledged else bob.sent.response(200).to_tag
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    answer = bob.sent.response(200, -1)
    assert ("UPDATE", True, True) == (answer.method, b"a=recvonly" in answer.body, answer.has("Contact"))
    assert (["recvonly"], "OnHold", 1) == (directions(line), line.state, len(line.told(RemoteHold)))


def test_an_update_without_our_codecs_gets_488_and_changes_nothing(net, bob, peer):
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))
    net.deliver()

    assert ("488 UPDATE", ["sendrecv"]) == (bob.sent.names[-1], directions(line))
    assert bob.sent.response(488).has("Warning")


@pytest.mark.parametrize("answered", [True, False])
def test_an_update_without_an_offer_refreshes_the_target(net, bob, peer, answered):
    """RFC 3311 §5.2: in an early dialog too; its Contact is where our next request goes."""
    tag = in_early_dialog(net, bob, peer)
    if answered:
        bob.line.accept()
        net.deliver()
        acknowledge(net, peer, bob)
    elsewhere = [("Contact", "<sip:moved@10.0.0.9:5062>")]
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, headers=elsewhere)
    net.deliver()

    answer = bob.sent.response(200, -1)
    assert ("UPDATE", b"", True) == (answer.method, answer.body, answer.has("Contact"))
    assert "sip:moved@10.0.0.9:5062" == str(bob.line.session.dialog.remote_target)


@pytest.mark.parametrize("progress", [True, False])
def test_an_update_before_we_have_answered_gets_500(net, bob, peer, progress):
    """RFC 3311 §5.2: an offer is unanswered, as what a 183 says is not reliable; Retry-After says when to try again."""
    tag = in_early_dialog(net, bob, peer, progress=progress)
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    refused = bob.sent.response(500)
    assert ("UPDATE", True) == (refused.method, 0 <= int(refused.get("Retry-After")) <= 10)


def test_a_call_can_be_answered_after_an_update_that_came_too_soon(net, bob, peer):
    tag = in_early_dialog(net, bob, peer, progress=True)
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp(SENDONLY, version=2))
    net.deliver()
    bob.line.accept()
    net.deliver()
    acknowledge(net, peer, bob)

    assert ("Active", ["sendrecv"]) == (bob.line.state, directions(bob.line))


def test_an_update_to_a_caller_that_awaits_an_answer_gets_491(net, alice, peer):
    """RFC 3311 §5.2: our offer is unanswered."""
    alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180)
    net.deliver()
    peer.request(
        "UPDATE",
        alice,
        call_id=invite.request.call_id,
        to_tag=invite.request.from_tag,
        body=peer.sdp(),
        headers=[("From", f"<{peer.uri}>;tag={peer.tag}")],
    )
    net.deliver()

    assert "491 UPDATE" == alice.sent.names[-1]


def test_an_update_gets_491_while_our_offer_in_the_200_is_unanswered(net, bob, peer):
    """RFC 3311 §5.2: a delayed offer whose ACK is outstanding."""
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    tag = bob.sent.response(200).to_tag
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp())
    net.deliver()

    assert "491 UPDATE" == bob.sent.names[-1]


def test_an_update_gets_491_while_our_reinvite_is_unanswered(net, bob, peer):
    """RFC 5407 §3.3.2."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    line.hold()
    net.deliver()
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=peer.sdp(version=2))
    net.deliver()

    assert "491 UPDATE" == bob.sent.names[-1]


@pytest.mark.parametrize("early", [True, False])
def test_an_update_out_of_order_gets_500(net, bob, peer, early):
    """RFC 3261 §12.2.2."""
    tag = in_early_dialog(net, bob, peer)
    if not early:
        bob.line.accept()
        net.deliver()
        acknowledge(net, peer, bob)
    peer.request("UPDATE", bob, to_tag=tag, cseq=1, body=peer.sdp(version=2))
    net.deliver()

    assert "500 UPDATE" == bob.sent.names[-1]


def test_an_update_after_the_end_gets_481(net, alice, bob):
    """RFC 5407 §3.2.2: it crossed the BYE."""
    caller, callee = talking(net, alice, bob)
    session = callee.session
    net.hold(Method.BYE)
    caller.hang_up()
    request, _ = session.dialog.next_request("UPDATE", b"")
    alice.coordinator.receive(request.encode(), bob.address, net.now)
    alice.drain()

    assert "481 UPDATE" == alice.sent.names[-1]


def test_an_update_of_nobodys_dialog_gets_481(net, bob, peer):
    peer.request("UPDATE", bob, to_tag="unknown", body=peer.sdp())
    net.deliver()

    assert "481 UPDATE" == bob.sent.names[-1]


def test_an_update_with_another_body_gets_415(net, bob, peer):
    called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("UPDATE", bob, to_tag=tag, cseq=2, body=b"hello", headers=[("Content-Type", "text/plain")])
    net.deliver()

    assert "415 UPDATE" == bob.sent.names[-1]


def test_every_message_that_should_says_that_update_is_allowed(net, alice, bob):
    """RFC 3311 §4: INVITE and 2xx."""
    talking(net, alice, bob)

    assert "UPDATE" in alice.sent.of(Method.INVITE)[0].request.allow
    assert "UPDATE" in bob.sent.response(200).allow


# Sent.


def test_a_callee_that_awaits_its_ack_updates(net, alice, bob):
    """RFC 3311 §1: the session changes although no INVITE may leave (RFC 3261 §14.1)."""
    net.hold(Method.ACK)
    caller = alice.call(bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    bob.line.hold()
    net.deliver()

    assert (1, 0) == (bob.sent.count(Method.UPDATE), bob.sent.count(Method.INVITE))
    assert (["recvonly", "sendonly"], 1) == (directions(caller, bob.line), len(bob.line.told(CallHeld)))


def test_a_callee_whose_peer_knows_no_update_waits_for_its_ack(net, bob, peer):
    line = called_by(net, peer, bob)
    line.hold()
    net.deliver()
    assert (0, 0) == (bob.sent.count(Method.UPDATE), bob.sent.count(Method.INVITE))

    acknowledge(net, peer, bob)

    assert (0, 1) == (bob.sent.count(Method.UPDATE), bob.sent.count(Method.INVITE))


@pytest.mark.parametrize("status", [491, 481])
def test_an_update_that_comes_too_soon_is_followed_by_another_offer(net, bob, peer, status):
    """It met the caller's own offer, or overtook our 200; after the ACK and the waiting time we try again."""
    line = called_by(net, peer, bob, headers=ALLOWS)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("UPDATE")[0], status)
    net.deliver()
    acknowledge(net, peer, bob)
    net.run_for(5.0)
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()

    assert ("OnHold", ["sendonly"]) == (line.state, directions(line))


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_whoever_prefers_update_holds_and_resumes_with_it(updating, who):
    net, alice, bob = updating
    lines = talking(net, alice, bob)
    ours, others = lines if who == "caller" else lines[::-1]
    ours.hold()
    net.deliver()
    held = directions(ours, others)
    ours.resume()
    net.deliver()

    assert (["sendonly", "recvonly"], ["sendrecv", "sendrecv"]) == (held, directions(ours, others))
    assert (2, 1) == (ours.phone.sent.count(Method.UPDATE), alice.sent.count(Method.INVITE))
    ours.hang_up()
    assert quiet_and_empty(net, alice, bob)


def test_update_is_for_those_who_allow_it(peer):
    """The preference is only one."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(reoffer="UPDATE"))
    network = Network(alice, peer)
    line, _ = answered_by(network, alice, peer)
    line.hold()
    network.deliver()

    assert (0, 2) == (alice.sent.count(Method.UPDATE), alice.sent.count(Method.INVITE))


@pytest.mark.parametrize("status", [405, 488, 500])
def test_a_refused_update_changes_nothing(peer, status):
    """RFC 3311 §5.3."""
    line, net = by_update(peer)
    peer.respond(peer.received.of("UPDATE")[-1], status)
    net.deliver()

    assert ("Active", ["sendrecv"], status) == (line.state, directions(line), line.only(MediaEvent).status)


@pytest.mark.parametrize("status", [408, 481])
def test_an_update_that_finds_no_dialog_ends_the_call(peer, status):
    """RFC 3311 §5.3, RFC 3261 §12.2.1.2."""
    line, net = by_update(peer)
    peer.respond(peer.received.of("UPDATE")[-1], status)
    net.deliver()

    assert ("Terminated", status) == (line.state, line.only(CallEnded).status)


def test_an_update_that_nobody_answers_ends_the_call(peer):
    """RFC 3311 §5.3: no response at all."""
    line, net = by_update(peer)
    net.run_until_quiet()

    assert ("Terminated", 408) == (line.state, line.only(CallEnded).status)


def test_a_2xx_to_an_update_that_answers_nothing_ends_the_call(peer):
    """RFC 3311 §5.3: the answer has to be there."""
    line, net = by_update(peer)
    peer.respond(peer.received.of("UPDATE")[-1], 200)
    net.deliver()

    assert ("Terminating", 1) == (line.state, peer.received.count(Method.BYE))


def test_our_update_is_there_before_their_reinvite(peer):
    """RFC 5407 §3.3.2: 491 to the re-INVITE, as our offer has no answer yet."""
    line, net = by_update(peer)
    invite = peer.received.of("INVITE")[0].request
    peer.request(
        "INVITE",
        line.phone,
        call_id=invite.call_id,
        to_tag=invite.from_tag,
        body=peer.sdp(version=2),
    )
    net.deliver()

    assert "491 INVITE" in line.phone.sent.names


def test_updates_of_both_sides_at_once_converge(updating):
    """RFC 3311 §5.2: 491 both ways, and each tries again after its own time."""
    net, alice, bob = updating
    caller, callee = talking(net, alice, bob)
    caller.hold()
    callee.hold()
    net.deliver()
    assert (1, 1) == (alice.sent.count(status=491), bob.sent.count(status=491))

    net.run_for(10.0)

    assert ["inactive", "inactive"] == directions(caller, callee)


def by_update(peer) -> tuple[Line, Network]:
    """A line that prefers UPDATE and has just offered a hold to a scripted peer that allows it."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(reoffer="UPDATE"))
    net = Network(alice, peer)
    line, _ = answered_by(net, alice, peer, headers=ALLOWS)
    line.hold()
    net.deliver()
    assert 1 == peer.received.count(Method.UPDATE)
    return line, net
