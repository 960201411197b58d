"""What a callee sends as soon as it has answered, when it comes before all its responses: too early, and no stranger's.

RFC 3261 §12.2.2, §14.2, §17.2.2; RFC 3311 §5.2.
"""

from __future__ import annotations

import pytest
from plain_calls import quiet_and_empty
from test_glare import directions

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import DialogStateChanged
from session_fsm.session.settings import Settings
from session_fsm.testing import Datagram, Line, Network, Phone, ScriptedPeer

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection
DIGIT = [("Content-Type", "application/dtmf-relay")]


def calling(net: Network, alice: Phone, peer: ScriptedPeer) -> tuple[Line, Datagram]:
    """A caller of whom the peer has the INVITE, and nothing has come back."""
    line = alice.call(peer)
    net.deliver()
    return line, peer.received.of("INVITE")[0]


def within(peer: ScriptedPeer, alice: Phone, invite: Datagram, method: str, **said: object) -> Datagram:
    """A request in the dialog that the peer has made by its answer."""
    return peer.request(method, alice, call_id=invite.request.call_id, to_tag=invite.request.from_tag, **said)


EARLY = {
    "INVITE": (491, True, []),
    "UPDATE": (491, True, []),
    "UPDATE to refresh": (500, False, []),
    "INFO": (500, False, DIGIT),
    "OPTIONS": (200, False, []),
}
"What each gets; whether it carries an offer; its headers."


@pytest.mark.parametrize("what", EARLY)
def test_a_request_that_overtakes_the_200_is_answered_as_one_of_its_dialog(net, alice, peer, what):
    """RFC 3261 §12.2.2 leaves the choice: at 481 its sender would end the call (§12.2.1.2)."""
    line, invite = calling(net, alice, peer)
    status, offers, headers = EARLY[what]
    method = what.split()[0]
    within(peer, alice, invite, method, body=peer.sdp(version=2) if offers else b"", headers=headers)
    net.deliver()
    answer = alice.sent.response(status)
    assert [] == line.told(DialogStateChanged)
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()

    assert (method, status == 500, "Active") == (answer.method, answer.has("Retry-After"), line.state)


@pytest.mark.parametrize("what", EARLY)
def test_every_copy_of_it_gets_the_same_answer(net, alice, peer, what):
    """RFC 3261 §17.2.2: also when the 200 has come meanwhile, and the copy would be a good request."""
    line, invite = calling(net, alice, peer)
    status, offers, headers = EARLY[what]
    method = what.split()[0]
    body = peer.sdp(SENDONLY, version=2) if offers else b""
    request = within(peer, alice, invite, method, body=body, headers=headers)
    net.deliver()
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()
    net.run_for(20.0)
    before = len(alice.sent)
    peer.send(request.data, alice)
    net.deliver()

    first = alice.sent.of(status=status, method=method)[0].data
    assert [first] == [datagram.data for datagram in alice.sent[before:]]
    assert ["sendrecv"] == directions(line)


@pytest.mark.parametrize(("what", "status"), [("offer", 491), ("refresh", 500)])
def test_an_older_update_is_out_of_order_before_the_200_too(net, alice, peer, what, status):
    """RFC 3261 §12.2.2: out of order is said before all else."""
    line, invite = calling(net, alice, peer)
    within(peer, alice, invite, "UPDATE", cseq=5, body=peer.sdp(version=3) if what == "offer" else b"")
    within(peer, alice, invite, "UPDATE", cseq=4, body=peer.sdp(version=2))
    net.deliver()

    assert [f"{status} UPDATE", "500 UPDATE"] == alice.sent.names[-2:]
    assert [] == line.told(DialogStateChanged)


