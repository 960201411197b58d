"""Hold and resume: what the peer agrees to is so, and nothing else. RFC 3264 §8.4, RFC 3261 §14, RFC 6337 §5.3."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, answered_by, called_by, quiet_and_empty, talking

from session_fsm.errors import LocalProtocolError
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import (
    CallEnded,
    CallHeld,
    CallResumed,
    MediaChange,
    MediaEvent,
    RemoteHold,
    RemoteResume,
)
from session_fsm.testing import Line, Method

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection
HOLDS = ("CallHeld", "CallResumed", "RemoteHold", "RemoteResume")


def directions(*lines: Line) -> list[str]:
    """What each side may do now."""
    return [str(line.session.negotiation.agreement.direction) for line in lines]


def told(line: Line) -> list[str]:
    """What its application was told of holds."""
    return [name for name in line.said if name in HOLDS]


def holding(line: Line) -> str:
    """Where the machine of its wishes stands."""
    return line.session.hold.state


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_a_hold_is_told_on_both_sides(net, alice, bob, who):
    lines = talking(net, alice, bob)
    ours, others = lines if who == "caller" else lines[::-1]
    ours.hold()
    net.deliver()

    assert (["sendonly", "recvonly"], ["CallHeld"], ["RemoteHold"]) == (
        directions(ours, others),
        told(ours),
        told(others),
    )


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_a_resume_is_told_on_both_sides(net, alice, bob, who):
    lines = talking(net, alice, bob)
    ours, others = lines if who == "caller" else lines[::-1]
    ours.hold()
    net.deliver()
    ours.resume()
    net.deliver()

    assert (["CallHeld", "CallResumed"], ["RemoteHold", "RemoteResume"]) == (told(ours), told(others))
    assert ("Active", "Active", "Active", "Active") == (ours.state, others.state, ours.media, others.media)


def test_nothing_is_so_before_the_peer_agrees(net, alice, peer):
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()

    assert ("Active", ["sendrecv"], [], "Holding") == (line.state, directions(line), told(line), holding(line))


def test_a_hold_is_in_force_with_the_peers_200(net, alice, peer):
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()

    assert ("OnHold", ["sendonly"], ["CallHeld"]) == (line.state, directions(line), told(line))


@pytest.mark.parametrize("status", [403, 488, 500, 503, 603])
def test_a_refused_hold_changes_nothing(net, alice, peer, status):
    """RFC 3261 §14.1."""
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], status)
    net.deliver()

    assert ("Active", ["sendrecv"], [], "Live") == (line.state, directions(line), told(line), holding(line))
    refused = line.only(MediaEvent)
    assert (MediaChange.REOFFER_REFUSED, status) == (refused.event, refused.status)


@pytest.mark.parametrize("status", [488, 500])
def test_a_refused_resume_leaves_the_hold(net, alice, peer, status):
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(RECVONLY, version=2))
    line.resume()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], status)
    net.deliver()

    assert ("OnHold", ["sendonly"], ["CallHeld"], "Held") == (
        line.state,
        directions(line),
        told(line),
        holding(line),
    )


def test_a_hold_that_nobody_answers_ends_the_call(net, alice, peer):
    """RFC 3261 §14.1: no response at all ends the dialog."""
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.run_until_quiet()

    assert ("Terminated", 408, [], "Over") == (line.state, line.only(CallEnded).status, told(line), holding(line))


def test_a_hold_that_is_never_decided_is_withdrawn(net, alice, peer):
    """RFC 3261 §9.1: after a provisional response it can be cancelled; 487 leaves everything as it was."""
    peer.when(Method.CANCEL, lambda cancel: peer.respond(cancel, 200))
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 100)
    net.run_for(33.0)
    assert 1 == peer.received.count(Method.CANCEL)

    peer.respond(peer.received.of("INVITE")[-1], 487)
    net.deliver()

    assert ("Active", ["sendrecv"], [], "Live") == (line.state, directions(line), told(line), holding(line))
    assert 487 == line.told(MediaEvent)[-1].status


def test_a_200_that_crosses_the_cancel_of_a_hold_counts(net, alice, peer):
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 100)
    net.run_for(33.0)
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(RECVONLY, version=2))
    net.deliver()

    assert ("OnHold", ["CallHeld"], 2) == (line.state, told(line), peer.received.count(Method.ACK))


def test_a_withdrawn_hold_without_a_final_response_ends_the_call(net, alice, peer):
    """RFC 3261 §12.2.1.2: the peer that says nothing has lost the dialog."""
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 100)
    net.run_for(65.0)

    assert ("Terminated", 408) == (line.state, line.only(CallEnded).status)
    assert quiet_and_empty(net, alice)


def test_hanging_up_withdraws_a_hold_that_proceeds(net, alice, peer):
    """The CANCEL leaves beside the BYE."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    peer.when(Method.CANCEL, lambda cancel: peer.respond(cancel, 200, tag=cancel.request.to_tag))
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    again = peer.received.of("INVITE")[-1]
    peer.respond(again, 100)
    net.deliver()
    line.hang_up()
    net.deliver()
    peer.respond(again, 487)
    net.deliver()

    assert (1, 1, "Terminated") == (peer.received.count(Method.CANCEL), peer.received.count(Method.BYE), line.state)
    assert again.request.branch == peer.received.of(Method.CANCEL)[0].request.branch
    assert quiet_and_empty(net, alice)


