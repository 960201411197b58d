"""Situations that come up seldom: calls that end in unusual ways. RFC 3261 §9, §13, §15."""

from __future__ import annotations

from plain_calls import acknowledge, called_by, quiet_and_empty
from seldom import USELESS, dialog_path, ringing_at

from session_fsm.sdp import PCMA, PCMU
from session_fsm.session.events import (
    CallEnded,
    CallFailed,
    StateChanged,
)
from session_fsm.testing import Line, Method

ELSEWHERE = [("Contact", "<sip:else@10.0.0.9>")]


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
    peer.respond(invite, 302, contact=False, headers=ELSEWHERE)
    net.deliver()

    assert "Initiating" == line.state


def test_who_waited_too_long_is_not_redirected(net, alice, peer):
    """The time was over before any response came, and nobody else is called then."""
    line = alice.call(peer, no_answer=10.0)
    net.run_for(15.0)
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 302, contact=False, headers=ELSEWHERE)
    net.deliver()

    assert ("Failed", 408, "nobody answered") == (
        line.state,
        line.only(CallFailed).status,
        line.only(CallFailed).reason,
    )


def test_who_hung_up_before_a_redirection_has_cancelled(net, alice, peer):
    line = alice.call(peer)
    line.hang_up()
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 302, contact=False, headers=ELSEWHERE)
    net.deliver()

    assert ("Cancelled", 487) == (line.state, line.only(CallEnded).status)


def test_who_is_told_of_a_redirection_may_hang_up_before_anybody_else_is_called(net, alice, peer):
    """The next INVITE leaves in a turn of its own."""
    line = alice.call(peer)
    net.deliver()
    net.hold()
    found = peer.respond(peer.received.of("INVITE")[0], 302, contact=False, headers=ELSEWHERE)
    alice.receive(found)
    before = line.state
    line.hang_up()
    net.release().run_until_quiet()

    assert ("Redirected", "Cancelled", 487) == (before, line.state, line.only(CallEnded).status)
    assert (1, 0) == (alice.sent.count("INVITE"), alice.sent.count("CANCEL"))


def test_a_redirection_that_is_read_when_the_time_is_over_calls_nobody(net, alice, peer):
    """The process slept for longer than it would have waited, and reads what came before it looks at its timers."""
    line = alice.call(peer, no_answer=10.0)
    net.deliver()
    net.hold()
    found = peer.respond(peer.received.of("INVITE")[0], 302, contact=False, headers=ELSEWHERE)
    alice.command(lambda at, now: (at.receive(found.data, peer.address, 12.0), at.expire(12.0)))

    end = line.only(CallFailed)
    assert ("Failed", 408, "nobody answered") == (line.state, end.status, end.reason)
    assert 1 == alice.sent.count("INVITE")


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


def answers_of(line: Line) -> list[str]:
    """Where each 200 of a line ended."""
    return list({row.machine: row.to_state for row in line.rows if row.chart == "answer"}.values())


def test_a_200_that_nobody_acknowledged_is_given_up(net, bob, peer):
    """RFC 3261 §13.3.1.4."""
    line = called_by(net, peer, bob)
    net.run_for(33.0)

    assert ["GivenUp"] == answers_of(line)


def test_a_200_whose_call_ends_before_its_ack_is_given_up(net, bob, peer):
    line = called_by(net, peer, bob)
    peer.request("BYE", bob, to_tag=bob.sent.response(200).to_tag, cseq=2)
    net.deliver()

    assert ["GivenUp"] == answers_of(line)


def test_a_reinvite_whose_200_was_never_acknowledged_leaves_what_was_agreed(net, bob, peer):
    """RFC 3261 §14.2: the call is ended, not the agreement; what was to be offered meanwhile is not offered."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(version=2))
    net.deliver()
    line.hold()
    net.run_for(33.0)

    assert ["Acknowledging", "Refused", "Closed"] == line.path("offer_answer")[-3:]
    assert ("sendrecv", 0) == (str(line.session.negotiation.direction), bob.sent.names.count("INVITE"))


def test_a_second_invite_while_it_rings_counts_as_the_newest_request(net, bob, peer):
    """RFC 3261 §14.2, §12.2.2: it gets 500, and so does whatever is older than it."""
    invite = peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    net.deliver()
    known = {"call_id": invite.request.call_id, "to_tag": peer.received.response(180, -1).to_tag}
    peer.request("INVITE", bob, **known, cseq=5, body=peer.sdp(version=2))
    peer.request("OPTIONS", bob, **known, cseq=4)
    net.deliver()

    assert ["500 INVITE", "500 OPTIONS"] == bob.sent.names[-2:]
