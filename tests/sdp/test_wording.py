"""Offers that are worded as one before: what is remembered is what reading them would find, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.errors import Malformed
from session_fsm.sdp import (
    PCMA,
    Considered,
    LocalMedia,
    SessionDescription,
    consider,
    known_offer,
    learn_offer,
    take,
    wording,
)

BOB = LocalMedia(("192.0.2.2", 5000), telephone_event=101)
USUAL = ("a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-11", "a=ptime:30", "a=sendrecv")


def offered(
    host: str = "192.0.2.1", port: int = 4000, *, below: tuple[str, ...] = USUAL, origin: str = "al 1 1"
) -> bytes:
    """An offer of the usual form."""
    lines = ["v=0", f"o={origin} IN IP4 192.0.2.1", "s=call", f"c=IN IP4 {host}", "t=0 0"]
    return "\r\n".join([*lines, f"m=audio {port} RTP/AVP 0 101", *below, ""]).encode()


def considered(body: bytes, local: LocalMedia = BOB) -> Considered:
    """What reading the offer finds."""
    found = consider(SessionDescription.parse(body), local)
    assert isinstance(found, Considered)
    return found


def learnt(body: bytes, local: LocalMedia = BOB) -> None:
    """Read this offer, and remember its wording."""
    learn_offer(body, local, considered(body, local))


@pytest.fixture(autouse=True)
def _nothing_known():
    wording._known.clear()


def test_an_offer_of_another_call_is_known_by_its_wording():
    """Who made it, where it listens and our own port differ in every call."""
    learnt(offered())
    other, here = offered("198.51.100.7", 6002, origin="x 77 78"), replace(BOB, address=("192.0.2.2", 7000))

    found = known_offer(other, here)

    assert found is not None
    assert take(considered(other, here), here) == take(found, here)


def test_nothing_is_known_of_another_wording():
    learnt(offered())

    assert known_offer(offered(below=(*USUAL[:-1], "a=sendonly")), BOB) is None


@pytest.mark.parametrize(
    "other",
    [
        {"address": ("192.0.2.3", 5000)},
        {"codecs": (PCMA,)},
        {"ptime_ms": 40},
        {"telephone_event": None},
    ],
)
def test_other_media_of_ours_make_another_thing_of_the_same_wording(other):
    """RFC 3264 §6: an address, a codec, a packet time and events of ours are each answered to."""
    learnt(offered())

    assert known_offer(offered(), replace(BOB, **other)) is None


@pytest.mark.parametrize(
    "odd",
    [
        offered("0.0.0.0"),
        offered("224.2.3.4"),
        offered("2001:db8::1"),
        offered("192.0.2.300"),
        offered(*BOB.address),
        offered("192.0.2.2", 4999),
        offered(port=65535),
        offered(port=65536),
        offered(port=0),
        offered(origin="al 1 18446744073709551616"),
        offered().replace(b"\r\n", b"\n"),
    ],
)
def test_an_odd_address_is_always_read(odd):
    """Hold, groups, ourselves and what is no address or port: reading says what becomes of them."""
    learnt(offered())

    assert known_offer(odd, BOB) is None


@pytest.mark.parametrize(
    "more",
    [
        "c=IN IP4 192.0.2.9",
        "a=rtcp:4003",
        "m=video 4002 RTP/AVP 96",
        "m=audio 4002 RTP/AVP 0",
    ],
)
def test_what_names_more_addresses_or_streams_is_always_read(more):
    """They would differ from call to call as well."""
    body = offered(below=(*USUAL, more))
    learnt(body)

    assert known_offer(body, BOB) is None


def test_a_second_connection_above_the_stream_is_always_read():
    """The first one counts, and only one address is looked for."""
    body = offered().replace(b"s=call", b"s=call\r\nc=IN IP4 192.0.2.9")
    learnt(body)

    assert known_offer(body, BOB) is None


def test_wordings_that_are_made_up_do_not_fill_the_memory():
    for number in range(2 * wording.REMEMBERED_WORDINGS):
        learnt(offered(below=(f"a=x:{number}",)))

    assert len(wording._known) <= wording.REMEMBERED_WORDINGS


def test_a_long_offer_is_not_remembered():
    body = offered(below=("a=x:" + "y" * wording.LONGEST_WORDING,))
    learnt(body)

    assert {} == wording._known


LINES = st.lists(
    st.sampled_from(
        [
            *USUAL,
            *("a=sendonly", "a=rtcp:4001", "a=rtcp:4003", "a=rtpmap:97 PCMA/8000", "a=maxptime:20", "b=AS:64"),
            *("c=IN IP4 192.0.2.9", "m=audio 4002 RTP/AVP 8", "m=video 0 RTP/AVP 96", "o=x 1 1 IN IP4 192.0.2.1"),
        ]
    ),
    max_size=6,
).map(tuple)
HOSTS = st.sampled_from(["192.0.2.1", "192.0.2.2", "127.0.0.1", "0.0.0.0", "224.2.3.4", "999.1.1.1"])
PORTS = st.sampled_from([0, 1, 4000, 4999, 5000, 65534, 65535, 65536])


@given(LINES, st.tuples(HOSTS, PORTS), st.tuples(HOSTS, PORTS))
def test_what_is_known_is_what_reading_finds(below, first, second):
    """Whatever was learnt of an offer holds for any other address, or is not used."""
    wording._known.clear()
    body, other = (offered(host, port, below=below) for host, port in (first, second))
    before = _read(body)
    if isinstance(before, Considered):
        learn_offer(body, BOB, before)
    found = known_offer(other, BOB)

    expected = _read(other)

    if found is not None:
        assert isinstance(expected, Considered)
        assert take(expected, BOB) == take(found, BOB)


def _read(body: bytes) -> object:
    try:
        return consider(SessionDescription.parse(body), BOB)
    except Malformed:
        return None
