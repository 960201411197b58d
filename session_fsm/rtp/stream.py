"""The two halves of a media stream: what comes in, ordered and counted; what goes out, numbered and counted.

Joins packet, reception, playout and RTCP for one peer. Sockets, clocks and dice stay outside: times and first numbers
are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from session_fsm.rtp.packet import RtpPacket, pack_header
from session_fsm.rtp.playout import Frame, Playout
from session_fsm.rtp.quality import MediaMetrics
from session_fsm.rtp.reception import Reception, Validity
from session_fsm.rtp.rtcp import (
    ReportBlock,
    SenderReport,
    compact_ntp,
    made_sender_report,
    ntp_timestamp,
    short_delay,
)

Seconds = float


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatistics:
    """What was received so far. A figure that was not measured is None."""

    packets: int
    "Packets that belonged to the stream, late ones and duplicates included."
    octets: int
    "Their payload."
    lost: int | None
    "Frames that the reader was given as lost; None before the first packet."
    late: int
    "Packets that came after their place had been given up."
    duplicates: int
    rejected: int
    "Packets on probation, or too far off to belong to the stream."
    restarts: int
    "How often the source started anew or was replaced by another one."
    jitter_ms: float | None
    delay_ms: float
    "How long the jitter buffer lets packets wait just now, beyond the average transit time."
    longest_gap_ms: float | None
    "The longest stretch of media time for which no frame came, from RTP timestamps; 0 on a perfect stream."


class IncomingStream:
    """What one peer sends: frames in order out, figures for statistics, reports and quality."""

    __slots__ = (
        "_expected_before",
        "_late_before",
        "_measured_at",
        "_octets_before",
        "_probation",
        "_received_before",
        "_report_arrival",
        "_report_ntp",
        "clock_rate",
        "octets",
        "packets",
        "playout",
        "reception",
        "rejected",
        "restarts",
        "ssrc",
    )

    def __init__(self, clock_rate: int = 8000, *, playout: Playout | None = None, probation: int = 0) -> None:
        self.clock_rate = clock_rate
        self.playout = playout or Playout()
        self.packets = self.octets = self.rejected = self.restarts = 0
        self.ssrc: int | None = None
        self._probation = probation
        self._measured_at: Seconds | None = None
        self._octets_before = self._expected_before = self._received_before = self._late_before = 0
        self._report_ntp, self._report_arrival = 0, 0.0
        self.reception = Reception(clock_rate, probation)

    def receive(self, packet: RtpPacket, arrival: Seconds) -> Sequence[Frame]:
        """Take one packet in; what comes out is in order, holes marked."""
        if packet.ssrc != self.ssrc:
            return self._meet(packet, arrival)
        validity = self.reception.update(packet.sequence, packet.timestamp, arrival)
        if validity is Validity.VALID:
            self.packets += 1
            self.octets += len(packet.payload)
            return self.playout.push(packet, arrival)
        if validity is Validity.RESTART:
            return self._restart(packet, arrival)
        self.rejected += 1
        return ()

    def due(self, now: Seconds) -> Sequence[Frame]:
        """What has waited long enough by now."""
        return self.playout.due(now)

    def flush(self) -> list[Frame]:
        """What still waits: the stream ended or fell silent."""
        return self.playout.flush()

    def interrupt(self) -> list[Frame]:
        """The peer was asked to stop sending, as for a hold: what waits comes out, and the pause is no gap."""
        self.reception.interrupt()
        return self.playout.interrupt()

    def note_sender_report(self, report: SenderReport, arrival: Seconds) -> None:
        """Remember when the peer's report came, so that ours can say so (LSR and DLSR)."""
        if self.ssrc is None or report.ssrc == self.ssrc:
            self._report_ntp, self._report_arrival = compact_ntp(report.ntp), arrival

    def report_block(self, now: Seconds) -> ReportBlock | None:
        """The block about this stream for our next report; None as long as nothing was received."""
        if self.ssrc is None or not self.reception.received:
            return None
        delay = short_delay(now - self._report_arrival) if self._report_ntp else 0
        return self.reception.report(self.ssrc, self._report_ntp, delay)

    def measure(self, now: Seconds, round_trip: Seconds | None = None) -> MediaMetrics:
        """The figures since the last call. The first call only begins, so it has no bit rate."""
        expected = self.reception.expected - self._expected_before
        received = self.reception.received - self._received_before
        elapsed = now - self._measured_at if self._measured_at is not None else 0.0
        late = self.playout.late - self._late_before
        bits = (self.octets - self._octets_before) * 8
        self._expected_before, self._received_before = self.reception.expected, self.reception.received
        self._measured_at, self._octets_before, self._late_before = now, self.octets, self.playout.late
        return MediaMetrics(
            packet_loss=min(max(expected - received, 0) / expected, 1.0) if expected > 0 else None,
            discarded=min(late / expected, 1.0) if expected > 0 else None,
            jitter_ms=self.reception.jitter_ms,
            round_trip_ms=round_trip * 1000 if round_trip is not None else None,
            bitrate_bps=round(bits / elapsed) if elapsed > 0 else None,
        )

    def statistics(self) -> StreamStatistics:
        """Everything that was counted since the beginning."""
        gap = self.playout.longest_gap
        return StreamStatistics(
            packets=self.packets,
            octets=self.octets,
            lost=self.playout.lost if self.packets else None,
            late=self.playout.late,
            duplicates=self.playout.duplicates,
            rejected=self.rejected,
            restarts=self.restarts,
            jitter_ms=self.reception.jitter_ms,
            delay_ms=self.playout.delay * 1000,
            longest_gap_ms=gap * 1000 / self.clock_rate if gap is not None else None,
        )

    def _meet(self, packet: RtpPacket, arrival: Seconds) -> Sequence[Frame]:
        """A source that is new here. Its figures begin anew; the totals go on (RFC 3550 §8.2)."""
        replaced = self.ssrc is not None
        self.ssrc = packet.ssrc
        frames = self.playout.restart()
        self.restarts += replaced
        self.reception = Reception(self.clock_rate, self._probation)
        self._expected_before = self._received_before = self._report_ntp = 0
        return [*frames, *self.receive(packet, arrival)]

    def _restart(self, packet: RtpPacket, arrival: Seconds) -> Sequence[Frame]:
        self.restarts += 1
        self._expected_before = self._received_before = 0
        self.packets += 1
        self.octets += len(packet.payload)
        return [*self.playout.restart(), *self.playout.push(packet, arrival)]


