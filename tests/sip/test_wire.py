"""Verdicts on datagrams: messages of our own for each rule of leniency and strictness."""

from __future__ import annotations

import pytest

from session_fsm.sip import Accepted, Dropped, Rejected, Request, read

FIELDS = {
    "Via": "SIP/2.0/UDP host.example.com:5062;branch=z9hG4bK-1;rport",
    "Max-Forwards": "70",
    "From": '"Ann" <sip:ann@example.com>;tag=a1',
    "To": "<sip:ben@example.net>",
    "Call-ID": "call-1@host.example.com",
    "CSeq": "7 {method}",
    "Contact": "<sip:ann@192.0.2.9:5062>",
    "Content-Length": "{length}",
}


def wire(*extra: str, start: str = "", method: str = "OPTIONS", body: bytes = b"", eol: str = "\r\n", **changes):
    """A request with these fields changed (`_` for `-`; None leaves one out) and lines appended."""
    fields = {**FIELDS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    lines = [start or f"{method} sip:ben@example.net SIP/2.0"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    head = eol.join([*lines, *extra, "", ""]).replace("{method}", method).replace("{length}", str(len(body)))
    return head.encode("utf-8", "surrogateescape") + body


def response(start: str = "SIP/2.0 200 OK", *extra: str, **changes) -> bytes:
    return wire(*extra, start=start, **changes)


def accepted(datagram: bytes):
    verdict = read(datagram)
    assert isinstance(verdict, Accepted), verdict
    return verdict.message


REJECTED = {
    "a header line without a colon": (wire("Nonsense"), 400, "§7.3.1"),
    "a header name with a blank in it": (wire("Not A Name: x"), 400, "header-name"),
    "a bare CR in a value": (wire("Subject: a\rVia: b"), 400, "bare CR"),
    "no empty line": (wire(Content_Length=None)[:-2], 400, "empty line"),
    "no Via": (wire(Via=None), 400, "Via is missing"),
    "no From": (wire(From=None), 400, "From is missing"),
    "no To": (wire(To=None), 400, "To is missing"),
    "no Call-ID": (wire(Call_ID=None), 400, "Call-ID is missing"),
    "no CSeq": (wire(CSeq=None), 400, "CSeq is missing"),
    "two From": (wire("f: <sip:eve@example.org>;tag=e"), 400, "From twice"),
    "two To": (wire("t: <sip:eve@example.org>"), 400, "To twice"),
    "two Call-ID": (wire("i: other"), 400, "Call-ID twice"),
    "two CSeq": (wire("cseq: 7 OPTIONS"), 400, "CSeq twice"),
    "two Max-Forwards": (wire("max-forwards: 70"), 400, "Max-Forwards twice"),
    "two Content-Length, even if equal": (wire("l: 0"), 400, "Content-Length twice"),
    "two Content-Type": (wire("c: a/b", "Content-Type: c/d"), 400, "Content-Type twice"),
    "two addresses in To": (wire(To="<sip:ben@example.net>, <sip:eve@example.org>"), 400, "To"),
    "a tag twice": (wire(From="<sip:ann@example.com>;tag=a1;tag=a2"), 400, "parameter twice"),
    "a branch twice": (wire(Via=FIELDS["Via"] + ";branch=z9hG4bK-2"), 400, "parameter twice"),
    "a tag without value": (wire(From="<sip:ann@example.com>;tag"), 400, "From"),
    "a branch without value": (wire(Via="SIP/2.0/UDP host;branch"), 400, "via-branch"),
    "an empty parameter": (wire(Via="SIP/2.0/UDP host;;branch=z9hG4bKa"), 400, "via-parm"),
    "an empty Via in a list": (wire(Via="SIP/2.0/UDP host;branch=z9hG4bKa,,"), 400, "Via"),
    "Via without a host": (wire(Via="SIP/2.0/UDP"), 400, "via-parm"),
    "a port of a Via beyond 65535": (wire(Via="SIP/2.0/UDP host:65536"), 400, "port"),
    "a broken lower Via": (wire("Via: nonsense"), 400, "via-parm"),
    "an open quote in From": (wire(From='"Ann <sip:ann@example.com>;tag=a1'), 400, "From"),
    "an open bracket in To": (wire(To="<sip:ben@example.net"), 400, "To"),
    "a comma in an unquoted display name": (wire(To="Smith, Ben <sip:ben@example.net>"), 400, "To"),
    "URI headers outside brackets": (wire(Contact="sip:ann@example.com?Subject=x"), 400, "Contact"),
    "an empty Contact in a list": (wire(Contact="<sip:a@b.example>,,<sip:c@d.example>"), 400, "Contact"),
    "a broken Contact": (wire(Contact="<sip:>"), 400, "host"),
    "a broken Route": (wire("Route: <sip:proxy.example.com;lr"), 400, "Route"),
    "a broken Record-Route": (wire("Record-Route: <>"), 400, "absoluteURI"),
    "CSeq above 2**32-1": (wire(CSeq="4294967296 {method}"), 400, "CSeq above"),
    "CSeq of five thousand digits": (wire(CSeq="1" + "0" * 5000 + " {method}"), 400, "CSeq above"),
    "a negative CSeq": (wire(CSeq="-1 {method}"), 400, "CSeq"),
    "CSeq without a method": (wire(CSeq="1"), 400, "CSeq"),
    "CSeq of another method": (wire(CSeq="1 BYE"), 400, "method of CSeq"),
    "CSeq of another method, ours unknown": (wire(method="FLY", CSeq="1 BYE"), 501, "method of CSeq"),
    "Max-Forwards that is no number": (wire(Max_Forwards="many"), 400, "Max-Forwards"),
    "Content-Length that is no number": (wire(Content_Length="five"), 400, "Content-Length"),
    "a negative Content-Length": (wire(Content_Length="-1"), 400, "Content-Length"),
    "Content-Length beyond the datagram": (wire(Content_Length="6", body=b"hello"), 400, "§18.3"),
    "Content-Length of five thousand digits": (wire(Content_Length="9" * 5000), 400, "§18.3"),
    "Arabic-Indic digits are no digits": (wire(Content_Length="\u0665"), 400, "Content-Length"),
    "a Call-ID with a blank": (wire(Call_ID="one two"), 400, "callid"),
    "a Request-URI in brackets": (wire(start="OPTIONS <sip:ben@example.net> SIP/2.0"), 400, "Request-URI"),
    "a blank in the Request-URI": (wire(start="OPTIONS sip:ben@example.net; lr SIP/2.0"), 400, "Request-URI"),
    "headers in the Request-URI": (wire(start="OPTIONS sip:ben@example.net?Route=x SIP/2.0"), 400, "§19.1.1"),
    "an IPv6 address without brackets": (wire(start="OPTIONS sip:2001:db8::10 SIP/2.0"), 400, "Request-URI"),
    "a Request-URI without a scheme": (wire(start="OPTIONS ben SIP/2.0"), 400, "Request-URI"),
    "a lone % in the user part": (wire(start="OPTIONS sip:be%n@example.net SIP/2.0"), 400, "Request-URI"),
    "no version": (wire(start="OPTIONS sip:ben@example.net"), 400, "SIP-Version is missing"),
    "a later version": (wire(start="OPTIONS sip:ben@example.net SIP/3.0"), 505, "SIP-Version"),
    "a later version that is malformed too": (wire(start="OPTIONS <> SIP/3.1", Via=None), 505, "SIP-Version"),
}


@pytest.mark.parametrize(("datagram", "status", "rule"), REJECTED.values(), ids=REJECTED.keys())
def test_rejected(datagram, status, rule):
    """A malformed request is answered with the status of its rule, and the rule names the place."""
    verdict = read(datagram)

    assert isinstance(verdict, Rejected), verdict
    assert status == verdict.status
    assert rule in verdict.rule


@pytest.mark.parametrize("datagram", [row[0] for row in REJECTED.values()], ids=REJECTED.keys())
def test_a_malformed_ack_is_dropped(datagram):
    """RFC 3261 §17.1.1.3: nothing answers an ACK, not even a malformed one."""
    verdict = read(b"ACK" + datagram.partition(b" ")[1] + datagram.partition(b" ")[2].replace(b"OPTIONS", b"ACK"))

    assert isinstance(verdict, Dropped)
    assert "malformed ACK" == verdict.reason


USUAL_START = b"OPTIONS sip:ben@example.net SIP/2.0\r\n"
ONLY_IN_REQUESTS = {"Max-Forwards that is no number", "a broken Route", "CSeq of another method"}
IN_FIELDS = {name: row[0] for name, row in REJECTED.items() if row[0].startswith(USUAL_START)}


@pytest.mark.parametrize("name", [name for name in IN_FIELDS if name not in ONLY_IN_REQUESTS])
def test_a_malformed_response_is_dropped(name):
    """RFC 3261 §18.3: what a request would be rejected for, a response is dropped for."""
    verdict = read(b"SIP/2.0 200 OK\r\n" + IN_FIELDS[name].partition(b"\r\n")[2])

    assert isinstance(verdict, Dropped)
    assert "malformed response" == verdict.reason


DROPPED = {
    "nothing": (b"", "keep-alive"),
    "two line breaks": (b"\r\n\r\n", "keep-alive"),
    "four NUL octets": (b"\0\0\0\0", "keep-alive"),
    "a STUN binding request": (b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), "STUN"),
    "an RTP packet": (b"\x80\x00" + bytes(170), "not SIP"),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "not SIP"),
    "words with a colon": (b"helo mail:a\r\n\r\n", "not SIP"),
    "words": (b"hello\r\n\r\n", "not SIP"),
    "a start line of blanks": (b"   \r\nVia: x\r\n\r\n", "not SIP"),
    "a folded start line": (wire(start="OPTIONS sip:ben@example.net SIP/2.0\r\n ;x"), "not SIP"),
    "a method that is no token": (wire(start="OP@TIONS sip:ben@example.net SIP/2.0"), "not SIP"),
    "a status of two digits": (response("SIP/2.0 20 OK"), "malformed response"),
    "a status of four digits": (response("SIP/2.0 2000 OK"), "malformed response"),
    "a status above 699": (response("SIP/2.0 700 OK"), "malformed response"),
    "a status below 100": (response("SIP/2.0 099 OK"), "malformed response"),
    "a negative status": (response("SIP/2.0 -200 OK"), "malformed response"),
    "a status of five thousand digits": (response("SIP/2.0 " + "2" * 5000 + " OK"), "malformed response"),
    "a response of another version": (response("SIP/3.0 200 OK"), "malformed response"),
    "a response with a second Via": (response("SIP/2.0 200 OK", "Via: SIP/2.0/UDP b.example"), "malformed response"),
    "a response with a list of Vias": (response(Via="SIP/2.0/UDP a, SIP/2.0/UDP b"), "malformed response"),
    "a response that ends too early": (response(Content_Length="1"), "malformed response"),
}


