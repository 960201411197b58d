"""How long one wish is offered again to a peer that offers too, and what ends it meanwhile. RFC 3261 §14.1."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, answered_by, quiet_and_empty
from seldom import RECVONLY, SENDONLY, changes, kinds
from test_offers_again import ALLOWS, in_glare, offered_by_peer, reoffering
from test_seldom_updates import updating_early

from session_fsm.session.events import MediaChange, MediaEvent
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Network, Phone, ScriptedPeer

ACCEPTED, REFUSED = MediaChange.REOFFER_ACCEPTED, MediaChange.REOFFER_REFUSED
INSISTENCE = 32.0  # seconds; 64*T1

both = pytest.mark.parametrize("reoffer", ["UPDATE", "INVITE"])


def path(line: Line, last: int) -> list[str]:
    """The last states of offer and answer."""
    return line.path("offer_answer")[-last:]


def fired(line: Line, timer: str) -> int:
    """How often a timer of offer and answer came up."""
    return sum(row.event == f"timer_{timer}" and row.machine == "offer_answer" for row in line.rows)


def insisting(peer: ScriptedPeer, reoffer: str) -> tuple[Line, Network]:
    """A caller that waits after the last of many 491, a moment before its wish is given up."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(reoffer=reoffer))
    net = Network(alice, peer)
    line, _ = answered_by(net, alice, peer, headers=ALLOWS)
    peer.when(reoffer, lambda request: peer.respond(request, 491, contact=False))
    line.hold()
    net.run_for(INSISTENCE - 0.1)
    assert "GlareWait" == line.path("offer_answer")[-1]
    return line, net


@both
def test_a_wish_is_given_up_while_it_waits_for_its_time(peer, reoffer):
    """It is told by the 491 that had put it off, and the waiting time is over too."""
    line, net = insisting(peer, reoffer)
    waits = fired(line, "glare")
    net.run_for(10.0)

    assert (["GlareWait", "Agreed"], "Live", waits) == (path(line, 2), line.session.hold.state, fired(line, "glare"))
    assert [(REFUSED, 491, 1)] == [(e.event, e.status, e.wish) for e in line.told(MediaEvent) if e.wish]


@both
def test_a_wish_that_is_put_off_at_last_does_not_wait_long(peer, reoffer):
    """Its time goes on while an answer is awaited."""
    line, net, request = reoffering(peer, reoffer)
    if reoffer == "INVITE":
        peer.respond(request, 100, contact=False)
    net.run_for(INSISTENCE - 0.2)
    peer.respond(request, 491, contact=False)
    net.run_for(0.05)
    before = path(line, 1)
    net.run_for(1.0)

    assert (["GlareWait"], ["GlareWait", "Agreed"]) == (before, path(line, 2))
    assert [REFUSED] == [change for change in changes(line) if change in (ACCEPTED, REFUSED)]


@pytest.mark.parametrize("status", [491, 200])
def test_the_answer_to_what_is_on_its_way_decides(peer, status):
    """The time is over while an answer is awaited: 491 puts off nothing any more, a 2xx grants the wish."""
    line, net = in_glare(peer, "INVITE")
    net.run_for(4.0)
    request = peer.received.of("INVITE")[-1]
    peer.respond(request, 100, contact=False)
    net.run_for(INSISTENCE - 1.0)
    assert (1, "Reoffering") == (fired(line, "insistence"), path(line, 1)[0])
    peer.respond(request, status, body=peer.sdp(RECVONLY, version=2) if status == 200 else b"")
    net.deliver()
    net.run_for(10.0)

    assert ("Agreed", "OnHold" if status == 200 else "Active") == (path(line, 1)[0], line.state)
    assert [ACCEPTED if status == 200 else REFUSED] == [
        change for change in changes(line) if change in (ACCEPTED, REFUSED)
    ]
    assert 1 == fired(line, "glare")


