"""Challenges at odd moments of a client transaction. RFC 3261 §17.1.1.2, §17.1.2.2, §22.2."""

from __future__ import annotations

import pytest
from plain_calls import answered_by

from session_fsm.session.account import Account, Credentials
from session_fsm.sip.digest import Challenge
from session_fsm.testing import Method, Network, Phone

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
