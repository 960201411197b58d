"""Who is heard, what is told, and what is only counted: one stream, its clock turned by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from media_side import PEER, PEER_RTCP, STRANGER, Peer, Side

from session_fsm.audio.timeline import RecordMode
from session_fsm.rtp import Bye, ReceiverReport, ReportBlock, Sdes, encode_rtcp, parse_rtcp
from session_fsm.runtime.framing import FRAME_SAMPLES, AudioFrame
from session_fsm.runtime.ticker import FRAME, SLOT
from session_fsm.sdp import PCMA, PCMU, MediaDirection
from session_fsm.session.orders import AwaitEdge, ClosePath, Edge, PausePath, SendOn


@pytest.fixture
async def side() -> Iterator[Side]:
    side = Side()
    yield side
    side.plane.close()
    side.poller.close()


@pytest.fixture
async def open_side(side: Side) -> Side:
    """With the path open to PEER, and that already told."""
    side.open()
    side.plane.edges.clear()
    return side


async def test_opening_sends_the_first_frame_at_once(side):
    """One packet has left when the order is obeyed, with the marker of a beginning; no second one before its 20 ms."""
    side.open()

    assert [Edge.PATH_OPENED] == side.edges
    assert (1, True) == (side.stream.outgoing.packets, side.stream.sends)


@pytest.mark.parametrize("direction", [MediaDirection.RECVONLY, MediaDirection.INACTIVE])
async def test_who_may_not_send_does_not(side, direction):
    """The path is open all the same."""
    side.open(direction)

    assert [Edge.PATH_OPENED] == side.edges
    assert (0, False) == (side.stream.outgoing.packets, side.stream.sends)


async def test_the_first_packet_from_the_negotiated_address_counts(open_side):
    """One edge with the source and its SSRC; the second packet tells nothing."""
    peer = Peer(ssrc=99)

    open_side.hear(peer.packet())
    open_side.hear(peer.packet())

    assert [Edge.FIRST_FRAME] == open_side.edges
    assert (PEER, 99, 1000.0) == (open_side.facts.source, open_side.facts.ssrc, open_side.facts.arrival)
    assert 2 == open_side.packets
    assert open_side.passed_on


async def test_a_strangers_packets_are_dropped_and_counted(open_side):
    """Design §4: and never answered: nothing leaves but to the peer."""
    for _ in range(5):
        open_side.hear(Peer().packet(), STRANGER)

    assert (0, 5) == (open_side.packets, open_side.stream.counters["stranger"])
    assert [] == open_side.edges
    assert PEER == open_side.stream.destination


@pytest.mark.parametrize(
    ("data", "counter"),
    [
        (b"", "malformed"),
        (b"\x00" * 12, "malformed"),
        (b"\x80" * 172, None),
        (b"\x80\x60" + bytes(170), "unknown_payload"),
    ],
)
async def test_garbage_from_the_peer_is_counted(open_side, data, counter):
    """Nothing raises, and only audio that can be decoded is evidence."""
    open_side.hear(data)

    if counter:
        assert 1 == open_side.stream.counters[counter]
        assert [] == open_side.edges


async def test_media_before_the_answer_is_kept_and_told_in_order(side):
    """RFC 3264 §5.1: who offered listens. Its packets are heard when the answer says that they are the peer's."""
    peer = Peer()
    for _ in range(3):
        side.hear(peer.packet())
    side.hear(Peer().packet(), STRANGER)
    assert [] == side.edges

    side.open()

    assert [Edge.PATH_OPENED, Edge.FIRST_FRAME] == side.edges
    assert (3, 4) == (side.packets, side.stream.counters["early"])
    assert 1 == side.stream.counters["stranger"]


async def test_another_ssrc_is_another_source(open_side):
    """RFC 3550 §8.2: its figures begin anew; the old one's stragglers are dropped for a moment."""
    old, new = Peer(ssrc=1), Peer(ssrc=2, sequence=5000)
    open_side.hear(old.packet())
    open_side.hear(new.packet())
    open_side.hear(old.packet())
    open_side.hear(new.packet())

    assert [Edge.FIRST_FRAME, Edge.SOURCE_CHANGED] == open_side.edges
    assert (3, 1) == (open_side.packets, open_side.stream.counters["old_source"])


