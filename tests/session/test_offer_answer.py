"""`statecharts/offer_answer.toml` on the network: who offers first and who answers. RFC 3264, RFC 3261 §13.2.1."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, acknowledge, talking

from session_fsm.errors import LocalProtocolError
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import CallEnded, SdpEvent, SdpKind
from session_fsm.testing import Line, Method

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection


def directions(*lines: Line) -> list[str]:
    """What each side may do now."""
    return [str(line.session.negotiation.agreement.direction) for line in lines]


def kinds(line: Line) -> list[SdpKind]:
    return [event.event_type for event in line.told(SdpEvent)]


# Delayed offer.


def test_without_an_offer_in_the_invite_the_200_makes_it(net, alice, bob):
    """RFC 3261 §13.2.1: and the ACK answers."""
    alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert (b"", True, True) == (
        alice.sent.request("INVITE").body,
        b"m=audio" in bob.sent.response(200).body,
        b"m=audio" in alice.sent.request("ACK").body,
    )


def test_a_delayed_offer_climbs_the_same_ladder(net, alice, bob):
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert LADDER == line.media_path == bob.line.media_path


def test_with_a_delayed_offer_the_callee_waits_for_the_ack(net, alice, bob):
    """Design §4: here alone the ACK counts."""
    net.hold(Method.ACK)
    alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()
    assert "Negotiating" == bob.line.media

    net.release()
    net.deliver()

    assert "Active" == bob.line.media


def test_a_delayed_offer_is_told_the_other_way_round(net, alice, bob):
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert [SdpKind.OFFER_RECEIVED, SdpKind.ANSWER_SENT] == kinds(line)
    assert [SdpKind.OFFER_SENT, SdpKind.ANSWER_RECEIVED] == kinds(bob.line)


def test_a_lost_ack_with_the_answer_comes_again(net, alice, bob):
    net.drop(Method.ACK, count=1)
    bob.when_called = Line.accept
    line = alice.call(bob, offer=False)
    net.deliver()
    net.run_until(lambda: bob.line.media == "Active")

    assert (0.5, "Active") == (net.now, line.media)


def test_an_ack_without_the_answer_ends_the_call(net, bob, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    acknowledge(net, peer, bob)

    ended = bob.line.only(CallEnded)
    assert ("Terminated", 488) == (bob.line.state, ended.status)


def test_an_ack_with_a_useless_answer_ends_the_call(net, bob, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    peer.request("INVITE", bob)
    net.deliver()
    bob.line.accept()
    net.deliver()
    acknowledge(net, peer, bob, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))

    assert "Terminated" == bob.line.state


def test_a_delayed_offer_that_is_useless_is_declined_in_the_ack(net, alice, peer):
    """RFC 3261 §13.2.2.4: a valid answer, then BYE."""
    line = alice.call(peer, offer=False)
    net.deliver()
    useless = peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18")
    peer.respond(peer.received.of("INVITE")[0], 200, body=useless)
    net.deliver()

    assert (["INVITE", "ACK", "BYE"], "Terminating") == (alice.sent.names, line.state)
    assert b"m=audio 0 RTP/AVP 18" in alice.sent.request("ACK").body


def test_the_delayed_offer_of_a_second_fork_is_declined_in_its_ack(net, alice, peer):
    """RFC 3261 §13.2.2.4: the ACK to every 2xx with an offer answers it."""
    alice.call(peer, offer=False)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    for tag in ("first", "second"):
        peer.respond(invite, 200, tag=tag, body=peer.sdp())
    net.deliver()

    first, second = (ack.request.body for ack in alice.sent.of(Method.ACK))
    assert (False, True) == (b"m=audio 0 " in first, b"m=audio 0 " in second)


def test_a_200_without_the_delayed_offer_ends_the_call(net, alice, peer):
    line = alice.call(peer, offer=False)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 200)
    net.deliver()

    assert (["INVITE", "ACK", "BYE"], "Terminating") == (alice.sent.names, line.state)


def test_a_reinvite_before_the_delayed_offer_is_answered_waits_for_the_ack(net, alice, bob):
    """RFC 3261 §14.1: one offer at a time; it is not forgotten."""
    net.hold(Method.ACK)
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()
    bob.line.reinvite(SENDONLY)
    net.deliver()
    assert 0 == bob.sent.count(Method.INVITE)

    net.release()
    net.deliver()

    assert ["recvonly", "sendonly"] == directions(line, bob.line)


def test_each_reinvite_offers_what_its_own_command_asked_for(net, alice, bob):
    """Two that wait for the ACK leave one after the other; the second does not change what the first one says."""
    net.hold(Method.ACK)
    line = alice.call(bob, offer=False)
    net.deliver()
    bob.line.accept()
    net.deliver()
    bob.line.reinvite(SENDONLY)
    bob.line.reinvite(INACTIVE)
    net.release()
    net.deliver()

    first, second = (bob.sent.request("INVITE", n).body for n in range(2))
    assert (True, True) == (b"a=sendonly" in first, b"a=inactive" in second)
    assert ["inactive", "inactive"] == directions(line, bob.line)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_after_a_delayed_offer_both_sides_can_renegotiate(net, alice, bob, who):
    """In the first exchange the 200 offered; in a later one it answers like any other."""
    bob.when_called = Line.accept
    line = alice.call(bob, offer=False)
    net.deliver()
    ours, others = (line, bob.line) if who == "caller" else (bob.line, line)
    ours.reinvite(SENDONLY)
    net.deliver()

    assert ["sendonly", "recvonly"] == directions(ours, others)


# Early media.


def test_early_media_flows_before_the_answer(net, alice, bob):
    """Design §4: Ready is the first SDP answer, in any 18x."""
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()

    assert ("Proceeding", "Active", "EarlyMedia", "Active") == (
        line.state,
        line.media,
        bob.line.state,
        bob.line.media,
    )


def test_the_200_after_early_media_repeats_the_answer(net, alice, bob):
    """RFC 3261 §13.2.1: the same answer."""
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert bob.sent.response(183).body == bob.sent.response(200).body
    assert (LADDER, LADDER, "Active") == (line.media_path, bob.line.media_path, line.state)


def test_early_media_without_an_offer_is_refused(net, bob, peer):
    """And what is possible does not name the very command that is not."""
    peer.request("INVITE", bob)
    net.deliver()

    with pytest.raises(LocalProtocolError) as caught:
        bob.line.progress()

    assert {"accept", "defer", "hang_up", "redirect", "reject", "ring"} == set(caught.value.allowed)


def test_no_number_of_reinvites_fills_the_memory(net, alice, bob):
    """What is acknowledged is forgotten when the next one is answered."""
    caller, callee = talking(net, alice, bob)
    for _ in range(20):
        caller.reinvite(SENDONLY)
        net.deliver()
        net.run_for(40.0)

    assert (1, 1) == (len(callee.session.answers), bob.coordinator.open_machines()["answers"])


def test_early_media_is_told_once(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert [SdpKind.OFFER_SENT, SdpKind.ANSWER_RECEIVED] == kinds(line)
    assert [SdpKind.OFFER_RECEIVED, SdpKind.ANSWER_SENT] == kinds(bob.line)


def test_early_media_and_ringing_can_be_mixed(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    bob.line.progress()
    net.deliver()
    bob.line.ring()
    bob.line.accept()
    net.deliver()

    assert ["180 INVITE", "183 INVITE", "180 INVITE", "200 INVITE"] == bob.sent.names
    assert ("Active", "Active") == (line.state, line.media)


def test_early_media_of_a_refused_call_closes(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.reject()
    net.deliver()

    assert ([*LADDER, "Closed"], [*LADDER, "Closed"]) == (line.media_path, bob.line.media_path)


def test_a_lost_183_is_made_good_by_the_200(net, alice, bob):
    """It is not repeated, being provisional."""
    net.drop(status=183)
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.run_for(5.0)
    bob.line.accept()
    net.deliver()

    assert LADDER == line.media_path == bob.line.media_path
