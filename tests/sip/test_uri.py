"""SIP URIs: parts, defaults, writing them back, and equivalence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_fsm.errors import Malformed
from session_fsm.sip import OtherUri, SipUri, parse_uri


def test_all_parts_of_a_uri():
    """RFC 3261 §19.1.1: scheme, user, password, host, port, parameters, headers."""
    expected = SipUri(
        scheme="sips",
        user="alice",
        password="secret",
        host="example.com",
        port=5071,
        params={"transport": "tcp", "lr": None},
        headers=(("Subject", "hi%20there"), ("Priority", "urgent")),
    )

    assert expected == SipUri.parse(
        "sips:alice:secret@example.com:5071;transport=tcp;lr?Subject=hi%20there&Priority=urgent"
    )


@pytest.mark.parametrize(
    "text",
    [
        "sip:example.com",
        "sip:alice@example.com",
        "sip:alice:@example.com",
        "sip:+1-212-555-1212:1234@gateway.example.com;user=phone",
        "sip:user;par=u%40example.net@example.com",
        "sip:*21#@192.0.2.4:5060",
        "sip:%00@example.com",
        "sip:alice@[2001:db8::1]:5060;lr",
        "sip:[::ffff:192.0.2.1]",
        "sip:a/b?c&d@example.com?x=y",
        "sip:example.com?a=&b=c",
        "tel:+358-555-1234567;postd=pp22",
        "urn:service:sos",
        "http://user@example.com:80/a?b=c",
    ],
)
def test_what_is_parsed_is_written_back(text):
    """A URI is copied without change."""
    assert text == str(parse_uri(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip:@example.com",
        "sip:alice@",
        "sip:al ice@example.com",
        "sip:alice@example.com:",
        "sip:alice@example.com:five",
        "sip:alice@example.com:65536",
        "sip:alice@example.com:" + "1" * 5000,
        "sip:alice@example.com;",
        "sip:alice@example.com;;lr",
        "sip:alice@example.com;lr=",
        "sip:alice@example.com;lr;LR",
        "sip:alice@example.com?",
        "sip:alice@example.com?novalue",
        "sip:a@b@c",
        "sip:%zz@example.com",
        "sip:%4@example.com",
        "sip:alice@2001:db8::1",
        "sip:alice@[2001:db8::g]",
        "sip:alice@[2001:db8:::1]",
        "sip:alice@[2001:::db8::192.0.2.1]",
        "sip:alice@[::1",
        "sip:alice@[]",
        "sip:alice@-example.com",
        "sip:\udcff@example.com",
        "alice",
        "tel:",
        "1tel:5",
        "tel:5 5",
        "http://<example>",
        "sip:a@example.com\r\nVia: x",
    ],
)
def test_what_is_no_uri_is_malformed(text):
    """The fault names the rule."""
    with pytest.raises(Malformed, match="RFC"):
        parse_uri(text)


def test_a_foreign_uri_is_no_sip_uri():
    """`SipUri.parse` is for places where only SIP will do."""
    with pytest.raises(Malformed):
        SipUri.parse("tel:5")


def test_a_foreign_uri_keeps_scheme_and_text():
    """416 needs the scheme, forwarding the text."""
    assert OtherUri("tel", "TEL:+1") == parse_uri("TEL:+1")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sip:a@example.com", ("example.com", 5060)),
        ("sips:a@example.com", ("example.com", 5061)),
        ("sip:a@example.com;transport=TLS", ("example.com", 5061)),
        ("sip:a@example.com:0", ("example.com", 0)),
        ("sip:a@[2001:db8::1]:5070", ("2001:db8::1", 5070)),
        ("sip:a@example.com;maddr=192.0.2.7", ("192.0.2.7", 5060)),
        ("sip:a@example.com;maddr=[::1]", ("::1", 5060)),
    ],
)
def test_the_address_to_send_to(text, address):
    """RFC 3261 §19.1.2 and RFC 3263 §4: defaults of the port, maddr before host."""
    assert address == SipUri.parse(text).address


def test_lr_marks_a_loose_router():
    """RFC 3261 §16.12."""
    assert [True, False] == [SipUri.parse(text).is_loose for text in ("sip:p;lr", "sip:p")]


# The examples of RFC 3261 §19.1.4, and RFC 5954 §4 and RFC 5118 §4.10 for the last three.
EQUIVALENT = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    (
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ),
    ("sip:bob@[2001:db8::9:1]", "sip:bob@[2001:DB8:0:0:0:0:9:1]"),
    ("sip:bob@[::ffff:192.0.2.128]", "sip:bob@[::ffff:c000:280]"),
    ("sip:bob@[2001:db8:::192.0.2.128]", "sip:bob@[2001:db8::192.0.2.128]"),
]
NOT_EQUIVALENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:a@b.example", "sips:a@b.example"),
    ("sip:b.example", "sip:a@b.example"),
    ("sip:a@b.example", "sip:a:x@b.example"),
    ("sip:a;b@c.example", "sip:a%3Bb@c.example"),
    ("sip:a@b.example", "sip:a@b.example;maddr=192.0.2.1"),
    ("sip:a@b.example", "tel:5"),
]


@pytest.mark.parametrize(("one", "other"), EQUIVALENT)
def test_equivalent(one, other):
    """RFC 3261 §19.1.4, both ways round."""
    one, other = parse_uri(one), parse_uri(other)

    assert (True, True) == (one.matches(other), other.matches(one))


@pytest.mark.parametrize(("one", "other"), NOT_EQUIVALENT)
def test_not_equivalent(one, other):
    """RFC 3261 §19.1.4, both ways round."""
    one, other = parse_uri(one), parse_uri(other)

    assert (False, False) == (one.matches(other), other.matches(one))


def test_uris_are_values():
    """Equal URIs are one key of a dictionary, parsed or made."""
    assert 1 == len({SipUri.parse("sip:a@b.example;lr"), SipUri("b.example", user="a", params={"lr": None})})


def test_what_is_made_of_a_uri_that_was_written_is_written_anew():
    """A URI keeps its text; a copy with another part has a text of its own, and both are equal to what they were."""
    written = SipUri("example.org", user="bob", port=5070)
    before = str(written)

    assert "sip:bob@example.com:5070" == str(replace(written, host="example.com"))
    assert (before, SipUri("example.org", user="bob", port=5070)) == (str(written), written)
