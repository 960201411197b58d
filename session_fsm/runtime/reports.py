"""The RTCP of one stream: when a report is due, what it says, and what the peer's reports tell about ours.

Pure but for the dice, which are given: times and datagrams in, datagrams and facts out. Source: RFC 3550 §6.
"""

from __future__ import annotations

import random

from session_fsm.errors import Malformed
from session_fsm.rtp import (
    RTCP_SHARE,
    IncomingStream,
    OutgoingStream,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    compact_ntp,
    encode_compound,
    parse_rtcp,
    round_trip,
    rtcp_interval,
)

Seconds = float

LONGEST = 8192  # octets; a report on 31 sources with every name has 2 thousand
REMEMBERED = 16  # of our sender reports: more than a minute
HEADERS = 28  # octets of IPv4 and UDP, which RFC 3550 §6.2 counts in
SESSION_BANDWIDTH = 50 * (160 + 12 + HEADERS)  # octets a second of G.711 at 20 ms
RTCP_BANDWIDTH = RTCP_SHARE * SESSION_BANDWIDTH


class Reports:
    """Sends sender and receiver reports at the interval of RFC 3550 §6.2, reads the peer's."""

    __slots__ = (
        "_average_size",
        "_cname",
        "_dice",
        "_incoming",
        "_outgoing",
        "_packets_before",
        "_peer_sends",
        "_stamps",
        "_wall",
        "about_us",
        "due_at",
        "packet_time",
        "received",
        "round_trip",
        "sent",
        "unmentioned",
    )

    def __init__(
        self,
        outgoing: OutgoingStream,
        incoming: IncomingStream,
        *,
        cname: str,
        dice: random.Random,
        wall_minus_monotonic: Seconds,
    ) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self._cname = cname
        self._dice = dice
        self._wall = wall_minus_monotonic
        self._average_size = 100.0
        self._packets_before = 0
        self._peer_sends = False
        self._stamps: list[int] = []
        self.sent = self.received = 0
        self.packet_time: Seconds = 0.020
        "How much audio our packets hold."
        self.about_us: ReportBlock | None = None
        "What the peer said last of our audio."
        self.unmentioned = 0
        "How many reports in a row have come on this path that say nothing of our audio."
        self.due_at: Seconds = float("inf")
        self.round_trip: Seconds | None = None
        "From the last report block about our stream that could tell; None until then."

    def begin(self, now: Seconds) -> None:
        """The path is open: the first report is due after half an interval or so."""
        self.unmentioned = 0
        if self.due_at == float("inf"):
            self.due_at = now + self._interval(initial=True)

    def compound(self, now: Seconds) -> bytes:
        """The report that is due; a frame has just left, if any does."""
        data = encode_compound(self._said(now), self._cname)
        self._count(len(data))
        self.sent += 1
        self._packets_before = self._outgoing.packets
        self.due_at = now + self._interval(initial=False)
        return data

    def farewell(self, now: Seconds) -> bytes:
        """The last report, with the BYE; sent at once, because we are few (RFC 3550 §6.3.7)."""
        return encode_compound(self._said(now), self._cname, leaves=True)

    def receive(self, data: bytes, now: Seconds) -> bool | None:
        """Read the peer's datagram: whether it proves that the peer hears us. None when it is no RTCP."""
        if len(data) > LONGEST:
            return None
        try:
            packets = parse_rtcp(data)
        except Malformed:
            return None
        self.received += 1
        self._count(len(data))
        for packet in packets:
            if isinstance(packet, SenderReport):
                self._peer_sends = True
                self._incoming.note_sender_report(packet, now)
        blocks = [block for packet in packets for block in _blocks(packet) if block.ssrc == self._outgoing.ssrc]
        if blocks:
            self.unmentioned = 0
        else:
            self.unmentioned += any(isinstance(packet, SenderReport | ReceiverReport) for packet in packets)
        for block in blocks:
            self.about_us = block
            # A report of ours that was never sent measures nothing, whatever is said of it.
            measured = round_trip(block, now + self._wall) if block.last_sr in self._stamps else None
            self.round_trip = self.round_trip if measured is None else measured
        return bool(blocks) and self._outgoing.packets > 0

    def _said(self, now: Seconds) -> SenderReport | ReceiverReport:
        block = self._incoming.report_block(now)
        blocks = (block,) if block is not None else ()
        if self._outgoing.packets <= self._packets_before:
            return ReceiverReport(self._outgoing.ssrc, blocks)
        sent = self._outgoing.sender_report(now + self._wall, blocks, since_next=-self.packet_time)
        self._stamps = [*self._stamps[1 - REMEMBERED :], compact_ntp(sent.ntp)]
        return sent

    def _interval(self, *, initial: bool) -> Seconds:
        we_sent = self._outgoing.packets > 0
        return rtcp_interval(
            members=2,
            senders=we_sent + self._peer_sends,
            bandwidth=RTCP_BANDWIDTH,
            we_sent=we_sent,
            average_size=self._average_size,
            initial=initial,
            dice=self._dice.random(),
        )

    def _count(self, size: int) -> None:
        # RFC 3550 §6.3.3: the average of all compound packets, sent and received.
        self._average_size += (size + HEADERS - self._average_size) / 16


def _blocks(packet: RtcpPacket) -> tuple[ReportBlock, ...]:
    return packet.reports if isinstance(packet, SenderReport | ReceiverReport) else ()
