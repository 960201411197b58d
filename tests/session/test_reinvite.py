"""Re-INVITEs on the network: hold, resume, new addresses, refusals, and what comes late. RFC 3261 §14, RFC 6337."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, acknowledge, answered_by, called_by, quiet_and_empty, talking

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import CallEnded, MediaChange, MediaEvent, MediaNegotiated
from session_fsm.testing import Line, Method

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection


def directions(*lines: Line) -> list[str]:
    """What each side may do now."""
    return [str(line.session.negotiation.agreement.direction) for line in lines]


@pytest.mark.parametrize("who", ["caller", "callee"])
@pytest.mark.parametrize(
    ("wanted", "theirs"),
    [(SENDRECV, SENDRECV), (SENDONLY, RECVONLY), (RECVONLY, SENDONLY), (INACTIVE, INACTIVE)],
)
def test_a_reinvite_maps_the_direction(net, alice, bob, who, wanted, theirs):
    """RFC 3264 §6.1: from either side."""
    lines = talking(net, alice, bob)
    ours, others = lines if who == "caller" else lines[::-1]
    ours.reinvite(wanted)
    net.deliver()

    assert [wanted, theirs] == directions(ours, others)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_hold_and_resume(net, alice, bob, who):
    lines = talking(net, alice, bob)
    ours, others = lines if who == "caller" else lines[::-1]
    ours.reinvite(SENDONLY)
    net.deliver()
    held = (ours.state, others.state)
    ours.reinvite(SENDRECV)
    net.deliver()

    assert ("OnHold", "OnHold") == held
    assert ("Active", "Active", "Active", "Active") == (ours.state, others.state, ours.media, others.media)


def test_inactive_holds_the_media_on_both_sides(net, alice, bob):
    caller, callee = talking(net, alice, bob)
    caller.reinvite(INACTIVE)
    net.deliver()

    assert ("Held", "Held") == (caller.media, callee.media)
    assert [*LADDER, "Held"] == callee.media_path


def test_a_hold_of_both_sides_ends_when_both_resume(net, alice, bob):
    """Each side's own wish stays with it: who was held by the other may still be holding itself."""
    caller, callee = talking(net, alice, bob)
    caller.reinvite(SENDONLY)
    net.deliver()
    callee.reinvite(INACTIVE)
    net.deliver()
    caller.reinvite(SENDRECV)
    net.deliver()
    assert "OnHold" == caller.state

    callee.reinvite(SENDRECV)
    net.deliver()

    assert ("Active", "Active") == (caller.state, callee.state)


def test_a_refused_reinvite_changes_nothing(net, alice, peer):
    """RFC 3261 §14.1."""
    line, _ = answered_by(net, alice, peer)
    before = (line.session.negotiation.agreement, line.state, line.media)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 488)
    net.deliver()

    assert before == (line.session.negotiation.agreement, line.state, line.media)
    assert MediaChange.REOFFER_REFUSED == line.only(MediaEvent).event


def test_a_reinvite_after_a_refused_one_can_succeed(net, alice, peer):
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 488)
    net.deliver()
    line.reinvite(RECVONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    assert ["recvonly"] == directions(line)


def test_a_reinvite_without_our_codecs_gets_488_and_changes_nothing(net, bob, peer):
    """RFC 3261 §14.2."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    before = (line.session.negotiation.agreement, line.state, line.media)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))
    net.deliver()

    assert ("488 INVITE", *before) == (bob.sent.names[-1], line.session.negotiation.agreement, line.state, line.media)
    assert bob.sent.response(488).has("Warning")


def test_a_reinvite_to_a_new_address_moves_the_media(net, bob, peer):
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(port=4444, version=2))
    net.deliver()

    assert (("10.0.0.9", 4444), MediaChange.RENEGOTIATED) == (
        line.session.open_path.remote,
        line.only(MediaEvent).event,
    )


def test_a_reinvite_with_the_same_offer_leaves_the_media_alone(net, bob, peer):
    """A session refresh (RFC 4028) is heard by nobody."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    before = line.media_path
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp())
    net.deliver()

    assert ("200 INVITE", before, []) == (bob.sent.names[-1], line.media_path, line.told(MediaEvent))