def test_both_hold_one_after_the_other_and_both_resume(net, alice, bob):
    """RFC 6337 §5.3: each side's wish is its own."""
    caller, callee = talking(net, alice, bob)
    caller.hold()
    net.deliver()
    callee.hold()
    net.deliver()
    assert (["inactive", "inactive"], "Held", "Held") == (directions(caller, callee), caller.media, callee.media)

    caller.resume()
    net.deliver()
    assert (["recvonly", "sendonly"], "OnHold", "OnHold") == (directions(caller, callee), caller.state, callee.state)

    callee.resume()
    net.deliver()
    assert ("Active", "Active") == (caller.state, callee.state)
    assert ["CallHeld", "RemoteHold", "CallResumed", "RemoteResume"] == told(caller)
    assert ["RemoteHold", "CallHeld", "RemoteResume", "CallResumed"] == told(callee)


def test_holds_of_both_sides_at_once_converge(net, alice, bob):
    """RFC 3261 §14.1: 491 both ways; after its own time each tries again."""
    caller, callee = talking(net, alice, bob)
    caller.hold()
    callee.hold()
    net.deliver()
    assert ([], [], "Holding", "Holding") == (told(caller), told(callee), holding(caller), holding(callee))

    net.run_for(10.0)

    assert (["inactive", "inactive"], "Held", "Held") == (directions(caller, callee), holding(caller), holding(callee))
    assert ({"CallHeld", "RemoteHold"}, {"CallHeld", "RemoteHold"}) == (set(told(caller)), set(told(callee)))


def test_a_resume_waits_for_its_hold(net, alice, bob):
    """RFC 3261 §14.1: one offer at a time."""
    caller, callee = talking(net, alice, bob)
    caller.hold()
    caller.resume()
    net.deliver()

    assert (["CallHeld", "CallResumed"], ["RemoteHold", "RemoteResume"]) == (told(caller), told(callee))


def test_a_hold_waits_for_a_reinvite(net, alice, bob):
    caller, _ = talking(net, alice, bob)
    caller.reinvite(RECVONLY)
    caller.hold()
    net.deliver()

    assert (["inactive"], "Held") == (directions(caller), holding(caller))


def test_a_resume_brings_back_what_there_was(net, alice, bob):
    """A call in which we only listen becomes inactive, and then recvonly again."""
    caller, callee = talking(net, alice, bob)
    caller.reinvite(RECVONLY)
    net.deliver()
    caller.hold()
    net.deliver()
    assert ["inactive", "inactive"] == directions(caller, callee)

    caller.resume()
    net.deliver()

    assert ["recvonly", "sendonly"] == directions(caller, callee)


def test_a_reinvite_that_does_not_listen_is_a_hold(net, alice, bob):
    """Whoever names the direction is told the same."""
    caller, callee = talking(net, alice, bob)
    caller.reinvite(INACTIVE)
    net.deliver()
    caller.reinvite(SENDONLY)
    net.deliver()
    caller.reinvite(SENDRECV)
    net.deliver()

    assert (["CallHeld", "CallResumed"], ["RemoteHold", "RemoteResume"]) == (told(caller), told(callee))


def test_what_is_not_possible_is_refused_with_what_is(net, alice, bob):
    line = alice.call(bob)
    with pytest.raises(LocalProtocolError, match="cannot hold: call is Initiating; possible now: hang_up"):
        line.hold()
    net.deliver()
    bob.line.accept()
    net.deliver()
    with pytest.raises(LocalProtocolError, match="cannot resume: hold is Live; possible now: hold, reinvite"):
        line.resume()
    line.hold()
    net.deliver()
    with pytest.raises(LocalProtocolError, match="cannot hold: hold is Held; possible now: resume, reinvite"):
        line.hold()
    line.hang_up()
    with pytest.raises(LocalProtocolError, match="cannot resume: call is Terminating"):
        line.resume()


