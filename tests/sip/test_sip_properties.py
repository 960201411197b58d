"""Properties: valid values survive a round trip, and any octets get a verdict and never an exception."""

from __future__ import annotations

import json
import random
import string

import pytest
import sipmessage
from hypothesis import given, settings
from hypothesis import strategies as st

from session_fsm.sip import (
    Accepted,
    CSeq,
    Dropped,
    Echo,
    NameAddr,
    OtherUri,
    Rejected,
    Request,
    Response,
    SipUri,
    Verdict,
    Via,
    parse_uri,
    read,
)

# No deadlines: the machine may be busy, and time is looked at elsewhere.
CALM = settings(deadline=None)
FEW = settings(deadline=None, max_examples=50)
MANY = settings(deadline=None, max_examples=400)

ALNUM = string.ascii_letters + string.digits
TOKEN = st.text(ALNUM + "-.!%*_+`'~", min_size=1, max_size=12)
WORD = st.text(ALNUM + "-.!%*_+`'~()<>:\\\"/[]?{}", min_size=1, max_size=20)
UINT32 = st.integers(0, 2**32 - 1)
PORT = st.none() | st.integers(0, 65535)
HOST = st.one_of(
    st.from_regex(r"[a-z0-9]([a-z0-9\-]{0,8}[a-z0-9])?(\.[a-z]{2,4}){0,2}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str).filter(lambda text: "%" not in text),
)
# What people are called: anything that can be written in a quoted string, so no CR, no LF, no lone surrogate.
NAME = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
QUOTED = NAME.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def escaped(characters: str) -> st.SearchStrategy[str]:
    piece = st.sampled_from(characters) | st.integers(0, 255).map("%{:02X}".format)
    return st.lists(piece, min_size=1, max_size=12).map("".join)


USER = escaped(ALNUM + "-_.!~*'()&=+$,;?/")
PASSWORD = escaped(ALNUM + "-_.!~*'()&=+$,")
URI_TEXT = escaped(ALNUM + "-_.!~*'()[]/:&+$")
HEADER_TEXT = escaped(ALNUM + "-_.!~*'()[]/?:+$")
URI_PARAMS = st.dictionaries(URI_TEXT.map(str.lower), st.none() | URI_TEXT, max_size=4)


@st.composite
def sip_uris(draw: st.DrawFn) -> SipUri:
    user = draw(st.none() | USER)
    return SipUri(
        scheme=draw(st.sampled_from(["sip", "sips"])),
        user=user,
        password=draw(st.none() | PASSWORD) if user is not None else None,
        host=draw(HOST),
        port=draw(PORT),
        params=draw(URI_PARAMS),
        headers=tuple(draw(st.lists(st.tuples(HEADER_TEXT, HEADER_TEXT), max_size=3))),
    )


OTHER_URIS = st.builds(
    lambda scheme, rest: OtherUri(scheme, f"{scheme}:{rest}"),
    st.sampled_from(["tel", "urn", "http", "soap.beep"]),
    st.text(ALNUM + "/@:;?&=+$,-_.!~*'()%", min_size=1, max_size=20),
)
GENERIC_PARAMS = st.dictionaries(
    TOKEN.map(str.lower).filter(lambda name: name not in ("tag", "branch")), st.none() | TOKEN | QUOTED, max_size=4
)


def with_param(name: str, params: dict[str, str | None], value: str | None) -> dict[str, str | None]:
    return params if value is None else {**params, name: value}


NAME_ADDRS = st.builds(
    NameAddr,
    sip_uris() | OTHER_URIS,
    NAME.map(lambda name: name.strip(" \t") or None),
    st.builds(with_param, st.just("tag"), GENERIC_PARAMS, st.none() | TOKEN),
)
VIAS = st.builds(
    Via,
    st.sampled_from(["UDP", "TCP", "TLS", "SCTP", "PIGEON"]),
    HOST,
    PORT,
    st.builds(with_param, st.just("branch"), GENERIC_PARAMS, st.none() | TOKEN),
)
METHOD = st.sampled_from(["INVITE", "ACK", "BYE", "OPTIONS", "REGISTER"]) | TOKEN
BODY = st.binary(max_size=60)
PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=30).map(str.strip)


