"""RTP and RTCP: bytes to values and back, and the arithmetic of RFC 3550. Knows no sockets, clock or dice."""

from __future__ import annotations

from session_fsm.rtp.delay import PlayoutDelay
from session_fsm.rtp.interval import RTCP_SHARE, rtcp_interval
from session_fsm.rtp.jitter_buffer import JitterBuffer
from session_fsm.rtp.packet import Extension, RtpPacket, pack_header, parse_rtp
from session_fsm.rtp.playout import Frame, LostFrames, Playout
from session_fsm.rtp.quality import MediaMetrics, MediaQuality, classify
from session_fsm.rtp.reception import MIN_SEQUENTIAL, Reception, Validity
from session_fsm.rtp.rtcp import (
    Bye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    Sdes,
    SdesChunk,
    SenderReport,
    UnknownRtcp,
    compact_ntp,
    encode_compound,
    encode_rtcp,
    ntp_timestamp,
    parse_rtcp,
    round_trip,
    short_delay,
)
from session_fsm.rtp.stream import IncomingStream, OutgoingStream, StreamStatistics

__all__ = [
    "MIN_SEQUENTIAL",
    "RTCP_SHARE",
    "Bye",
    "Extension",
    "Frame",
    "IncomingStream",
    "JitterBuffer",
    "LostFrames",
    "MediaMetrics",
    "MediaQuality",
    "OutgoingStream",
    "Playout",
    "PlayoutDelay",
    "ReceiverReport",
    "Reception",
    "ReportBlock",
    "RtcpPacket",
    "RtpPacket",
    "Sdes",
    "SdesChunk",
    "SenderReport",
    "StreamStatistics",
    "UnknownRtcp",
    "Validity",
    "classify",
    "compact_ntp",
    "encode_compound",
    "encode_rtcp",
    "ntp_timestamp",
    "pack_header",
    "parse_rtcp",
    "parse_rtp",
    "round_trip",
    "rtcp_interval",
    "short_delay",
]
