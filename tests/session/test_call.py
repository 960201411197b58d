"""`statecharts/call.toml` on the network: every outcome of a call, for both roles. RFC 3261 §13, §15, §9."""

from __future__ import annotations

import pytest
from plain_calls import answered_by, called_by, quiet_and_empty, talking

from session_fsm.errors import LocalProtocolError
from session_fsm.sdp import PCMA, PCMU, Codec, MediaDirection
from session_fsm.session.events import CallAnswered, CallEnded, CallFailed, IncomingCall
from session_fsm.session.settings import Settings
from session_fsm.testing import Leftovers, Line, Method, Network, Phone


def outcome(line: Line) -> tuple[str, int | None, str]:
    """How a call ended: its state, status and reason."""
    event = next(event for event in reversed(line.events) if isinstance(event, CallEnded | CallFailed))
    return (line.state, event.status, event.reason)


# Refused.


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "Bad Request"),
        (404, "Not Found"),
        (480, "Temporarily Unavailable"),
        (486, "Busy Here"),
        (503, "Service Unavailable"),
        (600, "Busy Everywhere"),
        (603, "Decline"),
        (699, "Busy Everywhere"),
    ],
)
def test_a_call_can_be_refused_with_any_code(net, alice, bob, status, reason):
    """Issue: every outcome is an event at once, with SIP status and reason."""
    line = alice.call(bob)
    net.deliver()
    bob.line.reject(status)
    net.deliver()

    assert ("Failed", status, reason) == outcome(line) == outcome(bob.line)


def test_a_refusal_can_have_a_reason_of_its_own(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.reject(486, "On another line", headers=[("Retry-After", "60")])
    net.deliver()

    assert ("Failed", 486, "On another line") == outcome(line)
    assert 60 == bob.sent.response(486).retry_after


@pytest.mark.parametrize("status", [100, 200, 302, 399, 700, 0])
def test_what_is_no_refusal_cannot_be_one(net, alice, bob, status):
    alice.call(bob)
    net.deliver()

    with pytest.raises(ValueError, match="a refusal is 400 to 699"):
        bob.line.reject(status)


def test_hanging_up_a_call_that_rings_here_declines_it(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.hang_up()
    net.deliver()

    assert ("Failed", 603, "Decline") == outcome(line) == outcome(bob.line)


def test_a_refused_call_leaves_nothing(net, alice, bob):
    alice.call(bob)
    net.deliver()
    bob.line.reject()

    assert quiet_and_empty(net, alice, bob)


def test_media_of_a_refused_call_is_closed_on_both_sides(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.reject()
    net.deliver()

    assert ["Idle", "Negotiating", "Closed"] == line.media_path == bob.line.media_path


def test_an_offer_without_our_codecs_gets_488(net, bob, peer):
    """RFC 3261 §13.3.1.3, with a Warning that says why; the application is not asked."""
    peer.request("INVITE", bob, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))
    net.deliver()

    answer = peer.received.response(488)
    assert (False, ["Idle", "Failed"]) == ("IncomingCall" in bob.line.said, bob.line.call_path)
    assert answer.get("Warning").startswith("305 10.0.0.2")


def test_a_copy_of_an_invite_that_got_488_gets_the_same_one(net, bob, peer):
    """RFC 3261 §8.2.7: once for each copy, with one tag; nothing is kept, and nothing is repeated by itself."""
    sent = peer.request("INVITE", bob, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))
    net.run_for(10.0)
    left = bob.leftovers
    peer.send(sent.data, bob)
    net.run_until_quiet()

    assert Leftovers() == left == bob.leftovers
    assert (2, 1) == (len(bob.sent), len({answer.data for answer in bob.sent}))


def test_a_body_that_is_no_description_gets_488(net, bob, peer):
    peer.request("INVITE", bob, body=b"v=0\r\nnonsense\r\n")
    net.deliver()

    assert ["488 INVITE"] == bob.sent.names


# Redirected.


def test_a_redirection_is_followed(net, alice, bob, peer):
    """RFC 3261 §8.1.3.4: a new INVITE to the Contact, with the same Call-ID and the next CSeq number."""
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 302, contact=False, headers=[("Contact", "<sip:bob@10.0.0.2>")])
    net.deliver()
    bob.line.accept()
    net.deliver()

    first, second = (datagram.request for datagram in alice.sent.of(Method.INVITE))
    assert (first.call_id, first.from_tag, 2) == (second.call_id, second.from_tag, second.cseq.number)
    assert ("sip:bob@10.0.0.2", None) == (str(second.uri), second.to_tag)
    assert ("Active", "Active") == (line.state, line.media)