def test_an_update_that_is_answered_when_the_time_is_over_decides(peer):
    """The same with UPDATE, whose answer comes in the last moment of its transaction."""
    line, net = in_glare(peer, "UPDATE")
    net.run_for(4.0)
    request = peer.received.of("UPDATE")[-1]
    net.run_for(INSISTENCE - 3.9)
    assert (1, "Updating") == (fired(line, "insistence"), path(line, 1)[0])
    peer.respond(request, 491, contact=False)
    net.run_for(10.0)

    assert ["Updating", "GlareWait", "Agreed"] == path(line, 3)
    assert (1, 0, 1) == (changes(line).count(REFUSED), changes(line).count(ACCEPTED), fired(line, "glare"))


@both
def test_a_wish_that_was_granted_leaves_no_timer(peer, reoffer):
    line, net, request = reoffering(peer, reoffer)
    peer.respond(request, 200, body=peer.sdp(RECVONLY, version=2))
    net.run_for(2 * INSISTENCE)

    assert ("OnHold", 0, 0) == (line.state, fired(line, "insistence"), fired(line, "glare"))


def test_each_wish_has_its_own_time(peer):
    """The second begins anew, however late the first was granted."""
    line, net, request = reoffering(peer, "UPDATE")
    net.run_for(20.0)
    peer.respond(request, 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()
    peer.when("UPDATE", lambda again: peer.respond(again, 491, contact=False))
    line.resume()
    net.run_for(INSISTENCE - 1.0)
    before = line.session.hold.state
    net.run_for(2.0)

    assert ("Resuming", "Held") == (before, line.session.hold.state)


@both
def test_a_clock_that_jumps_ends_no_wish(peer, reoffer):
    """Only its timer does: a message that is said to have come after its time does not."""
    line, net, request = reoffering(peer, reoffer)
    phone = line.phone
    answer = peer.respond(request, 491, contact=False)
    phone.coordinator.receive(answer.data, peer.address, net.now + INSISTENCE + 1.0)

    assert ("GlareWait", "Holding") == (path(line, 1)[0], line.session.hold.state)


@both
def test_a_wish_whose_time_is_over_while_the_peers_own_offer_has_no_ack(peer, reoffer):
    """It is given up with the ACK; what the peer offered goes on."""
    line, net = insisting(peer, reoffer)
    offered_by_peer(net, peer, line, "INVITE")
    net.run_for(0.5)
    offered_by_peer(net, peer, line, "ACK")
    net.run_for(5.0)

    assert ["GlareWait", "GlareAcknowledging", "GlareWait", "Agreed"] == path(line, 4)
    assert (1, "Live") == (changes(line).count(REFUSED), line.session.hold.state)


@pytest.mark.parametrize("status", [491, 481])
def test_an_early_update_that_is_put_off_in_the_last_moment_is_not_made_again(net, bob, peer, status):
    """The ACK has come long ago, and the time that began with the UPDATE is nearly over: its status is what is told."""
    line = updating_early(net, bob, peer)
    net.run_for(0.5)
    acknowledge(net, peer, bob)
    net.run_for(INSISTENCE - 0.6)
    peer.respond(peer.received.of("UPDATE")[-1], status)
    net.run_for(5.0)

    assert ["UpdatingEarly", "GlareAcknowledging", "GlareWait", "Agreed"] == path(line, 4)
    assert [(REFUSED, status, 1)] == [(e.event, e.status, e.wish) for e in line.told(MediaEvent) if e.wish]


@both
def test_each_wait_is_drawn_anew(peer, reoffer):
    """RFC 3261 §14.1: two sides that began at the same moment would else meet for ever."""
    line, net = in_glare(peer, reoffer)
    waits = []
    for _ in range(3):
        began = net.now
        net.run_until(lambda: path(line, 1)[0] != "GlareWait")
        waits.append(round(net.now - began, 2))
        peer.respond(peer.received.of(reoffer)[-1], 491)
        net.deliver()

    assert all(2.1 <= wait <= 4.0 for wait in waits)
    assert 3 == len(set(waits))


def test_a_call_that_ends_while_its_reinvite_proceeds_offers_nothing_more(peer):
    line, net, invite = reoffering(peer, "INVITE")
    peer.respond(invite, 180)
    net.deliver()
    line.hang_up()
    net.deliver()

    assert ["Reoffering", "Closed"] == path(line, 2)


# The peer asks for an offer while ours is put off.


def asked(peer: ScriptedPeer, reoffer: str) -> tuple[Line, Network]:
    """The peer's re-INVITE without an offer has come after glare; our 200 made one."""
    line, net = in_glare(peer, reoffer)
    invite = peer.received.of("INVITE")[0].request
    peer.request("INVITE", line.phone, call_id=invite.call_id, to_tag=invite.from_tag, cseq=1)
    net.deliver()
    assert ["GlareWait", "GlareAwaitingAnswer"] == path(line, 2)
    return line, net


def acknowledged(net: Network, peer: ScriptedPeer, line: Line, body: bytes, cseq: int = 1) -> None:
    """The peer's ACK in the dialog that the caller began."""
    invite = peer.received.of("INVITE")[0].request
    peer.request("ACK", line.phone, call_id=invite.call_id, to_tag=invite.from_tag, cseq=cseq, body=body)
    net.deliver()


@both
def test_ours_is_offered_again_after_the_answer(peer, reoffer):
    line, net = asked(peer, reoffer)
    acknowledged(net, peer, line, peer.sdp(version=2))
    before = path(line, 2)
    net.run_for(5.0)
    peer.respond(peer.received.of(reoffer)[-1], 200, body=peer.sdp(RECVONLY, version=3))
    net.deliver()

    assert (["GlareAwaitingAnswer", "GlareWait"], "OnHold") == (before, line.state)
    assert [MediaChange.RENEGOTIATED, ACCEPTED] == [c for c in changes(line) if c is not REFUSED][-2:]


def test_ours_waits_for_the_answer_when_its_time_comes_first(peer):
    """RFC 3261 §14.1: one offer at a time."""
    line, net = asked(peer, "INVITE")
    net.run_for(5.0)
    before = (fired(line, "glare"), path(line, 1))
    acknowledged(net, peer, line, peer.sdp(version=2))

    assert ((1, ["GlareAwaitingAnswer"]), ["GlareWait", "LocalReoffer"]) == (before, path(line, 2))


@pytest.mark.parametrize("how", ["no answer", "no ack"])
def test_a_peer_that_never_answers_what_it_asked_for_ends_the_call(peer, how):
    """RFC 3261 §14.2, §13.3.1.4."""
    line, net = asked(peer, "INVITE")
    if how == "no answer":
        acknowledged(net, peer, line, b"")
    net.run_for(INSISTENCE + 0.1)

    assert ["Refused", "Closed"] == path(line, 2)
    assert "BYE" == line.phone.sent.names[-1]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_another_offer_meanwhile_gets_491(peer, method):
    """RFC 5407 §3.1.5, RFC 3311 §5.2."""
    line, net = asked(peer, "INVITE")
    offered_by_peer(net, peer, line, method, cseq=2)

    assert (f"491 {method}", ["GlareAwaitingAnswer"]) == (line.phone.sent.names[-1], path(line, 1))


def test_a_wish_whose_time_is_over_while_the_peer_owes_an_answer(peer):
    """It is given up with the answer."""
    line, net = insisting(peer, "UPDATE")
    invite = peer.received.of("INVITE")[0].request
    peer.request("INVITE", line.phone, call_id=invite.call_id, to_tag=invite.from_tag, cseq=1)
    net.run_for(0.5)
    acknowledged(net, peer, line, peer.sdp(version=2))

    assert ["GlareAwaitingAnswer", "GlareWait", "Agreed"] == path(line, 3)
    assert (1, "Live") == (changes(line).count(REFUSED), line.session.hold.state)


# The peer offers while ours is put off.


def test_a_peer_that_offers_twice_is_answered_twice(peer):
    """The ACK to the first 200 is not the second's; an offer is asked for in between."""
    line, net = in_glare(peer, "INVITE")
    offered_by_peer(net, peer, line, "INVITE", cseq=1)
    offered_by_peer(net, peer, line, "INVITE", cseq=2)
    offered_by_peer(net, peer, line, "ACK", cseq=1)
    before = path(line, 2)
    offered_by_peer(net, peer, line, "ACK", cseq=2)

    assert (["GlareWait", "GlareAcknowledging"], ["GlareAcknowledging", "GlareWait"]) == (before, path(line, 2))


def test_a_peer_that_offers_and_then_asks_for_an_offer(peer):
    """RFC 6337 §2.1: the older ACK answers nothing."""
    line, net = in_glare(peer, "INVITE")
    offered_by_peer(net, peer, line, "INVITE", cseq=1)
    invite = peer.received.of("INVITE")[0].request
    peer.request("INVITE", line.phone, call_id=invite.call_id, to_tag=invite.from_tag, cseq=2)
    net.deliver()
    acknowledged(net, peer, line, b"", cseq=1)

    assert ["GlareWait", "GlareAcknowledging", "GlareAwaitingAnswer"] == path(line, 3)


@pytest.mark.parametrize("acked", [True, False])
def test_a_peers_offer_that_cannot_be_agreed_to_gets_488(peer, acked):
    """RFC 3261 §14.2: ours is still wanted."""
    line, net = in_glare(peer, "INVITE")
    if not acked:
        offered_by_peer(net, peer, line, "INVITE", cseq=1)
    before = path(line, 1)
    invite = peer.received.of("INVITE")[0].request
    useless = peer.sdp(version=3).replace(b"RTP/AVP 0 8", b"RTP/AVP 18")
    peer.request("INVITE", line.phone, call_id=invite.call_id, to_tag=invite.from_tag, cseq=2, body=useless)
    net.deliver()

    assert ("488 INVITE", before) == (line.phone.sent.names[-1], path(line, 1))


def test_an_answer_to_the_peers_offer_that_is_never_acknowledged_ends_the_call(peer):
    """RFC 3261 §13.3.1.4: also while ours is put off."""
    line, net = in_glare(peer, "INVITE")
    offered_by_peer(net, peer, line, "INVITE")
    net.run_until(lambda: line.state != "Active")
    before = (line.phone.sent.count("BYE"), path(line, 3))
    peer.when("BYE", lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))

    assert (1, ["GlareAcknowledging", "Refused", "Closed"]) == before
    assert quiet_and_empty(net, line.phone)