def test_a_reinvite_without_an_offer_gets_one(net, bob, peer):
    """RFC 3261 §14.2: the 200 offers, the ACK answers."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2)
    net.deliver()
    assert b"m=audio" in bob.sent.response(200, -1).body

    acknowledge(net, peer, bob, cseq=2, body=peer.sdp(SENDONLY, version=2))

    assert (["recvonly"], "OnHold") == (directions(line), line.state)


def test_a_reinvite_without_an_offer_whose_ack_has_no_answer_ends_the_call(net, bob, peer):
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2)
    net.deliver()
    acknowledge(net, peer, bob, cseq=2)

    assert ("BYE", "Terminating") == (bob.sent.names[-1], line.state)


@pytest.mark.parametrize("offer", [True, False])
def test_a_200_to_a_reinvite_is_repeated_until_its_ack(net, bob, peer, offer):
    """RFC 3261 §14.2; without any ACK the call is ended with BYE."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(version=2) if offer else b"")
    net.run_for(33.0)

    assert [0.0, 0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5] == bob.sent.times(status=200)
    assert ("BYE", "Terminating") == (bob.sent.of(Method.BYE).names[0], line.state)


def test_a_lost_ack_to_a_reinvite_comes_again(net, alice, bob):
    caller, _ = talking(net, alice, bob)
    net.drop(Method.ACK, count=1)
    caller.reinvite(SENDONLY)
    net.run_for(5.0)

    assert (3, "OnHold") == (alice.sent.count(Method.ACK), bob.line.state)


@pytest.mark.parametrize("status", [408, 481])
def test_a_reinvite_that_finds_no_dialog_ends_the_call(net, alice, peer, status):
    """RFC 3261 §12.2.1.2."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], status)
    net.deliver()

    assert ("Terminated", status) == (line.state, line.only(CallEnded).status)
    assert 1 == peer.received.count(Method.BYE)


def test_a_reinvite_that_nobody_answers_ends_the_call(net, alice, peer):
    """RFC 3261 §12.2.1.2: no response at all counts as 408."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.run_until_quiet()

    assert ("Terminated", 408, 32.0) == (line.state, line.only(CallEnded).status, line.only(CallEnded).time)


def test_two_reinvites_of_one_side_follow_each_other(net, alice, bob):
    """RFC 3261 §14.1: one at a time."""
    caller, callee = talking(net, alice, bob)
    caller.reinvite(SENDONLY)
    caller.reinvite(INACTIVE)
    assert 2 == alice.sent.count(Method.INVITE)
    net.deliver()

    assert (3, "Held", "Held") == (alice.sent.count(Method.INVITE), caller.media, callee.media)


def test_a_callee_does_not_reinvite_before_its_ack(net, bob, peer):
    """RFC 3261 §14.1: while an INVITE server transaction is not confirmed, no INVITE of ours may leave."""
    line = called_by(net, peer, bob)
    line.reinvite(SENDONLY)
    net.deliver()
    assert 0 == bob.sent.count(Method.INVITE)

    acknowledge(net, peer, bob)

    assert 1 == bob.sent.count(Method.INVITE)


def test_a_reinvite_after_early_media_waits_for_the_answer_and_its_ack(net, alice, bob):
    alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.accept()
    bob.line.reinvite(SENDONLY)
    assert 0 == bob.sent.count(Method.INVITE)
    net.deliver()

    assert "OnHold" == bob.line.state


