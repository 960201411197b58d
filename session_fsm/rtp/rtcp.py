"""RTCP: compound packets to values and back (RFC 3550 §6), NTP time and the round trip.

Unknown packet types are kept as they are. Wall-clock time is given as an argument, in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Final

from session_fsm.errors import Malformed
from session_fsm.frozen import maker_of, plain

Seconds = float

NTP_EPOCH = 2_208_988_800  # seconds from 1900, where NTP begins, to 1970; RFC 868
CNAME = 1  # SDES item type; RFC 3550 §6.5.1
MAX_TEXT = 255  # octets: the length field of SDES items and BYE reasons has eight bits
MAX_COUNT = 31  # five bits in every header
MAX_SKEW = 0.001  # seconds by which a round trip may come out negative from rounding; it is zero then

_SR: Final = 200
_RR: Final = 201
_SDES: Final = 202
_BYE: Final = 203
_HEADER: Final = Struct("!BBH")
_SENDER: Final = Struct("!IQIII")
_BLOCK: Final = Struct("!IB3sIIII")


@plain
@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What one receiver says about one source (RFC 3550 §6.4.1)."""

    ssrc: int
    "The source that is reported on."
    fraction_lost: int
    "Of the packets expected since the last report, in 256ths."
    cumulative_lost: int
    "Since the beginning; negative when duplicates outnumber losses."
    highest_sequence: int
    "Extended by the cycles in its upper half."
    jitter: int
    "In ticks of the source's clock."
    last_sr: int = 0
    "The middle 32 bits of the NTP timestamp of the last sender report; 0 when none came."
    delay_since_last_sr: int = 0
    "In 65536ths of a second."


@plain
@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender says of itself and of those it hears (RFC 3550 §6.4.1)."""

    ssrc: int
    ntp: int
    "64 bits: seconds since 1900 in the upper half, fractions in the lower."
    rtp_timestamp: int
    "The same moment in ticks of the stream."
    packets: int
    octets: int
    "Payload octets, without headers and padding."
    reports: tuple[ReportBlock, ...] = ()
    extension: bytes = b""
    "Whatever a profile put behind the blocks."


@plain
@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What somebody who does not send says of those it hears (RFC 3550 §6.4.2)."""

    ssrc: int
    reports: tuple[ReportBlock, ...] = ()
    extension: bytes = b""


@dataclass(frozen=True, slots=True)
class SdesChunk:
    """What is said about one source: items of type and text (RFC 3550 §6.5)."""

    ssrc: int
    items: tuple[tuple[int, str], ...]

    @property
    def cname(self) -> str | None:
        """The canonical name, None when it is not said."""
        return next((text for kind, text in self.items if kind == CNAME), None)


@dataclass(frozen=True, slots=True)
class Sdes:
    """Source descriptions (RFC 3550 §6.5)."""

    chunks: tuple[SdesChunk, ...]

    @classmethod
    def naming(cls, ssrc: int, cname: str) -> Sdes:
        """The one description that every compound packet must hold: the canonical name of its sender."""
        return cls((SdesChunk(ssrc, ((CNAME, cname),)),))


@dataclass(frozen=True, slots=True)
class Bye:
    """Sources that leave (RFC 3550 §6.6)."""

    ssrcs: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnknownRtcp:
    """A packet of a type that is not read here, such as APP or feedback."""

    packet_type: int
    count: int
    body: bytes


RtcpPacket = SenderReport | ReceiverReport | Sdes | Bye | UnknownRtcp

made_sender_report = maker_of(SenderReport)
"Takes every field, and costs less than the class itself."


def encode_compound(report: SenderReport | ReceiverReport, cname: str, *, leaves: bool = False) -> bytes:
    """What every participant sends: its report, its canonical name, and with that its BYE (RFC 3550 §6.1)."""
    said = _encode(report) + _framed(_SDES, 1, _encode_items(report.ssrc, ((CNAME, cname),)))
    return said + _framed(_BYE, 1, report.ssrc.to_bytes(4, "big")) if leaves else said


