"""Which packets are one press of a key: RFC 4733 §2.5.2, with whatever a network does to them."""

from __future__ import annotations

import pytest
from plain_calls import talking
from seldom import edge

from session_fsm.rtp.telephone_event import DIGITS, LONGEST, HeardEvent, event_payloads, parse_events
from session_fsm.session.events import CallEnded, DtmfMethod, DtmfReceived
from session_fsm.session.orders import Edge
from session_fsm.testing import Line, Network, Phone

STEP = 160  # ticks between two updates: 20 ms


def answered(net: Network, alice: Phone, bob: Phone) -> Line:
    """Bob's line, in a call."""
    talking(net, alice, bob)
    return bob.line


def hear(line: Line, code: int, duration: int, *, at: int = 1000, last: bool = False, ssrc: int = 7) -> None:
    """A packet of an event that began at this timestamp."""
    edge(line, Edge.EVENT_HEARD, extra=HeardEvent(ssrc, at, code, duration, last))


def press(line: Line, code: int, *, at: int = 1000, lost: tuple[int, ...] = (), ssrc: int = 7) -> None:
    """All packets of one press, 80 ms, but those with these places in the order."""
    packets = [(STEP * n, False) for n in (1, 2, 3)] + 3 * [(640, True)]
    for place, (duration, last) in enumerate(packets):
        if place not in lost:
            hear(line, code, duration, at=at, last=last, ssrc=ssrc)


def digits(line: Line) -> str:
    """What was told."""
    return "".join(event.digit for event in line.told(DtmfReceived))


@pytest.mark.parametrize("code", range(17))
def test_every_key_is_told_once(net, alice, bob, code):
    """Three final packets are one event; nobody looks at the marker."""
    line = answered(net, alice, bob)
    press(line, code)

    told = line.only(DtmfReceived)
    assert (DIGITS[code], 80, DtmfMethod.RTP) == (told.digit, told.duration_ms, told.method)


@pytest.mark.parametrize("lost", [(0,), (0, 1, 2), (3, 4), (1, 3), (0, 1, 2, 3, 4)])
def test_lost_packets_lose_no_digit(net, alice, bob, lost):
    """Whatever comes through has the timestamp and the whole duration."""
    line = answered(net, alice, bob)
    press(line, 5, lost=lost)

    assert ("5", 80) == (line.only(DtmfReceived).digit, line.only(DtmfReceived).duration_ms)


def test_the_same_key_twice_is_two_digits(net, alice, bob):
    """Two timestamps are two events, however close they are."""
    line = answered(net, alice, bob)
    press(line, 1, at=1000)
    press(line, 1, at=1960)

    assert "11" == digits(line)


def test_a_digit_whose_final_packets_are_lost_is_told_after_a_while(net, alice, bob):
    """Nothing more comes: it has lasted as long as was heard."""
    line = answered(net, alice, bob)
    press(line, 9, lost=(3, 4, 5))
    before = digits(line)
    net.run_for(0.3)

    assert ("", "9", 60) == (before, digits(line), line.only(DtmfReceived).duration_ms)


def test_an_update_keeps_a_held_key(net, alice, bob):
    """As long as updates come, however long the key is held, the event goes on."""
    line = answered(net, alice, bob)
    for n in range(1, 8):
        hear(line, 2, 800 * n)
        net.run_for(0.1)
    before = digits(line)
    hear(line, 2, 5600, last=True)

    assert ("", "2", 700) == (before, digits(line), line.only(DtmfReceived).duration_ms)


def test_the_next_key_ends_the_one_before(net, alice, bob):
    """Its final packets were lost; the order is kept."""
    line = answered(net, alice, bob)
    press(line, 3, at=1000, lost=(3, 4, 5))
    press(line, 4, at=2000)

    assert [("3", 60), ("4", 80)] == [(event.digit, event.duration_ms) for event in line.told(DtmfReceived)]


