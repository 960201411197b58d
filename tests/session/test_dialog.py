"""`statecharts/dialog.toml` on the network: tags, sequence numbers, routes, targets, forks. RFC 3261 §12, §13.2.2."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, answered_by, called_by, quiet_and_empty, talking

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import DialogEstablished, DialogState, DialogStateChanged, MediaNegotiated
from session_fsm.testing import Method


def dialog_path(line, tag=None):
    """The states that the application was told, of one dialog or of the only one."""
    return [str(e.new_state) for e in line.told(DialogStateChanged) if tag in (None, e.remote_tag)]


def test_a_dialog_is_named_by_both_tags(net, alice, bob):
    """RFC 3261 §12: what one calls local the other calls remote."""
    caller, callee = (line.only(DialogEstablished) for line in talking(net, alice, bob))

    assert (caller.call_id, caller.local_tag, caller.remote_tag) == (
        callee.call_id,
        callee.remote_tag,
        callee.local_tag,
    )


def test_the_dialog_of_the_caller(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.hang_up()
    net.deliver()

    assert ["Early", "Confirmed", "Mortal", "Terminated"] == dialog_path(line)


def test_the_dialog_of_the_callee(net, alice, bob):
    """RFC 5407 §2: between 200 and ACK it is in the moratorium."""
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.hang_up()
    net.deliver()

    assert ["Early", "Moratorium", "Confirmed", "Terminated"] == dialog_path(bob.line)


def test_a_refused_call_ends_its_early_dialog(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.reject()
    net.deliver()

    assert ["Early", "Terminated"] == dialog_path(line) == dialog_path(bob.line)


def test_a_100_makes_no_dialog_even_with_a_tag(net, alice, peer):
    """RFC 3261 §12.1: a response from 101 to 199 does."""
    line = alice.call(peer)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[0], 100)
    invite = peer.received.of("INVITE")[0].request
    to = f"{invite.to};tag=hop"
    rows = [("Via", str(invite.via)), ("From", str(invite.from_)), ("To", to), ("Call-ID", invite.call_id)]
    text = "\r\n".join(f"{name}: {value}" for name, value in [*rows, ("CSeq", "1 INVITE")])
    peer.send(f"SIP/2.0 100 Trying\r\n{text}\r\n\r\n", alice)
    net.deliver()

    assert ("Proceeding", []) == (line.state, dialog_path(line))


def test_a_2xx_without_a_tag_is_answered(net, alice, peer):
    """RFC 3261 §12.1.2: a tag that is missing is a tag that is null, as RFC 2543 peers have it."""
    line = alice.call(peer)
    net.deliver()
    reply = peer.received.of("INVITE")[0].request
    rows = [("Via", str(reply.via)), ("From", str(reply.from_)), ("To", str(reply.to)), ("Call-ID", reply.call_id)]
    rows += [("CSeq", "1 INVITE"), ("Contact", f"<{peer.contact}>"), ("Content-Type", "application/sdp")]
    head = "".join(f"{name}: {value}\r\n" for name, value in rows)
    peer.send(f"SIP/2.0 200 OK\r\n{head}\r\n".encode() + peer.sdp(), alice)
    net.deliver()

    assert ("Active", 1) == (line.state, peer.received.count(Method.ACK))


# Requests within it.


def test_requests_of_a_dialog_count_up(net, alice, bob):
    """RFC 3261 §12.2.1.1: by one for each, but the ACK."""
    line, _ = talking(net, alice, bob)
    line.reinvite(MediaDirection.SENDONLY)
    net.deliver()
    line.hang_up()
    net.deliver()

    assert [(1, "INVITE"), (1, "ACK"), (2, "INVITE"), (2, "ACK"), (3, "BYE")] == [
        (datagram.request.cseq.number, datagram.method) for datagram in alice.sent.of() if datagram.status is None
    ]


def test_the_two_directions_count_for_themselves(net, alice, bob):
    """RFC 3261 §12.2.1.1."""
    _, callee = talking(net, alice, bob)
    callee.hang_up()
    net.deliver()

    assert 1 == bob.sent.request("BYE").cseq.number
    assert ["200 BYE"] == alice.sent.names[-1:]


@pytest.mark.parametrize("method", ["BYE", "OPTIONS", "INVITE"])
@pytest.mark.parametrize("cseq", [0, 4, 5])
def test_a_request_that_is_not_newer_gets_500(net, bob, peer, method, cseq):
    """RFC 3261 §12.2.2."""
    line = called_by(net, peer, bob, cseq=5)
    tag = acknowledge(net, peer, bob, cseq=5)
    peer.request(method, bob, to_tag=tag, cseq=cseq)
    net.deliver()

    assert (1, "Active") == (bob.sent.count(status=500), line.state)


@pytest.mark.parametrize("method", ["BYE", "OPTIONS"])
def test_a_request_in_an_early_dialog_that_is_not_newer_gets_500(net, bob, peer, method):
    """RFC 3261 §12.2.2: an OPTIONS counts like any request."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    net.deliver()
    tag = peer.received.response(180).to_tag
    peer.request("OPTIONS", bob, to_tag=tag, cseq=7)
    peer.request(method, bob, to_tag=tag, cseq=5)
    net.deliver()

    assert (["200 OPTIONS", f"500 {method}"], "Ringing") == (bob.sent.names[-2:], bob.line.state)


