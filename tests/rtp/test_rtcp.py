"""RTCP on the wire, and the round trip."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.errors import Malformed
from session_fsm.rtp import (
    Bye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    Sdes,
    SdesChunk,
    SenderReport,
    UnknownRtcp,
    compact_ntp,
    encode_rtcp,
    ntp_timestamp,
    parse_rtcp,
    round_trip,
    short_delay,
)

WORD = st.integers(0, 2**32 - 1)
BLOCKS = st.lists(
    st.builds(
        ReportBlock,
        ssrc=WORD,
        fraction_lost=st.integers(0, 255),
        cumulative_lost=st.integers(-0x800000, 0x7FFFFF),
        highest_sequence=WORD,
        jitter=WORD,
        last_sr=WORD,
        delay_since_last_sr=WORD,
    ),
    max_size=31,
).map(tuple)
WHOLE_WORDS = st.binary(max_size=40).map(lambda data: data[: len(data) // 4 * 4])
TEXT = st.text(max_size=60)
REPORTS = st.builds(
    SenderReport,
    ssrc=WORD,
    ntp=st.integers(0, 2**64 - 1),
    rtp_timestamp=WORD,
    packets=WORD,
    octets=WORD,
    reports=BLOCKS,
    extension=WHOLE_WORDS,
) | st.builds(ReceiverReport, ssrc=WORD, reports=BLOCKS, extension=WHOLE_WORDS)
CHUNKS = st.builds(SdesChunk, ssrc=WORD, items=st.lists(st.tuples(st.integers(1, 255), TEXT), max_size=4).map(tuple))
OTHERS = (
    st.builds(Sdes, st.lists(CHUNKS, max_size=3).map(tuple))
    | st.builds(Bye, ssrcs=st.lists(WORD, max_size=4).map(tuple), reason=TEXT)
    | st.builds(UnknownRtcp, st.integers(204, 207), st.integers(0, 31), WHOLE_WORDS)
)
COMPOUNDS = st.builds(lambda first, rest: (first, *rest), REPORTS, st.lists(OTHERS | REPORTS, max_size=3))


@given(COMPOUNDS)
def test_any_compound_survives_the_wire(packets: tuple[RtcpPacket, ...]):
    """What is written is what is read, unknown types included."""
    assert packets == parse_rtcp(encode_rtcp(packets))


@given(
    st.binary(max_size=80)
    | st.builds(
        lambda kind, body: b"\x81" + bytes((kind, 0, len(body) // 4)) + body, st.integers(200, 205), WHOLE_WORDS
    )
    | st.builds(
        lambda kind, count, body: (
            encode_rtcp([ReceiverReport(1)]) + bytes((0x80 | count, kind, 0, len(body) // 4)) + body
        ),
        st.integers(200, 205),
        st.integers(0, 31),
        WHOLE_WORDS,
    )
)
def test_any_bytes_are_a_compound_or_malformed(data: bytes):
    """There is no third outcome, and what was read can be written."""
    with contextlib.suppress(Malformed):
        packets = parse_rtcp(data)
        assert packets == parse_rtcp(encode_rtcp(packets))


def test_a_sender_report_is_what_the_rfc_draws():
    """RFC 3550 §6.4.1, one report block with a negative loss."""
    block = ReportBlock(0x11111111, 64, -2, 0x00010005, 12, 0x33334444, 0x00010000)
    report = SenderReport(0x22222222, 0xAAAAAAAABBBBBBBB, 160, 1, 172, (block,))

    expected = (
        "81c8000c 22222222 aaaaaaaa bbbbbbbb 000000a0 00000001 000000ac"
        "11111111 40fffffe 00010005 0000000c 33334444 00010000"
    )
    assert bytes.fromhex(expected) == encode_rtcp([report])


def test_a_name_is_padded_to_whole_words():
    """RFC 3550 §6.5: at least one null ends the items of a chunk."""
    data = encode_rtcp([ReceiverReport(1), Sdes.naming(1, "abc")])

    assert bytes.fromhex("80c90001 00000001 81ca0003 00000001 01036162 63000000") == data


def test_a_chunk_tells_its_canonical_name():
    """The one item that everybody must send."""
    assert ("alice@192.0.2.1", None) == (Sdes.naming(1, "alice@192.0.2.1").chunks[0].cname, SdesChunk(1, ()).cname)


def test_a_padded_last_packet_is_read_without_its_padding():
    """RFC 3550 §6.4.1: only the last packet of a compound may be padded."""
    padded = bytes.fromhex("a0c90002 00000001 00000004")

    assert (ReceiverReport(7), ReceiverReport(1)) == parse_rtcp(encode_rtcp([ReceiverReport(7)]) + padded)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "80c9",
        "00c90001 00000001",
        "80c90002 00000001",
        "80ca0000",
        "80cb0001 00000001",
        "a0c90002 00000001 00000004",
        "81c90001 00000001",
        "80c80001 00000001",
        "80c90001 00000001 81ca0001 00000001",
        "80c90001 00000001 81ca0002 00000001 01ff6162",
        "80c90001 00000001 81ca0002 00000001 01026162",
        "80c90001 00000001 82cb0001 00000001",
        "80c90001 00000001 81cb0002 00000001 09616263",
        "80c90001 00000001 a0c90001 00000001",
        "80c90001 00000001 a0c90001 000000ff",
    ],
)
def test_a_broken_compound_is_malformed(data: str):
    """RFC 3550 A.2: version, first type, lengths and counts must fit."""
    with pytest.raises(Malformed):
        parse_rtcp(bytes.fromhex(data))


def test_a_compound_begins_with_a_report():
    """RFC 3550 §6.1; a mistake of ours, so it is raised where it is made."""
    with pytest.raises(ValueError, match="begins with a sender or receiver report"):
        encode_rtcp([Bye((1,))])


def test_no_more_than_31_blocks_fit():
    """Five bits count them; a mistake of ours as well."""
    with pytest.raises(ValueError, match="at most 31"):
        encode_rtcp([ReceiverReport(1, (ReportBlock(1, 0, 0, 0, 0),) * 32)])


def test_ntp_begins_in_1900():
    """1970 began 2,208,988,800 seconds later."""
    assert (2_208_988_800 << 32) + (1 << 31) == ntp_timestamp(0.5)


def test_the_rfcs_example_of_a_round_trip():
    """RFC 3550 §6.4.1 figure 2: 6.125 seconds."""
    block = ReportBlock(1, 0, 0, 0, 0, last_sr=0xB705_2000, delay_since_last_sr=0x0005_4000)
    arrival = 0xB44DB710 - 2_208_988_800 + 0x8000 / 65536

    assert 6.125 == round_trip(block, arrival)


def test_without_a_report_of_ours_there_is_no_round_trip():
    """RFC 3550 §6.4.1: LSR is zero then."""
    assert round_trip(ReportBlock(1, 0, 0, 0, 0), 1e9) is None


def test_a_delay_that_cannot_be_gives_no_round_trip():
    """The peer says it waited longer than we did."""
    sent = 1e9
    block = ReportBlock(1, 0, 0, 0, 0, compact_ntp(ntp_timestamp(sent)), short_delay(2.0))

    assert round_trip(block, sent + 1.0) is None


@given(st.floats(0, 4e9), st.floats(0, 30), st.floats(0, 30))
def test_the_round_trip_is_what_the_network_took(sent: float, path: float, waited: float):
    """Whatever the time of day and however long the peer waited, wraps included."""
    block = ReportBlock(1, 0, 0, 0, 0, compact_ntp(ntp_timestamp(sent)) or 1, short_delay(waited))
    measured = round_trip(block, sent + path + waited)

    assert pytest.approx(path, abs=1e-4) == measured