@pytest.mark.parametrize(("theirs", "ours"), [(SENDONLY, "recvonly"), (INACTIVE, "inactive")])
def test_a_peers_hold_is_answered_as_the_rfc_says(net, bob, peer, theirs, ours):
    """RFC 3264 §6.1."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(theirs, version=2))
    net.deliver()

    assert (["RemoteHold"], [ours], "OnHold") == (told(line), directions(line), line.state)
    assert f"a={ours}".encode() in bob.sent.response(200, -1).body


def test_the_hold_of_rfc_2543_is_understood(net, bob, peer):
    """RFC 3264 §8.4: c=IN IP4 0.0.0.0."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    old = peer.sdp(version=2).replace(b"c=IN IP4 10.0.0.9", b"c=IN IP4 0.0.0.0")
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=old)
    net.deliver()
    acknowledge(net, peer, bob, cseq=2)
    assert (["RemoteHold"], ["recvonly"]) == (told(line), directions(line))

    peer.request("INVITE", bob, to_tag=tag, cseq=3, body=peer.sdp(version=3))
    net.deliver()

    assert (["RemoteHold", "RemoteResume"], ["sendrecv"]) == (told(line), directions(line))


def test_a_hold_that_is_offered_again_is_told_once(net, bob, peer):
    """A session refresh (RFC 4028)."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    for cseq in (2, 3):
        peer.request("INVITE", bob, to_tag=tag, cseq=cseq, body=peer.sdp(SENDONLY, version=2))
        net.deliver()
        acknowledge(net, peer, bob, cseq=cseq)

    assert 1 == len(line.told(RemoteHold))


def test_an_answer_can_hold_too(net, alice, peer):
    """RFC 6337 §5.3: who was asked to resume may hold on its own behalf."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(SENDRECV)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(SENDONLY, version=2))
    net.deliver()

    assert (["RemoteHold"], ["recvonly"]) == (told(line), directions(line))


def test_an_answer_to_a_hold_is_no_hold(net, alice, peer):
    """Whoever is held has to say that it does not listen; that is no wish of its own."""
    line, _ = answered_by(net, alice, peer)
    line.reinvite(INACTIVE)
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 200, body=peer.sdp(INACTIVE, version=2))
    net.deliver()

    assert ["CallHeld"] == told(line)


def test_what_is_held_from_the_start_is_no_hold(net, bob, peer):
    """An INVITE that is sendonly, as an announcement's."""
    peer.request("INVITE", bob, body=peer.sdp(SENDONLY))
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert ([], "Active") == (told(bob.line), bob.line.state)


def test_media_stops_and_comes_back(net, alice, bob):
    """The held side sends nothing, the other one silence; afterwards both are heard again."""
    caller, callee = talking(net, alice, bob)
    caller.hold()
    net.deliver()
    assert (False, True) == (bob.streams[callee.id].sends, alice.streams[caller.id].sends)

    caller.resume()
    net.deliver()

    assert (True, True) == (bob.streams[callee.id].sends, alice.streams[caller.id].sends)
    assert ("Active", "Active") == (caller.media, callee.media)


@pytest.mark.parametrize("music", [True, False])
def test_a_hold_sends_silence_unless_there_is_music(net, alice, bob, music):
    caller, _ = talking(net, alice, bob)
    caller.hold(music=music)
    net.deliver()
    held = caller.session.negotiation.silent
    caller.resume()
    net.deliver()

    assert (not music, False) == (held, caller.session.negotiation.silent)


def test_a_refused_hold_silences_nobody(net, alice, peer):
    line, _ = answered_by(net, alice, peer)
    line.hold()
    net.deliver()
    peer.respond(peer.received.of("INVITE")[-1], 488)
    net.deliver()

    assert not line.session.negotiation.silent


def test_nothing_is_left_of_a_held_call(net, alice, bob):
    caller, callee = talking(net, alice, bob)
    caller.hold()
    net.deliver()
    callee.hang_up()

    assert quiet_and_empty(net, alice, bob)
    assert ("Over", "Over") == (caller.session.hold.state, callee.session.peer_hold.state)


def test_a_call_that_is_never_held_has_no_machine_for_it(net, alice, bob):
    caller, callee = talking(net, alice, bob)

    assert (None, None) == (caller.session.hold, callee.session.peer_hold)


def test_each_wish_is_told_by_its_number(net, alice, bob):
    caller, _ = talking(net, alice, bob)
    caller.hold()
    caller.resume()
    net.deliver()

    concluded = [event.wish for event in caller.told(MediaEvent) if event.event is MediaChange.REOFFER_ACCEPTED]
    assert ([1, 2], 1, 1) == (concluded, len(caller.told(CallHeld)), len(caller.told(CallResumed)))


def test_a_held_peer_may_refresh_the_session(net, alice, bob):
    """Its offer is sendrecv: it does not hold, and stays held."""
    caller, callee = talking(net, alice, bob)
    caller.hold()
    net.deliver()
    callee.reinvite(SENDRECV)
    net.deliver()

    assert (["CallHeld"], ["RemoteHold"], ["sendonly", "recvonly"]) == (
        told(caller),
        told(callee),
        directions(caller, callee),
    )
    assert [] == caller.told(RemoteResume)