def test_a_redirected_call_may_be_answered_under_the_tag_of_the_first_target(net, alice, peer):
    """Both targets may be one user agent; its early dialog ended with the redirection, the new one counts."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag="same"))
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 183, tag="same", body=peer.sdp())
    elsewhere = [("Contact", "<sip:else@10.0.0.9>")]
    peer.respond(peer.received.of("INVITE")[0], 302, tag="same", contact=False, headers=elsewhere)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[1], 200, tag="same", body=peer.sdp())
    net.deliver()
    assert "Active" == line.state

    line.hang_up()

    assert quiet_and_empty(net, alice)


def test_who_hung_up_is_not_redirected(net, alice, bob, peer):
    """A hang-up that waits for a provisional response comes up before the next target is called (RFC 3261 §9.1)."""
    line = alice.call(peer)
    net.deliver()
    line.hang_up()
    peer.respond(peer.received.of("INVITE")[0], 302, contact=False, headers=[("Contact", "<sip:bob@10.0.0.2>")])
    net.deliver()

    assert (1, "Cancelled", []) == (alice.sent.count(method="INVITE"), line.state, bob.lines)


def test_a_call_that_nobody_answered_fails_even_if_the_cancel_cannot_be_delivered(net, alice, peer):
    """However the INVITE ends after the time is up, the outcome is the same."""
    line = alice.call(peer, no_answer=10.0)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 180)
    net.deliver()
    net.refuse(peer)
    net.run_for(11.0)

    assert ("Failed", 408) == (line.state, line.only(CallFailed).status)


def test_a_call_can_be_redirected(net, alice, bob):
    carol = Phone("carol", "10.0.0.3", when_called=Line.accept)
    net.add(carol)
    line = alice.call(bob)
    net.deliver()
    bob.line.redirect("sip:carol@10.0.0.3")
    net.deliver()

    assert ("Active", "Failed", 302) == (line.state, bob.line.state, outcome(bob.line)[1])
    assert ("sip:carol@10.0.0.3",) == bob.line.only(CallFailed).contacts


def test_the_contact_with_the_highest_q_is_called(net, alice, bob, peer):
    """RFC 3261 §8.1.3.4."""
    contacts = ("Contact", "<sip:no@10.0.0.77>;q=0.2, <sip:bob@10.0.0.2>;q=0.9, <sip:no@10.0.0.78>;q=0.5")
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, 302, contact=False, headers=[contacts]))
    alice.call(peer)
    net.deliver()

    assert 1 == bob.received.count(Method.INVITE)


def test_a_redirection_without_a_usable_contact_fails_the_call(net, alice, peer):
    """The application gets the Contacts."""
    peer.when(
        Method.INVITE, lambda invite: peer.respond(invite, 302, contact=False, headers=[("Contact", "<tel:+1234>")])
    )
    line = alice.call(peer)
    net.deliver()

    assert ("Failed", 302, "Moved Temporarily") == outcome(line)
    assert ("tel:+1234",) == line.only(CallFailed).contacts


def test_a_redirection_to_where_we_called_is_not_followed(net, alice, peer):
    """RFC 3261 §8.1.3.4: no URI of the target set is tried twice."""
    peer.when(
        Method.INVITE, lambda invite: peer.respond(invite, 302, contact=False, headers=[("Contact", f"<{peer.uri}>")])
    )
    line = alice.call(peer)
    net.deliver()

    assert ("Failed", 1) == (line.state, alice.sent.count(Method.INVITE))


def test_redirections_come_to_an_end(net, alice, peer):
    """Each to a Contact that is new; the fifth is the last that is followed."""

    def elsewhere(invite):
        contact = f"<sip:{invite.request.cseq.number}@10.0.0.9>"
        peer.respond(invite, 302, contact=False, headers=[("Contact", contact)])

    peer.when(Method.INVITE, elsewhere)
    line = alice.call(peer)
    net.deliver()

    assert ("Failed", 6) == (line.state, alice.sent.count(Method.INVITE))


def test_redirections_can_be_told_instead_of_followed(net, peer):
    alice = Phone("alice", "10.0.0.1", settings=Settings(max_redirects=0))
    net.add(alice)
    peer.when(
        Method.INVITE,
        lambda invite: peer.respond(invite, 301, contact=False, headers=[("Contact", "<sip:bob@10.0.0.2>")]),
    )
    line = alice.call(peer)
    net.deliver()

    assert ("sip:bob@10.0.0.2",) == line.only(CallFailed).contacts


@pytest.mark.parametrize("status", [200, 299, 400])
def test_what_is_no_redirection_cannot_be_one(net, alice, bob, status):
    alice.call(bob)
    net.deliver()

    with pytest.raises(ValueError, match="a redirection is 300 to 399"):
        bob.line.redirect("sip:carol@10.0.0.3", status=status)


# Not answered.


def test_a_caller_gives_up_when_nobody_answers(net, alice, bob):
    """CANCEL, then the 487 decides; the reason is ours."""
    line = alice.call(bob, no_answer=20.0)
    net.deliver()
    bob.line.ring()
    net.run_until_quiet()

    assert [20.0] == alice.sent.times(Method.CANCEL)
    assert ("Failed", 408, "nobody answered") == outcome(line)
    assert ("Cancelled", 487) == outcome(bob.line)[:2]


def test_the_callee_of_a_call_that_nobody_takes_refuses_it(net, alice):
    """After the time in the settings: 480."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(unanswered=30.0))
    net.add(bob)
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.run_until_quiet()

    assert [30.0] == bob.sent.times(status=480)
    assert ("Failed", 480, "nobody answered") == outcome(bob.line)
    assert ("Failed", 480, "Temporarily Unavailable") == outcome(line)


