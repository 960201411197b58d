"""Our audio, or silence in its place, as the application wishes. `microphone.toml`."""

from __future__ import annotations

import pytest
from plain_calls import quiet_and_empty, talking
from seldom import RECVONLY, SENDRECV, changes
from watched import ordered, state

from session_fsm.errors import LocalProtocolError
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import MediaChange
from session_fsm.session.orders import OpenPath, SendSilence

MUTED, UNMUTED = MediaChange.MUTED, MediaChange.UNMUTED


def said(line, muted: bool) -> SendSilence:
    """What the media plane is told."""
    return SendSilence(session_id=line.id, muted=muted)


def test_a_call_that_is_never_muted_has_no_such_machine(net, alice, bob):
    line, other = talking(net, alice, bob)

    assert ("none", "none") == (state(line, "microphone"), state(other, "microphone"))


def test_a_muted_call_sends_silence_and_says_so(net, alice, bob):
    """Packets go on, so the media chart stays where it is."""
    line, _ = talking(net, alice, bob)
    line.mute()

    assert ("Muted", True, [said(line, True)]) == (state(line, "microphone"), line.session.muted, ordered(line))
    assert ([MUTED], "Active") == (changes(line), line.media)


def test_the_trace_shows_who_was_muted_and_when(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.mute()
    line.unmute()

    _, *rows = [(row.event, row.from_state, row.to_state) for row in line.rows if row.machine == "microphone"]
    assert [("mute", "Open", "Muted"), ("unmute", "Muted", "Open")] == rows


def test_a_call_that_is_unmuted_sends_its_audio_again(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.mute()
    ordered(line)
    line.unmute()

    assert ("Open", False, [said(line, False)]) == (state(line, "microphone"), line.session.muted, ordered(line))
    assert [MUTED, UNMUTED] == changes(line)


def test_muting_twice_and_unmuting_twice_change_nothing(net, alice, bob):
    line, _ = talking(net, alice, bob)
    for command in (line.unmute, line.mute, line.mute, line.unmute, line.unmute):
        command()

    assert ("Open", [MUTED, UNMUTED]) == (state(line, "microphone"), changes(line))
    assert [said(line, True), said(line, False)] == ordered(line)


def test_nothing_but_unmuting_ends_it(net, alice, bob):
    """Neither our hold and its end, nor the peer's, nor another direction."""
    line, other = talking(net, alice, bob)
    line.mute()
    for change in (line.hold, line.resume, other.hold, other.resume, lambda: line.reinvite(RECVONLY)):
        change()
        net.deliver()
    line.reinvite(SENDRECV)
    net.deliver()

    assert ("Muted", [said(line, True)]) == (state(line, "microphone"), ordered(line))
    assert UNMUTED not in changes(line)


def test_a_caller_may_be_muted_before_anybody_answers(net, alice, bob):
    """It is remembered, and told again when the path is about to be opened."""
    line = alice.call(bob)
    line.mute()
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert ("Muted", "Active") == (state(line, "microphone"), line.media)
    assert [said(line, True), said(line, True)] == ordered(line)


@pytest.mark.parametrize("early", [False, True])
def test_an_incoming_call_may_be_muted_before_it_has_a_port(net, alice, bob, early):
    """The first packet of its path is silent already: the media plane is told before it opens the path."""
    obeyed, obey = [], net.media.obey
    net.media.obey = lambda stream, order, now: (obeyed.append(order), obey(stream, order, now))
    alice.call(bob)
    net.deliver()
    line = bob.line
    line.mute()
    line.progress() if early else line.accept()
    net.deliver()

    own = [order for order in obeyed if order.session_id == line.id]
    assert [SendSilence, OpenPath] == [type(order) for order in own]
    assert said(line, True) == own[0]


def test_a_path_that_opens_says_nothing_to_who_was_unmuted(net, alice, bob):
    line = alice.call(bob)
    line.mute()
    line.unmute()
    net.deliver()
    ordered(line)
    bob.line.accept()
    net.deliver()

    assert ("Open", []) == (state(line, "microphone"), ordered(line))


@pytest.mark.parametrize("muted", [False, True])
@pytest.mark.parametrize("command", ["mute", "unmute"])
def test_a_call_that_is_over_is_not_muted(net, alice, bob, muted, command):
    """One sentence says where the call stands, whether or not it ever was muted."""
    line, _ = talking(net, alice, bob)
    if muted:
        line.mute()
    line.hang_up()
    net.deliver()

    with pytest.raises(LocalProtocolError, match=f"cannot {command}: call is Terminated; possible now: nothing"):
        getattr(line, command)()
    assert ("Closed", False) == (state(line, "microphone"), line.session.muted)


def test_a_call_that_is_being_ended_is_not_muted(net, alice, bob):
    """Our BYE is on its way: nothing is sent any more."""
    line, _ = talking(net, alice, bob)
    line.mute()
    net.hold()
    line.hang_up()

    with pytest.raises(LocalProtocolError, match="cannot unmute: call is Terminating"):
        line.unmute()


def test_a_call_that_was_forgotten_is_not_muted(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.hang_up()
    net.run_until_quiet()

    with pytest.raises(LocalProtocolError, match="cannot mute: call is over"):
        line.mute()


def test_a_call_that_was_cancelled_while_muted_is_closed(net, alice, bob):
    line = alice.call(bob, direction=MediaDirection.SENDRECV)
    net.deliver()
    bob.line.ring()
    line.mute()
    net.deliver()
    line.hang_up()
    net.deliver()

    assert ("Cancelled", "Closed") == (line.state, state(line, "microphone"))


def test_an_agreement_after_the_end_changes_nothing(net, alice, bob, peer):
    """A callee that hangs up before the ACK with the answer comes agrees to nothing any more."""
    peer.request("INVITE", bob)
    net.deliver()
    line = bob.line
    line.mute()
    line.accept()
    net.deliver()
    line.hang_up()
    tag = peer.received.response(200, -1, method="INVITE").to_tag
    peer.request("ACK", bob, to_tag=tag, cseq=1, body=peer.sdp())
    net.deliver()

    last = [row for row in line.rows if row.machine == "microphone"][-1]
    assert ("Closed", "closed") == (state(line, "microphone"), last.event)


def test_a_muted_call_leaves_nothing_behind(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.mute()
    line.hang_up()

    assert quiet_and_empty(net, alice, bob)