async def test_a_second_path_wants_new_evidence(open_side):
    """A re-INVITE to another address: counters go on, the first frame is told again."""
    open_side.hear(Peer().packet())
    open_side.open(remote=STRANGER)
    open_side.hear(Peer(ssrc=8).packet(), STRANGER)

    assert [Edge.FIRST_FRAME, Edge.PATH_OPENED, Edge.SOURCE_CHANGED, Edge.FIRST_FRAME] == open_side.edges
    assert 2 == open_side.packets
    assert 1 == open_side.stream.outgoing.packets


async def test_silence_is_told_once_and_its_end_too(open_side, caplog):
    """Thirty seconds without a frame are a warning and an edge, the next frame another edge if it is asked for."""
    peer = Peer()
    open_side.hear(peer.packet())
    open_side.look(29.9)
    assert [Edge.FIRST_FRAME] == open_side.edges

    open_side.look(0.2)
    open_side.look(60)
    open_side.plane.obey(AwaitEdge(session_id="s", edge=Edge.FLOW_RESUMED))
    open_side.hear(peer.packet())
    open_side.hear(peer.packet())

    told = [edge for edge in open_side.edges if edge is not Edge.MEASURED]
    assert [Edge.FIRST_FRAME, Edge.STALLED, Edge.FLOW_RESUMED] == told
    assert ["WARNING"] == [line.levelname for line in caplog.records if "No frame from" in line.message]
    assert 3 == open_side.packets


async def test_another_silence_is_told_when_it_is_asked_for(open_side):
    """`silence.toml` asks again when audio has come back."""
    open_side.look(31)
    open_side.plane.obey(AwaitEdge(session_id="s", edge=Edge.STALLED))
    open_side.look(0.2)

    assert [Edge.STALLED, Edge.STALLED] == [edge for edge in open_side.edges if edge is Edge.STALLED]


async def test_the_first_frame_is_told_as_such_after_a_silence_too(open_side):
    """Whoever awaits the end of a silence on a path that nothing has come on."""
    open_side.look(31)
    open_side.plane.obey(AwaitEdge(session_id="s", edge=Edge.FLOW_RESUMED))
    open_side.hear(Peer().packet())

    assert Edge.FIRST_FRAME is open_side.edges[-1]


async def test_a_time_out_is_told_once(side):
    """When neither RTP nor RTCP has come for as long as the application allows."""
    patient = Side(give_up_after=5.0)
    patient.open()
    patient.look(3.0)
    patient.stream._hear_rtcp(report(1), PEER_RTCP)
    patient.look(3.0)
    before = list(patient.edges)
    patient.look(2.0)
    patient.look(2.0)

    assert (0, 1) == (before.count(Edge.TIMED_OUT), patient.edges.count(Edge.TIMED_OUT))
    patient.plane.close()
    patient.poller.close()


async def test_nothing_is_missed_while_neither_side_is_to_send():
    """RFC 3264 §8.4, inactive: no stall and no time-out, and afterwards the silence counts from the new path on."""
    patient = Side(give_up_after=5.0)
    patient.open()
    patient.hear(Peer().packet())
    patient.plane.obey(PausePath(session_id="s", held=True))
    patient.look(60.0)
    held = {Edge.STALLED, Edge.TIMED_OUT} & set(patient.edges)
    patient.open()
    patient.look(4.0)
    before = patient.edges.count(Edge.TIMED_OUT)
    patient.look(2.0)

    assert (set(), 0, 1) == (held, before, patient.edges.count(Edge.TIMED_OUT))
    patient.plane.close()
    patient.poller.close()


@pytest.mark.parametrize("proof", ["signalling", "rtp", "rtcp", "nothing"])
async def test_an_address_that_nothing_comes_from_is_told_of(side, proof):
    """When audio has left for two seconds, unless the caller has shown by any of these that it is there."""
    side.open(proven=proof == "signalling")
    if proof == "rtp":
        side.hear(Peer().packet())
    if proof == "rtcp":
        side.stream._hear_rtcp(report(1), PEER_RTCP)
    side.look(1.9)
    before = list(side.edges)
    side.look(0.2)
    side.look(0.2)

    assert (0, int(proof == "nothing")) == (before.count(Edge.UNPROVEN), side.edges.count(Edge.UNPROVEN))