@pytest.mark.parametrize(("datagram", "reason"), DROPPED.values(), ids=DROPPED.keys())
def test_dropped(datagram, reason):
    """What is no SIP, or must not be answered, is dropped with its reason."""
    verdict = read(datagram)

    assert isinstance(verdict, Dropped), verdict
    assert reason == verdict.reason


ACCEPTED = {
    "the plain message": wire(),
    "line breaks before it": b"\r\n\r\n" + wire(),
    "lines that end in LF": wire(eol="\n"),
    "several blanks in the start line": wire(start="OPTIONS   sip:ben@example.net   SIP/2.0"),
    "blanks behind the start line": wire(start="OPTIONS sip:ben@example.net SIP/2.0  "),
    "the version in lower case": wire(start="OPTIONS sip:ben@example.net sip/2.0"),
    "an unknown method": wire(method="FLY"),
    "an unknown scheme": wire(start="OPTIONS pigeon:coop SIP/2.0"),
    "a telephone number": wire(start="OPTIONS tel:+1-201-555-0123;ext=5 SIP/2.0"),
    "no branch": wire(Via="SIP/2.0/UDP host.example.com"),
    "no Max-Forwards": wire(Max_Forwards=None),
    "no tag in From": wire(From="<sip:ann@example.com>"),
    "no Content-Length": wire(Content_Length=None),
    "no blank before the bracket": wire(From="Ann<sip:ann@example.com>;tag=a1"),
    "blanks inside the brackets": wire(From='"Ann" < sip:ann@example.com >;tag=a1'),
    "dots and parentheses in a display name": wire(From="A. N. (Ann) <sip:ann@example.com>;tag=a1"),
    "UTF-8 in a display name": wire(From="Zoë <sip:zoe@example.com>;tag=a1"),
    "octets that are no UTF-8": wire(From='"\udcff\udcfe" <sip:ann@example.com>;tag=a1', Subject="\udce9"),
    "foreign schemes in From and To": wire(From="<http://example.com/>;tag=a1", To="isbn:12345"),
    "a foreign transport": wire(Via="SIP/2.0/PIGEON coop.example.com;branch=z9hG4bK-p"),
    "an underscore in a host": wire(Via="SIP/2.0/UDP my_host:5062;branch=z9hG4bK-u"),
    "an IPv6 sent-by": wire(Via="SIP/2.0/UDP [2001:db8::1]:5062;branch=z9hG4bK-6"),
    "a date of another time zone": wire("Date: Sun, 06 Nov 1994 08:49:37 EST"),
    "an unknown field of any form": wire('X-Odd: ;;,,"<'),
    "a Contact of *": wire(Contact="*"),
    "Expires beyond all measure": wire("Expires: " + "9" * 5000),
    "a large Max-Forwards": wire(Max_Forwards="300"),
    "NUL octets in the body": wire(body=b"a\0b\0"),
    "a NUL in a quoted pair": wire(From='"\\\0" <sip:ann@example.com>;tag=a1'),
    "a response": response(),
    "a response without a reason": response("SIP/2.0 100 "),
    "a response without the blank before no reason": response("SIP/2.0 100"),
    "a reason of UTF-8": response("SIP/2.0 200 = 2**3 \u0412\u0441\u0451 \u4e00"),
    "a response of the last code": response("SIP/2.0 699 Odd"),
}


