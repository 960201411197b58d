"""How dialogs end: our BYE and theirs, again and across each other, and forks that never answer. RFC 5407, RFC 3261."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, called_by, quiet_and_empty, talking

from session_fsm.session.events import DialogStateChanged
from session_fsm.testing import Method


def states(line, tag) -> list[str]:
    """The states of the dialog with this peer's tag, in order."""
    return [event.new_state for event in line.told(DialogStateChanged) if event.remote_tag == tag]


def test_a_second_bye_of_the_peer_gets_481(net, bob, peer):
    """RFC 3261 §15.1.2: the first one ended the dialog."""
    called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    for cseq in (2, 3):
        peer.request("BYE", bob, to_tag=tag, cseq=cseq)
        net.deliver()

    assert ["200 BYE", "481 BYE"] == bob.sent.names[-2:]


def test_a_bye_that_crosses_ours_gets_200(net, alice, bob):
    """RFC 5407 §3.2.1."""
    caller, callee = talking(net, alice, bob)
    caller.hang_up()
    callee.hang_up()
    net.deliver()

    assert (1, 1) == (alice.sent.count(Method.BYE, status=200), bob.sent.count(Method.BYE, status=200))
    assert quiet_and_empty(net, alice, bob)


def test_a_bye_after_the_answer_to_ours_gets_481(net, bob, peer):
    """The dialog has ended for both."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    line.hang_up()
    net.deliver()
    peer.respond(peer.received.of("BYE")[0], 200, tag=peer.tag)
    peer.request("BYE", bob, to_tag=tag, cseq=2)
    net.deliver()

    assert "481 BYE" == bob.sent.names[-1]


def test_a_fork_that_never_answers_ends_with_its_time(net, alice, peer):
    """RFC 3261 §13.2.2.4: 64*T1 after the first 2xx."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    for tag in ("silent", "winner"):
        peer.respond(invite, 180, tag=tag)
    net.deliver()
    peer.respond(invite, 200, tag="winner", body=peer.sdp())
    net.deliver()
    assert ["Early", "Losing"] == states(line, "silent")

    net.run_for(33.0)

    assert (["Early", "Losing", "Terminated"], ["Early", "Confirmed"]) == (
        states(line, "silent"),
        states(line, "winner"),
    )


@pytest.mark.parametrize("early", [True, False])
def test_a_fork_that_answers_second_is_ended(net, alice, peer, early):
    """RFC 3261 §13.2.2.4: ACK and BYE; the first call goes on."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    if early:
        peer.respond(invite, 180, tag="second")
    peer.respond(invite, 200, tag="first", body=peer.sdp())
    net.deliver()
    peer.respond(invite, 200, tag="second", body=peer.sdp())
    net.deliver()

    ended = [request.request.to_tag for request in peer.received.of("BYE")]
    assert (["second"], "Unwanted", "Active") == (ended, states(line, "second")[-1], line.state)
    peer.respond(peer.received.of("BYE")[0], 200, tag="second")
    net.deliver()


def test_a_fork_that_is_losing_may_still_ring(net, alice, peer):
    """Which changes nothing."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180, tag="second")
    peer.respond(invite, 200, tag="first", body=peer.sdp())
    peer.respond(invite, 183, tag="second", body=peer.sdp())
    net.deliver()

    assert (["Early", "Losing"], "Active") == (states(line, "second"), line.state)
