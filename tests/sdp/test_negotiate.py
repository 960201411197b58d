"""Offer and answer: what each side may conclude from the other's description."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_fsm.sdp import (
    PCMA,
    PCMU,
    Agreement,
    Answer,
    Codec,
    LocalMedia,
    MediaDirection,
    Refusal,
    SessionDescription,
    answer,
    conclude,
    consider,
    is_the_same,
    offer,
)
from session_fsm.sdp.remote import Address

ALICE = LocalMedia(("192.0.2.1", 4000))
BOB = LocalMedia(("192.0.2.2", 5000))


def described(*lines: str, host: str = "192.0.2.1", extra: str = "") -> SessionDescription:
    """A peer's description: a valid head, then these lines."""
    family = "IP6" if ":" in host else "IP4"
    head = ["v=0", f"o=- 1 1 IN {family} {host}", "s=-", f"c=IN {family} {host}{extra}", "t=0 0"]
    return SessionDescription.parse("\n".join([*head, *lines]))


def answered(offered: SessionDescription, local: LocalMedia = BOB) -> Answer:
    """The answer to an offer that must be acceptable."""
    result = answer(offered, local)
    assert isinstance(result, Answer), result
    return result


def refused(offered: SessionDescription, local: LocalMedia = BOB) -> Refusal:
    """The refusal of an offer that must not be acceptable."""
    result = answer(offered, local)
    assert isinstance(result, Refusal), result
    return result


def concluded(offered: SessionDescription, answer_: SessionDescription, local: LocalMedia = ALICE) -> Agreement:
    """The offerer's agreement from an answer that must be acceptable."""
    result = conclude(offered, answer_, local)
    assert isinstance(result, Agreement), result
    return result


def media_lines(description: SessionDescription) -> list[str]:
    """The `m=` lines as text."""
    return [str(media) for media in description.media]


def test_an_offer_lists_every_codec_we_handle():
    """RFC 3264 §5.1: in order of preference, static types with their rtpmap too."""
    expected = (
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendrecv\r\n"
    )

    assert expected.encode() == offer(ALICE).encode()


def test_an_offer_never_names_the_wildcard():
    """Nobody can send to 0.0.0.0, and a peer would read it as hold."""
    with pytest.raises(ValueError, match="no address that a peer could send to"):
        LocalMedia(("0.0.0.0", 4000))


def test_an_ipv6_address_stands_without_brackets():
    """RFC 5118 §4.5."""
    local = replace(ALICE, address=("2001:db8::1", 4000))

    assert b"\r\nc=IN IP6 2001:db8::1\r\n" in offer(local).encode()


def test_both_sides_agree_on_the_first_offered_codec():
    """RFC 3264 §6.1: the offerer's order of preference is kept."""
    offered = offer(replace(ALICE, codecs=(PCMA, PCMU)))

    theirs = answered(offered)
    ours = concluded(offered, theirs.description)

    assert (PCMA, PCMA) == (theirs.agreement.codec, ours.codec)


def test_each_side_sends_to_the_other():
    """The remote of one is the local address of the other, RTCP one port above."""
    offered = offer(ALICE)

    theirs = answered(offered)
    ours = concluded(offered, theirs.description)

    expected: list[tuple[Address, Address | None]] = [
        (ALICE.address, ("192.0.2.1", 4001)),
        (BOB.address, ("192.0.2.2", 5001)),
    ]
    assert expected == [(side.remote, side.remote_rtcp) for side in (theirs.agreement, ours)]


def test_a_dynamic_number_is_answered_with_the_same_number():
    """RFC 3264 §6.1: the number that the offer gives a codec is used in the answer."""
    offered = described("m=audio 4000 RTP/AVP 111", "a=rtpmap:111 pcma/8000/1")

    theirs = answered(offered)

    assert (111, 111, ["audio 5000 RTP/AVP 111"]) == (
        theirs.agreement.payload_type,
        theirs.agreement.send_payload_type,
        media_lines(theirs.description),
    )


def test_an_answer_with_another_number_is_sent_that_number():
    """RFC 3264 §5.1: each side sends under the number that the other side's description gives."""
    ours = concluded(offer(ALICE), described("m=audio 6000 RTP/AVP 101", "a=rtpmap:101 PCMU/8000", host="192.0.2.9"))

    assert (0, 101) == (ours.payload_type, ours.send_payload_type)