class OutgoingStream:
    """What we send: numbers and timestamps for each packet, totals for sender reports.

    First sequence number, timestamp and SSRC are random by RFC 3550 §5.1 and are given by whoever has dice.
    """

    __slots__ = ("clock_rate", "marker", "octets", "packets", "payload_type", "sequence", "ssrc", "timestamp")

    def __init__(self, *, ssrc: int, payload_type: int, sequence: int, timestamp: int, clock_rate: int = 8000) -> None:
        self.ssrc = ssrc & 0xFFFFFFFF
        self.payload_type = payload_type
        self.sequence = sequence & 0xFFFF
        "Of the next packet."
        self.timestamp = timestamp & 0xFFFFFFFF
        "Of the next packet."
        self.clock_rate = clock_rate
        self.packets = self.octets = 0
        self.marker = True
        "Whether the next packet begins a talkspurt (RFC 3551 §4.1)."

    def header(self, ticks: int, octets: int) -> bytes:
        """The header of the next packet, which holds so many ticks of audio in so many octets."""
        header = pack_header(self.payload_type, self.sequence, self.timestamp, self.ssrc, self.marker)
        self.sequence = self.sequence + 1 & 0xFFFF
        self.timestamp = self.timestamp + ticks & 0xFFFFFFFF
        self.packets += 1
        self.octets += octets
        self.marker = False
        return header

    def packet(self, payload: bytes) -> bytes:
        """The next packet with this payload, one tick an octet as in G.711."""
        return self.header(len(payload), len(payload)) + payload

    def event(self, payload_type: int, payload: bytes, started_at: int, ticks: int, *, marker: bool) -> bytes:
        """The next packet of an event that began at this timestamp; meanwhile so many ticks of media time pass.

        RFC 4733 §2.5.1.2: all packets of an event have its first one's timestamp.
        """
        header = pack_header(payload_type, self.sequence, started_at, self.ssrc, marker)
        self.sequence = self.sequence + 1 & 0xFFFF
        self.timestamp = self.timestamp + ticks & 0xFFFFFFFF
        self.packets += 1
        self.octets += len(payload)
        return header + payload

    def take_back(self, octets: int) -> None:
        """The last packet could not be sent: it counts as none, though its number and its time are used up."""
        self.packets -= 1
        self.octets -= octets

    def skip(self, ticks: int) -> None:
        """Let so much media time pass without a packet. The next one is marked as the first after silence."""
        self.timestamp = self.timestamp + ticks & 0xFFFFFFFF
        self.marker = True

    def sender_report(
        self, wall: Seconds, reports: Sequence[ReportBlock] = (), *, since_next: Seconds = 0.0
    ) -> SenderReport:
        """Our report at this wall-clock time, `since_next` seconds after the moment at which the next packet is due.

        RFC 3550 §6.4.1: NTP and RTP timestamp name the same moment; before the next packet `since_next` is negative.
        """
        timestamp = self.timestamp + round(since_next * self.clock_rate) & 0xFFFFFFFF
        octets = self.octets & 0xFFFFFFFF
        return made_sender_report(
            self.ssrc, ntp_timestamp(wall), timestamp, self.packets & 0xFFFFFFFF, octets, tuple(reports), b""
        )