def test_an_answer_stops_both_clocks(net, alice, bob):
    """Neither side ends a call that talks for longer than it may ring."""
    caller, callee = talking(net, alice, bob)
    net.run_for(1000.0)

    assert ("Active", "Active") == (caller.state, callee.state)


def test_no_answer_before_a_provisional_response_waits_for_it(net, alice, peer):
    """RFC 3261 §9.1: no CANCEL before a provisional response; the INVITE's own time-out decides."""
    line = alice.call(peer, no_answer=10.0)
    net.run_until_quiet()

    assert (0, "Failed", 408) == (alice.sent.count(Method.CANCEL), *outcome(line)[:2])


# Cancelled.


def test_a_call_that_rings_can_be_cancelled(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    line.hang_up()
    net.deliver()

    assert ["INVITE", "180 INVITE", "CANCEL", "200 CANCEL", "487 INVITE", "ACK"] == net.log.names
    assert ("Cancelled", 487, "cancelled") == outcome(line) == outcome(bob.line)


def test_a_cancel_has_the_branch_of_its_invite(net, alice, bob):
    """RFC 3261 §9.1: Request-URI, Call-ID, To, From and the CSeq number too, one Via."""
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    line.hang_up()

    invite, cancel = alice.sent.request("INVITE"), alice.sent.request("CANCEL")
    for value in ("branch", "call_id", "from_tag", "to_tag"):
        assert getattr(invite, value) == getattr(cancel, value)
    assert (str(invite.uri), invite.cseq.number) == (str(cancel.uri), cancel.cseq.number)


def test_nothing_is_left_of_a_cancelled_call(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    line.hang_up()

    assert quiet_and_empty(net, alice, bob)


def test_a_cancel_that_gets_no_final_response_is_given_up_after_32_seconds(net, alice, peer):
    """RFC 3261 §9.1."""
    peer.when(Method.INVITE, lambda invite: peer.respond(invite, 180))
    line = alice.call(peer)
    net.deliver()
    line.hang_up()
    net.run_until(lambda: line.state == "Cancelled")

    assert 32.0 == net.now
    assert quiet_and_empty(net, alice)


# Commands.


@pytest.mark.parametrize("command", ["ring", "progress", "accept", "reject"])
def test_an_answered_call_refuses_what_belongs_before_the_answer(net, alice, bob, command):
    """And says what is possible."""
    _, callee = talking(net, alice, bob)

    with pytest.raises(LocalProtocolError, match=rf"cannot {command}: call is Active; possible now: .*hang_up"):
        getattr(callee, command)()


def test_a_refused_command_changes_nothing(net, alice, bob):
    _, callee = talking(net, alice, bob)
    before = (len(net.log), callee.state, callee.media, callee.said)

    with pytest.raises(LocalProtocolError):
        callee.ring()

    assert before == (len(net.log), callee.state, callee.media, callee.said)


def test_a_ringing_call_names_what_is_possible(net, alice, bob):
    alice.call(bob)
    net.deliver()
    bob.line.ring()

    with pytest.raises(LocalProtocolError) as caught:
        bob.line.reinvite(MediaDirection.SENDONLY)

    assert {"accept", "defer", "hang_up", "progress", "redirect", "reject", "ring"} == set(caught.value.allowed)


@pytest.mark.parametrize("command", ["ring", "accept", "reject"])
def test_a_caller_has_no_commands_of_a_callee(net, alice, bob, command):
    line = alice.call(bob)

    with pytest.raises(LocalProtocolError, match=f"cannot {command}"):
        getattr(line, command)()


def test_a_command_for_a_call_that_is_gone_says_so(net, alice, bob):
    caller, callee = talking(net, alice, bob)
    caller.hang_up()
    net.run_until_quiet()

    with pytest.raises(LocalProtocolError, match="cannot ring: call is over"):
        callee.ring()


@pytest.mark.parametrize("after", [0.0, 100.0])
def test_hanging_up_twice_is_once(net, alice, bob, after):
    """Also when nothing is left of the call."""
    caller, _ = talking(net, alice, bob)
    caller.hang_up()
    net.run_for(after)
    caller.hang_up()
    net.run_until_quiet()

    assert 1 == alice.sent.count(Method.BYE)


def test_the_180_can_be_sent_again(net, alice, bob):
    alice.call(bob)
    net.deliver()
    bob.line.ring()
    bob.line.ring()
    net.deliver()

    assert 2 == alice.received.count(status=180)


# What is said.


def test_an_incoming_call_tells_who_calls_whom(net, alice, bob):
    alice.call(bob)
    net.deliver()

    event = bob.line.only(IncomingCall)
    assert ("sip:alice@10.0.0.1", "sip:bob@10.0.0.2") == (event.caller, event.target)


def test_the_status_of_the_answer_is_told(net, alice, peer):
    line, _ = answered_by(net, alice, peer)

    assert 200 == line.only(CallAnswered).status


def test_the_reason_in_a_bye_is_told(net, bob, peer):
    """RFC 3326."""
    line = called_by(net, peer, bob)
    tag = peer.received.response(200).to_tag
    peer.request("ACK", bob, to_tag=tag)
    peer.request("BYE", bob, to_tag=tag, cseq=2, headers=[("Reason", 'Q.850;cause=16;text="Bye"')])
    net.deliver()

    assert 'the peer hung up (Q.850;cause=16;text="Bye")' == line.only(CallEnded).reason


def test_headers_of_the_application_go_into_the_invite(net, alice, bob):
    alice.call(bob, headers=[("Subject", "lunch"), ("X-Order", "12")])
    net.deliver()

    invite = bob.received.request("INVITE")
    assert ("lunch", "12") == (invite.get("Subject"), invite.get("X-Order"))


def test_a_next_hop_gets_the_invite_whatever_the_uri_says(net, alice, peer):
    alice.call("sip:bob@example.com", next_hop=peer.address)
    net.deliver()

    assert "sip:bob@example.com" == str(peer.received.request("INVITE").uri)


def test_an_answer_without_any_codec_of_the_offer_ends_the_call(net, alice, peer):
    """ACK, then BYE; the reason is told."""
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 200, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))
    net.deliver()

    assert ["INVITE", "ACK", "BYE"] == alice.sent.names
    assert "Closed" == line.media