def test_whatever_the_answer_left_may_arrive():
    """RFC 3264 §7: the peer may send any codec of its answer, so each one can be told by its number."""
    ours = concluded(offer(ALICE), described("m=audio 6000 RTP/AVP 8 0", host="192.0.2.9"))

    assert (PCMA, (PCMA, PCMU)) == (ours.codec, ours.receivable)


def test_all_streams_but_one_are_refused_in_their_places():
    """RFC 3264 §6: as many m= lines as the offer, in its order, port 0 for what is not taken."""
    offered = described(
        "m=video 6000/2 RTP/AVP 31",
        "a=sendrecv",
        "m=audio 4002 RTP/SAVP 0",
        "m=audio 4000 RTP/AVP 0",
        "m=audio 4004 RTP/AVP 0",
    )

    expected = ["video 0 RTP/AVP 31", "audio 0 RTP/SAVP 0", "audio 5000 RTP/AVP 0", "audio 0 RTP/AVP 0"]
    assert expected == media_lines(answered(offered).description)


def test_nothing_is_said_of_a_refused_stream():
    """Its attributes would promise what is not handled."""
    offered = described("m=video 6000 RTP/AVP 97", "a=rtpmap:97 H264/90000", "m=audio 4000 RTP/AVP 0")

    assert () == answered(offered).description.media[0].lines


def test_telephone_events_are_not_answered():
    """They are not handled yet, so they are not accepted either."""
    offered = described("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15")

    assert ["audio 5000 RTP/AVP 0"] == media_lines(answered(offered).description)


def test_the_answer_repeats_the_time_of_the_offer():
    """RFC 3264 §6: the t= line in the answer equals that of the offer."""
    offered = SessionDescription.parse(
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nt=3338481189 3370017201\nm=audio 4000 RTP/AVP 0\n"
    )

    assert "3338481189 3370017201" == answered(offered).description.timing


