"""Telephone events in offer and answer: RFC 4733 §2.4.1 and RFC 3264 §5.1, §6.1."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_fsm.sdp import (
    PCMU,
    Codec,
    LocalMedia,
    Refusal,
    SessionDescription,
    answer,
    conclude,
    free_payload_type,
    offer,
)

ALICE = LocalMedia(("10.0.0.1", 4000), telephone_event=101)
BOB = LocalMedia(("10.0.0.2", 5000), telephone_event=101)


def offered(*lines: str, formats: str = "0 96") -> SessionDescription:
    """A peer's offer with these lines below its m= line."""
    text = ("v=0", "o=- 1 1 IN IP4 10.0.0.9", "s=-", "c=IN IP4 10.0.0.9", "t=0 0", f"m=audio 4000 RTP/AVP {formats}")
    return SessionDescription.parse("\r\n".join((*text, *lines, "")))


def test_events_are_offered_behind_the_codecs():
    """Under a dynamic number, with the events that are handled: the sixteen digits and the flash."""
    text = offer(ALICE).encode().decode()

    assert "m=audio 4000 RTP/AVP 0 8 101\r\n" in text
    assert "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n" in text


def test_who_does_not_handle_them_does_not_offer_them():
    assert "telephone-event" not in offer(replace(ALICE, telephone_event=None)).encode().decode()


def test_both_sides_agree():
    """The answer has them under the offer's number, and with one codec."""
    ours = offer(replace(ALICE, telephone_event=99))
    theirs = answer(ours, BOB)
    mine = conclude(ours, theirs.description, ALICE)

    assert ("0", "99") == theirs.description.media[0].formats
    assert (99, 99) == (theirs.agreement.events.payload_type, theirs.agreement.events.send_payload_type)
    assert (99, 99) == (mine.events.payload_type, mine.events.send_payload_type)
    assert set(range(17)) == mine.events.codes == theirs.agreement.events.codes


def test_each_side_sends_under_the_others_number():
    """RFC 3264 §5.1: an answer may use a number of its own."""
    theirs = SessionDescription.parse(
        offered("a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15", formats="0 96").encode()
    )
    agreed = conclude(offer(ALICE), theirs, ALICE)

    assert (101, 96) == (agreed.events.payload_type, agreed.events.send_payload_type)


@pytest.mark.parametrize(
    "lines", [(), ("a=rtpmap:96 telephone-event/16000",), ("a=rtpmap:96 opus/48000/2",), ("a=rtpmap:96 nonsense",)]
)
def test_without_the_peer_there_are_none(lines: tuple[str, ...]):
    """At the audio's clock rate only."""
    found = answer(offered(*lines), BOB)

    assert None is found.agreement.events
    assert "telephone-event" not in found.description.encode().decode()


def test_who_does_not_handle_them_does_not_answer_them():
    found = answer(offered("a=rtpmap:96 telephone-event/8000"), replace(BOB, telephone_event=None))

    assert (None, ("0",)) == (found.agreement.events, found.description.media[0].formats)


def test_events_alone_are_no_audio():
    """A stream of nothing but events cannot be used."""
    found = answer(offered("a=rtpmap:96 telephone-event/8000", formats="96"), BOB)

    assert isinstance(found, Refusal)
    assert "no codec in common: telephone-event offered, PCMU, PCMA handled" == found.reason


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("0-15", range(16)),
        ("0-16", range(17)),
        ("events=0-11,16", [*range(12), 16]),
        ("1,3,5", [1, 3, 5]),
        (" 0 - 9 , 11 ", [*range(10), 11]),
        ("", range(16)),
        ("9-0", []),
        ("0-99999999999", range(16)),
        ("nonsense", range(16)),
        ("0," * 5000, range(16)),
    ],
)
def test_the_events_that_the_peer_handles(value: str, codes: object):
    """Those of its fmtp; the digits where it lists none, or nothing that can be read."""
    found = answer(offered("a=rtpmap:96 telephone-event/8000", f"a=fmtp:96 {value}"), BOB)

    assert set(codes) == found.agreement.events.codes


def test_without_an_fmtp_the_digits_are_meant():
    assert set(range(16)) == answer(offered("a=rtpmap:96 telephone-event/8000"), BOB).agreement.events.codes


def test_the_number_is_not_a_codecs():
    """A codec of ours may have the usual number."""
    assert (101, 96) == (free_payload_type((PCMU,)), free_payload_type((Codec("PCMU", 101),)))
