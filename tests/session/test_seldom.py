"""Situations that come up seldom, each for a row of a chart that no plain call takes."""

from __future__ import annotations

from random import Random

import pytest
from plain_calls import LADDER, acknowledge, answered_by, called_by, quiet_and_empty, talking

from session_fsm.rtp import MediaMetrics, MediaQuality
from session_fsm.sdp import PCMA, PCMU, LocalMedia, MediaDirection
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.events import (
    CallEnded,
    CallFailed,
    DialogStateChanged,
    FirstAudioFrameReceived,
    MediaChange,
    MediaEvent,
    RemoteMediaConfirmed,
    SdpEvent,
    StateChanged,
)
from session_fsm.session.orders import Edge, EdgeFacts, OpenPath
from session_fsm.testing import Line, Method

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection
USELESS = (b"RTP/AVP 0 8", b"RTP/AVP 18")


def dialog_path(line: Line) -> list[str]:
    return [str(event.new_state) for event in line.told(DialogStateChanged)]


def kinds(line: Line) -> list[str]:
    return [str(event.event_type) for event in line.told(SdpEvent)]


def changes(line: Line) -> list[MediaChange]:
    return [event.event for event in line.told(MediaEvent)]


def edge(line: Line, what: Edge, **facts: object) -> None:
    """The media plane sees something."""
    phone = line.phone
    phone.command(lambda at, now: at.media_edge(line.id, what, EdgeFacts(arrival=now, **facts), now))


def ringing_at(net, alice, peer, **how):
    """A call that rings at a scripted peer; the line and the INVITE."""
    line = alice.call(peer, **how)
    net.deliver()
    invite = peer.received.of("INVITE")[-1]
    peer.respond(invite, 180)
    net.deliver()
    return line, invite


# Transactions.


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


# Calls.


def test_a_call_without_an_offer_gives_up_too_when_nobody_answers(net, alice, bob):
    line = alice.call(bob, offer=False, no_answer=20.0)
    net.deliver()
    bob.line.ring()
    net.run_until_quiet()

    assert ([20.0], "Failed", 20.0) == (alice.sent.times(Method.CANCEL), line.state, line.only(CallFailed).time)


def test_an_incoming_call_without_an_offer_is_refused_too_when_nobody_takes_it(net, bob, peer):
    peer.request("INVITE", bob)
    net.run_until_quiet()

    assert 180.0 == bob.sent.times(status=480)[0]


def test_a_call_without_an_offer_is_told_like_any_other(net, alice, bob):
    line = alice.call(bob, offer=False)
    net.deliver()

    assert ["SessionCreated", "OutgoingCallPrepared"] == line.said[:2]
    assert ["Initiating"] == [str(event.new_state) for event in line.told(StateChanged)]
    assert ["Initiating"] == [str(event.new_state) for event in bob.line.told(StateChanged)]


def test_a_useless_offer_is_told_with_its_status(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp().replace(*USELESS))
    net.deliver()

    assert (488, ["Terminated"]) == (bob.line.only(CallFailed).status, dialog_path(bob.line))


def test_a_call_can_ring_after_it_made_progress(net, alice, peer):
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183)
    net.deliver()
    peer.respond(invite, 180)
    net.deliver()

    assert ["Idle", "Initiating", "Proceeding", "Ringing"] == line.call_path


def test_a_redirected_call_begins_anew(net, alice, peer):
    """RFC 3261 §8.1.3.4: what rang before says nothing of the new target."""
    line, invite = ringing_at(net, alice, peer)
    peer.respond(invite, 302, contact=False, headers=[("Contact", "<sip:else@10.0.0.9>")])
    net.deliver()

    assert "Initiating" == line.state


def test_a_cancelled_call_that_is_answered_is_terminating_until_its_bye_is_answered(net, alice, peer):
    """RFC 3261 §9.1 and §15.1.1."""
    line, invite = ringing_at(net, alice, peer)
    line.hang_up()
    net.deliver()
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()

    assert (["Cancelling", "Terminating"], 1) == (line.call_path[-2:], alice.sent.count(Method.BYE))


def test_a_call_that_nobody_answers_fails_although_nobody_answers_the_cancel(net, alice, peer):
    """64*T1 after the CANCEL."""
    line, _ = ringing_at(net, alice, peer, no_answer=20.0)
    net.run_until(lambda: line.state == "Failed")

    assert (52.0, 408) == (net.now, line.only(CallFailed).status)
    assert quiet_and_empty(net, alice)


def test_a_bye_that_comes_while_ours_waits_for_the_ack_ends_the_call(net, bob, peer):
    line = called_by(net, peer, bob)
    line.hang_up()
    peer.request("BYE", bob, to_tag=bob.sent.response(200).to_tag, cseq=2)
    net.deliver()

    assert ("Terminated", 0) == (line.state, bob.sent.count(Method.BYE))


def test_a_bye_that_waited_in_vain_for_the_ack_tells_why_it_leaves(net, bob, peer):
    """And the call is over when it is answered."""
    line = called_by(net, peer, bob)
    line.hang_up()
    net.run_for(32.5)
    before = line.state
    peer.respond(peer.received.of("BYE")[0], 200)
    net.deliver()

    assert ("Terminating", "Terminated") == (before, line.state)
    assert "the ACK never came" == line.only(CallEnded).reason