async def test_sending_goes_on_after_a_pause(open_side):
    """At once; what is heard begins nothing anew, and the turns keep their distance."""
    open_side.hear(Peer().packet())
    open_side.plane.obey(PausePath(session_id="s"))
    open_side.now += 0.019
    open_side.plane.obey(SendOn(session_id="s"))
    open_side.plane.obey(SendOn(session_id="s"))
    ticker = open_side.plane._ticker

    assert (2, True) == (open_side.stream.outgoing.packets, open_side.stream.sends)
    assert [Edge.FIRST_FRAME] == open_side.edges
    assert ticker._zero + ticker._turn_of[open_side.stream][1] * SLOT >= open_side.now + FRAME - 1e-9


async def test_nothing_goes_on_that_may_not_be_sent(side):
    side.open(MediaDirection.RECVONLY)
    side.plane.obey(SendOn(session_id="s"))

    assert (0, False) == (side.stream.outgoing.packets, side.stream.sends)


async def test_nothing_stalls_that_is_not_expected(side):
    """A peer that may not send is not missed."""
    side.open(MediaDirection.SENDONLY)
    side.look(100)

    assert Edge.STALLED not in side.edges


async def test_quality_is_measured_or_unknown(open_side):
    """No packets, no figures; then loss and jitter, and an edge when the band changes."""
    peer = Peer()
    open_side.look(2)
    assert open_side.stream.figures.band is None
    for n in range(100):
        data = peer.packet()
        open_side.now += 0.02
        if n % 10:
            open_side.hear(data)
    open_side.look(0.001)

    quality, metrics = open_side.facts.extra
    assert Edge.MEASURED is open_side.edges[-1]
    assert "Poor" == quality == open_side.stream.figures.band
    assert 0.08 < metrics.packet_loss < 0.11
    assert metrics.round_trip_ms is None


async def test_an_interval_begins_where_the_last_one_ended(open_side):
    """Its figures are those of so many seconds, and stay when nothing more comes."""
    peer = Peer()
    for _ in range(2):
        open_side.hear(peer.packet())
        open_side.hear(peer.packet())
        open_side.look(2.5)
    heard = open_side.stream.figures.heard
    open_side.look(3.0)

    assert (2.5, heard) == (open_side.stream.figures.heard_for, open_side.stream.figures.heard)
    assert open_side.stream.figures.metrics.packet_loss is None


async def test_a_recording_hears_how_late_packets_come(open_side, tmp_path):
    """When they arrive, not when the jitter buffer lets them go: that is what keeps its sides in step."""
    recording = open_side.stream.record(tmp_path / "call.wav", RecordMode.STEREO, 8000)
    peer = Peer()
    for n in range(500):
        open_side.now = 1000.0 + 0.0201 * n
        open_side.hear(peer.packet())

    # A clock that is slow by 5000 ppm: 400 samples in ten seconds, which are followed by one a packet.
    assert 100 < recording._drifts[0].correction < 400


def report(about: int, last_sr: int = 0) -> bytes:
    """A peer's RTCP datagram with a block about this source."""
    return encode_rtcp([ReceiverReport(7, (ReportBlock(about, 0, 0, 1, 0, last_sr, 0),)), Sdes.naming(7, "peer")])


async def test_rtcp_is_told_once_and_a_report_about_us_too(open_side):
    """Evidence for a stream that only sends."""
    for about in (12345, open_side.stream.outgoing.ssrc, open_side.stream.outgoing.ssrc):
        open_side.stream._hear_rtcp(report(about), PEER_RTCP)

    assert [Edge.RTCP_RECEIVED, Edge.REPORT_RECEIVED] == open_side.edges


async def test_rtcp_of_strangers_and_garbage_is_counted(open_side):
    """Nothing is told."""
    open_side.stream._hear_rtcp(report(open_side.stream.outgoing.ssrc), STRANGER)
    open_side.stream._hear_rtcp(b"garbage", PEER_RTCP)

    assert [] == open_side.edges
    assert (1, 1) == (open_side.stream.counters["stranger_rtcp"], open_side.stream.counters["malformed_rtcp"])


async def test_reports_leave_at_the_interval_of_the_rfc(open_side):
    """RFC 3550 §6.2: about half of five seconds to the first, about five to each next one, never in step."""
    moments = []
    while len(moments) < 20:
        before = open_side.stream.reports.sent
        open_side.look(0.1)
        if open_side.stream.reports.sent > before:
            moments.append(open_side.now - 1000)

    gaps = np.diff(moments)
    assert 1.0 <= moments[0] <= 3.2
    assert 2.0 <= min(gaps) < max(gaps) <= 6.3


