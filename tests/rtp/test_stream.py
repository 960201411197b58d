"""Both halves of a media stream together."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from session_fsm.rtp import (
    IncomingStream,
    LostFrames,
    MediaMetrics,
    OutgoingStream,
    ReportBlock,
    RtpPacket,
    compact_ntp,
    ntp_timestamp,
    parse_rtp,
)

FRAME = 160


def packet(number: int, ssrc: int = 7) -> RtpPacket:
    """The packet of this number in a stream of 20 ms frames."""
    return RtpPacket(0, number & 0xFFFF, FRAME * number & 0xFFFFFFFF, ssrc, bytes(FRAME))


def received(*numbers: int) -> IncomingStream:
    """A stream that got these packets, one every 20 ms."""
    stream = IncomingStream()
    for at, number in enumerate(numbers):
        stream.receive(packet(number), 0.02 * at)
    return stream


def test_nothing_received_means_nothing_measured():
    """Counts are zero; figures are None."""
    counts = {"packets": 0, "octets": 0, "late": 0, "duplicates": 0, "rejected": 0, "restarts": 0, "delay_ms": 0.0}

    assert {**counts, "lost": None, "jitter_ms": None, "longest_gap_ms": None} == asdict(IncomingStream().statistics())


def test_every_packet_is_accounted_for():
    """Three of four frames, one late, one copy."""
    stream = received(1, 3, 4, 5, 2, 5)

    statistics = stream.statistics()

    assert (6, 6 * FRAME, 1, 1, 1) == (
        statistics.packets,
        statistics.octets,
        statistics.lost,
        statistics.late,
        statistics.duplicates,
    )


def test_the_longest_gap_is_in_media_time():
    """One frame missing is 20 ms."""
    assert 20.0 == received(1, 3, 4, 5).statistics().longest_gap_ms


def test_a_hold_is_no_gap_and_no_jitter():
    """The peer was asked to be silent; its media time stood still for five seconds."""
    stream = received(1, 2)

    assert [] == stream.interrupt()
    stream.receive(packet(3), 5.06)
    after = stream.statistics()

    assert (0.0, pytest.approx(0.0, abs=1e-9), 0) == (after.longest_gap_ms, after.jitter_ms, after.lost)


@pytest.mark.parametrize("start", [3 * FRAME, 50_000])
def test_a_gap_after_a_hold_counts_again(start: int):
    """Only the hold itself is forgiven."""
    stream = received(1, 2)
    stream.interrupt()
    stream.receive(RtpPacket(0, 3, start, 7, bytes(FRAME)), 5.0)
    stream.receive(RtpPacket(0, 4, start + 3 * FRAME, 7, bytes(FRAME)), 5.1)

    assert 40.0 == stream.statistics().longest_gap_ms


def test_a_new_source_takes_over_without_a_hole():
    """RFC 3550 §8.2: its numbers have nothing to do with the old ones. What waited is flushed first."""
    stream = received(1, 3)

    frames = stream.receive(packet(500, ssrc=8), 0.04)

    assert [LostFrames(2, 2 * FRAME, 1), packet(3), packet(500, ssrc=8)] == frames
    assert (8, 1, 3) == (stream.ssrc, stream.statistics().restarts, stream.statistics().packets)


def test_a_source_that_restarts_goes_on():
    """RFC 3550 A.1: the first packet of the new sequence is the price."""
    stream = received(1, 2, 30000)

    frames = stream.receive(packet(30001), 0.06)

    assert ([packet(30001)], 1, 1) == (frames, stream.statistics().rejected, stream.statistics().restarts)


def test_no_report_before_the_first_packet():
    """There is nothing to say yet."""
    assert IncomingStream().report_block(1.0) is None


def test_a_report_says_when_the_peers_report_came():
    """RFC 3550 §6.4.1: LSR and DLSR."""
    stream = received(1, 2)
    theirs = OutgoingStream(ssrc=7, payload_type=0, sequence=0, timestamp=0).sender_report(1e9)

    stream.note_sender_report(theirs, 10.0)
    block = stream.report_block(12.5)

    assert block is not None
    assert (7, compact_ntp(ntp_timestamp(1e9)), int(2.5 * 65536)) == (
        block.ssrc,
        block.last_sr,
        block.delay_since_last_sr,
    )


def test_anothers_report_is_not_the_peers():
    """LSR belongs to the source that the block is about."""
    stream = received(1, 2)
    stream.note_sender_report(OutgoingStream(ssrc=9, payload_type=0, sequence=0, timestamp=0).sender_report(1e9), 1.0)

    block = stream.report_block(2.0)

    assert block is not None
    assert 0 == block.last_sr


def test_metrics_are_those_of_the_interval():
    """One of four expected is lost in the first second, none in the second."""
    stream = IncomingStream()
    stream.measure(0.0)
    for number in (1, 2, 4):
        stream.receive(packet(number), 0.02 * number)
    first = stream.measure(1.0, round_trip=0.004)
    stream.receive(packet(5), 0.1)
    second = stream.measure(2.0)

    assert (0.25, 4.0, 3 * FRAME * 8) == (first.packet_loss, first.round_trip_ms, first.bitrate_bps)
    assert (0.0, None, FRAME * 8) == (second.packet_loss, second.round_trip_ms, second.bitrate_bps)


def test_a_silent_interval_has_no_loss_to_measure():
    """Nothing was expected, so nothing is known; the bit rate is known to be zero."""
    stream = IncomingStream()
    stream.measure(0.0)

    assert MediaMetrics(bitrate_bps=0) == stream.measure(1.0)


def test_what_goes_out_is_numbered():
    """One more a packet, one tick an octet, the marker on the first; all modulo their width."""
    stream = OutgoingStream(ssrc=7, payload_type=8, sequence=65535, timestamp=2**32 - FRAME)

    first, second = (parse_rtp(stream.packet(bytes(FRAME))) for _ in range(2))

    assert (65535, 2**32 - FRAME, True, 8) == (first.sequence, first.timestamp, first.marker, first.payload_type)
    assert (0, 0, False) == (second.sequence, second.timestamp, second.marker)


def test_after_silence_the_marker_is_set():
    """RFC 3551 §4.1: media time went on, numbers did not."""
    stream = OutgoingStream(ssrc=7, payload_type=0, sequence=1, timestamp=0)
    stream.packet(bytes(FRAME))
    stream.skip(800)

    after = parse_rtp(stream.packet(bytes(FRAME)))

    assert (2, FRAME + 800, True) == (after.sequence, after.timestamp, after.marker)


def test_a_sender_report_names_one_moment_twice():
    """RFC 3550 §6.4.1: 10 ms before the next packet is due, media time is 80 ticks before its timestamp."""
    stream = OutgoingStream(ssrc=7, payload_type=0, sequence=1, timestamp=1000)
    stream.packet(bytes(FRAME))
    block = ReportBlock(9, 0, 0, 0, 0)

    report = stream.sender_report(1e9, [block], since_next=-0.01)

    assert (1000 + FRAME - 80, ntp_timestamp(1e9), 1, FRAME) == (
        report.rtp_timestamp,
        report.ntp,
        report.packets,
        report.octets,
    )
    assert (block,) == report.reports


@pytest.mark.parametrize("start", [0, 65530])
def test_a_lossless_stream_is_received_whole(start: int):
    """Out of one half and into the other, over the wrap."""
    sender = OutgoingStream(ssrc=7, payload_type=0, sequence=start, timestamp=2**32 - 400)
    stream = IncomingStream()
    frames = [frame for at in range(50) for frame in stream.receive(parse_rtp(sender.packet(bytes(FRAME))), 0.02 * at)]

    statistics = stream.statistics()

    assert (50, 0, 0.0) == (len(frames), statistics.lost, statistics.longest_gap_ms)


def test_a_packet_that_could_not_be_sent_counts_as_none():
    """Its number and its time are used up, but nobody reports to have sent it."""
    stream = OutgoingStream(ssrc=7, payload_type=0, sequence=10, timestamp=0)
    stream.packet(bytes(FRAME))

    stream.take_back(FRAME)

    assert (0, 0, 11, FRAME) == (stream.packets, stream.octets, stream.sequence, stream.timestamp)