def test_gaps_in_the_sequence_are_fine(net, bob, peer):
    """RFC 3261 §12.2.2: higher by more than one is no error."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("BYE", bob, to_tag=tag, cseq=4000)
    net.deliver()

    assert ("200 BYE", "Terminated") == (bob.sent.names[-1], line.state)


@pytest.mark.parametrize("method", ["BYE", "OPTIONS", "INVITE"])
def test_a_request_for_an_unknown_dialog_gets_481(net, bob, peer, method):
    """RFC 3261 §12.2.2."""
    called_by(net, peer, bob)
    acknowledge(net, peer, bob)
    peer.request(method, bob, to_tag="another", cseq=2)
    net.deliver()

    assert [f"481 {method}"] == bob.sent.names[-1:]


@pytest.mark.parametrize("what", ["call_id", "from_tag"])
def test_a_dialog_is_its_call_id_and_both_tags(net, bob, peer, what):
    """One that differs in either is another."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    if what == "from_tag":
        peer.tag = "another"
    peer.request("BYE", bob, to_tag=tag, cseq=2, call_id="another" if what == "call_id" else "scripted")
    net.deliver()

    assert (1, "Active") == (bob.sent.count(status=481), line.state)


def test_an_invite_that_crosses_our_own_in_an_early_dialog_gets_491(net, alice, peer):
    """RFC 3261 §14.2: ours is in progress."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 180)
    net.deliver()
    tag, call_id = invite.request.from_tag, invite.request.call_id
    peer.request("INVITE", alice, to_tag=tag, call_id=call_id, cseq=1, body=peer.sdp())
    net.deliver()

    assert ("491 INVITE", "Ringing") == (alice.sent.names[-1], line.state)


@pytest.mark.parametrize("method", ["OPTIONS", "INVITE"])
def test_a_request_after_the_bye_gets_481(net, bob, peer, method):
    """RFC 5407 §3.2.2."""
    called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("BYE", bob, to_tag=tag, cseq=2)
    peer.request(method, bob, to_tag=tag, cseq=3)
    net.deliver()

    assert ["200 BYE", f"481 {method}"] == bob.sent.names[-2:]


def test_a_reinvite_before_the_answer_gets_500_with_retry_after(net, bob, peer):
    """RFC 3261 §14.2."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    net.deliver()
    peer.request("INVITE", bob, to_tag=peer.received.response(180).to_tag, cseq=2, body=peer.sdp())
    net.deliver()

    assert 0 <= bob.sent.response(500).retry_after <= 10