def encode_rtcp(packets: Iterable[RtcpPacket]) -> bytes:
    """A compound packet as it goes on the wire. The first one must be a report (RFC 3550 §6.1)."""
    listed = tuple(packets)
    if not listed or not isinstance(listed[0], SenderReport | ReceiverReport):
        raise ValueError("a compound RTCP packet begins with a sender or receiver report")
    return b"".join([_encode(packet) for packet in listed])


def parse_rtcp(data: bytes) -> tuple[RtcpPacket, ...]:
    """Read a compound packet, with the checks of RFC 3550 A.2. Raises Malformed, and nothing else."""
    packets: list[RtcpPacket] = []
    at = 0
    while at < len(data):
        if len(data) < at + 4:
            raise Malformed("RTCP header, RFC 3550 §6.4.1", data[at:])
        first, kind, words = _HEADER.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data) or (not at and (kind not in (_SR, _RR) or first & 0x20)):
            raise Malformed("RTCP header validity, RFC 3550 A.2", data[at:])
        body = data[at + 4 : end]
        if first & 0x20:
            body = _without_padding(body, last=end == len(data))
        packets.append(_parse(kind, first & 0x1F, body))
        at = end
    if not packets:
        raise Malformed("an empty RTCP packet, RFC 3550 §6.1", data)
    return tuple(packets)