def test_early_media_makes_an_early_dialog_on_both_sides(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()

    assert ["Early"] == dialog_path(line) == dialog_path(bob.line)


def test_accepting_with_codecs_that_the_offer_lacks_refuses_the_call(net, alice, bob):
    """RFC 3261 §13.3.1.3."""
    line = alice.call(bob, codecs=(PCMU,))
    net.deliver()
    bob.line.accept(codecs=(PCMA,))
    net.deliver()

    assert ("488 INVITE", "Failed", "Failed") == (bob.sent.names[-1], line.state, bob.line.state)
    assert (488, ["Terminated"]) == (bob.line.only(CallFailed).status, dialog_path(bob.line))
    assert bob.sent.response(488).get("Warning").startswith("305 10.0.0.2")


def test_a_bye_in_the_early_dialog_is_told_as_a_cancelled_call(net, bob, peer):
    """RFC 3261 §15.1.2."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    net.deliver()
    peer.request("BYE", bob, to_tag=peer.received.response(180).to_tag, cseq=2)
    net.deliver()

    assert (487, ["Early", "Terminated"]) == (bob.line.only(CallEnded).status, dialog_path(bob.line))


def test_a_useless_early_answer_is_the_reason_of_the_end(net, alice, peer):
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183, body=peer.sdp().replace(*USELESS))
    net.deliver()
    peer.respond(invite, 487)
    net.deliver()

    assert ("Cancelled", 488) == (line.state, line.only(CallEnded).status)


# Dialogs.


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


@pytest.mark.parametrize("method", ["BYE", "INVITE", "OPTIONS"])
def test_a_request_of_the_callee_leaves_the_early_dialog_early(net, alice, peer, method):
    """RFC 3261 §15, §14.2, §11: 481, 491, 200."""
    line, invite = ringing_at(net, alice, peer)
    tag, call_id = invite.request.from_tag, invite.request.call_id
    peer.request(method, alice, to_tag=tag, call_id=call_id, cseq=1, body=peer.sdp() if method == "INVITE" else b"")
    net.deliver()

    answer = {"BYE": 481, "INVITE": 491, "OPTIONS": 200}[method]
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

    assert ["Confirmed", "Terminated"] == dialog_path(line)


# Offers and answers.


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


# Media.


def test_a_frame_to_whoever_only_sends_shows_nothing(net, alice, bob):
    """The peer should not send; its frame is told, and Active still needs a report."""
    line = alice.call(bob, direction=SENDONLY)
    net.deliver()
    bob.line.accept()
    net.deliver()
    edge(line, Edge.FIRST_FRAME, rtp_flowing=True)
    before = (line.media, len(line.told(FirstAudioFrameReceived)), len(line.told(RemoteMediaConfirmed)))
    edge(line, Edge.REPORT_RECEIVED)

    assert (("Established", 1, 1), "Active") == (before, line.media)


def test_a_frame_to_whoever_only_sends_is_told_in_active_too(net, alice, bob):
    line = alice.call(bob, direction=SENDONLY)
    net.deliver()
    bob.line.accept()
    net.run_for(5.0)
    confirmed = len(line.told(RemoteMediaConfirmed))
    edge(line, Edge.FIRST_FRAME, rtp_flowing=True)

    assert ("Active", 1) == (line.media, len(line.told(FirstAudioFrameReceived)))
    assert confirmed + 1 == len(line.told(RemoteMediaConfirmed))


def test_a_first_frame_ends_a_silence(net, alice, bob):
    line, _ = talking(net, alice, bob)
    edge(line, Edge.STALLED)
    edge(line, Edge.FIRST_FRAME, rtp_flowing=True)

    assert ("Active", [MediaChange.STALLED, MediaChange.RESUMED]) == (line.media, changes(line))


def test_held_media_stays_held_by_a_second_hold(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.reinvite(INACTIVE)
    net.deliver()
    line.reinvite(INACTIVE)
    net.deliver()

    assert "Held" == line.media


def test_held_media_that_goes_on_is_told(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.reinvite(INACTIVE)
    net.deliver()
    line.reinvite(SENDRECV)
    net.deliver()

    assert [MediaChange.HELD, MediaChange.RENEGOTIATED] == changes(line)


def test_a_new_direction_awaits_new_evidence(net, alice, bob):
    """Active is left for Established."""
    line, _ = talking(net, alice, bob)
    line.reinvite(SENDONLY)
    net.deliver()

    assert [*LADDER, "Established"] == line.media_path


@pytest.mark.parametrize("what", [Edge.SOURCE_CHANGED, Edge.RTCP_RECEIVED])
def test_an_edge_that_is_only_told_changes_no_state(net, alice, bob, what):
    line, _ = talking(net, alice, bob)
    edge(line, what)

    assert "Active" == line.media


def test_another_band_of_quality_changes_no_state(net, alice, bob):
    line, _ = talking(net, alice, bob)
    edge(line, Edge.QUALITY_CHANGED, extra=(MediaQuality.POOR, MediaMetrics(packet_loss=0.07)))

    assert "Active" == line.media


def test_the_path_follows_a_winner_that_answers_before_it_is_open(net, peer):
    """Early media came from another fork, and the sockets were slower than the answer."""
    at = SessionCoordinator("sip:carol@10.0.0.3", ("10.0.0.3", 5060), dice=Random(1))
    made = at.make_call(peer.uri, media=LocalMedia(("10.0.0.3", 40000)), now=0.0)
    peer.receive(net.send(at.poll_transmit().data, ("10.0.0.3", 5060), peer.address))
    invite = peer.received.of("INVITE")[0]
    for status, tag, port in ((183, "one", 4002), (200, "two", 4004)):
        at.receive(peer.respond(invite, status, tag=tag, body=peer.sdp(port=port)).data, peer.address, 0.0)
    orders = []
    while (order := at.poll_media()) is not None:
        orders.append(order)

    assert "Ready" == at.session(made).media_state
    assert [4002, 4004] == [order.agreement.remote[1] for order in orders if isinstance(order, OpenPath)]