@st.composite
def requests(draw: st.DrawFn, vias: int = 3) -> Request:
    method = draw(METHOD)
    # RFC 3261 §19.1.1: no headers in a Request-URI.
    uri = draw((sip_uris() | OTHER_URIS).filter(lambda uri: not getattr(uri, "headers", ())))
    headers = [
        *(("Via", via) for via in draw(st.lists(VIAS, min_size=1, max_size=vias))),
        ("From", draw(NAME_ADDRS)),
        ("To", draw(NAME_ADDRS)),
        ("Call-ID", draw(WORD)),
        ("CSeq", CSeq(draw(UINT32), method)),
        *(("Contact", contact) for contact in draw(st.lists(NAME_ADDRS, max_size=3))),
        *(("Route", route) for route in draw(st.lists(NAME_ADDRS, max_size=3))),
        *(("X-Words", words) for words in draw(st.lists(PLAIN, max_size=2))),
    ]
    return Request(method, uri, headers, draw(BODY))


def readers(verdict: Verdict) -> None:
    """Everything that the engine may do with a verdict."""
    match verdict:
        case Accepted(message=message):
            for name in dir(message):
                if not name.startswith("_"):
                    getattr(message, name)
            for name, _ in message.headers():
                message.get_all(name)
            json.dumps(message.summary()).encode()
            str(message.summary()).encode()
            message.encode()
            if isinstance(message, Request):
                Echo(message, "tag", received_from=("192.0.2.1", 5060)).response(200, record_route=True)
        case Rejected(request=request, status=status, rule=rule, excerpt=excerpt):
            json.dumps([request.summary(), rule, excerpt])
            excerpt.encode()
            assert Echo(request, "tag", received_from=("192.0.2.1", 5060)).response(status)
            assert request.method != "ACK"
        case Dropped(reason=reason, excerpt=excerpt):
            assert reason
            excerpt.encode()


@CALM
@given(sip_uris() | OTHER_URIS)
def test_a_uri_survives(uri):
    """Written and read, it is the same value, and equivalent to itself."""
    again = parse_uri(str(uri))

    assert (uri, True) == (again, uri.matches(again))


@CALM
@given(NAME_ADDRS)
def test_a_name_addr_survives(value):
    """Written and read, it is the same value."""
    assert value == NameAddr.parse(str(value))


@CALM
@given(VIAS)
def test_a_via_survives(via):
    """Written and read, it is the same value."""
    assert via == Via.parse(str(via))


@CALM
@given(UINT32, METHOD)
def test_a_cseq_survives(number, method):
    """Written and read, it is the same value."""
    assert CSeq(number, method) == CSeq.parse(str(CSeq(number, method)))


@FEW
@given(requests())
def test_a_request_survives(request):
    """Octets and back: every field, every typed value and the body."""
    verdict = read(request.encode())
    assert isinstance(verdict, Accepted)
    again = verdict.message

    assert (request.method, request.uri, request.body) == (again.method, again.uri, again.body)
    assert [*request.headers(), ("Content-Length", str(len(request.body)))] == again.headers()
    assert (request.vias, request.from_, request.to, request.contacts, request.routes) == (
        again.vias,
        again.from_,
        again.to,
        again.contacts,
        again.routes,
    )
    readers(verdict)


@FEW
@given(requests(vias=1), st.integers(100, 699), NAME, TOKEN, BODY)
def test_a_response_from_a_template_survives(request, status, reason, tag, body):
    """Status, reason, the request's identity, our tag and the body."""
    verdict = read(Echo(request, tag).response(status, reason.strip(), body=body))
    assert isinstance(verdict, Accepted)
    again = verdict.message

    assert isinstance(again, Response)
    assert (status, reason.strip(), body) == (again.status, again.reason, again.body)
    assert (request.via, request.call_id, request.cseq, request.from_) == (
        again.via,
        again.call_id,
        again.cseq,
        again.from_,
    )
    assert again.to_tag == (request.to_tag or (None if status == 100 else tag))


@CALM
@given(st.binary(max_size=300))
def test_any_octets_get_a_verdict(octets):
    """Nothing that a peer sends raises."""
    readers(read(octets))


LINE = st.sampled_from(
    [
        "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
        "From: <sip:a@b>;tag=1",
        "To: <sip:c@d>",
        "Call-ID: x",
        "CSeq: 1 INVITE",
        "Contact: <sip:e@f>",
        "Content-Length: 0",
        "Max-Forwards: 70",
        "Record-Route: <sip:p;lr>",
        "Route: <sip:q;lr>",
        "Subject: s",
        "Expires: 60",
        "Retry-After: 5 (soon)",
        "Accept: application/sdp",
        "Require: x",
    ]
)
START = st.sampled_from(["INVITE sip:x@y SIP/2.0", "ACK sip:x@y SIP/2.0", "SIP/2.0 200 OK", "BYE tel:1 SIP/2.0"])
NOISE = st.sampled_from(
    [*'";:,<>@ \t\r\n\0%=[]()\\/*\x7f', "\r\n ", "\n\n", "\udcff", "é", "9" * 20, "-1", "sip:", "SIP/2.0"]
)


