"""`statecharts/offer_answer.toml` on the network: who offers, who answers, and re-INVITEs. RFC 3264, RFC 3261 §14."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, acknowledge, answered_by, called_by, quiet_and_empty, talking

from session_fsm.errors import LocalProtocolError
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import CallEnded, MediaChange, MediaEvent, MediaNegotiated, SdpEvent, SdpKind
from session_fsm.testing import Line, Method, Network, Phone

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection


def directions(*lines: Line) -> list[str]:
    """What each side may do now."""
    return [str(line.session.agreement.direction) for line in lines]


def kinds(line: Line) -> list[SdpKind]:
    return [event.event_type for event in line.told(SdpEvent)]


# Delayed offer.


def test_without_an_offer_in_the_invite_the_200_makes_it(net, alice, bob):
    """RFC 3261 §13.2.1: and the ACK answers."""
    alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert (b"", True, True) == (
        alice.sent.request("INVITE").body,
        b"m=audio" in bob.sent.response(200).body,
        b"m=audio" in alice.sent.request("ACK").body,
    )


def test_a_delayed_offer_climbs_the_same_ladder(net, alice, bob):
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert LADDER == line.media_path == bob.line.media_path


def test_with_a_delayed_offer_the_callee_waits_for_the_ack(net, alice, bob):
    """Design §4: here alone the ACK counts."""
    net.hold(Method.ACK)
    alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()
    assert "Negotiating" == bob.line.media

    net.release()
    net.deliver()

    assert "Active" == bob.line.media


def test_a_delayed_offer_is_told_the_other_way_round(net, alice, bob):
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert [SdpKind.OFFER_RECEIVED, SdpKind.ANSWER_SENT] == kinds(line)
    assert [SdpKind.OFFER_SENT, SdpKind.ANSWER_RECEIVED] == kinds(bob.line)


def test_a_lost_ack_with_the_answer_comes_again(net, alice, bob):
    net.drop(Method.ACK, count=1)
    bob.when_called = Line.accept
    line = alice.call(bob, offer=False)
    net.deliver()
    net.run_until(lambda: bob.line.media == "Active")

    assert (0.5, "Active") == (net.now, line.media)


def test_an_ack_without_the_answer_ends_the_call(net, bob, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    acknowledge(net, peer, bob)

    ended = bob.line.only(CallEnded)
    assert ("Terminated", 488) == (bob.line.state, ended.status)


def test_an_ack_with_a_useless_answer_ends_the_call(net, bob, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    acknowledge(net, peer, bob, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))

    assert "Terminated" == bob.line.state


def test_a_200_without_the_delayed_offer_ends_the_call(net, alice, peer):
    line = alice.call(peer, offer=False)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 200)
    net.deliver()

    assert (["INVITE", "ACK", "BYE"], "Terminating") == (alice.sent.names, line.state)


def test_a_reinvite_before_the_delayed_offer_is_answered_waits_for_the_ack(net, alice, bob):
    """RFC 3261 §14.1: one offer at a time; it is not forgotten."""
    net.hold(Method.ACK)
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()
    bob.line.reinvite(SENDONLY)
    net.deliver()
    assert 0 == bob.sent.count(Method.INVITE)

    net.release()
    net.deliver()

    assert ["recvonly", "sendonly"] == directions(line, bob.line)


def test_each_reinvite_offers_what_its_own_command_asked_for(net, alice, bob):
    """Two that wait for the ACK leave one after the other; the second does not change what the first one says."""
    net.hold(Method.ACK)
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()
    bob.line.reinvite(SENDONLY)
    bob.line.reinvite(INACTIVE)
    net.release()
    net.deliver()

    first, second = (bob.sent.request("INVITE", n).body for n in range(2))
    assert (True, True) == (b"a=sendonly" in first, b"a=inactive" in second)
    assert ["inactive", "inactive"] == directions(line, bob.line)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_after_a_delayed_offer_both_sides_can_renegotiate(net, alice, bob, who):
    """In the first exchange the 200 offered; in a later one it answers like any other."""
    bob.when_called = Line.accept
    line = alice.call(bob, offer=False)
    net.deliver()
    ours, others = (line, bob.line) if who == "caller" else (bob.line, line)
    ours.reinvite(SENDONLY)
    net.deliver()

    assert ["sendonly", "recvonly"] == directions(ours, others)


# Early media.


def test_early_media_flows_before_the_answer(net, alice, bob):
    """Design §4: Ready is the first SDP answer, in any 18x."""
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()

    assert ("Proceeding", "Active", "Initiating", "Active") == (
        line.state,
        line.media,
        bob.line.state,
        bob.line.media,
    )


def test_the_200_after_early_media_repeats_the_answer(net, alice, bob):
    """RFC 3261 §13.2.1: the same answer."""
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert bob.sent.response(183).body == bob.sent.response(200).body
    assert (LADDER, LADDER, "Active") == (line.media_path, bob.line.media_path, line.state)


def test_early_media_without_an_offer_is_refused(net, bob, peer):
    """And what is possible does not name the very command that is not."""
    peer.request("INVITE", bob)
    net.deliver()

    with pytest.raises(LocalProtocolError) as caught:
        bob.line.progress()

    assert {"accept", "hang_up", "redirect", "reject", "ring"} == set(caught.value.allowed)


def test_no_number_of_reinvites_fills_the_memory(net, alice, bob):
    """What is acknowledged is forgotten when the next one is answered."""
    caller, callee = talking(net, alice, bob)
    for _ in range(20):
        caller.reinvite(SENDONLY)
        net.deliver()
        net.run_for(40.0)

    assert (1, 1) == (len(callee.session.answers), bob.coordinator.open_machines()["answers"])


def test_early_media_is_told_once(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert [SdpKind.OFFER_SENT, SdpKind.ANSWER_RECEIVED] == kinds(line)
    assert [SdpKind.OFFER_RECEIVED, SdpKind.ANSWER_SENT] == kinds(bob.line)


def test_early_media_and_ringing_can_be_mixed(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    bob.line.progress()
    net.deliver()
    bob.line.ring()
    bob.line.accept()
    net.deliver()

    assert ["180 INVITE", "183 INVITE", "180 INVITE", "200 INVITE"] == bob.sent.names
    assert ("Active", "Active") == (line.state, line.media)


def test_early_media_of_a_refused_call_closes(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.reject()
    net.deliver()

    assert ([*LADDER, "Closed"], [*LADDER, "Closed"]) == (line.media_path, bob.line.media_path)


def test_a_lost_183_is_made_good_by_the_200(net, alice, bob):
    """It is not repeated, being provisional."""
    net.drop(status=183)
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.run_for(5.0)
    bob.line.accept()
    net.deliver()

    assert LADDER == line.media_path == bob.line.media_path


# Re-INVITEs.


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
    before = (line.session.agreement, line.state, line.media)
    line.reinvite(SENDONLY)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 488)
    net.deliver()

    assert before == (line.session.agreement, line.state, line.media)
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
    before = (line.session.agreement, line.state, line.media)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))
    net.deliver()

    assert ("488 INVITE", *before) == (bob.sent.names[-1], line.session.agreement, line.state, line.media)
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


def test_a_callee_does_not_reinvite_before_its_ack(net, alice, bob):
    """RFC 3261 §14.1: while an INVITE server transaction is not confirmed, no INVITE of ours may leave."""
    net.hold(Method.ACK)
    alice.call(bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    bob.line.reinvite(SENDONLY)
    net.deliver()
    assert 0 == bob.sent.count(Method.INVITE)

    net.release()
    net.deliver()

    assert (1, "OnHold") == (bob.sent.count(Method.INVITE), bob.line.state)


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


# Glare.


def glare(net, alice, bob, ours=SENDONLY, theirs=SENDONLY):
    """Both sides offer at once; the lines, and when each tried again."""
    caller, callee = talking(net, alice, bob)
    caller.reinvite(ours)
    callee.reinvite(theirs)
    net.deliver()
    return caller, callee


def test_both_offer_at_once_and_both_get_491(net, alice, bob):
    """RFC 3261 §14.2."""
    glare(net, alice, bob)

    assert (1, 1) == (alice.sent.count(status=491), bob.sent.count(status=491))


def test_glare_changes_nothing_at_first(net, alice, bob):
    caller, callee = glare(net, alice, bob)

    assert (["sendrecv", "sendrecv"], "Active", "Active") == (
        directions(caller, callee),
        caller.state,
        callee.state,
    )


@pytest.mark.parametrize("seed", range(10))
def test_after_glare_each_waits_its_own_time(peer, seed):
    """RFC 3261 §14.1: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other, in units of 10 ms."""
    alice, bob = Phone("alice", "10.0.0.1", seed=seed), Phone("bob", "10.0.0.2", seed=seed)
    net = Network(alice, bob)
    glare(net, alice, bob)
    net.drop(Method.INVITE)
    net.run_for(5.0)

    ours, theirs = alice.sent.times(Method.INVITE)[2], bob.sent.times(Method.INVITE)[1]
    assert 2.1 <= ours <= 4.0
    assert 0.0 <= theirs <= 2.0
    assert [0.0, 0.0] == [round(time * 100 % 1, 3) % 1 for time in (ours, theirs)]


def test_glare_converges(net, alice, bob):
    """The callee's offer comes first, the caller's after it; both sides agree on the end."""
    caller, callee = glare(net, alice, bob, ours=SENDRECV, theirs=SENDONLY)
    net.run_for(10.0)

    assert ["recvonly", "sendonly"] == directions(caller, callee)
    assert ("OnHold", "OnHold") == (caller.state, callee.state)


def test_hold_glare_converges(net, alice, bob):
    """RFC 5407: both hold at once; both are held in the end."""
    caller, callee = glare(net, alice, bob, ours=SENDONLY, theirs=SENDONLY)
    net.run_for(10.0)

    assert ["inactive", "inactive"] == directions(caller, callee)
    assert ("Held", "Held") == (caller.media, callee.media)


def test_nothing_is_left_after_glare(net, alice, bob):
    caller, _ = glare(net, alice, bob)
    net.run_for(10.0)
    caller.hang_up()

    assert quiet_and_empty(net, alice, bob)


def test_hanging_up_while_waiting_after_glare(net, alice, bob):
    """The offer is forgotten with the call."""
    caller, callee = glare(net, alice, bob)
    caller.hang_up()
    net.run_until_quiet()

    assert ("Terminated", "Terminated") == (caller.state, callee.state)
    assert (2, 1) == (alice.sent.count(Method.INVITE), bob.sent.count(Method.INVITE))


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

    assert (1, [MediaChange.RENEGOTIATED]) == (
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