def test_a_reinvite_that_crosses_a_bye_is_answered(net, alice, bob):
    """RFC 5407 §3.2.2: 481 or 487; the call is over on both sides."""
    caller, callee = talking(net, alice, bob)
    caller.hang_up()
    callee.reinvite(SENDONLY)
    net.deliver()

    assert 1 == alice.sent.count(status=481)
    assert quiet_and_empty(net, alice, bob)


def test_a_reinvite_before_the_ack_is_answered(net, bob, peer):
    """RFC 5407 §3.1.4: the ACK was lost or late, the caller goes on."""
    line = called_by(net, peer, bob)
    tag = bob.sent.response(200).to_tag
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    assert ("200 INVITE", ["recvonly"]) == (bob.sent.names[-1], directions(line))


def test_with_our_offer_unanswered_a_reinvite_gets_491(net, bob, peer):
    """RFC 5407 §3.1.5: a delayed offer whose ACK is outstanding."""
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    peer.request("INVITE", bob, to_tag=bob.sent.response(200).to_tag, cseq=2, body=peer.sdp())
    net.deliver()

    assert "491 INVITE" == bob.sent.names[-1]


def test_the_version_of_our_description_counts_up(net, alice, bob):
    """RFC 3264 §8: by one for each change, under one session id."""
    caller, _ = talking(net, alice, bob)
    caller.reinvite(SENDONLY)
    net.deliver()
    caller.reinvite(SENDRECV)
    net.deliver()

    origins = [invite.request.body.split(b"o=")[1].split()[1:3] for invite in alice.sent.of(Method.INVITE)]
    assert [b"1", b"2", b"3"] == [version for _, version in origins]
    assert 1 == len({number for number, _ in origins})


def test_the_new_addresses_are_told(net, alice, bob):
    """MediaNegotiated belongs to the first agreement; later ones are MediaEvents."""
    caller, _ = talking(net, alice, bob)
    caller.reinvite(SENDONLY)
    net.deliver()

    assert (1, [MediaChange.RENEGOTIATED, MediaChange.REOFFER_ACCEPTED]) == (
        len(caller.told(MediaNegotiated)),
        [event.event for event in caller.told(MediaEvent)],
    )


def test_the_200_to_an_older_reinvite_answers_no_newer_one(net, alice, peer):
    """RFC 3261 §13.2.2.4: it is acknowledged again, and that is all."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    older = peer.received.of("INVITE")[-1]
    peer.respond(older, 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()
    line.reinvite(SENDRECV)
    peer.respond(older, 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()
    assert (["sendonly"], 3) == (directions(line), peer.received.count(Method.ACK))

    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(SENDRECV, version=3))
    net.deliver()

    assert ["sendrecv"] == directions(line)


def test_the_ack_to_an_older_reinvite_answers_no_newer_one(net, bob, peer):
    """A re-INVITE that asks for an offer overtook the ACK of the one before it."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(version=2))
    peer.request("INVITE", bob, to_tag=tag, cseq=3)
    net.deliver()
    acknowledge(net, peer, bob, cseq=2)
    assert "Active" == line.state

    acknowledge(net, peer, bob, cseq=3, body=peer.sdp(SENDONLY, version=3))

    assert (["recvonly"], "OnHold") == (directions(line), line.state)


@pytest.mark.parametrize("heard", [False, True])
def test_a_reinvite_without_a_final_response_does_not_outlive_the_call(net, alice, peer, heard):
    """RFC 3261 §17.1.1.2 bounds Proceeding by nothing; the end of the call does, 64*T1 later."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    if heard:
        peer.respond(peer.received.of("INVITE")[-1], 100)
    line.hang_up()

    assert quiet_and_empty(net, alice)


@pytest.mark.parametrize("status", [200, 487])
def test_a_reinvite_that_is_answered_after_the_bye_gets_its_ack(net, alice, peer, status):
    """RFC 5407 §3.2.2."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    line.hang_up()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], status)
    net.deliver()

    assert (2, "Terminated") == (peer.received.count(Method.ACK), line.state)
    assert quiet_and_empty(net, alice)
