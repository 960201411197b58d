"""One RTP packet: bytes to value and back (RFC 3550 §5.1). Nothing here remembers a stream: that is `reception`."""

from __future__ import annotations

import struct
from struct import Struct
from typing import NamedTuple

from session_fsm.errors import Malformed

HEADER_SIZE = 12  # octets, without CSRC list and extension
VERSION = 2
_PLAIN = VERSION << 6  # first octet of a packet without padding, extension or CSRCs
_PADDING, _EXTENSION, _CSRC_COUNT, _MARKER = 0x20, 0x10, 0x0F, 0x80

_HEADER = Struct("!BBHII")
_EXTENSION_HEADER = Struct("!HH")
_unpack_header = _HEADER.unpack_from
_pack_header = _HEADER.pack
_new_tuple = tuple.__new__  # skips the keyword handling of a NamedTuple's own constructor


class Extension(NamedTuple):
    """A header extension (RFC 3550 §5.3.1)."""

    profile: int
    "Sixteen bits whose meaning the profile defines."
    data: bytes
    "A multiple of four octets."


class RtpPacket(NamedTuple):
    """A packet as it was received or will be sent."""

    payload_type: int
    sequence: int
    "Sixteen bits, one more for every packet."
    timestamp: int
    "Thirty-two bits in ticks of the codec's clock, for the first sample of the payload."
    ssrc: int
    payload: bytes
    "Without padding."
    marker: bool = False
    "For audio: the first packet after silence (RFC 3551 §4.1)."
    csrcs: tuple[int, ...] = ()
    extension: Extension | None = None

    def encode(self, padding: int = 0) -> bytes:
        """The packet as it goes on the wire, with this many octets of padding behind the payload."""
        first = _PLAIN | len(self.csrcs) | (_PADDING if padding else 0) | (_EXTENSION if self.extension else 0)
        second = self.payload_type | (_MARKER if self.marker else 0)
        parts = [_pack_header(first, second, self.sequence, self.timestamp, self.ssrc)]
        parts.extend(csrc.to_bytes(4, "big") for csrc in self.csrcs)
        if self.extension:
            parts += (
                _EXTENSION_HEADER.pack(self.extension.profile, len(self.extension.data) // 4),
                self.extension.data,
            )
        parts.append(self.payload)
        if padding:
            parts.append(bytes(padding - 1) + bytes((padding,)))
        return b"".join(parts)


def parse_rtp(data: bytes) -> RtpPacket:
    """Read a datagram. Raises Malformed, and nothing else."""
    try:
        first, second, sequence, timestamp, ssrc = _unpack_header(data)
    except struct.error:
        raise Malformed("RTP header of 12 octets, RFC 3550 §5.1", bytes(data)) from None
    if first == _PLAIN:
        return _new_tuple(RtpPacket, (second & 0x7F, sequence, timestamp, ssrc, data[12:], second > 0x7F, (), None))
    return _parse_rest(data, first, second, sequence, timestamp, ssrc)


def pack_header(payload_type: int, sequence: int, timestamp: int, ssrc: int, marker: bool = False) -> bytes:
    """The twelve octets before the payload of a packet without CSRCs and extension."""
    return _pack_header(_PLAIN, payload_type | 0x80 if marker else payload_type, sequence, timestamp, ssrc)


def _parse_rest(data: bytes, first: int, second: int, sequence: int, timestamp: int, ssrc: int) -> RtpPacket:
    if first >> 6 != VERSION:
        raise Malformed("RTP version 2, RFC 3550 §5.1", data)
    start = HEADER_SIZE + 4 * (first & _CSRC_COUNT)
    extension = None
    if first & _EXTENSION:
        extension = _parse_extension(data, start)
        start += 4 + len(extension.data)
    end = len(data) - (data[-1] if first & _PADDING else 0)
    # RFC 3550 A.1: padding holds at least its own length octet, and fits behind the header.
    if start > end or (first & _PADDING and end == len(data)):
        raise Malformed("RTP lengths, RFC 3550 §5.1 and A.1", data)
    csrcs = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(12, 12 + 4 * (first & _CSRC_COUNT), 4))
    payload = data[start:end]
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, payload, second > 0x7F, csrcs, extension)


def _parse_extension(data: bytes, at: int) -> Extension:
    if len(data) < at + 4:
        raise Malformed("RTP header extension, RFC 3550 §5.3.1", data)
    profile, words = _EXTENSION_HEADER.unpack_from(data, at)
    content = data[at + 4 : at + 4 + 4 * words]
    if len(content) != 4 * words:
        raise Malformed("RTP header extension, RFC 3550 §5.3.1", data)
    return Extension(profile, content)