@pytest.mark.parametrize("ringing", [False, True])
def test_options_within_a_dialog(net, bob, peer, ringing):
    """RFC 3261 §11: what could be done, in any state of the dialog."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.ring()
    net.deliver()
    tag = peer.received.response(180).to_tag
    if not ringing:
        bob.line.accept()
        net.deliver()
        acknowledge(net, peer, bob)
    peer.request("OPTIONS", bob, to_tag=tag, cseq=2)
    net.deliver()

    answer = peer.received.response(200, -1)
    assert ("OPTIONS", ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE"]) == (answer.method, answer.allow)


@pytest.mark.parametrize("winner", ["cannot agree", "says nothing"])
def test_a_winner_without_a_usable_answer_ends_the_call(net, alice, peer, winner):
    """The early answer was another fork's: its agreement is not the winner's."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183, tag="early", body=peer.sdp())
    net.deliver()
    useless = peer.sdp(port=5000).replace(b"RTP/AVP 0 8", b"RTP/AVP 18")
    peer.respond(invite, 200, tag="winner", body=useless if winner == "cannot agree" else b"")
    net.deliver()

    assert (["INVITE", "ACK", "BYE"], "Terminating") == (alice.sent.names, line.state)
    assert "winner" == alice.sent.request("BYE").to_tag


# Routes and targets.


def test_the_callee_follows_the_record_route_in_its_order(net, bob, peer):
    """RFC 3261 §12.1.1 and §12.2.1.1, loose routers: the first route is the next hop."""
    routes = "<sip:10.0.0.9;lr>, <sip:10.0.0.50;lr>"
    line = called_by(net, peer, bob, headers=[("Record-Route", routes)])
    acknowledge(net, peer, bob)
    line.hang_up()
    net.deliver()

    bye = peer.received.request("BYE")
    assert ["<sip:10.0.0.9;lr>", "<sip:10.0.0.50;lr>"] == [str(route) for route in bye.routes]
    assert peer.contact == str(bye.uri)


def test_the_200_repeats_the_record_route(net, bob, peer):
    """RFC 3261 §12.1.1: all values, in their order."""
    routes = "<sip:10.0.0.9;lr;x=1>, <sip:10.0.0.50;lr>"
    called_by(net, peer, bob, headers=[("Record-Route", routes)])

    assert routes.split(", ") == [str(route) for route in bob.sent.response(200).record_routes]


def test_the_caller_follows_the_record_route_backwards(net, alice, peer):
    """RFC 3261 §12.1.2: the ACK too."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    invite.request.set("Record-Route", "<sip:10.0.0.50;lr>, <sip:10.0.0.9;lr>")
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()
    line.hang_up()
    net.deliver()

    for request in (peer.received.request("ACK"), peer.received.request("BYE")):
        assert ["<sip:10.0.0.9;lr>", "<sip:10.0.0.50;lr>"] == [str(route) for route in request.routes]


def test_a_strict_router_takes_the_request_uri(net, bob, peer):
    """RFC 3261 §12.2.1.1: without lr the first route is the Request-URI, and the target the last Route."""
    routes = "<sip:10.0.0.9>, <sip:10.0.0.50;lr>"
    line = called_by(net, peer, bob, headers=[("Record-Route", routes)])
    acknowledge(net, peer, bob)
    line.hang_up()
    net.deliver()

    bye = peer.received.request("BYE")
    assert "sip:10.0.0.9" == str(bye.uri)
    assert ["<sip:10.0.0.50;lr>", f"<{peer.contact}>"] == [str(route) for route in bye.routes]


def test_the_route_set_never_changes_after_the_dialog_was_made(net, bob, peer):
    """RFC 3261 §12.2: a re-INVITE refreshes the target only."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request(
        "INVITE",
        bob,
        to_tag=tag,
        cseq=2,
        body=peer.sdp(version=2),
        headers=[("Record-Route", "<sip:10.0.0.50;lr>"), ("Contact", "<sip:moved@10.0.0.9:5060>")],
    )
    net.deliver()
    acknowledge(net, peer, bob, cseq=2)
    line.hang_up()
    net.deliver()

    bye = peer.received.request("BYE")
    assert ([], "sip:moved@10.0.0.9:5060") == (bye.routes, str(bye.uri))


