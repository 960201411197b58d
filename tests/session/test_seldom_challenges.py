"""Challenges at odd moments of a client transaction. RFC 3261 §17.1.1.2, §17.1.2.2, §22.2."""

from __future__ import annotations

import pytest
from plain_calls import answered_by
from seldom import SENDONLY

from session_fsm.session.account import Account, Credentials
from session_fsm.sip.digest import Challenge
from session_fsm.testing import Datagram, Leftovers, Method, Network, Phone, ScriptedPeer

REALM = "peer.example"
ASKED = [("WWW-Authenticate", str(Challenge(realm=REALM, nonce="n", qop=("auth",))))]


def caller() -> Phone:
    """A phone that has the credentials."""
    return Phone("alice", "10.0.0.1", account=Account(credentials=(Credentials("alice", "secret", REALM),)))


@pytest.mark.parametrize("provisional", [True, False])
def test_each_copy_of_a_challenge_gets_its_ack(peer, provisional):
    """RFC 3261 §17.1.1.2: and one INVITE with the answer follows, not three."""
    alice = caller()
    net = Network(alice, peer)
    alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    if provisional:
        peer.respond(invite, 100, contact=False)
        net.deliver()
    for _ in range(3):
        peer.respond(invite, 401, headers=ASKED, contact=False)
        net.deliver()
    acks = peer.received.count("ACK")
    peer.respond(peer.received.of("INVITE")[-1], 486)
    net.deliver()

    assert (3, 2) == (acks, peer.received.count("INVITE"))


def test_a_bye_that_is_challenged_after_a_100_is_sent_again_with_an_answer(peer):
    """RFC 3261 §17.1.2.2: the first one is repeated no more, and copies of the challenge are absorbed."""
    alice = caller()
    net = Network(alice, peer)
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.deliver()
    first = peer.received.of(Method.BYE)[0]
    peer.respond(first, 100, contact=False)
    net.deliver()
    for _ in range(2):
        peer.respond(first, 401, headers=ASKED, contact=False)
        net.deliver()
    byes = peer.received.of(Method.BYE)
    peer.respond(byes[-1], 200)
    dropped = {name: count for name, count in alice.counters.items() if name.startswith("dropped")}
    net.run_for(4.0)
    leftovers = alice.leftovers
    net.run_for(6.0)

    assert [False, True] == [bye.request.has("Authorization") for bye in peer.received.of(Method.BYE)]
    assert ({}, "Terminated", 3) == (dropped, line.state, leftovers.transactions)


def test_a_challenged_call_that_is_over_leaves_nothing_but_its_transactions(peer):
    """RFC 3261 §17.1.1.2: that of the first INVITE absorbs copies of the challenge without a session."""
    alice = caller()
    net = Network(alice, peer)
    line = alice.call(peer)
    net.deliver()
    first = peer.received.of(Method.INVITE)[0]
    copy = proceeding_copy(net, peer, first)
    peer.respond(copy, 486)
    net.deliver()
    left = alice.leftovers
    peer.respond(first, 401, headers=ASKED, contact=False)
    net.deliver()

    assert ("Failed", 0, 2) == (line.state, left.sessions, left.transactions)
    assert (3, 2) == (peer.received.count(Method.ACK), peer.received.count(Method.INVITE))
    net.run_until_quiet()
    assert Leftovers() == alice.leftovers


def proceeding_copy(net: Network, peer: ScriptedPeer, first: Datagram) -> Datagram:
    """A 100 and then a challenge to a request; gives the copy that was sent with an answer."""
    peer.respond(first, 100, contact=False)
    net.deliver()
    peer.respond(first, 401, headers=ASKED, contact=False)
    net.deliver()
    return peer.received.of(Method.INVITE)[-1]


@pytest.mark.parametrize("wish", ["hang_up", "no answer"])
def test_no_cancel_leaves_before_a_response_to_the_copy(peer, wish):
    """RFC 3261 §9.1: the 100 was to the first INVITE; with a silent peer timer B ends the call, and nothing is left."""
    alice = caller()
    net = Network(alice, peer)
    line = alice.call(peer, no_answer=5.0 if wish == "no answer" else 180.0)
    net.deliver()
    proceeding_copy(net, peer, peer.received.of(Method.INVITE)[0])
    if wish == "hang_up":
        line.hang_up()
    net.run_until_quiet()

    assert (0, "Failed") == (peer.received.count(Method.CANCEL), line.state)
    assert Leftovers() == alice.leftovers


def test_a_cancel_leaves_as_soon_as_the_copy_was_heard_of(peer):
    """RFC 3261 §9.1: what was wished before comes up then, and means the copy."""
    alice = caller()
    net = Network(alice, peer)
    line = alice.call(peer)
    net.deliver()
    copy = proceeding_copy(net, peer, peer.received.of(Method.INVITE)[0])
    line.hang_up()
    net.deliver()
    before = peer.received.count(Method.CANCEL)
    peer.respond(copy, 100, contact=False)
    net.deliver()

    assert (0, copy.request.branch) == (before, peer.received.of(Method.CANCEL)[0].request.branch)
    assert "Cancelling" == line.state


def test_no_cancel_of_a_reinvite_leaves_before_a_response_to_its_copy(peer):
    """RFC 3261 §9.1: the same holds within the call, when it ends meanwhile."""
    alice = caller()
    net = Network(alice, peer)
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    proceeding_copy(net, peer, peer.received.of(Method.INVITE)[-1])
    line.hang_up()
    net.deliver()

    assert (0, 1) == (peer.received.count(Method.CANCEL), peer.received.count(Method.BYE))


def test_a_cancel_of_a_reinvite_leaves_once_its_copy_was_heard_of(peer):
    """RFC 3261 §9.1: the call that ends meanwhile withdraws the copy."""
    alice = caller()
    net = Network(alice, peer)
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDONLY)
    net.deliver()
    copy = proceeding_copy(net, peer, peer.received.of("INVITE")[-1])
    peer.respond(copy, 100, contact=False)
    net.deliver()
    line.hang_up()
    net.deliver()

    assert [copy.request.branch] == [cancel.request.branch for cancel in peer.received.of(Method.CANCEL)]