async def test_the_lost_are_marked_and_concealed(open_side):
    """A hole of two packets becomes two frames that say that they are lost and go on with what was heard, fading."""
    frames = await _frames_around_a_hole(open_side)

    assert [False, False, True, True, False, False, False, False] == [frame.lost for frame in frames]
    assert [160 * n for n in range(8)] == [frame.timestamp for frame in frames]
    assert [10 + n for n in range(8)] == [frame.sequence for frame in frames]
    assert [False, False, True, True, False, False, False, False] == [frame.concealed for frame in frames]
    loudness = [int(abs(frame.samples).sum()) for frame in frames]
    assert loudness[1] > loudness[2] > loudness[3] > 0


async def test_without_a_jitter_buffer_the_lost_are_silence():
    """Then nothing is invented."""
    side = Side(jitter=None)
    side.open()

    frames = await _frames_around_a_hole(side)

    assert [2, 3] == [n for n, frame in enumerate(frames) if frame.lost]
    assert not any(frame.concealed or np.any(frame.samples) for frame in frames if frame.lost)
    side.plane.close()
    side.poller.close()


async def _frames_around_a_hole(side: Side) -> list[AudioFrame]:
    """Eight packets of which the third and fourth are missing."""
    peer = Peer()
    for n, packet in enumerate([peer.packet() for _ in range(8)]):
        if n not in (2, 3):
            side.hear(packet)
    return [frame async for frame in until_end(side)]


async def test_packets_are_handed_out_in_order(open_side):
    """A short fixed window puts two swapped packets right."""
    peer = Peer()
    first, second, third = (peer.packet() for _ in range(3))
    for packet in (first, third, second):
        open_side.hear(packet)
    open_side.plane.obey(ClosePath(session_id="s"))

    assert [10, 11, 12] == [frame.sequence async for frame in open_side.stream.receiver]


async def test_the_other_static_codec_is_decoded_too(open_side):
    """RFC 3264 §7: the peer may use any codec of the answer, from one packet to the next."""
    peer = Peer()
    open_side.hear(peer.packet(0xFF, payload_type=PCMU.payload_type))
    open_side.hear(peer.packet(0xD5, payload_type=PCMA.payload_type))
    open_side.plane.obey(ClosePath(session_id="s"))

    assert [0, 8] == [int(frame.samples[0]) for frame in [frame async for frame in open_side.stream.receiver]]


async def test_a_pause_stops_what_leaves_and_counts_what_comes(open_side):
    """Held, or a BYE on its way."""
    open_side.plane.obey(PausePath(session_id="s"))
    open_side.stream.sender.frames.extend([np.zeros(FRAME_SAMPLES, np.int16)] * 3)

    open_side.plane._tick([open_side.stream], open_side.now)
    open_side.hear(Peer().packet())

    assert (1, 1) == (open_side.stream.outgoing.packets, open_side.packets)
    assert 2 == len(open_side.stream.sender.frames)


async def test_a_port_that_stays_closed_fails_the_path_once(open_side):
    """At a call's two ends ports race for a moment; only what goes on for a second is told."""
    for _ in range(150):
        open_side.stream._unreachable(PEER, "port unreachable")
        open_side.now += 0.02

    assert [Edge.PATH_FAILED] == open_side.edges
    assert "port unreachable" == open_side.facts.detail


async def test_a_path_that_fails_again_after_somebody_was_there_is_told_again(open_side):
    """Each failure is one edge; what comes from there ends it."""
    for _ in range(2):
        for _ in range(100):
            open_side.stream._unreachable(PEER, "port unreachable")
            open_side.now += 0.02
        open_side.hear(Peer().packet())

    assert 2 == open_side.edges.count(Edge.PATH_FAILED)


async def test_a_path_that_opens_late_is_told_when_the_first_packet_leaves(side):
    """Until then nothing counts as sent, though its number and its time are used up."""
    before = side.stream.outgoing.sequence
    side.open(remote=("::1", PEER[1]))
    side.stream.transmit(side.stream.silent_payload)
    failed = (list(side.edges), side.stream.outgoing.packets, side.stream.outgoing.octets)
    side.stream.destination = PEER
    for _ in range(2):
        side.stream.transmit(side.stream.silent_payload)

    assert (([Edge.PATH_FAILED], 0, 0), 2) == (failed, side.stream.outgoing.packets)
    assert [Edge.PATH_FAILED, Edge.PATH_OPENED] == side.edges
    assert before + 4 == side.stream.outgoing.sequence