@pytest.mark.parametrize("datagram", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(datagram):
    """What can be understood in one way only is accepted."""
    assert accepted(datagram).call_id == "call-1@host.example.com"


def test_a_folded_value_is_one_line_with_single_blanks():
    """RFC 3261 §7.3.1: the line break and the blanks behind it are one SP."""
    assert "one two three" == accepted(wire("Subject: one\r\n  two\r\n\t three")).get("Subject")


def test_compact_and_odd_names_are_the_same_fields():
    """RFC 3261 §7.3.3 and §7.3.1: names are case-blind and may be short."""
    message = accepted(
        b"OPTIONS sip:ben@example.net SIP/2.0\r\nv:SIP/2.0/UDP h;branch=z9hG4bK1\r\nF : <sip:a@b.example>;tag=x\r\n"
        b"t\t:<sip:c@d.example>\r\ni: id\r\ncSEQ: 1 OPTIONS\r\nM: <sip:a@h>\r\nl:0\r\n\r\n"
    )

    assert ("z9hG4bK1", "x", "id", "h") == (message.branch, message.from_tag, message.call_id, message.contact.uri.host)


def test_a_bare_lf_ends_a_line():
    """A line break is one whether or not a CR stands before it, and only one thing is read from it."""
    message = accepted(wire("Subject: a\nX-Own: b\n c"))

    assert ("a", "b c") == (message.get("Subject"), message.get("X-Own"))


def test_octets_behind_the_body_are_ignored():
    """RFC 3261 §18.3: they are discarded."""
    assert b"hel" == accepted(wire(Content_Length="3", body=b"hello")).body


def test_without_content_length_the_body_is_the_rest():
    """RFC 3261 §18.3: it ends with the datagram."""
    assert b"hello\r\n" == accepted(wire(Content_Length=None, body=b"hello\r\n")).body


def test_an_overlarge_scalar_counts_as_absent():
    """RFC 4475 §3.1.2.4: Max-Forwards above 255 and Expires above 2**32-1 may be treated as if they were not there."""
    message = accepted(wire("Expires: 4294967296", Max_Forwards="256"))

    assert (None, None) == (message.max_forwards, message.expires)


def test_the_largest_scalars_are_read():
    """RFC 3261 §20.16, §20.19, §20.22: 2**32-1, 2**32-1 and 255 are in range."""
    message = accepted(wire("Expires: 4294967295", CSeq="4294967295 {method}", Max_Forwards="255"))

    assert (255, 4294967295, 4294967295) == (message.max_forwards, message.expires, message.cseq.number)


def test_leading_zeros_do_not_count():
    """RFC 4475 §3.1.1.1: integer fields may have leading zeros, however many."""
    assert 9 == accepted(wire(CSeq="0" * 5000 + "9 {method}")).cseq.number


def test_request_fields_in_a_response_are_ignored():
    """RFC 3261 §7.3.2: Route and Max-Forwards mean nothing there, well formed or not."""
    message = accepted(response("SIP/2.0 200 OK", "Route: <sip:proxy.example.com", Max_Forwards="many"))

    assert ([], None) == (message.routes, message.max_forwards)


def test_the_rule_that_is_named_is_always_the_same():
    """Of several fields that are there twice, the first of the table is named: a run can be repeated."""
    verdict = read(wire("CSeq: 1 BYE", "To: <sip:x@y>", "From: <sip:x@y>"))
    assert isinstance(verdict, Rejected)

    assert "RFC 3261 §7.3.1 From twice" == verdict.rule


def test_a_cookie_alone_is_no_branch():
    """RFC 4475 §3.2.1: the transaction is then matched as in RFC 2543."""
    message = accepted(wire(Via="SIP/2.0/UDP host;branch=z9hG4bK"))

    assert (None, "z9hG4bK") == (message.branch, message.via.branch)


def test_a_branch_of_rfc_2543_is_no_unique_branch():
    """RFC 3261 §17.2.3: only the magic cookie promises uniqueness."""
    assert accepted(wire(Via="SIP/2.0/UDP host;branch=42")).branch is None


def test_a_rejected_request_keeps_what_could_be_read():
    """The answer needs Via, To, Call-ID and CSeq whatever else is wrong."""
    verdict = read(wire("Nonsense", From=None))
    assert isinstance(verdict, Rejected)

    assert isinstance(verdict.request, Request)
    assert ("OPTIONS", "z9hG4bK-1", "call-1@host.example.com") == (
        verdict.request.method,
        verdict.request.branch,
        verdict.request.call_id,
    )


def test_a_request_uri_that_is_none_is_kept_as_text():
    """Diagnosis wants to see what the peer wrote."""
    verdict = read(wire(start="OPTIONS <sip:x@y> SIP/2.0"))
    assert isinstance(verdict, Rejected)

    assert "<sip:x@y>" == str(verdict.request.uri)


def test_excerpts_can_be_printed():
    """Octets that are no UTF-8 become U+FFFD where people look."""
    verdict = read(wire(To="\udcff\udcfe"))
    assert isinstance(verdict, Rejected)

    assert "\ufffd\ufffd" == verdict.excerpt
