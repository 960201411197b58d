"""Situations that come up seldom: packets that nobody expects, and paths that change. RFC 3264 §8."""

from __future__ import annotations

from random import Random

import pytest
from plain_calls import LADDER, talking
from seldom import INACTIVE, SENDONLY, SENDRECV, changes, edge

from session_fsm.rtp import MediaMetrics, MediaQuality
from session_fsm.sdp import LocalMedia
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.events import (
    FirstAudioFrameReceived,
    MediaChange,
    RemoteMediaConfirmed,
)
from session_fsm.session.orders import Edge, OpenPath


def test_a_frame_to_whoever_only_sends_shows_nothing(net, alice, bob):
    """The peer should not send; its frame is told, and Active still needs a report."""
    line = alice.call(bob, direction=SENDONLY)
    net.deliver()
    bob.line.accept()
    net.deliver()
    edge(line, Edge.FIRST_FRAME, rtp_flowing=True)
    before = (line.media, len(line.told(FirstAudioFrameReceived)), len(line.told(RemoteMediaConfirmed)))
    edge(line, Edge.REPORT_RECEIVED)

    assert (("Established", 1, 1), "Active") == (before, line.media)


def test_a_frame_to_whoever_only_sends_is_told_in_active_too(net, alice, bob):
    line = alice.call(bob, direction=SENDONLY)
    net.deliver()
    bob.line.accept()
    net.run_for(5.0)
    confirmed = len(line.told(RemoteMediaConfirmed))
    edge(line, Edge.FIRST_FRAME, rtp_flowing=True)

    assert ("Active", 1) == (line.media, len(line.told(FirstAudioFrameReceived)))
    assert confirmed + 1 == len(line.told(RemoteMediaConfirmed))


def test_a_first_frame_ends_a_silence(net, alice, bob):
    line, _ = talking(net, alice, bob)
    edge(line, Edge.STALLED)
    edge(line, Edge.FIRST_FRAME, rtp_flowing=True)

    assert ("Active", [MediaChange.STALLED, MediaChange.RESUMED]) == (line.media, changes(line))


def test_held_media_stays_held_by_a_second_hold(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.reinvite(INACTIVE)
    net.deliver()
    line.reinvite(INACTIVE)
    net.deliver()

    assert "Held" == line.media


def test_held_media_that_goes_on_is_told(net, alice, bob):
    line, _ = talking(net, alice, bob)
    line.reinvite(INACTIVE)
    net.deliver()
    line.reinvite(SENDRECV)
    net.deliver()

    told = [change for change in changes(line) if change is not MediaChange.REOFFER_ACCEPTED]
    assert [MediaChange.HELD, MediaChange.RENEGOTIATED] == told


def test_a_new_direction_awaits_new_evidence(net, alice, bob):
    """Active is left for Established."""
    line, _ = talking(net, alice, bob)
    line.reinvite(SENDONLY)
    net.deliver()

    assert [*LADDER, "Established"] == line.media_path


@pytest.mark.parametrize("what", [Edge.SOURCE_CHANGED, Edge.RTCP_RECEIVED])
def test_an_edge_that_is_only_told_changes_no_state(net, alice, bob, what):
    line, _ = talking(net, alice, bob)
    edge(line, what)

    assert "Active" == line.media


def test_another_band_of_quality_changes_no_state(net, alice, bob):
    line, _ = talking(net, alice, bob)
    edge(line, Edge.MEASURED, extra=(MediaQuality.POOR, MediaMetrics(packet_loss=0.07)))

    assert "Active" == line.media


def test_the_path_follows_a_winner_that_answers_before_it_is_open(net, peer):
    """Early media came from another fork, and the sockets were slower than the answer."""
    at = SessionCoordinator("sip:carol@10.0.0.3", ("10.0.0.3", 5060), dice=Random(1))
    made = at.make_call(peer.uri, media=LocalMedia(("10.0.0.3", 40000)), now=0.0)
    peer.receive(net.send(at.poll_transmit().data, ("10.0.0.3", 5060), peer.address))
    invite = peer.received.of("INVITE")[0]
    for status, tag, port in ((183, "one", 4002), (200, "two", 4004)):
        at.receive(peer.respond(invite, status, tag=tag, body=peer.sdp(port=port)).data, peer.address, 0.0)
    orders = []
    while (order := at.poll_media()) is not None:
        orders.append(order)

    assert "Ready" == at.session(made).media_state
    assert [4002, 4004] == [order.agreement.remote[1] for order in orders if isinstance(order, OpenPath)]