MOVED = [("Contact", "<sip:moved@10.0.0.9:5062>")]


def test_what_the_peer_offers_meanwhile_is_in_force(peer):
    """RFC 3261 §14.2: its direction and its new target; and that is told."""
    line, net = in_glare(peer, "INVITE")
    invite = peer.received.of("INVITE")[0].request
    known = {"call_id": invite.call_id, "to_tag": invite.from_tag}
    peer.request("INVITE", line.phone, **known, body=peer.sdp(SENDONLY, version=2), headers=MOVED)
    net.deliver()

    assert ("recvonly", 1) == (str(line.session.negotiation.direction), changes(line).count(MediaChange.RENEGOTIATED))
    assert "sip:moved@10.0.0.9:5062" == str(line.session.dialog.remote_target)


def test_what_the_peer_answers_meanwhile_is_in_force(peer):
    """RFC 3264 §8: our 200 offers what we have, and the ACK has the answer; the new target counts too."""
    line, net = in_glare(peer, "INVITE")
    invite = peer.received.of("INVITE")[0].request
    before = len(kinds(line))
    peer.request("INVITE", line.phone, call_id=invite.call_id, to_tag=invite.from_tag, headers=MOVED)
    net.deliver()
    offered = line.phone.sent.response(200, -1).body
    acknowledged(net, peer, line, peer.sdp(SENDONLY, version=2))

    assert (b"a=sendonly" in offered, "recvonly") == (False, str(line.session.negotiation.direction))
    assert (["offer_sent", "answer_received"], 1) == (
        kinds(line)[before:],
        changes(line).count(MediaChange.RENEGOTIATED),
    )
    assert "sip:moved@10.0.0.9:5062" == str(line.session.dialog.remote_target)