def test_the_2xx_to_a_reinvite_refreshes_the_target(net, alice, peer):
    """RFC 3261 §12.2.1.2."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(MediaDirection.SENDONLY)
    net.deliver()
    again = peer.received.of("INVITE")[-1]
    moved = ("Contact", "<sip:moved@10.0.0.9>")
    peer.respond(again, 200, body=peer.sdp(MediaDirection.RECVONLY, version=2), contact=False, headers=[moved])
    net.deliver()
    line.hang_up()
    net.deliver()

    assert "sip:moved@10.0.0.9" == str(peer.received.request("BYE").uri)


def test_the_ack_to_a_reinvite_goes_to_the_new_target(net, alice, peer):
    """RFC 3261 §12.2.1.2 and §13.2.2.4."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(MediaDirection.SENDONLY)
    net.deliver()
    moved = ("Contact", "<sip:moved@10.0.0.9>")
    body = peer.sdp(MediaDirection.RECVONLY, version=2)
    peer.respond(peer.received.of("INVITE")[-1], 200, body=body, contact=False, headers=[moved])
    net.deliver()

    assert "sip:moved@10.0.0.9" == str(peer.received.request("ACK", -1).uri)


# Forks.


def forked(net, alice, peer, *answers):
    """A call that a proxy forked; each answer is (tag, status, RTP port or None)."""
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    for tag, status, port in answers:
        peer.respond(invite, status, tag=tag, body=peer.sdp(port=port) if port else b"")
        net.deliver()
    return line


def test_two_forks_make_two_early_dialogs(net, alice, peer):
    """RFC 3261 §13.2.2.1."""
    line = forked(net, alice, peer, ("one", 180, None), ("two", 180, None))

    assert {"one", "two"} == {event.remote_tag for event in line.told(DialogStateChanged)}
    assert [DialogState.EARLY] * 2 == [event.new_state for event in line.told(DialogStateChanged)]


def test_the_first_2xx_wins(net, alice, peer):
    """RFC 3261 §13.2.2.4: every other gets its ACK and a BYE."""
    line = forked(net, alice, peer, ("one", 180, None), ("two", 180, None), ("two", 200, 4002), ("one", 200, 4000))

    assert ["two", "one"] == [ack.request.to_tag for ack in peer.received.of(Method.ACK)]
    assert ["one"] == [bye.request.to_tag for bye in peer.received.of(Method.BYE)]
    assert ("Active", "two") == (line.state, line.only(DialogEstablished).remote_tag)


def test_the_loser_is_told_as_unwanted(net, alice, peer):
    line = forked(net, alice, peer, ("one", 200, 4000), ("two", 200, 4002))

    assert (["Confirmed"], ["Unwanted"]) == (dialog_path(line, "one"), dialog_path(line, "two"))


def test_a_repeated_2xx_of_the_loser_gets_its_ack_again_and_no_second_bye(net, alice, peer):
    forked(net, alice, peer, ("one", 200, 4000), ("two", 200, 4002), ("two", 200, 4002))

    assert (2, 1) == (
        len([ack for ack in peer.received.of(Method.ACK) if ack.request.to_tag == "two"]),
        peer.received.count(Method.BYE),
    )


