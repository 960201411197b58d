"""Messages that cross: RFC 5407 and the paragraphs of RFC 3261 that it explains."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, called_by, quiet_and_empty, talking

from session_fsm.session.events import CallEnded
from session_fsm.testing import Line, Method


def test_hanging_up_before_a_provisional_response_waits_for_one(net, alice, bob):
    """RFC 3261 §9.1: the CANCEL leaves when the 180 comes."""
    line = alice.call(bob)
    line.hang_up()
    net.deliver()
    assert (0, "WaitingToCancel") == (alice.sent.count(Method.CANCEL), line.state)

    bob.line.ring()
    net.deliver()

    assert 1 == alice.sent.count(Method.CANCEL)
    assert ("Cancelled", "Cancelled") == (line.state, bob.line.state)


def test_hanging_up_before_any_response_sends_the_cancel_with_the_100(net, alice, bob):
    """Nobody has to ring for it."""
    line = alice.call(bob)
    line.hang_up()
    net.run_until(lambda: line.state == "Cancelled")

    assert [0.2] == alice.sent.times(Method.CANCEL)


def test_hanging_up_a_call_to_a_silent_peer_ends_with_its_time_out(net, alice, peer):
    """It was cancelled, whoever else is silent."""
    line = alice.call(peer)
    line.hang_up()
    net.run_until_quiet()

    assert ("Cancelled", 487, 0) == (line.state, line.only(CallEnded).status, alice.sent.count(Method.CANCEL))
    assert ["Idle", "Initiating", "WaitingToCancel", "Cancelled"] == line.call_path


def test_a_200_instead_of_a_provisional_response_gets_ack_and_bye(net, alice, bob):
    """RFC 3261 §13.2.2.4: whoever hung up before any response is answered; nobody is told of an answer."""
    bob.when_called = Line.accept
    line = alice.call(bob)
    line.hang_up()
    net.deliver()

    assert ["INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"] == net.log.names
    assert ("Terminated", "Terminated") == (line.state, bob.line.state)
    assert "CallAnswered" not in line.said


def test_a_200_that_crosses_the_cancel_gets_ack_and_bye(net, alice, bob):
    """RFC 5407 §3.1.2 and RFC 3261 §9.1."""
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    line.hang_up()
    bob.line.accept()
    net.deliver()

    assert ["INVITE", "CANCEL", "ACK", "BYE"] == alice.sent.names
    assert ["180 INVITE", "200 INVITE", "200 CANCEL", "200 BYE"] == bob.sent.names
    assert ("Terminated", "Terminated") == (line.state, bob.line.state)


def test_nothing_is_left_when_a_200_crossed_the_cancel(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    line.hang_up()
    bob.line.accept()

    assert quiet_and_empty(net, alice, bob)


def test_the_media_of_a_cancelled_caller_never_closes_twice(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    line.hang_up()
    bob.line.accept()
    net.run_until_quiet()

    assert 1 == line.media_path.count("Closed")


def test_a_200_after_we_gave_up_the_cancelled_call_is_a_stray(net, alice, peer):
    """64*T1 after the CANCEL the transaction is gone, so the 2xx belongs to nobody."""
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, 180))
    line = alice.call(peer)
    net.deliver()
    line.hang_up()
    net.run_until_quiet()
    peer.respond(peer.received.of("INVITE")[0], 200, body=peer.sdp())
    net.deliver()

    assert ("Cancelled", 1) == (line.state, alice.counters["dropped.stray response"])


def test_a_cancel_after_the_200_changes_nothing(net, bob, peer):
    """RFC 3261 §9.2: it is answered, and that is all."""
    line = called_by(net, peer, bob, branch="z9hG4bKcrossed")
    peer.request("CANCEL", bob, branch="z9hG4bKcrossed")
    net.deliver()

    assert (1, "Active") == (bob.sent.count(status=200, method="CANCEL"), line.state)


def test_a_cancel_after_a_refusal_changes_nothing(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp(), branch="z9hG4bKcrossed")
    net.deliver()
    bob.line.reject(486)
    peer.request("CANCEL", bob, branch="z9hG4bKcrossed")
    net.deliver()

    assert ["486 INVITE", "200 CANCEL"] == bob.sent.names


def test_a_cancel_for_no_invite_gets_481(net, bob, peer):
    """RFC 3261 §9.2."""
    peer.request("CANCEL", bob)
    net.deliver()

    assert ["481 CANCEL"] == bob.sent.names


def test_a_cancel_again_gets_the_same_answer(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp(), branch="z9hG4bKtwice")
    cancel = peer.request("CANCEL", bob, branch="z9hG4bKtwice")
    peer.send(cancel.data, bob)
    net.deliver()

    assert 2 == bob.sent.count(status=200, method="CANCEL")
    assert 1 == bob.sent.count(status=487)


def test_bye_crossing_bye(net, alice, bob):
    """RFC 5407 §3.2.1: both are answered with 200."""
    caller, callee = talking(net, alice, bob)
    caller.hang_up()
    callee.hang_up()
    net.deliver()

    assert ["BYE", "BYE", "200 BYE", "200 BYE"] == net.log.names[-4:]
    assert ("Terminated", "Terminated") == (caller.state, callee.state)


def test_nothing_is_left_after_bye_crossed_bye(net, alice, bob):
    caller, callee = talking(net, alice, bob)
    caller.hang_up()
    callee.hang_up()

    assert quiet_and_empty(net, alice, bob)


def test_a_bye_that_overtakes_the_ack_ends_the_call(net, alice, bob):
    """RFC 5407 §3.1.6: the caller may send it right after its ACK."""
    net.hold(Method.ACK)
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.deliver()
    line.hang_up()
    net.deliver()
    net.release()
    net.deliver()

    assert ("Terminated", "Terminated") == (line.state, bob.line.state)
    assert "the peer hung up" == bob.line.only(CallEnded).reason


def test_a_200_is_not_repeated_after_the_bye(net, alice, bob):
    """The ACK was lost, the BYE came: there is nothing left to acknowledge."""
    net.drop(Method.ACK)
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.deliver()
    line.hang_up()
    net.run_until_quiet()

    assert 1 == bob.sent.count(status=200, method="INVITE")


def test_a_caller_may_end_an_early_dialog_with_bye(net, bob, peer):
    """RFC 3261 §15 and §15.1.2: 200 to the BYE, 487 to the INVITE."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    net.deliver()
    peer.request("BYE", bob, to_tag=peer.received.response(180).to_tag, cseq=2)
    net.deliver()

    assert ["180 INVITE", "200 BYE", "487 INVITE"] == bob.sent.names
    assert "Cancelled" == bob.line.state


