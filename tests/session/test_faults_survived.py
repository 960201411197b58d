"""Faults in the middle of things: each ends in a named state with a reason, within 64*T1, and nothing is left."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, answered_by, called_by, quiet_and_empty, talking

from session_fsm.session.events import CallEnded, CallHeld
from session_fsm.testing import Line, Method

LIMIT = 32.0  # seconds; 64*T1


def ended(line: Line) -> tuple[str, int | None, str]:
    """In which state a call has ended, with what status and why."""
    over = line.only(CallEnded)
    return line.state, over.status, over.reason


def test_glare_of_holds_ends_with_both_held(net, alice, bob):
    """RFC 3261 §14.1: and the call that follows from it ends as any other."""
    caller, callee = talking(net, alice, bob)
    caller.hold()
    callee.hold()
    net.run_for(10.0)
    assert (1, 1) == (len(caller.told(CallHeld)), len(callee.told(CallHeld)))

    caller.hang_up()
    net.deliver()

    assert [("Terminated", None, "hung up"), ("Terminated", None, "the peer hung up")] == [
        ended(caller),
        ended(callee),
    ]
    assert quiet_and_empty(net, alice, bob)


@pytest.mark.parametrize("first", ["BYE", "INVITE"])
def test_a_reinvite_that_crosses_a_bye_ends_with_the_call(net, alice, bob, first):
    """RFC 5407 §3.2.2: whichever comes first."""
    caller, callee = talking(net, alice, bob)
    net.hold(Method.BYE if first == "INVITE" else Method.INVITE)
    callee.hold()
    caller.hang_up()
    net.deliver()
    net.release()
    net.deliver()

    told_by_bye = ("Terminated", None, "the peer hung up")
    told_by_481 = ("Terminated", 481, "the peer does not know the dialog any more")
    assert [("Terminated", None, "hung up"), told_by_481 if first == "INVITE" else told_by_bye] == [
        ended(caller),
        ended(callee),
    ]
    assert quiet_and_empty(net, alice, bob)


def test_a_merged_invite_leaves_one_call(net, bob, peer):
    """RFC 3261 §8.2.2.2: the copy that came on another way gets 482; the first goes on and ends."""
    headers = [("From", f"<{peer.uri}>;tag=merged")]
    for branch in ("z9hG4bK-one", "z9hG4bK-two"):
        peer.request("INVITE", bob, branch=branch, body=peer.sdp(), headers=headers)
    net.deliver()
    assert (1, 1) == (len(bob.lines), bob.sent.count(status=482))

    peer.request("CANCEL", bob, branch="z9hG4bK-one", headers=headers)
    net.deliver()

    assert ("Cancelled", 487, "cancelled") == ended(bob.line)
    peer.request("ACK", bob, branch="z9hG4bK-one", to_tag=bob.sent.response(487).to_tag, headers=headers)
    assert quiet_and_empty(net, bob)


def test_a_200_after_the_cancel_is_acknowledged_and_ended(net, alice, peer):
    """RFC 3261 §9.1: it crossed; ACK and BYE."""
    peer.when(Method.CANCEL, lambda cancel: peer.respond(cancel, 200))
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180)
    net.deliver()
    line.hang_up()
    net.deliver()
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()

    assert ("Terminated", (1, 1)) == (line.state, (peer.received.count(Method.ACK), peer.received.count(Method.BYE)))
    assert 487 == line.only(CallEnded).status
    assert quiet_and_empty(net, alice)


def test_a_second_forked_200_is_ended_and_the_first_call_too_in_its_time(net, alice, peer):
    """RFC 3261 §13.2.2.4."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line, invite = answered_by(net, alice, peer, tag="first")
    peer.respond(invite, 200, tag="second", body=peer.sdp(port=5000))
    net.deliver()
    assert (["second"], "Active") == ([bye.request.to_tag for bye in peer.received.of("BYE")], line.state)

    line.hang_up()
    net.deliver()

    assert ("Terminated", None, "hung up") == ended(line)
    assert quiet_and_empty(net, alice)


@pytest.mark.parametrize("by", ["hold", "hang_up"])
def test_a_peer_that_was_restarted_answers_481(net, alice, peer, by):
    """RFC 3261 §12.2.1.2: whatever we ask of it ends the call."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 481, tag=bye.request.to_tag))
    line, _ = answered_by(net, alice, peer)
    getattr(line, by)()
    net.deliver()
    if by == "hold":
        peer.respond(peer.received.of("INVITE")[-1], 481)
        net.deliver()

    reason = "the peer does not know the dialog any more" if by == "hold" else "hung up"
    assert ("Terminated", 481 if by == "hold" else None, reason) == ended(line)
    assert quiet_and_empty(net, alice)


@pytest.mark.parametrize("by", ["hold", "hang_up"])
def test_a_peer_that_was_killed_is_noticed_at_the_next_request(net, bob, peer, by):
    """RFC 3261 §17: within 64*T1 of it."""
    line = called_by(net, peer, bob)
    acknowledge(net, peer, bob)
    began = net.now
    getattr(line, by)()
    net.run_until_quiet()

    over = line.only(CallEnded)
    assert ("Terminated", True) == (line.state, over.time - began <= LIMIT)
    assert quiet_and_empty(net, bob)


def test_nobody_waits_for_an_ack_for_ever(net, bob, peer):
    """RFC 3261 §13.3.1.4: 64*T1 after the 200, BYE; and a hold that waited for it goes with the call."""
    line = called_by(net, peer, bob)
    line.hold()
    net.run_until_quiet()

    assert ("Terminated", None, "the ACK never came") == ended(line)
    assert quiet_and_empty(net, bob)
