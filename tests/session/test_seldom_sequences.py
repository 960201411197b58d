"""What a dialog remembers of each request and response. RFC 3261 §12.1.2, §12.2.2, §13.2.2.4."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, answered_by, called_by
from seldom import dialog_path

from session_fsm.session.events import DialogStateChanged
from session_fsm.testing import Method

ELSEWHERE = [("Contact", "<sip:moved@10.0.0.9:5062>")]
MOVED = "sip:moved@10.0.0.9:5062"
DIGIT = [("Content-Type", "application/dtmf-relay")]


@pytest.mark.parametrize(
    ("method", "body", "headers"),
    [
        ("UPDATE", b"", ()),
        ("UPDATE", b"sdp", ()),
        ("INFO", b"Signal=5\r\n", [*DIGIT, ("Info-Package", "dtmf")]),
        ("INFO", b"Signal=5\r\n", DIGIT),
        ("INFO", b"", ()),
        ("INFO", b"x", [("Content-Type", "text/plain")]),
        ("BYE", b"", ()),
    ],
)
def test_each_request_of_a_call_moves_the_number_on(net, bob, peer, method, body, headers):
    """RFC 3261 §12.2.2: whatever it is answered with."""
    dialog = called_by(net, peer, bob).session.dialog
    tag = acknowledge(net, peer, bob)
    body = peer.sdp(version=2) if body == b"sdp" else body
    peer.request(method, bob, to_tag=tag, cseq=5, body=body, headers=headers)
    net.deliver()
    peer.request("OPTIONS", bob, to_tag=tag, cseq=4)
    net.deliver()

    assert (5, "481 OPTIONS" if method == "BYE" else "500 OPTIONS") == (dialog.remote_seq, bob.sent.names[-1])


@pytest.mark.parametrize("method", ["UPDATE", "refresh", "INFO", "BYE"])
def test_each_request_of_the_caller_in_an_early_dialog_moves_the_number_on(net, bob, peer, method):
    """RFC 3261 §12.2.2."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    line = bob.line
    line.ring()
    net.deliver()
    dialog = line.session.dialog
    tag = peer.received.response(180).to_tag
    body = peer.sdp(version=2) if method == "UPDATE" else b""
    peer.request(method.replace("refresh", "UPDATE"), bob, to_tag=tag, cseq=5, body=body)
    net.deliver()

    assert 5 == dialog.remote_seq


@pytest.mark.parametrize("offer", [True, False])
def test_an_update_of_the_callee_in_an_early_dialog_moves_the_number_on(net, alice, peer, offer):
    """RFC 3261 §12.2.2: the next one that is not newer gets 500."""
    alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180)
    net.deliver()
    body = peer.sdp() if offer else b""
    known = {"call_id": invite.request.call_id, "to_tag": invite.request.from_tag}
    peer.request("UPDATE", alice, cseq=5, body=body, **known)
    net.deliver()
    peer.request("OPTIONS", alice, cseq=4, **known)
    net.deliver()

    assert [("491" if offer else "200") + " UPDATE", "500 OPTIONS"] == alice.sent.names[-2:]


def test_an_info_before_there_is_a_dialog_gets_481(net, bob, peer):
    """RFC 6086 §4.2."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    peer.request("INFO", bob, to_tag=bob.line.session.local_tag, cseq=2, body=b"Signal=5\r\n", headers=DIGIT)
    net.deliver()

    assert ("481 INFO", "Initiating", []) == (bob.sent.names[-1], bob.line.state, dialog_path(bob.line))


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("described", [True, False])
def test_an_early_dialog_knows_where_its_newest_response_came_from(net, alice, peer, before, described):
    """RFC 3261 §12.1.2: the Contact of the response is the remote target."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    if before:
        peer.respond(invite, 180)
        net.deliver()
    body = peer.sdp() if described else b""
    peer.respond(invite, 183, body=body, contact=False, headers=ELSEWHERE)
    net.deliver()

    (dialog,) = line.session.dialogs.values()
    assert (MOVED, "Early") == (str(dialog.remote_target), dialog.machine.state)


def forks(line, tag: str) -> list[str]:
    """The states of the dialog with this tag."""
    return [event.new_state for event in line.told(DialogStateChanged) if event.remote_tag == tag]


def test_a_late_2xx_of_a_fork_says_where_its_ack_and_its_bye_go(net, alice, peer):
    """RFC 3261 §13.2.2.4, §12.1.2: its Contact, not that of the 180 before."""
    alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180, tag="second")
    peer.respond(invite, 200, tag="first", body=peer.sdp())
    net.deliver()
    peer.respond(invite, 200, tag="second", body=peer.sdp(), contact=False, headers=ELSEWHERE)
    net.deliver()

    sent = [datagram.request for datagram in alice.sent.of(Method.ACK) + alice.sent.of(Method.BYE)]
    assert [MOVED, MOVED] == [str(request.uri) for request in sent if request.to_tag == "second"]


def test_an_answer_without_a_description_makes_the_other_forks_lose(net, alice, peer):
    """RFC 3261 §13.2.2.4: the answer was in the 183."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180, tag="second")
    peer.respond(invite, 183, tag="first", body=peer.sdp())
    net.deliver()
    peer.respond(invite, 200, tag="first")
    net.deliver()

    assert ["Early", "Losing"] == forks(line, "second")


def test_a_bye_that_crosses_ours_ends_the_dialog_at_once(net, alice, peer):
    """RFC 5407 §3.2.1: the answer to ours need not come; another BYE finds no dialog."""
    line, invite = answered_by(net, alice, peer)
    line.hang_up()
    net.deliver()
    for cseq in (1, 2):
        peer.request("BYE", alice, to_tag=invite.request.from_tag, call_id=invite.request.call_id, cseq=cseq)
        net.deliver()

    assert ["Confirmed", "Mortal", "Terminated"] == dialog_path(line)
    assert ["200 BYE", "481 BYE"] == alice.sent.names[-2:]


def test_after_our_bye_no_200_is_repeated(net, bob, peer):
    """RFC 3261 §13.3.1.4: whether a re-INVITE's ACK comes is of no use any more, though the BYE is not answered."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(version=2))
    net.deliver()
    line.hang_up()
    net.deliver()
    before = bob.sent.count(status=200)
    net.run_for(20.0)

    assert (2, 2) == (before, bob.sent.count(status=200))
    assert ["Moratorium", "Confirmed", "Mortal"] == dialog_path(line)[:3]