@pytest.mark.parametrize(
    ("offered", "ours", "expected"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendrecv", "inactive", "inactive"),
        ("sendonly", "sendrecv", "recvonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "sendrecv", "sendonly"),
        ("recvonly", "recvonly", "inactive"),
        ("inactive", "sendrecv", "inactive"),
    ],
)
def test_an_answer_never_wants_more_than_the_offer(offered: str, ours: str, expected: str):
    """RFC 3264 §6.1: our own direction, narrowed by the offer's reversed."""
    local = replace(BOB, direction=MediaDirection(ours))

    theirs = answered(described("m=audio 4000 RTP/AVP 0", f"a={offered}"), local)

    assert (expected, expected) == (theirs.agreement.direction, theirs.description.media[0].direction)


def test_the_session_says_the_direction_of_streams_that_do_not():
    """RFC 8866 §6.7: a session-level direction is the default for every stream."""
    assert "recvonly" == answered(described("a=sendonly", "m=audio 4000 RTP/AVP 0")).agreement.direction


def test_a_stream_may_differ_from_its_session():
    """RFC 8866 §6.7: the stream's own direction wins."""
    offered = described("a=inactive", "m=audio 4000 RTP/AVP 0", "a=sendrecv")

    assert "sendrecv" == answered(offered).agreement.direction


@pytest.mark.parametrize(
    ("host", "local"), [("0.0.0.0", "192.0.2.2"), ("::", "2001:db8::2"), ("0.0.0.0", "2001:db8::2")]
)
def test_the_unspecified_address_means_hold(host: str, local: str):
    """RFC 3264 §8.4: the hold of RFC 2543. Neither RTP nor RTCP is sent there, whatever the direction says."""
    bob = replace(BOB, address=(local, 5000))

    theirs = answered(described("m=audio 4000 RTP/AVP 0", host=host), bob)

    expected = (MediaDirection.RECVONLY, (host, 4000), None)
    agreement = theirs.agreement
    assert expected == (agreement.direction, agreement.remote, agreement.remote_rtcp)


def test_a_lenient_reading_of_an_answer_that_wants_too_much():
    """An answer must not be wider than the offer; one that is gets what was offered."""
    offered = offer(replace(ALICE, direction=MediaDirection.SENDONLY))
    wide = described("m=audio 6000 RTP/AVP 0", "a=sendrecv", host="192.0.2.9")

    assert MediaDirection.SENDONLY == concluded(offered, wide).direction


def test_the_rtcp_attribute_names_another_port():
    """RFC 3605 §2.1."""
    offered = described("m=audio 4000 RTP/AVP 0", "a=rtcp:53020")

    assert ("192.0.2.1", 53020) == answered(offered).agreement.remote_rtcp


def test_the_rtcp_attribute_names_another_address():
    """RFC 3605 §2.1, the long form."""
    offered = described("m=audio 4000 RTP/AVP 0", "a=rtcp:53020 IN IP4 192.0.2.77")

    assert ("192.0.2.77", 53020) == answered(offered).agreement.remote_rtcp


@pytest.mark.parametrize(
    "lines",
    [
        ("m=audio 65535 RTP/AVP 0",),
        ("m=audio 4000 RTP/AVP 0", "a=rtcp:0"),
        ("m=audio 4000 RTP/AVP 0", "a=rtcp:65536"),
        ("m=audio 4000 RTP/AVP 0", "a=rtcp:" + "9" * 100),
        ("m=audio 4000 RTP/AVP 0", "a=rtcp:4001 IN IP4 224.0.0.1"),
        ("m=audio 4000 RTP/AVP 0", "a=rtcp:4001 IN"),
    ],
)
def test_no_place_for_rtcp_costs_only_the_reports(lines: tuple[str, ...]):
    """The call goes on; nothing is sent where nothing should be sent."""
    assert answered(described(*lines)).agreement.remote_rtcp is None


def test_our_own_rtcp_port_is_said_when_it_is_unusual():
    """RFC 3605 §2.1: only then is the attribute needed."""
    assert "4999" == offer(replace(ALICE, rtcp_port=4999)).media[0].attribute("rtcp")


def test_the_usual_rtcp_port_goes_without_saying():
    """RFC 3550 §11: one above RTP."""
    assert offer(replace(ALICE, rtcp_port=4001)).media[0].attribute("rtcp") is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("a=ptime:30",), 30),
        (("a=ptime: 20.0",), 20),
        ((), 20),
        (("a=ptime:0",), 20),
        (("a=ptime:" + "9" * 100,), 20),
        (("a=ptime:never",), 20),
        (("a=maxptime:10",), 10),
        (("a=ptime:40", "a=maxptime:30"), 30),
        (("a=ptime:60",), 60),
        (("a=ptime:10",), 10),
        (("a=ptime:25",), 20),
        (("a=ptime:150",), 60),
        (("a=ptime:1",), 10),
        (("a=maxptime:150",), 20),
        (("a=maxptime:5",), 10),
    ],
)
def test_the_peer_says_how_much_audio_a_packet_holds(lines: tuple[str, ...], expected: int):
    """RFC 8866 §6.4: the longest that we can send and that the peer can take."""
    assert expected == answered(described("m=audio 4000 RTP/AVP 0", *lines)).agreement.ptime_ms


@pytest.mark.parametrize(
    ("offered", "warning", "reason"),
    [
        (described(), 304, "no audio stream is offered"),
        (described("m=video 6000 RTP/AVP 31"), 304, "no audio stream is offered"),
        (described("m=audio 0 RTP/AVP 0"), 304, "no audio stream is offered"),
        (described("m=audio 4000 RTP/SAVP 0"), 302, "RTP/SAVP is not handled, only RTP/AVP is"),
        (described("m=audio 4000 RTP/AVP 18"), 305, "no codec in common: G729 offered, PCMU, PCMA handled"),
        (described("m=audio 4000 RTP/AVP 96"), 305, "no codec in common: nothing known offered, PCMU, PCMA handled"),
        (described("m=audio 4000 RTP/AVP 0", host="224.2.1.1", extra="/127"), 330, "224.2.1.1 is a multicast address"),
        (described("m=audio 4000 RTP/AVP 0", host="255.255.255.255"), 301, "255.255.255.255 is a broadcast or reserve"),
        (described("m=audio 4000 RTP/AVP 0", host="bob.example.com"), 301, "the connection address bob.example.com is"),
        (described("m=audio 4000 RTP/AVP 0", host="2001:db8::1"), 301, "2001:db8::1 is IPv6, our address is IPv4"),
        (described("m=audio 5000 RTP/AVP 0", host="192.0.2.2"), 399, "192.0.2.2:5000 is our own address"),
    ],
)
def test_an_unusable_offer_gets_488_and_says_why(offered: SessionDescription, warning: int, reason: str):
    """RFC 3261 §21.4.26 and §20.43."""
    refusal = refused(offered)

    assert (488, warning, True) == (refusal.status, refusal.warning, refusal.reason.startswith(reason)), refusal


