"""`statecharts/transaction/invite_server.toml` on the network: RFC 3261 §17.2.1, RFC 6026 §7.1."""

from __future__ import annotations

import pytest
from plain_calls import called_by, quiet_and_empty

from session_fsm.testing import Line, Method, Network, Phone

UNTIL_32 = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_three_identical_invites_ring_once(net, bob, peer):
    """RFC 3261 §17.2.1: the transaction absorbs the repeats."""
    net.duplicate(Method.INVITE).duplicate(Method.INVITE)
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()

    assert (3, 1, 1) == (bob.received.count(Method.INVITE), len(bob.lines), bob.line.said.count("IncomingCall"))


def test_three_identical_invites_get_the_same_answer(net, bob, peer):
    """One To tag, whichever copy is answered."""
    invite = peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    peer.send(invite.data, bob)
    peer.send(invite.data, bob)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert ["180 INVITE", "180 INVITE", "180 INVITE", "200 INVITE"] == bob.sent.names
    assert 1 == len({datagram.response.to_tag for datagram in bob.sent})


def test_100_is_sent_when_nothing_else_was_for_200_ms(net, bob, peer):
    """RFC 3261 §17.2.1."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.run_for(1.0)

    assert [0.2] == bob.sent.times(status=100)


@pytest.mark.parametrize(("tell", "status"), [(Line.ring, 180), (Line.progress, 183)])
def test_while_it_rings_the_provisional_response_is_repeated_every_minute(net, bob, peer, tell, status):
    """RFC 3261 §13.3.1.1: else a proxy may take the INVITE for dead after three minutes."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    tell(bob.line)
    net.run_for(130.0)
    bob.line.accept()
    net.run_for(70.0)

    assert [0.0, 60.0, 120.0] == bob.sent.times(status=status)


def test_100_has_no_tag(net, bob, peer):
    """RFC 3261 §8.2.6.1: it makes no dialog."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.run_for(1.0)

    assert bob.sent.response(100).to_tag is None


def test_100_is_not_sent_after_another_response(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp())
    net.run_for(0.1)
    bob.line.ring()
    net.run_for(1.0)

    assert ["180 INVITE"] == bob.sent.names


def test_an_invite_again_after_the_200_is_absorbed(net, bob, peer):
    """RFC 6026 §7.1: neither 481 nor a second call."""
    line = called_by(net, peer, bob)
    peer.send(peer.sent.of(Method.INVITE)[0].data, bob)
    net.deliver()

    assert [line] == bob.lines
    assert ["200 INVITE"] == bob.sent.names


def test_an_invite_again_after_a_refusal_gets_the_refusal_again(net, bob, peer):
    """RFC 3261 §17.2.1: Completed."""
    invite = peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.reject(486)
    peer.send(invite.data, bob)
    net.deliver()

    assert ["486 INVITE", "486 INVITE"] == bob.sent.names


def test_a_refusal_without_ack_is_repeated_up_to_t2_and_given_up(net, bob, peer):
    """RFC 3261 §17.2.1: timers G and H."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.reject(486)
    net.run_until_quiet()

    assert UNTIL_32 == bob.sent.times(status=486)
    assert 32.0 == net.now


def test_lost_ack_makes_the_server_repeat_its_failure():
    """RFC 3261 §17.2.1: timer G resends the final response until the ACK comes."""
    alice = Phone("alice", "10.0.0.1")
    bob = Phone("bob", "10.0.0.2", when_called=Line.reject)
    net = Network(alice, bob).drop(Method.ACK, count=1)
    alice.call(bob)

    net.run_until_quiet()

    assert 2 == bob.sent.count(status=486)


def test_the_ack_ends_the_repetition(net, alice, bob):
    bob.when_called = Line.reject
    alice.call(bob)
    net.run_until_quiet()

    assert 1 == bob.sent.count(status=486)


def test_an_ack_again_is_absorbed_for_t4(net, alice, bob):
    """RFC 3261 §17.2.1: timer I."""
    bob.when_called = Line.reject
    net.duplicate(Method.ACK)
    alice.call(bob)
    net.deliver()
    net.run_until(lambda: bob.leftovers.transactions == 0)

    assert 5.0 == net.now
    assert {} == {name: n for name, n in bob.counters.items() if name.startswith("dropped")}


@pytest.mark.parametrize("count", [1, 2])
def test_a_lost_200_is_sent_again(net, alice, bob, count):
    """RFC 3261 §13.3.1.4: by the call; the transaction only lets it pass."""
    net.drop(status=200, method="INVITE", count=count)
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.run_until(lambda: line.media == "Active")

    assert [0.0, 0.5, 1.5][: count + 1] == bob.sent.times(status=200)


def test_a_response_goes_where_the_via_says(net, bob, peer):
    """RFC 3261 §18.2.2: to the sent-by port of the topmost Via, at the address that the request came from."""
    via = ("Via", "SIP/2.0/UDP 10.0.0.9:5066;branch=z9hG4bKelse")
    peer.request("OPTIONS", bob, headers=[via])
    net.deliver()

    assert ("10.0.0.9", 5066) == bob.sent[0].destination


def test_rport_asks_for_the_answer_at_the_source_port(net, bob, peer):
    """RFC 3581 §4."""
    via = ("Via", "SIP/2.0/UDP 192.168.1.1:5066;rport;branch=z9hG4bKelse")
    peer.request("OPTIONS", bob, headers=[via])
    net.deliver()

    answer = peer.received.response(200)
    assert ("10.0.0.9", 5060) == (answer.via.received, answer.via.rport)


def test_nothing_is_left_of_a_refused_call(net, alice, bob):
    bob.when_called = Line.reject
    alice.call(bob)

    assert quiet_and_empty(net, alice, bob)