def test_the_end_of_the_loser_is_not_the_end_of_the_call(net, alice, peer):
    """Its BYE is answered, and the call goes on."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    line = forked(net, alice, peer, ("one", 200, 4000), ("two", 200, 4002))
    net.run_for(60.0)

    assert "Active" == line.state


def test_media_follows_the_winner(net, alice, peer):
    """Early media came from one fork, the answer from another."""
    line = forked(net, alice, peer, ("one", 183, 4000), ("two", 200, 4002))

    assert ("10.0.0.9", 4000) == line.only(MediaNegotiated).remote_addr
    assert ("10.0.0.9", 4002) == line.session.negotiation.agreement.remote == line.session.open_path.remote


def test_media_stays_with_the_winner_when_a_loser_answers(net, alice, peer):
    line = forked(net, alice, peer, ("one", 200, 4000), ("two", 200, 4002))

    assert ("10.0.0.9", 4000) == line.session.open_path.remote


def test_a_provisional_response_of_a_loser_after_the_answer_changes_nothing(net, alice, peer):
    line = forked(net, alice, peer, ("one", 200, 4000), ("two", 183, 4002))

    assert (("10.0.0.9", 4000), "Active") == (line.session.open_path.remote, line.state)


def test_a_bye_from_the_losing_fork_is_answered(net, alice, peer):
    """Its dialog is over already for us."""
    line = forked(net, alice, peer, ("one", 200, 4000), ("two", 200, 4002))
    peer.tag = "two"
    invite = peer.received.of("INVITE")[0].request
    to = ("To", f"<{alice.uri}>;tag={invite.from_tag}")
    peer.request("BYE", alice, call_id=invite.call_id, headers=[to])
    net.deliver()

    assert ("200 BYE", "Active") == (alice.sent.names[-1], line.state)


def test_a_refusal_ends_all_early_dialogs(net, alice, peer):
    """RFC 3261 §13.2.2.3."""
    line = forked(net, alice, peer, ("one", 180, None), ("two", 180, None), ("two", 486, None))

    assert (["Early", "Terminated"], ["Early", "Terminated"]) == (dialog_path(line, "one"), dialog_path(line, "two"))
    assert "Failed" == line.state


def test_nothing_is_left_of_a_forked_call(net, alice, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line = forked(net, alice, peer, ("one", 180, None), ("two", 200, 4002), ("three", 200, 4004))
    line.hang_up()

    assert quiet_and_empty(net, alice)


@pytest.mark.parametrize("second", [False, True])
def test_cancelling_a_forked_call_ends_every_fork_that_answered(net, alice, peer, second):
    """Each 2xx after the CANCEL gets its ACK and a BYE."""
    line = forked(net, alice, peer, ("one", 180, None), ("two", 180, None))
    line.hang_up()
    invite = peer.received.of("INVITE")[0]
    for tag in ("one", "two")[: 1 + second]:
        peer.respond(invite, 200, tag=tag, body=peer.sdp())
    net.deliver()

    tags = ["one", "two"][: 1 + second]
    assert tags == [ack.request.to_tag for ack in peer.received.of(Method.ACK)]
    assert set(tags) == {bye.request.to_tag for bye in peer.received.of(Method.BYE)}


def test_more_forks_than_an_invite_may_have_cost_nothing(net, alice, peer):
    """Each 2xx under another tag would make us send an ACK and eleven BYEs, to wherever its Contact says."""
    most = alice.settings.max_forks
    line = forked(net, alice, peer, *((f"t{n}", 200, 4000) for n in range(most + 10)))

    assert (most, most - 1, 10) == (
        alice.sent.count(Method.ACK),
        alice.sent.count(Method.BYE),
        alice.counters["dropped.one fork too many"],
    )
    assert "Active" == line.state


def test_methods_that_nobody_knows_share_one_name(net, bob, peer):
    """Transactions are counted by name, and a peer can make up any number of methods."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    before = len(line.session.labels)
    for n in range(5):
        peer.request(f"NEW{n}", bob, to_tag=tag, cseq=2 + n)
        net.deliver()

    assert (1, 5) == (len(line.session.labels) - before, peer.received.count(status=501))