def ntp_timestamp(wall: Seconds) -> int:
    """Wall-clock seconds since 1970 as a 64 bit NTP timestamp."""
    seconds = int(wall // 1)
    return (seconds + NTP_EPOCH << 32) + int((wall - seconds) * 2**32) & 2**64 - 1


def compact_ntp(ntp: int) -> int:
    """The middle 32 bits of an NTP timestamp, in 65536ths of a second: what LSR holds."""
    return ntp >> 16 & 0xFFFFFFFF


def short_delay(delay: Seconds) -> int:
    """A duration in 65536ths of a second, as DLSR holds it."""
    return min(max(int(delay * 65536), 0), 0xFFFFFFFF)


def round_trip(block: ReportBlock, arrival: Seconds) -> Seconds | None:
    """The round trip to whoever sent this block, which arrived at this wall-clock time (RFC 3550 §6.4.1, figure 2).

    None when the peer has not had a report of ours yet, or when its figures cannot be true.
    """
    if not block.last_sr:
        return None
    units = compact_ntp(ntp_timestamp(arrival)) - block.last_sr - block.delay_since_last_sr & 0xFFFFFFFF
    seconds = (units - (units >> 31 << 32)) / 65536
    return max(seconds, 0.0) if seconds > -MAX_SKEW else None


def _encode(packet: RtcpPacket) -> bytes:
    match packet:
        case SenderReport():
            head = _SENDER.pack(packet.ssrc, packet.ntp, packet.rtp_timestamp, packet.packets, packet.octets)
            return _framed(_SR, len(packet.reports), head + _encode_blocks(packet.reports) + packet.extension)
        case ReceiverReport():
            head = packet.ssrc.to_bytes(4, "big")
            return _framed(_RR, len(packet.reports), head + _encode_blocks(packet.reports) + packet.extension)
        case Sdes():
            chunks = [_encode_items(chunk.ssrc, chunk.items) for chunk in packet.chunks]
            return _framed(_SDES, len(packet.chunks), b"".join(chunks))
        case Bye():
            ssrcs = b"".join(ssrc.to_bytes(4, "big") for ssrc in packet.ssrcs)
            reason = _encode_text(packet.reason) if packet.reason else b""
            return _framed(_BYE, len(packet.ssrcs), ssrcs + reason + bytes(-len(reason) % 4))
        case UnknownRtcp():
            return _framed(packet.packet_type, packet.count, packet.body)


def _framed(kind: int, count: int, body: bytes) -> bytes:
    if count > MAX_COUNT or len(body) % 4:
        raise ValueError(f"RTCP type {kind}: at most {MAX_COUNT} entries, and whole words of four octets")
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _encode_blocks(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(
        [
            _BLOCK.pack(
                block.ssrc,
                block.fraction_lost,
                (block.cumulative_lost & 0xFFFFFF).to_bytes(3, "big"),
                block.highest_sequence,
                block.jitter,
                block.last_sr,
                block.delay_since_last_sr,
            )
            for block in blocks
        ]
    )


def _encode_items(ssrc: int, said: tuple[tuple[int, str], ...]) -> bytes:
    # RFC 3550 §6.5: a null item ends the list, and nulls fill the chunk up to whole words.
    items = b"".join([bytes((kind,)) + _encode_text(text) for kind, text in said])
    return ssrc.to_bytes(4, "big") + items + bytes(4 - len(items) % 4)


def _encode_text(text: str) -> bytes:
    octets = text.encode("utf-8", "surrogateescape")[:MAX_TEXT]
    return bytes((len(octets),)) + octets


def _parse(kind: int, count: int, body: bytes) -> RtcpPacket:
    match kind:
        case 200:
            _require(len(body) >= 24 + 24 * count, "SR, RFC 3550 §6.4.1", body)
            ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
            blocks = _parse_blocks(body, 24, count)
            return SenderReport(ssrc, ntp, timestamp, packets, octets, blocks, body[24 + 24 * count :])
        case 201:
            _require(len(body) >= 4 + 24 * count, "RR, RFC 3550 §6.4.2", body)
            ssrc = int.from_bytes(body[:4], "big")
            return ReceiverReport(ssrc, _parse_blocks(body, 4, count), body[4 + 24 * count :])
        case 202:
            return _parse_sdes(count, body)
        case 203:
            return _parse_bye(count, body)
        case _:
            return UnknownRtcp(kind, count, body)


def _parse_blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for start in range(at, at + 24 * count, 24):
        ssrc, fraction, lost, highest, jitter, last_sr, delay = _BLOCK.unpack_from(body, start)
        signed = int.from_bytes(lost, "big", signed=True)
        blocks.append(ReportBlock(ssrc, fraction, signed, highest, jitter, last_sr, delay))
    return tuple(blocks)


def _parse_sdes(count: int, body: bytes) -> Sdes:
    chunks = []
    at = 0
    for _ in range(count):
        _require(at + 8 <= len(body), "SDES chunk, RFC 3550 §6.5", body)
        ssrc = int.from_bytes(body[at : at + 4], "big")
        at += 4
        items = []
        while at < len(body) and body[at]:
            _require(at + 2 <= len(body) and at + 2 + body[at + 1] <= len(body), "SDES item, RFC 3550 §6.5", body)
            items.append((body[at], _text(body[at + 2 : at + 2 + body[at + 1]])))
            at += 2 + body[at + 1]
        _require(at < len(body), "SDES chunk without its end, RFC 3550 §6.5", body)
        at += 4 - at % 4
        chunks.append(SdesChunk(ssrc, tuple(items)))
    return Sdes(tuple(chunks))


def _parse_bye(count: int, body: bytes) -> Bye:
    end = 4 * count
    _require(len(body) >= end, "BYE, RFC 3550 §6.6", body)
    ssrcs = tuple(int.from_bytes(body[at : at + 4], "big") for at in range(0, end, 4))
    if len(body) == end:
        return Bye(ssrcs)
    _require(end + 1 + body[end] <= len(body), "BYE reason, RFC 3550 §6.6", body)
    return Bye(ssrcs, _text(body[end + 1 : end + 1 + body[end]]))


def _without_padding(body: bytes, *, last: bool) -> bytes:
    # RFC 3550 §6.4.1: only the last packet of a compound is padded, in whole words, the count included.
    padding = body[-1] if body else 0
    _require(last and 0 < padding <= len(body) and padding % 4 == 0, "RTCP padding, RFC 3550 §6.4.1", body)
    return body[:-padding]


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _require(holds: bool, rule: str, body: bytes) -> None:
    if not holds:
        raise Malformed(rule, body)
