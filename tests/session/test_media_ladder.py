"""`statecharts/media.toml` on the network: the ladder is climbed on packets that arrived. RFC 3264, RFC 3550."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, acknowledge, called_by, talking

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import (
    AudioChannelsReady,
    FirstAudioFrameReceived,
    FlowDirection,
    MediaChange,
    MediaEvent,
    MediaFlowEstablished,
    MediaStateChanged,
)
from session_fsm.session.orders import Edge, EdgeFacts
from session_fsm.testing import Line, Network, Phone

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection


def changes(line: Line) -> list[MediaChange]:
    return [event.event for event in line.told(MediaEvent)]


def test_a_peer_without_a_voice_leaves_us_established(net, bob, peer):
    """Law 7: Active is entered on packets that arrived, never because it is time."""
    line = called_by(net, peer, bob)
    net.run_for(20.0)

    assert ("Active", LADDER[:-1]) == (line.state, line.media_path)


def test_no_audio_for_30_seconds_is_told_and_ends_nothing(net, alice, bob):
    """Reception goes on."""
    net.mute(alice)
    line = alice.call(bob)
    net.mute(alice)
    net.deliver()
    bob.line.accept()
    net.mute(alice)
    net.run_for(40.0)

    assert ([MediaChange.SILENT], "Established") == (changes(bob.line), bob.line.media)
    assert ("Active", "Active") == (line.media, bob.line.state)


def test_audio_that_stops_stalls_after_30_seconds(net, alice, bob):
    _, callee = talking(net, alice, bob)
    net.mute(alice)
    net.run_for(29.0)
    before = callee.media
    net.run_for(2.0)

    assert ("Active", "Stalled", [MediaChange.STALLED]) == (before, callee.media, changes(callee))


def test_audio_that_comes_again_is_active_again(net, alice, bob):
    _, callee = talking(net, alice, bob)
    net.mute(alice)
    net.run_for(31.0)
    net.mute(alice, False)
    net.run_for(1.0)

    assert ([*LADDER, "Stalled", "Active"], [MediaChange.STALLED, MediaChange.RESUMED]) == (
        callee.media_path,
        changes(callee),
    )


def test_every_change_of_the_media_state_is_told(net, alice, bob):
    caller, _ = talking(net, alice, bob)
    caller.hang_up()
    net.deliver()

    told = caller.told(MediaStateChanged)
    assert [*LADDER, "Closed"] == ["Idle", *(event.new_state for event in told)]
    assert LADDER == [event.old_state for event in told]


def test_sendonly_is_active_when_a_report_says_that_it_is_heard(net, alice, bob):
    """Design §4: an RTCP report about our stream; OUTBOUND."""
    line = alice.call(bob, direction=SENDONLY)
    net.deliver()
    bob.line.accept()
    net.deliver()
    before = (line.media, bob.line.media)
    net.run_for(5.0)

    assert (("Established", "Active"), "Active") == (before, line.media)
    assert FlowDirection.OUTBOUND == line.told(MediaFlowEstablished)[-1].direction
    assert (True, False) == (line.only(AudioChannelsReady).can_send, line.only(AudioChannelsReady).can_receive)


def test_recvonly_is_active_at_the_first_packet(net, alice, bob):
    """Design §4: INBOUND; nothing is said to flow out."""
    line = alice.call(bob, direction=RECVONLY)
    net.deliver()
    bob.line.accept()
    net.deliver()

    assert [FlowDirection.INBOUND] == [event.direction for event in line.told(MediaFlowEstablished)]
    assert "Active" == line.media


def test_inactive_from_the_start_is_held(net, alice, bob):
    """Design §4: nothing is awaited."""
    line = alice.call(bob, direction=INACTIVE)
    net.deliver()
    bob.line.accept()
    net.run_for(40.0)

    assert ["Idle", "Negotiating", "Ready", "Held"] == line.media_path == bob.line.media_path
    # The call is answered; OnHold is what a re-INVITE makes of it.
    assert ([MediaChange.HELD], "Active") == (changes(line), line.state)


def test_audio_that_comes_before_ready_is_told_in_order(net, alice, bob):
    """RFC 3264 §5.1: who offered listens; the ladder is climbed in order."""
    net.hold(status=200)
    line = alice.call(bob)
    net.deliver()
    bob.line.accept()
    net.run_for(0.1)
    before = line.media
    net.release()
    net.deliver()

    assert ("Negotiating", LADDER) == (before, line.media_path)
    assert 1 == len(line.told(FirstAudioFrameReceived))


def test_audio_arrives_with_the_networks_delay(alice, bob):
    net = Network(alice, bob, delay=0.05)
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.run_until(lambda: line.media == "Active" and bob.line.media == "Active")

    assert 0.10 == pytest.approx(line.only(AudioChannelsReady).time)
    assert 0.15 == pytest.approx(bob.line.only(AudioChannelsReady).time)


def test_a_path_to_the_wrong_address_is_silence(net, alice, bob):
    """A description that names somebody else's port is heard by nobody."""
    bob.when_called = Line.accept

    def lie(datagram):
        if datagram.status == 200 and datagram.method == "INVITE" and not datagram.arrivals:
            datagram.data = datagram.data.replace(b"40000", b"49999")
        return False

    net.drop(lie)
    line = alice.call(bob)
    net.deliver()

    assert ("Established", "Established") == (line.media, bob.line.media)


def test_a_path_that_cannot_send_is_told(net, alice, bob):
    line, _ = talking(net, alice, bob)
    alice.command(lambda at, now: at.media_edge(line.id, Edge.PATH_FAILED, EdgeFacts(detail="port unreachable"), now))

    assert [(MediaChange.PATH_FAILED, "port unreachable")] == [(e.event, e.detail) for e in line.told(MediaEvent)]
    assert "Active" == line.media


@pytest.mark.parametrize("edge", [edge for edge in Edge if edge is not Edge.MEASURED])
def test_an_edge_after_the_end_changes_nothing(net, alice, bob, edge):
    """A late packet finds the media closed."""
    line, _ = talking(net, alice, bob)
    line.hang_up()
    net.deliver()
    before = line.said
    alice.command(lambda at, now: at.media_edge(line.id, edge, EdgeFacts(), now))

    assert ("Closed", before) == (line.media, line.said)


def test_hold_closes_nothing_and_resume_needs_new_evidence(net, alice, bob):
    caller, callee = talking(net, alice, bob)
    caller.reinvite(INACTIVE)
    net.deliver()
    caller.reinvite(SENDRECV)
    net.deliver()

    assert [*LADDER, "Held", "Established", "Active"] == caller.media_path == callee.media_path
    assert 2 == len(caller.told(FirstAudioFrameReceived))


def test_a_new_path_before_any_evidence_is_told_as_that_and_not_as_a_change_of_state(net, bob, peer):
    """Established already awaits evidence: nothing is entered anew."""
    line = called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("INVITE", bob, to_tag=tag, cseq=2, body=peer.sdp(port=6000, version=2))
    net.deliver()

    assert [MediaChange.RENEGOTIATED] == changes(line)
    assert LADDER[1:4] == [event.new_state for event in line.told(MediaStateChanged)]


def test_a_muted_phone_does_not_concern_another(net, alice, bob):
    carol = Phone("carol", "10.0.0.3", when_called=Line.accept)
    net.add(carol)
    talking(net, alice, bob)
    line = alice.call(carol)
    net.mute(bob)
    net.run_for(31.0)

    assert ("Stalled", "Active") == (alice.lines[0].media, line.media)
