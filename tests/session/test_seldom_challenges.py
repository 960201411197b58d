"""Challenges at odd moments of a client transaction. RFC 3261 §17.1.1.2, §17.1.2.2, §22.2."""

from __future__ import annotations

import pytest
from plain_calls import answered_by
from seldom import SENDONLY

from session_fsm.session.account import Account, Credentials
from session_fsm.session.events import CallEnded, CallFailed
from session_fsm.sip.digest import Challenge
from session_fsm.testing import Datagram, Leftovers, Line, Method, Network, Phone, ScriptedPeer

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


@pytest.mark.parametrize(("wish", "end"), [("hang_up", "Cancelled"), ("no answer", "Failed")])
def test_no_cancel_leaves_before_a_response_to_the_copy(peer, wish, end):
    """RFC 3261 §9.1: the 100 was to the first INVITE; with a silent peer timer B ends the call, and nothing is left."""
    alice = caller()
    net = Network(alice, peer)
    line = alice.call(peer, no_answer=5.0 if wish == "no answer" else 180.0)
    net.deliver()
    proceeding_copy(net, peer, peer.received.of(Method.INVITE)[0])
    if wish == "hang_up":
        line.hang_up()
    net.run_until_quiet()

    assert (0, end) == (peer.received.count(Method.CANCEL), line.state)
    assert Leftovers() == alice.leftovers


def test_a_cancel_leaves_as_soon_as_the_copy_was_heard_of(peer):
    """RFC 3261 §9.1: what was wished before is done then, and means the copy."""
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


GIVEN_UP = {"hang_up": ("Cancelled", 487, "cancelled"), "no answer": ("Failed", 408, "nobody answered")}
"How a call is given up -> its end."
REFUSALS = {
    "401": (401, ASKED),
    "407": (407, [("Proxy-Authenticate", str(Challenge(realm=REALM, nonce="n", qop=("auth",))))]),
    "302": (302, [("Contact", "<sip:else@10.0.0.9>")]),
    "486": (486, []),
}


@pytest.mark.parametrize("wish", GIVEN_UP)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_call_that_is_given_up_ends_with_its_first_final_response(peer, refusal, wish):
    """RFC 3261 §9.1: there is nothing left to cancel, and nobody is called for a caller who has hung up."""
    alice, (status, headers) = caller(), REFUSALS[refusal]
    net = Network(alice, peer)
    line = given_up(net, alice, peer, wish)
    peer.respond(peer.received.of(Method.INVITE)[0], status, headers=headers, contact=False)
    net.deliver()

    end = line.told(CallEnded)[0] if wish == "hang_up" else line.told(CallFailed)[0]
    assert GIVEN_UP[wish] == (line.state, end.status, end.reason)
    invites = {datagram.request.branch for datagram in peer.received.of(Method.INVITE)}
    assert (1, 0) == (len(invites), peer.received.count(Method.CANCEL))
    net.run_until_quiet()
    assert Leftovers() == alice.leftovers


@pytest.mark.parametrize("wish", GIVEN_UP)
def test_a_copy_that_is_challenged_again_after_the_end_was_wished_is_the_last(peer, wish):
    """RFC 3261 §22.2, §9.1: the second challenge, with a stale nonce, would have been answered otherwise."""
    alice = caller()
    net = Network(alice, peer)
    line = alice.call(peer, no_answer=5.0 if wish == "no answer" else 180.0)
    net.deliver()
    peer.respond(peer.received.of(Method.INVITE)[0], 401, headers=ASKED, contact=False)
    net.deliver()
    copy = peer.received.of(Method.INVITE)[-1]
    give_up(net, line, wish)
    again = Challenge(realm=REALM, nonce="m", qop=("auth",), stale=True)
    peer.respond(copy, 401, headers=[("WWW-Authenticate", str(again))], contact=False)
    net.deliver()

    invites = {datagram.request.branch for datagram in peer.received.of(Method.INVITE)}
    assert (GIVEN_UP[wish][0], 2, 0) == (line.state, len(invites), peer.received.count(Method.CANCEL))


@pytest.mark.parametrize("wish", GIVEN_UP)
def test_a_call_that_is_given_up_and_never_heard_of_ends_with_timer_b(peer, wish):
    """RFC 3261 §17.1.1.2: 64*T1 after its INVITE."""
    alice = caller()
    net = Network(alice, peer)
    line = given_up(net, alice, peer, wish)
    net.run_until(lambda: line.state in ("Cancelled", "Failed"))

    assert (32.0, GIVEN_UP[wish][0]) == (net.now, line.state)


@pytest.mark.parametrize("wish", GIVEN_UP)
def test_a_call_that_is_given_up_and_cannot_be_delivered_is_over(peer, wish):
    alice = caller()
    net = Network(alice, peer)
    line = given_up(net, alice, peer, wish)
    net.refuse(peer)
    net.run_until(lambda: line.state in ("Cancelled", "Failed"))

    assert (GIVEN_UP[wish][0], 0) == (line.state, alice.sent.count(Method.CANCEL))
    assert net.now < 32.0


@pytest.mark.parametrize("wish", GIVEN_UP)
def test_the_first_provisional_response_lets_the_cancel_leave(peer, wish):
    """RFC 3261 §9.1. Its 487 ends the call; nothing more is asked meanwhile."""
    alice = caller()
    net = Network(alice, peer)
    line = given_up(net, alice, peer, wish)
    invite = peer.received.of(Method.INVITE)[0]
    peer.respond(invite, 180)
    net.deliver()
    waiting = line.state
    peer.respond(invite, 487)
    net.deliver()

    assert ("Cancelling" if wish == "hang_up" else "GivingUp", 1) == (waiting, peer.received.count(Method.CANCEL))
    assert GIVEN_UP[wish][0] == line.state


@pytest.mark.parametrize("wish", GIVEN_UP)
def test_hanging_up_twice_is_hanging_up_once(peer, wish):
    alice = caller()
    net = Network(alice, peer)
    line = given_up(net, alice, peer, wish)
    before = line.state
    line.hang_up()

    assert before == line.state


@pytest.mark.parametrize("wish", GIVEN_UP)
def test_a_2xx_to_a_call_that_is_given_up_gets_ack_and_bye(peer, wish):
    """RFC 3261 §13.2.2.4: nothing could tell the callee before."""
    alice = caller()
    net = Network(alice, peer)
    line = given_up(net, alice, peer, wish)
    peer.respond(peer.received.of(Method.INVITE)[0], 200, body=peer.sdp())
    net.deliver()
    before = line.state
    peer.respond(peer.received.of(Method.BYE)[0], 200)
    net.deliver()

    assert ("Terminating", "Terminated", 1) == (before, line.state, peer.received.count(Method.ACK))


def given_up(net: Network, alice: Phone, peer: ScriptedPeer, wish: str) -> Line:
    """A call of which nothing was heard, and which nobody wants any more."""
    line = alice.call(peer, no_answer=5.0 if wish == "no answer" else 180.0)
    net.deliver()
    give_up(net, line, wish)
    return line


def give_up(net: Network, line: Line, wish: str) -> None:
    """The application hangs up, or its time runs out."""
    if wish == "hang_up":
        line.hang_up()
    else:
        net.run_for(5.5)
    assert line.state in ("WaitingToCancel", "WaitingToGiveUp")


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