def test_a_reason_is_fit_for_a_header():
    """It quotes the peer, who may write anything; it goes into a Warning as quoted text (RFC 3261 §20.43)."""
    refusal = refused(described('m=audio 4000 "\\é' + "x" * 100 + " 0"))

    assert "???" + "x" * 37 + " is not handled, only RTP/AVP is" == refusal.reason


def test_multicast_hidden_in_ipv6_is_refused():
    """::ffff:224.0.0.1 is the same group in another spelling."""
    refusal = refused(described("m=audio 4000 RTP/AVP 0", host="::ffff:224.0.0.1"), BOB)

    assert 330 == refusal.warning


def test_an_ipv4_mapped_address_is_the_ipv4_address():
    """RFC 5118 §4.9: for an IPv4 socket it can be reached all the same."""
    theirs = answered(described("m=audio 4000 RTP/AVP 0", host="::ffff:192.0.2.1"))

    assert ("192.0.2.1", 4000) == theirs.agreement.remote


def test_a_stream_without_an_address_is_refused():
    """RFC 8866 §5.7: every stream needs a c= line, its own or the session's."""
    nowhere = SessionDescription.parse("v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n")

    assert "the audio stream has no connection address" == refused(nowhere).reason


def test_the_second_audio_stream_is_taken_when_the_first_cannot_be():
    """The first one that works is chosen, not the first one."""
    offered = described("m=audio 4000 RTP/AVP 0", "c=IN IP4 224.2.1.1/127", "m=audio 4002 RTP/AVP 0")

    assert ("192.0.2.1", 4002) == answered(offered).agreement.remote


def test_an_answer_with_port_0_refuses_the_call():
    """RFC 3264 §6: the only stream is gone, so there is nothing to agree on."""
    result = conclude(offer(ALICE), described("m=audio 0 RTP/AVP 0", host="192.0.2.9"), ALICE)

    assert Refusal("the audio stream is refused with port 0", warning=304) == result


def test_an_answer_must_have_as_many_streams_as_the_offer():
    """RFC 3264 §6: streams are matched by their place."""
    two = described("m=audio 6000 RTP/AVP 0", "m=video 6002 RTP/AVP 31", host="192.0.2.9")

    assert Refusal("2 streams answer 1 offered ones", warning=304) == conclude(offer(ALICE), two, ALICE)


def test_an_answer_may_only_use_what_was_offered():
    """A codec that we handle but did not offer is no agreement."""
    offered = offer(replace(ALICE, codecs=(PCMU,)))

    result = conclude(offered, described("m=audio 6000 RTP/AVP 8", host="192.0.2.9"), ALICE)

    assert isinstance(result, Refusal)


def test_a_reoffer_that_changes_nothing_keeps_the_version():
    """RFC 3264 §8: the same version says that nothing changed, so nothing may have."""
    first = offer(ALICE)

    assert first == offer(replace(ALICE, version=7), first)


def test_a_reoffer_that_changes_something_counts_up_by_one():
    """RFC 3264 §8: the same o= line but for the version, which increments by one."""
    first = offer(ALICE)

    second = offer(replace(ALICE, address=("192.0.2.3", 4000)), first)

    assert replace(first.origin, version=2) == second.origin


def test_a_reoffer_keeps_the_refused_streams_in_their_places():
    """RFC 3264 §8: the number of m= lines never shrinks."""
    offered = described("m=video 6000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0")
    before = answered(offered).description

    held = offer(replace(BOB, direction=MediaDirection.SENDONLY), before)

    assert (["video 0 RTP/AVP 31", "audio 5000 RTP/AVP 0 8"], 2) == (media_lines(held), held.origin.version)


