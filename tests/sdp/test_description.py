"""What a session description means, and what breaks one."""

from __future__ import annotations

import pytest

from session_fsm.errors import Malformed
from session_fsm.sdp import Codec, Connection, MediaDirection, Origin, SessionDescription

PLAIN = (
    "v=0\r\no=alice 2890844526 2890844527 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 49170 RTP/AVP 0 97\r\na=rtpmap:97 iLBC/8000\r\na=sendonly\r\n"
)


def session(*lines: str) -> SessionDescription:
    """A description with these lines below a valid head."""
    return SessionDescription.parse("\n".join(["v=0", "o=- 1 1 IN IP4 192.0.2.1", *lines]))


def test_a_description_gives_its_text_back():
    """Nothing is reordered, completed or dropped on the way through."""
    assert PLAIN.encode() == SessionDescription.parse(PLAIN).encode()


def test_bare_line_feeds_read_like_crlf():
    """RFC 8866 §9: parsers should accept a record that ends in LF alone."""
    assert SessionDescription.parse(PLAIN) == SessionDescription.parse(PLAIN.replace("\r\n", "\n"))


def test_unknown_lines_stay_in_their_places():
    """RFC 8866 §5: unknown attributes are ignored; here they also survive, in order."""
    lines = ("x=one", "a=never-heard:of", "s=later than usual", "y=two")

    assert lines == tuple(f"{kind}={value}" for kind, value in session(*lines).lines)


def test_origin_reads_its_six_words():
    """RFC 8866 §5.2."""
    expected = Origin("alice", 2890844526, 2890844527, "IP4", "192.0.2.1")

    assert expected == SessionDescription.parse(PLAIN).origin


def test_origin_may_name_a_user_with_spaces():
    """Seen from real phones; the last five words are what the RFC says they are."""
    text = "v=0\no=John Q Public 1 2 IN IP4 192.0.2.1\n"

    assert "John Q Public" == SessionDescription.parse(text).origin.username


def test_a_media_section_has_its_own_connection():
    """RFC 5118 §4.8: each section may name its own address, in its own family."""
    both = session("m=audio 22334 RTP/AVP 0", "c=IN IP4 192.0.2.1", "m=video 6024 RTP/AVP 107", "c=IN IP6 2001:db8::1")

    expected = [Connection("IN", "IP4", "192.0.2.1"), Connection("IN", "IP6", "2001:db8::1")]
    assert expected == [media.connection for media in both.media]


def test_static_payload_types_need_no_rtpmap():
    """RFC 3551 table 4 says what 0, 8 and 9 mean."""
    media = session("m=audio 4000 RTP/AVP 9 8 0").media[0]

    assert ["G722", "PCMA", "PCMU"] == [codec.name for codec in media.codecs]


def test_formats_that_mean_nothing_are_left_out():
    """A dynamic number without an rtpmap, and what is no number, name no codec."""
    media = session("m=audio 4000 RTP/AVP 96 t38 200 0", "a=rtpmap:bogus").media[0]

    assert (Codec("PCMU", 0),) == media.codecs


def test_an_rtpmap_wins_over_the_static_meaning():
    """RFC 8866 §6.6: the map says what the number means in this description."""
    media = session("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 opus/48000/2").media[0]

    assert (Codec("opus", 0, 48000, 2),) == media.codecs


def test_a_port_count_is_kept():
    """RFC 8866 §5.14: `<port>/<number of ports>`."""
    media = session("m=audio 49170/2 RTP/AVP 0").media[0]

    assert (49170, 2, "audio 49170/2 RTP/AVP 0") == (media.port, media.port_count, str(media))


def test_bandwidth_lines_are_kept():
    """RFC 8866 §5.8; nothing here acts on them."""
    media = session("m=audio 4000 RTP/AVP 0", "b=AS:64", "b=RS:0").media[0]

    assert (("b", "AS:64"), ("b", "RS:0")) == media.lines


def test_text_in_an_unknown_charset_survives():
    """Bytes that are no UTF-8 come out as they went in."""
    text = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=caf\xe9\r\n"

    assert text == SessionDescription.parse(text).encode()


def test_direction_of_the_session_is_its_own():
    """A section without a direction has none; the session's is there for whoever asks."""
    held = session("a=inactive", "m=audio 4000 RTP/AVP 0")

    assert (MediaDirection.INACTIVE, None) == (held.direction, held.media[0].direction)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o=- 1 1 IN IP4 192.0.2.1\n",
        "v=1\no=- 1 1 IN IP4 192.0.2.1\n",
        "v=0\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\no=- 1 1 IN IP4 192.0.2.1\n",
        "v=0\no=- 1 IN IP4 192.0.2.1\n",
        "v=0\no=- -1 1 IN IP4 192.0.2.1\n",
        "v=0\no=- ٣ 1 IN IP4 192.0.2.1\n",
        "v=0\no=- " + "9" * 100 + " 1 IN IP4 192.0.2.1\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio " + "9" * 100 + " RTP/AVP 0\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 65536 RTP/AVP 0\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 4000/0 RTP/AVP 0\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ntesting=123\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\n a=sendrecv\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=a\rb=c\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=\0\n",
        "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=\ud800\n",
    ],
)
def test_a_broken_structure_is_malformed(text: str):
    """Every one of these breaks RFC 8866 §9 in a place that leaves no safe reading."""
    with pytest.raises(Malformed):
        SessionDescription.parse(text)


def test_a_malformed_rtpmap_costs_only_its_codec():
    """A clock rate with a hundred digits is no reason to lose the call."""
    media = session("m=audio 4000 RTP/AVP 96 0", "a=rtpmap:96 opus/" + "9" * 100).media[0]

    assert (Codec("PCMU", 0),) == media.codecs
