"""`statecharts/transaction/invite_client.toml` on the network: RFC 3261 §17.1.1, RFC 6026 §7.2."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, quiet_and_empty

from session_fsm.session.events import CallFailed
from session_fsm.session.settings import Settings
from session_fsm.testing import Method, Network, Phone


def test_an_invite_to_a_silent_peer_is_repeated_with_doubled_intervals(net, alice, peer):
    """RFC 3261 §17.1.1.2: timer A."""
    alice.call(peer)
    net.run_until_quiet()

    assert [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5] == alice.sent.times(Method.INVITE)


def test_a_silent_peer_fails_the_call_after_32_seconds(net, alice, peer):
    """RFC 3261 §17.1.1.2: timer B; §8.1.3.1: as if a 408 had come."""
    line = alice.call(peer)
    net.run_until(lambda: line.state == "Failed")

    failure = line.only(CallFailed)
    assert (32.0, 408, "no response") == (net.now, failure.status, failure.reason)


def test_nothing_is_left_of_a_call_to_a_silent_peer(net, alice, peer):
    alice.call(peer)

    assert quiet_and_empty(net, alice)


def test_a_repeated_invite_is_the_same_octets(net, alice, peer):
    """RFC 3261 §17.1.1.2: it is the same request."""
    alice.call(peer)
    net.run_until_quiet()

    assert 1 == len({datagram.data for datagram in alice.sent.of(Method.INVITE)})


def test_t1_is_a_parameter(peer):
    """Everything that repeats or gives up is a multiple of it."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(t1=0.1))
    net = Network(alice, peer)
    line = alice.call(peer)
    net.run_until_quiet()

    assert [0.0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3] == alice.sent.times(Method.INVITE)
    assert 6.4 == pytest.approx(line.only(CallFailed).time)


@pytest.mark.parametrize("status", [100, 180, 183, 199])
def test_a_provisional_response_ends_the_repetition(net, alice, peer, status):
    """RFC 3261 §17.1.1.2: Calling is left."""
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, status))
    alice.call(peer)
    net.run_for(10.0)

    assert [0.0] == alice.sent.times(Method.INVITE)


def test_a_failure_gets_its_ack_within_the_transaction(net, alice, peer):
    """RFC 3261 §17.1.1.3: the INVITE's branch, Request-URI, Call-ID and From, the response's To."""
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, 486, tag="busy"))
    alice.call(peer)
    net.deliver()

    invite, ack = peer.received.request("INVITE"), peer.received.request("ACK")
    assert (invite.branch, str(invite.uri), invite.call_id) == (ack.branch, str(ack.uri), ack.call_id)
    assert ("busy", invite.from_tag) == (ack.to_tag, ack.from_tag)
    assert (invite.cseq.number, "ACK") == (ack.cseq.number, ack.cseq.method)


def test_a_repeated_failure_gets_its_ack_again(net, alice, peer):
    """RFC 3261 §17.1.1.2: Completed absorbs and acknowledges."""
    peer.when(Method.INVITE, lambda invite: [peer.respond(invite, 486) for _ in range(3)])
    alice.call(peer)
    net.deliver()

    assert 3 == peer.received.count(Method.ACK)


def test_a_failure_is_told_once(net, alice, peer):
    peer.when(Method.INVITE, lambda invite: [peer.respond(invite, 486) for _ in range(3)])
    line = alice.call(peer)
    net.run_until_quiet()

    assert 1 == line.said.count("CallFailed")


def test_a_transaction_that_failed_lingers_for_32_seconds(net, alice, peer):
    """RFC 3261 §17.1.1.2: timer D, at least 32 s over UDP."""
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, 486))
    alice.call(peer)
    net.run_until_quiet()

    assert 32.0 == net.now


def test_a_refused_call_leaves_nothing_but_its_transaction(net, alice, peer):
    """RFC 3261 §17.1.1.2: for 32 s a copy of the failure gets the same ACK; no session is kept for that."""
    alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 486)
    net.deliver()
    left = alice.leftovers
    net.run_for(31.0)
    peer.respond(invite, 486)
    net.deliver()

    assert (0, 1) == (left.sessions, left.transactions)
    acks = peer.received.of(Method.ACK)
    assert (2, 1) == (len(acks), len({ack.data for ack in acks}))
    net.run_until_quiet()
    assert 0 == alice.leftovers.transactions


def test_a_success_after_a_failure_changes_nothing(net, alice, peer):
    """RFC 3261 figure 5 has no such arrow."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 486)
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()

    assert ("Failed", 1) == (line.state, peer.received.count(Method.ACK))


def test_a_repeated_success_gets_its_ack_again(net, alice, peer):
    """RFC 3261 §13.2.2.4: the same ACK for each 2xx."""
    _, invite = answered_by(net, alice, peer)
    peer.respond(invite, 200, body=peer.sdp())
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()

    acks = peer.received.of(Method.ACK)
    assert 3 == len(acks)
    assert 1 == len({ack.data for ack in acks})


def test_the_ack_to_a_success_is_no_part_of_the_transaction(net, alice, peer):
    """RFC 3261 §13.2.2.4: a branch of its own, the INVITE's CSeq number, sent to the Contact."""
    _, invite = answered_by(net, alice, peer, tag="t")

    ack = peer.received.request("ACK")
    assert invite.request.branch != ack.branch
    assert (invite.request.cseq.number, peer.contact) == (ack.cseq.number, str(ack.uri))


def test_a_peer_whose_port_is_unreachable_fails_the_call_at_once(net, alice, peer):
    """Issue: unreachable is seen when the datagram comes back, not after 32 s."""
    net.refuse(peer)
    line = alice.call(peer)
    net.deliver()

    failure = line.only(CallFailed)
    assert (0.0, 503, "the port is unreachable") == (net.now, failure.status, failure.reason)


def test_a_host_without_an_address_fails_the_call_at_once(net, alice):
    """The runtime's resolver reports it like an unreachable port."""
    line = alice.call("sip:bob@nowhere.invalid")
    net.deliver()

    assert (503, "the host nowhere.invalid is unknown") == (line.only(CallFailed).status, line.only(CallFailed).reason)


def test_a_host_name_is_looked_up(net, alice, bob):
    """The coordinator hands names out; the runtime resolves them."""
    net.names["bob.example"] = "10.0.0.2"
    alice.call("sip:bob@bob.example")
    net.deliver()

    assert 1 == bob.received.count(Method.INVITE)


def test_a_failure_of_an_unknown_code_is_its_class(net, alice, peer):
    """RFC 3261 §8.1.3.2: an unknown final response is treated as the x00 of its class; the code is told as it came."""
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, 477, "Odd"))
    line = alice.call(peer)
    net.deliver()

    assert (477, "Odd") == (line.only(CallFailed).status, line.only(CallFailed).reason)


def test_a_response_with_another_branch_is_dropped_and_counted(net, alice, peer):
    """RFC 3261 §18.1.2."""
    line = alice.call(peer)
    net.deliver()
    reply = peer.received.of("INVITE")[0].data.replace(b";branch=z9hG4bK", b";branch=z9hG4bKx")
    text = reply.split(b"\r\n\r\n")[0].split(b"\r\n")
    wanted = [row for row in text if row.split(b":")[0] in (b"Via", b"From", b"To", b"Call-ID", b"CSeq")]
    peer.send(b"\r\n".join([b"SIP/2.0 486 Busy Here", *wanted]) + b"\r\n\r\n", alice)
    net.deliver()

    assert ("Initiating", 1) == (line.state, alice.counters["dropped.stray response"])
