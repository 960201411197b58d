"""What holds for every description, every offer and every byte."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from session_fsm.errors import Malformed
from session_fsm.sdp import (
    Answer,
    Codec,
    Considered,
    LocalMedia,
    MediaDescription,
    MediaDirection,
    Origin,
    Refusal,
    SessionDescription,
    answer,
    conclude,
    consider,
    offer,
    take,
    write_answer,
)

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=8)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=24)
HOSTS = st.sampled_from(["192.0.2.1", "198.51.100.77", "127.0.0.1", "203.0.113.5"])
PORTS = st.integers(1, 65535)
LINES = st.lists(
    st.tuples(st.sampled_from("abiksxz"), VALUES)
    | st.sampled_from([("a", "sendonly"), ("a", "inactive"), ("c", "IN IP4 192.0.2.9"), ("c", "IN IP4 0.0.0.0")])
    | st.integers(0, 127).map(lambda number: ("a", f"rtpmap:{number} PCMA/8000"))
    | st.integers(-1, 70000).map(lambda port: ("a", f"rtcp:{port}")),
    max_size=5,
).map(tuple)
MEDIA = st.builds(
    MediaDescription,
    kind=st.sampled_from(["audio", "audio", "video", "application"]) | WORDS,
    port=st.integers(0, 65535),
    protocol=st.sampled_from(["RTP/AVP", "RTP/AVP", "RTP/SAVP", "udp"]) | WORDS,
    formats=st.lists(st.integers(0, 127).map(str) | WORDS, min_size=1, max_size=4).map(tuple),
    port_count=st.integers(1, 3),
    lines=LINES,
)
ORIGINS = st.builds(
    Origin,
    username=WORDS,
    session_id=st.integers(0, 2**64 - 1),
    version=st.integers(0, 2**64 - 1),
    address_type=st.sampled_from(["IP4", "IP6"]),
    address=WORDS,
)
DESCRIPTIONS = st.builds(
    SessionDescription,
    origin=ORIGINS,
    lines=st.builds(lambda host, rest: (("c", f"IN IP4 {host}"), *rest), HOSTS, LINES),
    media=st.lists(MEDIA, max_size=4).map(tuple),
)
CODECS = st.lists(
    st.sampled_from([Codec("PCMU", 0), Codec("PCMA", 8), Codec("PCMA", 96), Codec("PCMU", 97)]),
    min_size=1,
    unique_by=lambda codec: codec.name,
).map(tuple)
LOCALS = st.builds(
    LocalMedia,
    address=st.tuples(HOSTS, PORTS),
    codecs=CODECS,
    direction=st.sampled_from(MediaDirection),
    rtcp_port=st.none() | PORTS,
)


@given(DESCRIPTIONS)
def test_any_description_survives_the_wire(description: SessionDescription):
    """What is written is what is read."""
    assert description == SessionDescription.parse(description.encode())


@given(st.binary(max_size=200) | st.binary(max_size=60).map(b"v=0\no=- 1 1 IN IP4 x\nm=audio 1 RTP/AVP 0\n".__add__))
def test_any_bytes_are_a_description_or_malformed(data: bytes):
    """There is no third outcome, and what was read can be answered or refused."""
    with contextlib.suppress(Malformed):
        description = SessionDescription.parse(data)
        assert description == SessionDescription.parse(description.encode())
        assert isinstance(answer(description, LocalMedia(("192.0.2.2", 5000))), Answer | Refusal)


@given(st.text(max_size=80))
def test_any_text_is_a_description_or_malformed(text: str):
    """Text may hold what no bytes can; that too is Malformed."""
    with contextlib.suppress(Malformed):
        SessionDescription.parse("v=0\no=- 1 1 IN IP4 x\n" + text).encode()


@given(DESCRIPTIONS, LOCALS)
def test_an_answer_has_the_streams_of_its_offer(offered: SessionDescription, local: LocalMedia):
    """RFC 3264 §6: same number, same order, same media, same transport; one of them at most is live."""
    result = answer(offered, local)
    if isinstance(result, Answer):
        streams = result.description.media
        assert [(media.kind, media.protocol.upper()) for media in offered.media] == [
            (media.kind, media.protocol.upper()) for media in streams
        ]
        assert [local.address[1]] == [media.port for media in streams if media.port]


@given(DESCRIPTIONS, LOCALS)
def test_nothing_is_answered_that_was_not_offered(offered: SessionDescription, local: LocalMedia):
    """The one codec of the answer stands in the offered stream, under the same number, and is one of ours."""
    result = answer(offered, local)
    if isinstance(result, Answer):
        at, ours = next((at, media) for at, media in enumerate(result.description.media) if media.port)
        theirs = {(codec.payload_type, codec.encoding) for codec in offered.media[at].codecs}
        assert {(codec.payload_type, codec.encoding) for codec in ours.codecs} <= theirs
        assert {codec.encoding for codec in ours.codecs} <= {codec.encoding for codec in local.codecs}


@given(DESCRIPTIONS, LOCALS)
def test_an_answer_never_opens_a_way_that_the_offer_closed(offered: SessionDescription, local: LocalMedia):
    """RFC 3264 §6.1: we send only where the peer receives, and receive only where it sends."""
    result = answer(offered, local)
    if isinstance(result, Answer):
        at = next(at for at, media in enumerate(result.description.media) if media.port)
        theirs = offered.media[at].direction or offered.direction or MediaDirection.SENDRECV
        direction = result.agreement.direction
        assert (direction.sends <= theirs.receives, direction.receives <= theirs.sends) == (True, True)
        assert (direction.sends <= local.direction.sends, direction.receives <= local.direction.receives) == (
            True,
            True,
        )


@given(LOCALS, LOCALS)
def test_both_sides_conclude_the_same_call(alice: LocalMedia, bob: LocalMedia):
    """Codec and number are equal; addresses and directions mirror each other."""
    offered = offer(alice)
    result = answer(SessionDescription.parse(offered.encode()), bob)
    if isinstance(result, Refusal):
        shared = {codec.encoding for codec in alice.codecs} & {codec.encoding for codec in bob.codecs}
        assert not shared or alice.address == bob.address
        return
    theirs = result.agreement
    ours = conclude(offered, SessionDescription.parse(result.description.encode()), alice)

    assert not isinstance(ours, Refusal)
    assert (theirs.codec, theirs.direction.reversed) == (ours.codec, ours.direction)
    assert (theirs.payload_type, theirs.send_payload_type) == (ours.send_payload_type, ours.payload_type)
    assert (alice.address, bob.address) == (theirs.remote, ours.remote)
    assert ours.codec in ours.receivable


@given(LOCALS, LOCALS, LOCALS)
def test_a_version_counts_what_changed(first: LocalMedia, second: LocalMedia, third: LocalMedia):
    """RFC 3264 §8: the version rises by one where two descriptions differ in anything else, and only there."""
    told = offer(first)
    for local in (second, third, third):
        again = offer(local, told)
        same_words = replace(again, origin=told.origin) == told
        assert told.origin.version + (not same_words) == again.origin.version
        told = again


@given(st.sampled_from(MediaDirection), st.sampled_from(MediaDirection))
def test_a_narrowed_direction_is_the_peers_view_reversed(ours: MediaDirection, theirs: MediaDirection):
    """Both sides compute the same stream, each from its own end."""
    assert ours.narrowed_by(theirs) == theirs.narrowed_by(ours).reversed


@given(DESCRIPTIONS, LOCALS, LOCALS)
def test_a_written_answer_says_what_an_answer_says(offered: SessionDescription, local: LocalMedia, other: LocalMedia):
    """The text that was written for one port and direction of ours is right for others."""
    found = consider(offered, local)
    if isinstance(found, Refusal):
        return
    for here in (local, replace(local, address=(local.address[0], other.address[1]), direction=other.direction)):
        said = take(found, here)

        assert said.description.encode() == write_answer(found, here).octets
        assert said.agreement == write_answer(found, here).agreement


@given(DESCRIPTIONS, LOCALS, LOCALS)
def test_a_written_answer_follows_our_last_description(
    offered: SessionDescription, local: LocalMedia, before: LocalMedia
):
    """RFC 3264 §8: the version counts up by one if anything differs."""
    found, previous = consider(offered, local), offer(before)
    if isinstance(found, Considered):
        assert take(found, local, previous).description.encode() == write_answer(found, local, previous.encode()).octets