def test_a_callee_may_not_end_an_early_dialog_with_bye(net, alice, peer):
    """RFC 3261 §15."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0].request
    peer.respond(peer.received.of("INVITE")[0], 180, tag="early")
    net.deliver()
    peer.tag = "early"
    peer.request("BYE", alice, call_id=invite.call_id, headers=[("To", f"<{alice.uri}>;tag={invite.from_tag}")], cseq=1)
    net.deliver()

    assert (1, "Ringing") == (alice.sent.count(status=481), line.state)


def test_a_200_that_overtakes_the_180(net, alice, bob):
    """The late 180 is absorbed."""
    net.hold(status=180)
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    bob.line.accept()
    net.deliver()
    net.release()
    net.deliver()

    assert ("Active", LADDER) == (line.state, line.media_path)


def test_an_ack_that_overtakes_nothing_but_comes_late(net, alice, bob):
    """Held for ten seconds, it ends the repetition all the same."""
    net.delay(Method.ACK, seconds=10.0)
    bob.when_called = Line.accept
    alice.call(bob)
    net.run_for(40.0)

    assert [0.0, 0.5, 1.5, 3.5, 7.5] == bob.sent.times(status=200)
    assert "Active" == bob.line.state


def test_a_late_invite_after_the_bye_is_a_repeat(net, alice, bob):
    """A copy that wandered does not ring again while its transaction is known."""
    net.duplicate(Method.INVITE)
    talking(net, alice, bob)[0].hang_up()
    net.deliver()
    net.now += 10.0
    bob.receive(alice.sent.of(Method.INVITE)[0])
    net.deliver()

    assert 1 == len(bob.lines)


@pytest.mark.parametrize("first", ["caller", "callee"])
def test_hanging_up_right_after_the_answer(net, alice, bob, first):
    """Before the ACK, or while it is on its way."""
    line = alice.call(bob)
    net.deliver()
    bob.line.accept()
    (bob.line if first == "callee" else line).hang_up()
    if first == "caller":
        net.deliver()
    assert quiet_and_empty(net, alice, bob)

    assert ("Terminated", "Terminated") == (line.state, bob.line.state)


def test_a_caller_that_cancels_while_the_refusal_is_on_its_way_is_refused(net, alice, bob):
    """Whatever final response comes, the call was cancelled."""
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.reject(486)
    line.hang_up()
    net.deliver()

    assert ("Cancelled", "Failed") == (line.state, bob.line.state)
