"""Responses from templates: what they repeat, what they add, and what they refuse to send."""

from __future__ import annotations

import pytest

from session_fsm.errors import Malformed
from session_fsm.sip import Accepted, Echo, Rejected, Request, read

SOURCE = ("192.0.2.77", 40000)
INVITE = (
    b"INVITE sip:bob@b.example SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1;rport\r\n"
    b"v: SIP/2.0/UDP first.example;branch=z9hG4bK0\r\n"
    b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
    b"Record-Route: <sip:p3;lr>\r\n"
    b'f: "Ann"  <sip:ann@a.example> ;tag=a\r\n'
    b"t: Bob <sip:bob@b.example>;x=y\r\n"
    b"i: id\r\n"
    b"CSeq:  0007   INVITE\r\n"
    b"Timestamp: 54\r\n"
    b"\r\n"
)


def request(datagram: bytes = INVITE) -> Request:
    verdict = read(datagram)
    return verdict.request if isinstance(verdict, Rejected) else verdict.message


def test_a_response_is_the_request_stamped_and_tagged():
    """RFC 3261 §8.2.6.2 and §18.2.1: the same fields, our tag, and where the request came from."""
    expected = (
        b"SIP/2.0 180 Ringing\r\n"
        b"Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1;rport=40000;received=192.0.2.77\r\n"
        b"Via: SIP/2.0/UDP first.example;branch=z9hG4bK0\r\n"
        b'From: "Ann"  <sip:ann@a.example> ;tag=a\r\n'
        b"To: Bob <sip:bob@b.example>;x=y;tag=b\r\n"
        b"Call-ID: id\r\n"
        b"CSeq: 0007   INVITE\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )

    assert expected == Echo(request(), "b", received_from=SOURCE).response(180)


def test_an_answer_with_everything():
    """Record-Route, further fields, the body with its type and length."""
    answer = Echo(request(), "b").response(
        200, "Fine", [("Contact", "<sip:bob@192.0.2.4>"), ("Allow", "INVITE")], b"v=0\r\n", record_route=True
    )

    assert answer.startswith(b"SIP/2.0 200 Fine\r\n")
    assert answer.endswith(
        b"CSeq: 0007   INVITE\r\n"
        b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
        b"Record-Route: <sip:p3;lr>\r\n"
        b"Contact: <sip:bob@192.0.2.4>\r\n"
        b"Allow: INVITE\r\n"
        b"Content-Type: application/sdp\r\n"
        b"Content-Length: 5\r\n"
        b"\r\n"
        b"v=0\r\n"
    )


def test_a_100_has_the_timestamp_and_no_tag():
    """RFC 3261 §8.2.6.1 and §8.2.6.2: a Trying makes no dialog."""
    trying = Echo(request(), "b").response(100)

    assert (True, False) == (b"Timestamp: 54\r\n" in trying, b"tag=b" in trying)


def test_a_tag_of_the_request_is_kept():
    """RFC 3261 §8.2.6.2: a request inside a dialog has our tag already."""
    answer = Echo(request(INVITE.replace(b";x=y", b";tag=old")), "new").response(200)

    assert b"To: Bob <sip:bob@b.example>;tag=old\r\n" in answer


def test_without_a_tag_none_is_added():
    """A stateless rejection may have none of its own."""
    assert b"To: Bob <sip:bob@b.example>;x=y\r\n" in Echo(request()).response(400)


def test_only_the_topmost_value_of_a_list_of_vias_is_stamped():
    """RFC 3261 §18.2.1: the others were stamped by those who received them."""
    one_row = INVITE.replace(b";rport\r\nv: ", b", ")
    answer = Echo(request(one_row), received_from=SOURCE).response(200)

    assert (
        b"Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1;received=192.0.2.77\r\n"
        b"Via: SIP/2.0/UDP first.example;branch=z9hG4bK0\r\n"
    ) in answer


@pytest.mark.parametrize(
    ("via", "reply_to"),
    [(b"10.0.0.1:5062;rport", SOURCE), (b"10.0.0.1:5062", ("192.0.2.77", 5062)), (b";;;", SOURCE)],
)
def test_where_the_answer_goes(via, reply_to):
    """RFC 3261 §18.2.2 and RFC 3581 §4; a Via that cannot be read leaves only the source."""
    echo = Echo(request(INVITE.replace(b"10.0.0.1:5062;branch=z9hG4bK1;rport", via)), received_from=SOURCE)

    assert reply_to == echo.reply_to


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"t: Bob <", b't: "Bob <'),
        (b"v: SIP/2.0/UDP", b"v: ,,"),
        (b"i: id\r\n", b""),
        (b"t: Bob", b"X:"),
        (b"Via", b"X"),
    ],
)
def test_a_rejected_request_is_answered_with_what_there_is(was, becomes):
    """What cannot be read is repeated as it came; what is missing stays missing."""
    answer = Echo(request(INVITE.replace(was, becomes, 1)), "b", received_from=SOURCE).response(400)

    assert answer.startswith(b"SIP/2.0 400 Bad Request\r\n")
    assert b'\r\nFrom: "Ann"  <sip:ann@a.example> ;tag=a\r\n' in answer


def test_octets_that_are_no_utf8_come_back_unchanged():
    """RFC 3261 §8.2.6.2: From is equal, octet by octet."""
    answer = Echo(request(INVITE.replace(b'"Ann"', b'"\xff\xfe"'))).response(200)

    assert b'From: "\xff\xfe"  <sip:ann@a.example> ;tag=a\r\n' in answer


def test_an_unknown_status_has_the_reason_of_its_class():
    """RFC 3261 §8.1.3.2: an unknown code is treated as x00 of its class."""
    assert Echo(request()).response(499).startswith(b"SIP/2.0 499 Bad Request\r\n")


@pytest.mark.parametrize(
    "arguments",
    [
        {"reason": "OK\r\nVia: x"},
        {"headers": [("Subject", "a\r\nVia: x")]},
        {"headers": [("Subject", "a\nVia: x")]},
        {"headers": [("Sub\rject", "a")]},
        {"body": b"x", "content_type": "a/b\r\nVia: x"},
        {"status": 99},
        {"status": 700},
    ],
)
def test_a_response_with_a_line_break_is_refused(arguments):
    """No value of an application can smuggle a header field into a response."""
    with pytest.raises(Malformed):
        Echo(request()).response(**{"status": 200, **arguments})


def test_a_response_can_be_read_by_ourselves():
    """Both directions speak the same language."""
    one_via = INVITE.replace(b"v: SIP/2.0/UDP first.example;branch=z9hG4bK0\r\n", b"")
    verdict = read(Echo(request(one_via), "b").response(200))
    assert isinstance(verdict, Accepted)

    assert (200, "z9hG4bK1", "b", "INVITE") == (
        verdict.message.status,
        verdict.message.branch,
        verdict.message.to_tag,
        verdict.message.method,
    )
