"""Both sides offer at once: 491, the waiting times, and how they come together again. RFC 3261 §14.1."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, quiet_and_empty, talking

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import MediaChange, MediaEvent
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Method, Network, Phone

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection


def directions(*lines: Line) -> list[str]:
    """What each side may do now."""
    return [str(line.session.negotiation.agreement.direction) for line in lines]


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


@pytest.mark.parametrize("reoffer", ["INVITE", "UPDATE"])
def test_a_peer_that_says_491_for_ever_is_not_asked_for_ever(peer, reoffer):
    """After 64*T1 its 491 counts as any other refusal: everything is as it was, and the next wish is offered."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(reoffer=reoffer))
    net = Network(alice, peer)
    line, _ = answered_by(net, alice, peer, headers=[("Allow", "INVITE, UPDATE")])
    peer.when(reoffer, lambda request: peer.respond(request, 491, contact=False))
    line.hold()
    net.run_for(32.0 + 4.0)
    asked = peer.received.count(reoffer)
    net.run_for(60.0)
    refused = [(event.event, event.status) for event in line.told(MediaEvent) if event.wish]

    assert [(MediaChange.REOFFER_REFUSED, 491)] == refused
    assert ("Active", "Live", asked) == (line.state, line.session.hold.state, peer.received.count(reoffer))
    line.hold()
    net.deliver()
    assert asked + 1 == peer.received.count(reoffer)