def test_of_the_next_key_one_packet_is_enough(net, alice, bob):
    """Only a final packet of it came through, while the one before still sounded."""
    line = answered(net, alice, bob)
    press(line, 3, at=1000, lost=(3, 4, 5))
    press(line, 4, at=2000, lost=(0, 1, 2, 3, 4))

    assert "34" == digits(line)


@pytest.mark.parametrize("sounding", [False, True])
def test_a_late_packet_of_an_earlier_event_is_no_digit(net, alice, bob, sounding):
    """The network put it behind the next event."""
    line = answered(net, alice, bob)
    press(line, 3, at=1000)
    press(line, 4, at=2000, lost=(3, 4, 5) if sounding else ())
    hear(line, 3, 640, at=1000, last=True)
    press(line, 4, at=2000, lost=(0, 1, 2))

    assert "34" == digits(line)


def test_a_packet_after_the_end_was_given_up_tells_nothing_again(net, alice, bob):
    """The final packets come after all, too late."""
    line = answered(net, alice, bob)
    press(line, 6, lost=(3, 4, 5))
    net.run_for(0.3)
    press(line, 6, lost=(0, 1, 2))

    assert "6" == digits(line)


def test_a_long_event_in_segments_is_one_digit(net, alice, bob):
    """RFC 4733 §2.5.1.3: after 65,535 ticks another segment begins where that one ended, with its own timestamp."""
    line = answered(net, alice, bob)
    hear(line, 8, 30_000)
    hear(line, 8, LONGEST)
    hear(line, 8, 800, at=1000 + LONGEST)
    hear(line, 8, LONGEST)  # the first segment's last packet again
    hear(line, 8, 1600, at=1000 + LONGEST, last=True)

    told = line.only(DtmfReceived)
    assert ("8", (LONGEST + 1600) // 8) == (told.digit, told.duration_ms)


@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_long_key_of_ours_is_one_digit_with_whatever_is_lost(net, alice, bob, every):
    """Of the packets that we send for twenty seconds each one comes, or every second, or every third."""
    line = answered(net, alice, bob)
    for begun, octets in event_payloads(8, 160_000, 160)[::every]:
        event = parse_events(octets)[0]
        hear(line, 8, event.duration, at=1000 + begun, last=event.is_last)
        net.run_for(0.02 * every)
    net.run_for(1.0)

    told = line.only(DtmfReceived)
    assert ("8", 20_000) == (told.digit, told.duration_ms)


def test_the_last_packet_of_a_segmented_event_alone_ends_it(net, alice, bob):
    """The other packets of the second segment were lost."""
    line = answered(net, alice, bob)
    hear(line, 8, LONGEST)
    hear(line, 8, 1600, at=1000 + LONGEST, last=True)

    assert ("8", (LONGEST + 1600) // 8) == (digits(line), line.only(DtmfReceived).duration_ms)


def test_a_segment_after_the_end_was_given_up_is_no_other_digit(net, alice, bob):
    """Its beginning was told already."""
    line = answered(net, alice, bob)
    hear(line, 8, LONGEST)
    net.run_for(0.3)
    hear(line, 8, 800, at=1000 + LONGEST)
    hear(line, 8, 1600, at=1000 + LONGEST, last=True)

    assert "8" == digits(line)


def test_timestamps_may_wrap(net, alice, bob):
    """Modulo 2**32, as everything in RTP."""
    line = answered(net, alice, bob)
    press(line, 1, at=2**32 - 300)
    press(line, 2, at=700)
    hear(line, 1, 640, at=2**32 - 300, last=True)

    assert "12" == digits(line)


def test_another_source_counts_for_itself(net, alice, bob):
    """Its timestamps have nothing to do with those of the one before."""
    line = answered(net, alice, bob)
    press(line, 1, at=50_000, ssrc=7)
    press(line, 2, at=49_000, ssrc=8)

    assert "12" == digits(line)


def test_a_key_that_is_held_when_the_call_ends_is_told(net, alice, bob):
    """And before the end is."""
    line = answered(net, alice, bob)
    press(line, 7, lost=(3, 4, 5))
    line.hang_up()
    net.run_until_quiet()

    assert "7" == digits(line)
    assert [DtmfReceived, CallEnded] == [type(e) for e in line.events if isinstance(e, DtmfReceived | CallEnded)]


def test_after_the_end_nothing_is_told(net, alice, bob):
    """A packet that is still on its way."""
    line = answered(net, alice, bob)
    line.hang_up()
    net.deliver()
    press(line, 7)

    assert "" == digits(line)


def test_what_comes_after_a_digit_when_the_call_has_ended_is_nothing(net, alice, bob):
    """The same for a machine that has heard before."""
    line = answered(net, alice, bob)
    press(line, 7)
    line.hang_up()
    net.deliver()
    press(line, 8, at=5000)

    assert "7" == digits(line)


def test_keys_whose_final_packets_are_all_lost_are_told_one_by_one(net, alice, bob):
    """Each as soon as the next one begins, and the last one after a while; updates of the second keep it."""
    line = answered(net, alice, bob)
    press(line, 3, at=1000, lost=(3, 4, 5))
    net.run_for(0.15)
    press(line, 4, at=3000, lost=(1, 2, 3, 4, 5))
    net.run_for(0.15)
    before = digits(line)
    net.run_for(0.2)
    press(line, 5, at=9000, lost=(3, 4, 5))
    net.run_for(0.3)

    assert ("3", "345") == (before, digits(line))


def test_after_whatever_was_late_or_repeated_the_next_key_is_told(net, alice, bob):
    """The receiver stays ready."""
    line = answered(net, alice, bob)
    press(line, 1, at=1000)
    press(line, 2, at=3000, lost=(0, 1, 2, 3, 4))
    hear(line, 1, 640, at=1000, last=True)
    hear(line, 2, 640, at=3000, last=True)
    press(line, 3, at=5000)
    net.run_for(0.3)

    assert "123" == digits(line)


def test_a_whole_key_within_another_is_told_once(net, alice, bob):
    """Only its last final packet came, and the one before had none: both are told, and neither again."""
    line = answered(net, alice, bob)
    press(line, 3, at=1000, lost=(3, 4, 5))
    press(line, 4, at=3000, lost=(0, 1, 2, 3, 4))
    net.run_for(0.3)
    press(line, 5, at=5000)

    assert "345" == digits(line)


def test_all_segments_of_an_event_that_was_given_up_are_passed_over(net, alice, bob):
    """Its second and third segment come late; then another key is pressed."""
    line = answered(net, alice, bob)
    hear(line, 8, LONGEST)
    net.run_for(0.3)
    hear(line, 8, LONGEST, at=1000 + LONGEST)
    hear(line, 8, 1600, at=1000 + 2 * LONGEST, last=True)
    press(line, 9, at=1000 + 3 * LONGEST)

    assert "89" == digits(line)


def test_a_key_that_was_held_at_the_end_is_not_told_again(net, alice, bob):
    """Its packets go on for a moment."""
    line = answered(net, alice, bob)
    press(line, 7, lost=(3, 4, 5))
    line.hang_up()
    net.deliver()
    press(line, 7, lost=(0, 1, 2))
    press(line, 8, at=9000)
    net.run_for(0.3)

    assert "7" == digits(line)


def test_the_segments_of_a_held_key_keep_it(net, alice, bob):
    """Three segments, each of which comes when the last packet of the one before is nearly too long ago."""
    line = answered(net, alice, bob)
    for n in range(3):
        hear(line, 8, LONGEST, at=1000 + n * LONGEST)
        net.run_for(0.15)
    before = digits(line)
    hear(line, 8, 1600, at=1000 + 3 * LONGEST, last=True)
    net.run_for(0.3)

    told = line.only(DtmfReceived)
    assert ("", "8", (3 * LONGEST + 1600) // 8) == (before, told.digit, told.duration_ms)
