"""RTP packets on the wire."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.errors import Malformed
from session_fsm.rtp import Extension, RtpPacket, pack_header, parse_rtp

WORD = st.integers(0, 2**32 - 1)
EXTENSIONS = st.builds(
    Extension, st.integers(0, 65535), st.binary(max_size=24).map(lambda data: data[: len(data) // 4 * 4])
)
PACKETS = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 65535),
    timestamp=WORD,
    ssrc=WORD,
    payload=st.binary(max_size=40),
    marker=st.booleans(),
    csrcs=st.lists(WORD, max_size=15).map(tuple),
    extension=st.none() | EXTENSIONS,
)


def test_a_plain_header_is_what_the_rfc_draws():
    """RFC 3550 §5.1: version 2 in the two highest bits, marker above the payload type, then big-endian words."""
    data = RtpPacket(8, 0x1234, 0x56789ABC, 0xDEF01234, b"\x01", marker=True).encode()

    assert bytes.fromhex("80 88 1234 56789abc def01234 01") == data


def test_the_fast_header_is_the_packets_header():
    """What the ticker packs is what `encode` would have written."""
    assert RtpPacket(0, 1, 2, 3, b"", marker=True).encode() == pack_header(0, 1, 2, 3, True)


@given(PACKETS, st.integers(0, 255))
def test_any_packet_survives_the_wire(packet: RtpPacket, padding: int):
    """Padding is not part of the value; everything else is."""
    assert packet == parse_rtp(packet.encode(padding))


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"\xbf" + rest))
def test_any_bytes_are_a_packet_or_malformed(data: bytes):
    """There is no third outcome."""
    with contextlib.suppress(Malformed):
        assert isinstance(parse_rtp(data), RtpPacket)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        bytes(12),
        b"\x40" + bytes(171),
        b"\xc0" + bytes(171),
        b"\x81" + bytes(14),
        b"\x90" + bytes(14),
        b"\x90" + bytes(11) + b"\0\0\0\2" + bytes(7),
        b"\xa0" + bytes(11),
        b"\xa0" + bytes(12),
        b"\xa0" + bytes(11) + b"\2",
    ],
    ids=[
        "nothing",
        "eleven octets",
        "version 0",
        "version 1",
        "version 3",
        "CSRC cut off",
        "extension header cut off",
        "extension cut off",
        "padding without an octet",
        "padding of no octets",
        "padding longer than the payload",
    ],
)
def test_a_broken_packet_is_malformed(data: bytes):
    """RFC 3550 A.1: version, lengths and padding must fit."""
    with pytest.raises(Malformed):
        parse_rtp(data)


def test_a_packet_may_hold_nothing_but_its_header():
    """An empty payload is legal; comfort noise and keep-alives use it."""
    assert b"" == parse_rtp(pack_header(0, 1, 2, 3)).payload
