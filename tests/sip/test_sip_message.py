"""Requests and responses: header fields in order, typed values that follow them, and nothing unsafe on the wire."""

from __future__ import annotations

import pytest

from session_fsm.errors import Malformed
from session_fsm.sip import Accepted, CSeq, NameAddr, Request, Response, SipUri, Via, read

BOB = SipUri("b.example", user="bob")


def invite(*headers: tuple[str, object]) -> Request:
    return Request(
        "INVITE",
        BOB,
        [
            ("Via", Via("UDP", "192.0.2.1", 5060, {"branch": "z9hG4bK1"})),
            ("From", NameAddr(SipUri("a.example", user="alice"), "Alice", {"tag": "a"})),
            ("To", NameAddr(BOB)),
            ("Call-ID", "id"),
            ("CSeq", CSeq(1, "INVITE")),
            *headers,
        ],
        b"body",
    )


def test_a_request_as_it_is_sent():
    """Fields in their order, known names in their usual spelling, Content-Length from the body."""
    expected = (
        b"INVITE sip:bob@b.example SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
        b'From: "Alice" <sip:alice@a.example>;tag=a\r\n'
        b"To: <sip:bob@b.example>\r\n"
        b"Call-ID: id\r\n"
        b"CSeq: 1 INVITE\r\n"
        b"Contact: <sip:x@y>\r\n"
        b"X-Own: 1\r\n"
        b"Content-Length: 4\r\n"
        b"\r\n"
        b"body"
    )

    assert expected == invite(("m", "<sip:x@y>"), ("X-Own", 1), ("l", "99")).encode()


def test_a_response_as_it_is_sent():
    """The reason phrase is the usual one unless another is given."""
    responses = [Response(486), Response(486, "Gone fishing"), Response(499)]

    assert [b"SIP/2.0 486 Busy Here", b"SIP/2.0 486 Gone fishing", b"SIP/2.0 499 Bad Request"] == [
        response.encode().split(b"\r\n")[0] for response in responses
    ]


def test_typed_values_of_a_message_that_was_built():
    """What was put in as values comes out as values."""
    message = invite(("Require", "100rel, timer"), ("Retry-After", "120 (in a meeting);duration=60"))

    assert (Via("UDP", "192.0.2.1", 5060, {"branch": "z9hG4bK1"}), "z9hG4bK1", CSeq(1, "INVITE"), "a", None) == (
        message.via,
        message.branch,
        message.cseq,
        message.from_tag,
        message.to_tag,
    )
    assert (["100rel", "timer"], 120) == (message.require, message.retry_after)


def test_typed_values_follow_their_fields():
    """A value that was looked at before is made anew when its field changes."""
    message = invite()
    before = (message.branch, message.to_tag, message.cseq.number, message.contact)
    message.prepend("Via", "SIP/2.0/UDP proxy;branch=z9hG4bK2")
    message.set("To", message.to.with_tag("b"))
    message.set("CSeq", "2 INVITE")
    message.add("Contact", "<sip:x@y>")

    assert (("z9hG4bK1", None, 1, None), ("z9hG4bK2", "b", 2, "y")) == (
        before,
        (message.branch, message.to_tag, message.cseq.number, message.contact.uri.host),
    )


def test_fields_keep_their_order_when_they_change():
    """`set` stays in its place, `add` goes to the end, `prepend` to the front, `remove` takes all."""
    message = Request("OPTIONS", BOB, [("X-A", "1"), ("X-B", "2"), ("x-a", "3"), ("X-C", "4")])
    message.set("x-a", "5")
    message.add("X-D", "6")
    message.prepend("X-E", "7")
    message.remove("x-c")
    message.set("X-F", "8")

    assert [("X-E", "7"), ("x-a", "5"), ("X-B", "2"), ("X-D", "6"), ("X-F", "8")] == message.headers()


def test_a_message_that_was_read_can_be_changed_and_sent():
    """Folding is gone, names are spelled out, the rest stays as it was."""
    verdict = read(
        b"BYE sip:bob@b.example SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\nf: <sip:a@a>;tag=a\r\n"
        b"t: <sip:b@b>;tag=b\r\ni: id\r\nCSeq: 1 BYE\r\nX-Long: a\r\n b\r\nl: 0\r\n\r\n"
    )
    assert isinstance(verdict, Accepted)
    verdict.message.remove("f")

    assert (
        b"BYE sip:bob@b.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:b@b>;tag=b\r\nCall-ID: id\r\n"
        b"CSeq: 1 BYE\r\nX-Long: a b\r\nContent-Length: 0\r\n\r\n"
    ) == verdict.message.encode()


