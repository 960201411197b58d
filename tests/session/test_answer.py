"""`statecharts/answer.toml` on the network: the 2xx is repeated until its ACK comes. RFC 3261 §13.3.1.4."""

from __future__ import annotations

from plain_calls import acknowledge, called_by, quiet_and_empty

from session_fsm.session.events import AudioChannelsReady, CallEnded
from session_fsm.testing import Line, Method

UNTIL_32 = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_a_200_without_ack_is_repeated_up_to_t2(net, bob, peer):
    called_by(net, peer, bob)
    net.run_for(32.0)

    assert UNTIL_32 == bob.sent.times(status=200)


def test_a_200_without_ack_ends_in_a_bye(net, bob, peer):
    """After 64*T1, and the reason is told."""
    line = called_by(net, peer, bob)
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    net.run_until(lambda: line.state == "Terminated")

    assert ([32.0], "the ACK never came") == (bob.sent.times(Method.BYE), line.only(CallEnded).reason)


def test_a_lost_ack_keeps_nobody_from_active(net, alice, bob):
    """Issue: with an offer in the INVITE, media flows long before anybody gives up."""
    net.drop(Method.ACK)
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.deliver()

    assert ("Active", "Active", 0.0) == (line.media, bob.line.media, bob.line.only(AudioChannelsReady).time)


def test_if_every_ack_is_lost_both_sides_end(net, alice, bob):
    """The callee's BYE tells the caller."""
    net.drop(Method.ACK)
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.run_until(lambda: line.state == "Terminated")

    assert 32.0 == net.now
    assert quiet_and_empty(net, alice, bob)


def test_an_ack_that_was_lost_comes_again_with_the_next_200(net, alice, bob):
    net.drop(Method.ACK, count=2)
    bob.when_called = Line.accept
    alice.call(bob)
    net.run_for(10.0)

    assert [0.0, 0.5, 1.5] == bob.sent.times(status=200)
    assert 1 == bob.line.said.count("AckReceived")


def test_each_repeated_200_is_the_same_octets(net, bob, peer):
    called_by(net, peer, bob)
    net.run_for(10.0)

    assert 1 == len({answer.data for answer in bob.sent.of(status=200)})


def test_an_ack_again_changes_nothing(net, bob, peer):
    line = called_by(net, peer, bob)
    acknowledge(net, peer, bob)
    acknowledge(net, peer, bob)

    assert ("Active", 1) == (line.state, line.said.count("AckReceived"))


def test_an_ack_with_another_cseq_number_is_dropped(net, bob, peer):
    """RFC 3261 §13.2.2.4: the ACK has the number of its INVITE."""
    line = called_by(net, peer, bob)
    acknowledge(net, peer, bob, cseq=2)

    assert ("AckReceived" in line.said, 1) == (False, bob.counters["dropped.stray ACK"])


def test_an_ack_with_the_branch_of_the_invite_is_understood(net, bob, peer):
    """A peer that mistakes the 2xx for a failure does no harm."""
    peer.request("INVITE", bob, body=peer.sdp(), branch="z9hG4bKsame")
    net.deliver()
    bob.line.accept()
    net.deliver()
    tag = peer.received.response(200).to_tag
    peer.request("ACK", bob, branch="z9hG4bKsame", to_tag=tag)
    net.deliver()

    assert "AckReceived" in bob.line.said


def test_an_ack_after_we_gave_up_changes_nothing(net, bob, peer):
    line = called_by(net, peer, bob)
    net.run_for(33.0)
    acknowledge(net, peer, bob)

    assert "AckReceived" not in line.said


def test_hanging_up_waits_for_the_ack(net, bob, peer):
    """RFC 3261 §15: the callee sends no BYE before the ACK or the time-out."""
    line = called_by(net, peer, bob)
    line.hang_up()
    net.run_for(3.0)
    assert 0 == bob.sent.count(Method.BYE)

    acknowledge(net, peer, bob)

    assert ([3.0], "Terminating") == (bob.sent.times(Method.BYE), line.state)


def test_media_stops_when_we_hang_up_although_the_bye_waits(net, bob, peer):
    line = called_by(net, peer, bob)
    line.hang_up()

    assert "Closed" == line.media


def test_hanging_up_without_any_ack_sends_the_bye_after_the_time_out(net, bob, peer):
    line = called_by(net, peer, bob)
    line.hang_up()
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    net.run_until(lambda: line.state == "Terminated")

    assert [32.0] == bob.sent.times(Method.BYE)
