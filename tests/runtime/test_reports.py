"""RTCP of one stream: what our reports say, and what the peer's tell about us."""

from __future__ import annotations

import random

import pytest

from session_fsm.rtp import (
    Bye,
    IncomingStream,
    OutgoingStream,
    ReceiverReport,
    ReportBlock,
    Sdes,
    SenderReport,
    encode_rtcp,
    parse_rtcp,
    parse_rtp,
)
from session_fsm.runtime.reports import Reports

WALL = 1.7e9  # seconds since 1970 at the monotonic clock's zero
PAYLOAD = bytes(160)


class End:
    """One end of a call's RTCP, without sockets."""

    def __init__(self, ssrc: int) -> None:
        self.outgoing = OutgoingStream(ssrc=ssrc, payload_type=0, sequence=0, timestamp=0)
        self.incoming = IncomingStream()
        self.reports = Reports(
            self.outgoing, self.incoming, cname=f"end-{ssrc}", dice=random.Random(1), wall_minus_monotonic=WALL
        )

    def speak_to(self, other: End, packets: int, now: float) -> None:
        """Send so many packets."""
        for _ in range(packets):
            other.incoming.receive(parse_rtp(self.outgoing.packet(PAYLOAD)), now)


def test_who_sends_reports_as_a_sender():
    """RFC 3550 §6.4.1: packets and octets, our own name, and a block about the peer."""
    one, other = End(1), End(2)
    one.speak_to(other, 3, 10.0)
    other.speak_to(one, 2, 10.0)

    sender, names = parse_rtcp(one.reports.compound(10.0))

    assert isinstance(sender, SenderReport)
    assert (1, 3, 480) == (sender.ssrc, sender.packets, sender.octets)
    assert [2] == [block.ssrc for block in sender.reports]
    assert isinstance(names, Sdes)
    assert "end-1" == names.chunks[0].cname


@pytest.mark.parametrize("last_sr", [1, 0xFFFFFFFF, 0x12345678])
def test_a_report_that_we_never_sent_measures_no_round_trip(last_sr):
    """RFC 3550 §6.4.1: LSR names one of ours; any other would make the quality whatever the peer likes."""
    one, other = End(1), End(2)
    one.speak_to(other, 3, 10.0)
    one.reports.compound(10.0)
    lie = ReceiverReport(2, (ReportBlock(1, 0, 0, 0, 0, last_sr, 0),))

    assert True is one.reports.receive(encode_rtcp([lie]), 11.0)
    assert None is one.reports.round_trip


def test_who_only_hears_reports_as_a_receiver():
    """RFC 3550 §6.4: also somebody who has sent, but nothing since the last report."""
    one, other = End(1), End(2)
    other.speak_to(one, 2, 10.0)
    assert isinstance(parse_rtcp(one.reports.compound(10.0))[0], ReceiverReport)
    one.speak_to(other, 1, 11.0)
    assert isinstance(parse_rtcp(one.reports.compound(11.0))[0], SenderReport)

    assert isinstance(parse_rtcp(one.reports.compound(12.0))[0], ReceiverReport)


def test_the_round_trip_is_measured_from_two_reports():
    """RFC 3550 §6.4.1 figure 2: LSR and DLSR take out the time that the peer kept our report."""
    one, other = End(1), End(2)
    one.speak_to(other, 3, 10.0)
    other.reports.receive(one.reports.compound(10.0), 10.02)
    assert one.reports.round_trip is None

    hears_us = one.reports.receive(other.reports.compound(15.02), 15.05)

    assert hears_us
    assert 0.05 == pytest.approx(one.reports.round_trip, abs=0.001)


def test_a_report_about_somebody_else_proves_nothing():
    """Only a block with our SSRC says that we are heard."""
    one, other, third = End(1), End(2), End(3)
    one.speak_to(other, 1, 10.0)
    third.speak_to(other, 1, 10.0)

    assert one.reports.receive(other.reports.compound(10.0), 10.0) is False


def test_the_last_report_says_goodbye():
    """RFC 3550 §6.6."""
    one = End(1)

    assert Bye((1,)) == parse_rtcp(one.reports.farewell(10.0))[-1]


@pytest.mark.parametrize("garbage", [b"", b"\x80", b"\x80\xc8\x00\x00", bytes(64), b"\xff" * 64])
def test_garbage_is_no_report(garbage):
    """And changes nothing."""
    one = End(1)

    assert one.reports.receive(garbage, 10.0) is None
    assert 0 == one.reports.received