@MANY
@given(START, st.lists(LINE, max_size=12), st.lists(st.tuples(st.integers(0, 10**6), NOISE), max_size=6), st.randoms())
def test_a_damaged_message_gets_a_verdict(start, lines, damage, dice):
    """Messages that are nearly right reach every parser; none of them raises."""
    text = "\r\n".join([start, *lines, "", ""])
    for at, noise in damage:
        at %= len(text) + 1
        text = text[:at] + noise + text[at + dice.randrange(2) :]

    readers(read(text.encode("utf-8", "surrogateescape")))


def test_a_verdict_does_not_depend_on_what_was_read_before():
    """Caches change the time and nothing else."""
    dice = random.Random(4475)
    datagrams = [bytes(dice.choices(b'INVITE sip:<>@;=\r\n ,"1', k=60)) + b" SIP/2.0\r\n\r\n" for _ in range(50)]

    def verdicts(order):
        return {n: repr(read(datagrams[n])) for n in order}

    assert verdicts(range(50)) == verdicts(dice.sample(range(50), 50))


# A second parser, where it is right: it wants a display name without control characters, a From with a tag of a token,
# and a usual scheme; it knows no folding.
AGREED_URIS = st.builds(
    SipUri,
    host=st.sampled_from(["example.com", "192.0.2.7", "b.example.net"]),
    user=st.none() | st.text(ALNUM + "-_.+", min_size=1, max_size=8),
    port=st.none() | st.integers(1, 65535),
    params=st.dictionaries(
        st.sampled_from(["transport", "lr", "x"]), st.text(ALNUM, min_size=1, max_size=4), max_size=2
    ),
)
AGREED_NAMES = st.none() | st.text(ALNUM + ' ".,\\', min_size=1, max_size=12).map(str.strip).filter(bool)


@pytest.mark.filterwarnings("ignore")
@CALM
@given(AGREED_URIS, AGREED_NAMES, st.none() | st.text(ALNUM, min_size=1, max_size=8))
def test_sipmessage_reads_our_addresses_as_we_do(uri, name, tag):
    """Two parsers that nobody tuned to each other see the same name, URI and tag."""
    text = str(NameAddr(uri, name, {} if tag is None else {"tag": tag}))
    theirs = sipmessage.Address.parse(text)

    assert (uri.scheme, uri.user, uri.host, uri.port) == (
        theirs.uri.scheme,
        theirs.uri.user,
        theirs.uri.host,
        theirs.uri.port,
    )
    assert ((name or ""), tag) == (theirs.name, theirs.parameters.get("tag"))


@CALM
@given(st.sampled_from(["UDP", "TCP"]), st.sampled_from(["example.com", "192.0.2.7"]), PORT, TOKEN, st.booleans())
def test_sipmessage_reads_our_vias_as_we_do(transport, host, port, branch, rport):
    """Two parsers see the same hop."""
    branch = branch.replace("%", "x")  # the other one takes % for an escape here; RFC 4475 §3.1.1.5: it is none
    via = Via(transport, host, port, {"branch": branch, **({"rport": None} if rport else {})})
    theirs = sipmessage.Via.parse(str(via))

    assert (transport, host, port, branch) == (theirs.transport, theirs.host, theirs.port, theirs.parameters["branch"])


@CALM
@given(AGREED_URIS, AGREED_URIS, UINT32, BODY)
def test_sipmessage_reads_our_requests_as_we_do(one, other, number, body):
    """Two parsers see the same request."""
    request = Request(
        "INVITE",
        one,
        [
            ("Via", "SIP/2.0/UDP example.com;branch=z9hG4bK1"),
            ("From", NameAddr(one, None, {"tag": "a"})),
            ("To", NameAddr(other)),
            ("Call-ID", "id"),
            ("CSeq", CSeq(number, "INVITE")),
        ],
        body,
    )
    theirs = sipmessage.Message.parse(request.encode())

    assert ("INVITE", str(one), number, "id", body) == (
        theirs.method,
        str(theirs.uri),
        theirs.cseq.sequence,
        theirs.call_id,
        theirs.body,
    )