async def test_nothing_is_sent_to_the_unspecified_address(side):
    """RFC 3264 §8.4: an old way to hold. To the kernel it would be ourselves."""
    side.open(MediaDirection.RECVONLY, remote=("0.0.0.0", 4000))

    assert None is side.stream._rtcp_destination


async def test_orders_for_a_session_that_is_gone_are_passed_over(side):
    """The end of a call may meet an order on its way."""
    for order in (ClosePath(session_id="gone"), PausePath(session_id="gone")):
        side.plane.obey(order)

    assert 1 == len(side.plane)


@pytest.mark.parametrize(
    ("direction", "packets"), [(MediaDirection.SENDRECV, 1), (MediaDirection.RECVONLY, 0)], ids=["sent", "never-sent"]
)
async def test_the_end_says_goodbye_by_rtcp_to_whom_something_was_sent(direction, packets):
    """RFC 3550 §6.3.7: a BYE leaves at once, but not from somebody who never sent; the sockets are released."""
    side = Side()
    heard: list[bytes] = []
    rtp, rtcp = side.plane._ports.open_pair("127.0.0.1", side.stream._open_socket)
    rtcp.on_datagram = lambda data, source: heard.append(data)
    side.open(direction, remote=rtp.address)

    side.plane.obey(ClosePath(session_id="s"))
    side.poller._wake()

    assert [Bye((side.stream.outgoing.ssrc,))] * packets == [parse_rtcp(data)[-1] for data in heard]
    assert side.stream.closed
    assert 0 == len(side.plane)
    rtp.close()
    rtcp.close()
    side.poller.close()


async def test_media_time_goes_on_during_a_pause(open_side):
    """RFC 3550 §5.1: after ten seconds of hold the timestamp has moved by ten seconds, and the marker says so."""
    open_side.plane.obey(PausePath(session_id="s"))
    before = open_side.stream.outgoing.timestamp
    open_side.now += 10
    open_side.open()

    assert before + 80_000 + FRAME_SAMPLES == open_side.stream.outgoing.timestamp
    assert 2 == open_side.stream.outgoing.packets


async def test_a_pause_of_the_peer_is_no_hole(open_side):
    """Held and freed again: what was not said is not counted as lost, and is no gap."""
    peer = Peer()
    open_side.hear(peer.packet())
    peer.stream.skip(80_000)
    open_side.open(MediaDirection.SENDONLY)
    open_side.open()
    open_side.hear(peer.packet())

    assert (0, 0) == (
        open_side.stream.incoming.statistics().lost,
        open_side.stream.incoming.statistics().longest_gap_ms,
    )


async def test_the_first_frame_after_a_pause_keeps_its_distance(open_side):
    """The turns begin anew with the frame that leaves at once."""
    open_side.plane.obey(PausePath(session_id="s"))
    open_side.now += 0.019
    open_side.open()
    ticker = open_side.plane._ticker

    assert ticker._zero + ticker._turn_of[open_side.stream][1] * SLOT >= open_side.now + FRAME - 1e-9


async def test_what_the_jitter_buffer_holds_back_leaves_at_the_streams_turn(side):
    """A packet that came unevenly waits; the ticker's turn that follows its time hands it out."""
    side.open()
    peer = Peer()
    packets = [peer.packet() for _ in range(60)]
    for n, packet in enumerate(packets):
        side.now = 1000.0 + 0.02 * n + (0.05 if n % 2 else 0.0)
        side.hear(packet)
    held = side.stream.playout.waits

    side.plane._tick([side.stream], side.now + 0.3)

    assert (True, False) == (held, side.stream.playout.waits)
    assert [10 + n for n in range(60)] == [frame.sequence async for frame in until_end(side)]


async def test_evidence_is_told_on_arrival_whatever_waits():
    """The jitter buffer delays what is heard, never what is known."""
    side = Side(jitter=(0.1, 0.2))
    side.open()
    side.hear(Peer().packet())

    assert [Edge.PATH_OPENED, Edge.FIRST_FRAME] == side.edges
    side.plane.close()
    side.poller.close()


def until_end(side: Side) -> AsyncIterator[AudioFrame]:
    """What can be read once the call is over."""
    side.plane.obey(ClosePath(session_id="s"))
    return aiter(side.stream.receiver)
