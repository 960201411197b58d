"""RFC 4733 §2.3 as octets, and the packets of one event in their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.errors import Malformed
from session_fsm.rtp import OutgoingStream, parse_rtp
from session_fsm.rtp.telephone_event import DIGITS, LONGEST, TelephoneEvent, event_payloads, parse_events


def test_the_four_octets():
    """RFC 4733 §2.3: event, the E bit with the volume below it, and the duration: 9, at -7 dBm0, ended after 1760."""
    assert bytes([9, 0x87, 0x06, 0xE0]) == TelephoneEvent(9, 1760, is_last=True, volume=7).encode()


@given(st.integers(0, 255), st.integers(0, 0xFFFF), st.booleans(), st.integers(0, 63))
def test_what_is_written_is_read(code: int, duration: int, last: bool, volume: int):
    """Every value of every field."""
    event = TelephoneEvent(code, duration, last, volume)

    assert [event] == parse_events(event.encode())


def test_the_reserved_bit_is_passed_over():
    """RFC 4733 §2.3.3: the receiver must ignore it."""
    assert [TelephoneEvent(1, 160, is_last=False, volume=10)] == parse_events(bytes([1, 0x40 | 10, 0, 160]))


def test_several_events_in_one_packet():
    """RFC 4733 §2.5.1.5: each begins where the one before ended."""
    first, second = TelephoneEvent(1, 800, is_last=True), TelephoneEvent(2, 160)

    assert [first, second] == parse_events(first.encode() + second.encode())


@pytest.mark.parametrize("payload", [b"", b"\1", b"\1\x0a\0", b"\1\x0a\0\0\1"])
def test_other_lengths_are_no_events(payload: bytes):
    with pytest.raises(Malformed, match="four octets"):
        parse_events(payload)


@pytest.mark.parametrize(("duration", "updates"), [(800, [160, 320, 480, 640]), (700, [160, 320, 480, 640]), (100, [])])
def test_the_duration_rises_and_the_final_packet_comes_three_times(duration: int, updates: list[int]):
    """RFC 4733 §2.5.1.2 and §2.5.1.4, for a duration that is a multiple of the packet time and for others."""
    sent = event_payloads(5, duration, 160)
    told = [parse_events(payload.octets)[0] for payload in sent]

    assert {0} == {payload.begun for payload in sent}
    assert [*updates, duration, duration, duration] == [event.duration for event in told]
    assert [*(False for _ in updates), True, True, True] == [event.is_last for event in told]


def test_a_long_event_is_told_in_segments():
    """RFC 4733 §2.5.1.3: no E bit before the end; §2.5.1.4: the last packet of a segment comes three times, too."""
    sent = [(one.begun, *parse_events(one.octets)[0][1:3]) for one in event_payloads(5, LONGEST + 8000, 160)]
    full = sent.index((0, LONGEST, False))

    assert [(0, LONGEST - 95, False), *3 * [(0, LONGEST, False)], (LONGEST, 545, False)] == sent[full - 1 : full + 4]
    assert [(LONGEST, 7905, False), *3 * [(LONGEST, 8000, True)]] == sent[-4:]
    assert (LONGEST + 8000) // 160 + 3 == len(sent)


@pytest.mark.parametrize("more", [0, 1, 160, 320, 480, 481, LONGEST])
def test_a_segmented_event_lasts_as_long_as_was_asked(more: int):
    """Whatever is left for its last segment."""
    sent = event_payloads(5, LONGEST + more, 160)
    final = parse_events(sent[-1].octets)[0]

    assert (LONGEST + more, True) == (sent[-1].begun + final.duration, final.is_last)
    assert sorted(one.begun for one in sent) == [one.begun for one in sent]


def test_the_packets_of_an_event_share_a_timestamp():
    """Sequence numbers go on, media time passes, and audio goes on where it would have been."""
    stream = OutgoingStream(ssrc=7, payload_type=0, sequence=65534, timestamp=2**32 - 160)
    stream.packet(bytes(160))
    sent = [stream.event(101, b"1234", 0, 160, marker=n == 0) for n in range(3)]
    after = parse_rtp(stream.packet(bytes(160)))

    packets = [parse_rtp(data) for data in sent]
    assert [65535, 0, 1] == [packet.sequence for packet in packets]
    assert [(0, 101, True), (0, 101, False), (0, 101, False)] == [
        (packet.timestamp, packet.payload_type, packet.marker) for packet in packets
    ]
    assert (2, 480, 0, False) == (after.sequence, after.timestamp, after.payload_type, after.marker)


def test_seventeen_events_have_a_letter():
    """RFC 4733 §3.2, table 3: the sixteen digits, and the flash."""
    assert ("0123456789*#ABCD!", 17) == (DIGITS, len(DIGITS))