def test_lists_are_split_where_the_field_is_a_list():
    """RFC 3261 §7.3.1: rows and commas are one list, in order; quoted and bracketed commas are not."""
    message = invite(
        ("Allow", "INVITE, ACK"),
        ("Allow", "BYE,,"),
        ("Contact", '"a, b" <sip:x,y@z>;q=1, <sip:c@d>'),
        ("X-Own", "1, 2"),
    )

    assert ["INVITE", "ACK", "BYE"] == message.allow == message.get_all("allow")
    assert ['"a, b" <sip:x,y@z>;q=1', "<sip:c@d>"] == message.get_all("m")
    assert ["1, 2"] == message.get_all("X-Own")


def test_commas_in_quotes_are_no_empty_items():
    """A display name may hold whatever it likes."""
    assert ["a,,b", "c"] == [
        contact.display_name for contact in invite(("m", '"a,,b" <sip:x@y>, c <sip:x@y>')).contacts
    ]


def test_an_open_quote_in_a_list_is_one_value():
    """A field that nothing depends on does not make reading fail."""
    assert ['399 x "open, end'] == invite(("Warning", '399 x "open, end')).get_all("Warning")


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        (None, True),
        ("application/sdp", True),
        ("Application/SDP;level=1, text/html", True),
        ("application/*", True),
        ("*/*", True),
        ("text/plain", False),
        ("", False),
    ],
)
def test_whether_sdp_may_be_sent_back(accept, answer):
    """RFC 3261 §20.1: absent means application/sdp, empty means nothing."""
    message = invite(*([] if accept is None else [("Accept", accept)]))

    assert answer == message.accepts("application/sdp")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("application/sdp", "application/sdp"),
        ("Application / SDP ; x=y", "application/sdp"),
        ("odd", "odd"),
        ("", None),
    ],
)
def test_content_type_is_the_bare_media_type(value, expected):
    """RFC 3261 §20.15: compared case-blind, parameters aside."""
    assert expected == invite(("Content-Type", value)).content_type


def test_route_sets_are_read_in_order():
    """RFC 3261 §12.1: Record-Route values over several rows are one list."""
    message = invite(("Record-Route", "<sip:p1;lr>, <sip:p2;lr>"), ("Record-Route", "<sip:p3>"))

    assert [("p1", True), ("p2", True), ("p3", False)] == [
        (route.uri.host, route.uri.is_loose) for route in message.record_routes
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", "a\r\nVia: x"),
        ("Subject", "a\nb"),
        ("Subject", "a\rb"),
        ("Sub ject", "a"),
        ("Subject:", "a"),
        ("", "a"),
    ],
)
def test_a_field_that_would_begin_another_is_refused(name, value):
    """No value of an application can smuggle a header field into a message."""
    with pytest.raises(Malformed):
        invite((name, value))
    with pytest.raises(Malformed):
        invite().add(name, value)


def test_a_start_line_with_a_line_break_is_refused():
    """Method, URI and reason are as safe as the fields."""
    with pytest.raises(Malformed):
        Request("INV ITE", BOB)
    with pytest.raises(Malformed):
        Request("INVITE", SipUri("x SIP/2.0\r\nVia: y")).encode()
    with pytest.raises(Malformed):
        Request("INVITE", SipUri("x", user="a b")).encode()
    with pytest.raises(Malformed):
        Response(200, "OK\r\nVia: y").encode()
    with pytest.raises(Malformed):
        Response(99)


def test_a_summary_pairs_both_sides_traces():
    """Call-ID, CSeq, branch and tags identify a message everywhere."""
    expected = {"call_id": "id", "cseq": "1 INVITE", "branch": "z9hG4bK1", "from_tag": "a", "to_tag": None}

    assert {"method": "INVITE", **expected} == invite().summary()
    assert {"status": 180, "reason": "Ringing", **expected} == Response(180, headers=invite().headers()).summary()


def test_a_summary_of_a_malformed_message_says_so():
    """A rejected request is traced as well."""
    assert {"method": "INVITE", "malformed": "RFC 3261 §8.1.1 CSeq is missing"} == Request("INVITE", BOB).summary()


def test_an_unknown_attribute_is_an_attribute_error():
    """A typing mistake is not mistaken for a header field."""
    with pytest.raises(AttributeError, match="nonsense"):
        invite().nonsense  # noqa: B018