def test_a_refused_place_is_used_again():
    """RFC 3264 §8.1: a new stream may take the place of one with port 0."""
    before = described("m=video 0 RTP/AVP 31", "m=audio 0 RTP/AVP 0")

    assert ["video 0 RTP/AVP 31", "audio 4000 RTP/AVP 0 8"] == media_lines(offer(ALICE, before))


def test_a_new_stream_stands_last():
    """RFC 3264 §8.1: with no place to take, it is added below."""
    before = described("m=video 0 RTP/AVP 31")

    assert ["video 0 RTP/AVP 31", "audio 4000 RTP/AVP 0 8"] == media_lines(offer(ALICE, before))


def test_an_offer_without_audio_has_nothing_to_conclude():
    """It cannot be one of ours; it is refused all the same, not an exception."""
    nothing = described("m=video 6000 RTP/AVP 31")

    assert isinstance(conclude(nothing, nothing, ALICE), Refusal)


def test_an_answer_that_repeats_itself_keeps_its_version():
    """The answer to a re-offer that changed nothing is the old answer."""
    offered = offer(ALICE)
    first = answered(offered)

    assert first == answer(offered, replace(BOB, version=9), first.description)


def test_hold_and_resume_leave_the_same_agreement():
    """A media path that compares agreements sees the hold, and the old path again after it."""
    before = answered(offer(ALICE)).agreement
    held = answered(offer(replace(ALICE, direction=MediaDirection.SENDONLY))).agreement
    after = answered(offer(ALICE)).agreement

    assert (True, True) == (before != held, before == after)


def test_who_offered_makes_no_difference_to_the_path():
    """A re-INVITE from the other side that wants the same must not restart media."""
    first = offer(ALICE)
    theirs = answered(first)
    as_offerer = concluded(first, theirs.description)

    as_answerer = answered(offer(BOB, theirs.description), ALICE).agreement

    assert as_offerer == as_answerer


def test_a_codec_of_another_rate_is_another_codec():
    """PCMU at 16 kHz is not what we encode."""
    offered = described("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMU/16000")

    assert not Codec("PCMU", 96, 16000).same_encoding(PCMU)
    assert isinstance(answer(offered, BOB), Refusal)


def test_a_long_hostile_offer_takes_linear_time():
    """Session lines are read once, not once a stream; a quadratic reading would take minutes and hit the time-out."""
    lines = ["a=x"] * 200_000 + ["m=audio 4000 RTP/AVP 96"] * 50_000

    assert isinstance(answer(described(*lines), BOB), Refusal)


OFFERED = ("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")


@pytest.mark.parametrize("other", [{"address": ("192.0.2.2", 6000)}, {"direction": MediaDirection.SENDONLY}])
def test_another_port_or_direction_of_ours_changes_nothing_of_what_an_offer_is(other):
    found = consider(described(*OFFERED), BOB)

    assert is_the_same(found, BOB, replace(BOB, **other))


@pytest.mark.parametrize(
    "other",
    [
        {"address": ("192.0.2.3", 5000)},
        {"address": ("2001:db8::2", 5000)},
        {"address": ("192.0.2.1", 4000)},
        {"address": ("192.0.2.1", 4001)},
        {"codecs": (PCMA,)},
        {"ptime_ms": 40},
        {"telephone_event": 101},
    ],
)
def test_other_media_of_ours_may_make_another_thing_of_an_offer(other):
    """RFC 3264 §6: an address of ours, a codec, a packet time and events are each answered to."""
    found = consider(described(*OFFERED), BOB)

    assert not is_the_same(found, BOB, replace(BOB, **other))


def test_events_that_an_offer_does_not_have_need_not_be_ours():
    before = replace(BOB, telephone_event=101)

    found = consider(described("m=audio 4000 RTP/AVP 0"), before)

    assert is_the_same(found, before, BOB)


def test_a_refusal_is_considered_again():
    found = consider(described("m=video 4000 RTP/AVP 0"), BOB)

    assert not is_the_same(found, BOB, BOB)