def test_an_answer_without_a_description_ends_the_call(net, alice, peer):
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 200)
    net.deliver()

    assert (["INVITE", "ACK", "BYE"], "Terminating") == (alice.sent.names, line.state)


def test_a_useless_description_in_a_provisional_response_cancels_the_call(net, alice, peer):
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 183, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 18"))
    net.deliver()

    assert (["INVITE", "CANCEL"], "Cancelling") == (alice.sent.names, line.state)


def test_the_first_codec_of_the_offer_that_both_know_is_agreed(net):
    alice = Phone("alice", "10.0.0.1", settings=Settings(codecs=(PCMA, PCMU)))
    bob = Phone("bob", "10.0.0.2")
    net = Network(alice, bob)
    for line in talking(net, alice, bob):
        assert "PCMA" == line.session.negotiation.agreement.codec.name


def test_an_answerer_without_any_codec_of_the_offer_refuses(net, alice):
    bob = Phone("bob", "10.0.0.2", settings=Settings(codecs=(Codec("PCMA", 8),)))
    net.add(bob)
    line = alice.call(bob, codecs=(PCMU,))
    net.deliver()

    assert ("Failed", 488) == outcome(line)[:2]


@pytest.mark.parametrize("wrong", [{"call_id": "other"}, {"cseq": 2}, {"headers": [("From", "<sip:x@h>;tag=other")]}])
def test_a_cancel_that_only_knows_the_branch_cancels_nothing(net, bob, peer, wrong):
    """RFC 3261 §9.1: its Call-ID, From tag and CSeq number are the INVITE's."""
    peer.request("INVITE", bob, body=peer.sdp(), branch="z9hG4bKknown")
    net.deliver()
    peer.request("CANCEL", bob, branch="z9hG4bKknown", **wrong)
    net.deliver()

    assert (1, "Initiating") == (peer.received.count(status=481), bob.line.state)


def test_a_cancel_that_knows_all_of_the_invite_cancels_it(net, bob, peer):
    peer.request("INVITE", bob, body=peer.sdp(), branch="z9hG4bKknown")
    net.deliver()
    peer.request("CANCEL", bob, branch="z9hG4bKknown")
    net.deliver()

    assert "Cancelled" == bob.line.state
