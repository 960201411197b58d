"""What is told of each wish for another direction, and what can be wished after it."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, talking

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import MediaChange, MediaEvent
from session_fsm.testing import Line, Network, Phone, ScriptedPeer

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection
REMOTE = ("RemoteHold", "RemoteResume")

WISHES = [
    ("Changing", [], RECVONLY, SENDONLY, "Live", "Live"),
    ("Holding", [], SENDONLY, RECVONLY, "Held", "Live"),
    ("Reholding", [SENDONLY], INACTIVE, INACTIVE, "Held", "Held"),
    ("Resuming", [SENDONLY], SENDRECV, SENDRECV, "Live", "Held"),
]
"Where it is wished, what was agreed before, the wish, the answer, where it leads when accepted and when refused."


def answer(net: Network, peer: ScriptedPeer, status: int, direction: MediaDirection, version: int) -> None:
    """Answer the newest re-INVITE."""
    body = peer.sdp(direction, version=version) if status == 200 else b""
    peer.respond(peer.received.of("INVITE")[-1], status, body=body)
    net.deliver()


def wished(net: Network, alice: Phone, peer: ScriptedPeer, before: list[MediaDirection], wish: MediaDirection) -> Line:
    """The line with a wish that the peer has not answered."""
    line, _ = answered_by(net, alice, peer)
    for n, direction in enumerate(before):
        line.reinvite(direction)
        net.deliver()
        answer(net, peer, 200, RECVONLY, 2 + n)
    line.reinvite(wish)
    net.deliver()
    return line


@pytest.mark.parametrize("status", [200, 488])
@pytest.mark.parametrize(("state", "before", "wish", "theirs", "accepted", "refused"), WISHES)
def test_each_wish_is_told_with_its_outcome(net, alice, peer, state, before, wish, theirs, accepted, refused, status):
    """RFC 3261 §14.1: the peer's final response decides; then the next wish is possible at once."""
    line = wished(net, alice, peer, before, wish)
    assert state == line.session.hold.state

    answer(net, peer, status, theirs, 5)

    told = line.told(MediaEvent)[-1]
    change = MediaChange.REOFFER_ACCEPTED if status == 200 else MediaChange.REOFFER_REFUSED
    outcomes = [e.wish for e in line.told(MediaEvent) if e.event is change and e.wish == len(before) + 1]
    assert ([len(before) + 1], accepted if status == 200 else refused) == (outcomes, line.session.hold.state), told


def test_a_peer_may_hold_again_and_again(net, alice, bob):
    caller, callee = talking(net, alice, bob)
    for _ in range(3):
        caller.hold()
        net.deliver()
        caller.resume()
        net.deliver()

    assert ["RemoteHold", "RemoteResume"] * 3 == [
        name for name in callee.said if name in ("RemoteHold", "RemoteResume")
    ]