def test_the_same_number_again_is_out_of_order_once_its_transaction_is_gone(net, alice, peer):
    """RFC 3261 §12.2.2: the dialog remembers it."""
    line, invite = calling(net, alice, peer)
    within(peer, alice, invite, "UPDATE", cseq=5, body=peer.sdp(SENDONLY, version=2))
    net.deliver()
    peer.respond(invite, 200, body=peer.sdp())
    net.run_for(40.0)
    within(peer, alice, invite, "UPDATE", cseq=5, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    assert ("500 UPDATE", ["sendrecv"]) == (alice.sent.names[-1], directions(line))


@pytest.mark.parametrize("early", [True, False], ids=["after 180", "before"])
def test_an_older_invite_is_out_of_order(net, alice, peer, early):
    """RFC 3261 §12.2.2, §14.2."""
    _, invite = calling(net, alice, peer)
    if early:
        peer.respond(invite, 180)
        net.deliver()
    within(peer, alice, invite, "INVITE", cseq=5, body=peer.sdp(version=3))
    within(peer, alice, invite, "INVITE", cseq=4, body=peer.sdp(version=2))
    net.deliver()

    assert ["491 INVITE", "500 INVITE"] == alice.sent.names[-2:]


def test_a_refusal_after_it_ends_the_dialog(net, alice, peer):
    """A callee that errs: it changes a session, and then refuses the call."""
    line, invite = calling(net, alice, peer)
    within(peer, alice, invite, "UPDATE", body=peer.sdp(version=2))
    net.deliver()
    peer.respond(invite, 486)
    net.deliver()

    assert ("Failed", ["Terminated"]) == (line.state, [str(e.new_state) for e in line.told(DialogStateChanged)])
    assert quiet_and_empty(net, alice)


@pytest.mark.parametrize("change", ["to_tag", "call_id"])
def test_a_stranger_gets_481_and_nothing_is_kept(net, alice, peer, change):
    """RFC 3261 §8.2.7: with our Call-ID and another tag in To, or the other way round, it has not seen our INVITE."""
    _, invite = calling(net, alice, peer)
    before = alice.leftovers
    known = {"call_id": invite.request.call_id, "to_tag": invite.request.from_tag, change: "guessed"}
    peer.request("UPDATE", alice, body=peer.sdp(version=2), **known)
    net.deliver()

    assert ("481 UPDATE", before) == (alice.sent.names[-1], alice.leftovers)


def test_no_more_dialogs_are_kept_than_forks_may_be(net, peer):
    """As for responses: what a peer makes us keep is bounded."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(max_forks=3))
    net = Network(alice, peer)
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    for number in range(6):
        peer.tag = f"fork-{number}"
        within(peer, alice, invite, "UPDATE", body=peer.sdp(version=2))
        net.deliver()

    assert (3, 3) == (alice.sent.count(status=491), alice.sent.count(status=481))
    assert 3 == len(line.session.dialogs)


def test_no_more_requests_are_kept_than_a_call_may_have_open(peer):
    """Each keeps a transaction for 64*T1."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(max_requests=4))
    net = Network(alice, peer)
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    for number in range(1, 10):
        within(peer, alice, invite, "UPDATE", cseq=number, body=peer.sdp(version=2))
        net.deliver()

    assert (4, 9) == (len(line.session.transactions), alice.sent.count(status=491) + alice.sent.count(status=503))


def test_a_hold_that_overtakes_the_200_is_offered_again(net, alice, bob):
    """The callee offers again, a copy of its first UPDATE changes nothing, and both agree."""
    caller = alice.call(bob)
    net.deliver()
    net.hold(status=200, method="INVITE")
    bob.line.accept()
    bob.line.hold()
    net.deliver()
    early = bob.sent.of("UPDATE")[0]
    net.release()
    net.deliver()
    net.send(early.data, early.source, early.destination)
    net.run_for(5.0)

    assert ["491 UPDATE"] * 2 == [name for name in alice.sent.names if name.endswith("UPDATE")]
    assert (["recvonly", "sendonly"], "OnHold") == (directions(caller, bob.line), caller.state)
