"""NameAddr, Via and CSeq: what they read, what they write, what they refuse."""

from __future__ import annotations

import pytest

from session_fsm.errors import Malformed
from session_fsm.sip import CSeq, NameAddr, SipUri, Via

BOB = SipUri("b.example", user="bob")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<sip:bob@b.example>", NameAddr(BOB)),
        ("sip:bob@b.example", NameAddr(BOB)),
        ("sip:bob@b.example ; tag = x", NameAddr(BOB, params={"tag": "x"})),
        ("Bob <sip:bob@b.example>", NameAddr(BOB, "Bob")),
        ("Bob<sip:bob@b.example>", NameAddr(BOB, "Bob")),
        ("Bob  B. Builder\t<sip:bob@b.example>", NameAddr(BOB, "Bob  B. Builder")),
        ('"Bob" <sip:bob@b.example>', NameAddr(BOB, "Bob")),
        ('"" <sip:bob@b.example>', NameAddr(BOB)),
        (r'"a \"b\" \\ c" <sip:bob@b.example>', NameAddr(BOB, r'a "b" \ c')),
        ('"<sip:eve@e.example>, x" <sip:bob@b.example>', NameAddr(BOB, "<sip:eve@e.example>, x")),
        ('<sip:bob@b.example>;a;b="x;y";c=z', NameAddr(BOB, params={"a": None, "b": '"x;y"', "c": "z"})),
        ("<sip:bob@b.example>;Tag=MiXed", NameAddr(BOB, params={"tag": "MiXed"})),
        ("<sip:bob@b.example>;x=[::1]", NameAddr(BOB, params={"x": "[::1]"})),
        ("<sip:bob@b.example>;tag=a==", NameAddr(BOB, params={"tag": "a=="})),
    ],
)
def test_name_addr_is_read(text, expected):
    """RFC 3261 §20.10: name, URI in brackets or bare, parameters."""
    assert expected == NameAddr.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "bob",
        "<sip:bob@b.example",
        "sip:bob@b.example>",
        '"Bob <sip:bob@b.example>',
        'Bob" <sip:bob@b.example>',
        '"Bob" "B" <sip:bob@b.example>',
        "a, b <sip:bob@b.example>",
        "<sip:bob@b.example> x",
        "<sip:bob@b.example>;",
        "<sip:bob@b.example>;;",
        "<sip:bob@b.example>;tag",
        "<sip:bob@b.example>;tag=",
        "<sip:bob@b.example>;a=1;A=2",
        '<sip:bob@b.example>;a="1";A=2',
        '<sip:bob@b.example>;a="x',
        "sip:bob@b.example;",
        "sip:bob@b.example?a=b",
        "sip:bob,x@b.example",
        "<sip:bob@b.example><sip:eve@e.example>",
        "<sip:bob@b.example>\r\nVia: x",
    ],
)
def test_no_name_addr(text):
    """Anything that could be read in two ways is refused."""
    with pytest.raises(Malformed, match="RFC"):
        NameAddr.parse(text)


def test_name_addr_is_written_with_brackets_and_quotes():
    """The safest of the forms is the one that is sent."""
    value = NameAddr(BOB, 'Bob "the" \\ \0', {"tag": "x", "lr": None})

    assert '"Bob \\"the\\" \\\\ \\\0" <sip:bob@b.example>;tag=x;lr' == str(value)


def test_a_name_with_a_line_break_is_refused():
    """RFC 3261 §25.1: CR and LF cannot be escaped, and raw they would begin a new field."""
    with pytest.raises(Malformed):
        str(NameAddr(BOB, "Bob\r\nVia: x"))


def test_with_tag_leaves_the_value_alone():
    """Header values never change; a tag makes a new one."""
    value = NameAddr(BOB, "Bob", {"x": "y"})

    assert ({"x": "y", "tag": "t"}, None) == (value.with_tag("t").params, value.tag)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SIP/2.0/UDP host", Via("UDP", "host")),
        ("SIP/2.0/UDP 192.0.2.1:5062", Via("UDP", "192.0.2.1", 5062)),
        ("SIP/2.0/udp h;branch=z9hG4bKa", Via("UDP", "h", None, {"branch": "z9hG4bKa"})),
        ("SIP/2.0/UDP h;rport;branch=z9hG4bKa", Via("UDP", "h", None, {"rport": None, "branch": "z9hG4bKa"})),
        ("SIP/2.0/UDP h;branch=z9hG4bKa;rport", Via("UDP", "h", None, {"branch": "z9hG4bKa", "rport": None})),
        ("sip / 2.0 / TCP\t h : 5061 ; ttl = 16", Via("TCP", "h", 5061, {"ttl": "16"})),
        ("SIP/2.0/UDP [2001:db8::1]:5060;received=::1", Via("UDP", "2001:db8::1", 5060, {"received": "::1"})),
        ('SIP/2.0/X h;a="b,c;d"', Via("X", "h", None, {"a": '"b,c;d"'})),
        ("SIP/7.0/UDP h", Via("UDP", "h", protocol="SIP/7.0")),
    ],
)
def test_via_is_read(text, expected):
    """RFC 3261 §20.42: protocol, transport, sent-by, parameters; blanks around each separator."""
    assert expected == Via.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 host",
        "SIP/2.0/UDP host:",
        "SIP/2.0/UDP host:65536",
        "SIP/2.0/UDP host:99999999999999999999",
        "SIP/2.0/UDP ::1",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP host;",
        "SIP/2.0/UDP host;rport;branch=z9hG4bKa;rport",
        "SIP/2.0/UDP host;branch",
        "SIP/2.0/UDP host branch=z9hG4bKa",
        "SIP/2.0/UDP ho_st,x",
    ],
)
def test_no_via(text):
    """RFC 3261 §20.42."""
    with pytest.raises(Malformed, match="RFC"):
        Via.parse(text)


SOURCE = ("192.0.2.77", 40000)


@pytest.mark.parametrize(
    ("text", "stamped", "reply"),
    [
        ("192.0.2.77:5062", "192.0.2.77:5062", ("192.0.2.77", 5062)),
        ("192.0.2.77", "192.0.2.77", ("192.0.2.77", 5060)),
        ("host.example", "host.example;received=192.0.2.77", ("192.0.2.77", 5060)),
        ("10.0.0.1:5062", "10.0.0.1:5062;received=192.0.2.77", ("192.0.2.77", 5062)),
        ("10.0.0.1;rport", "10.0.0.1;rport=40000;received=192.0.2.77", ("192.0.2.77", 40000)),
        ("192.0.2.77;rport", "192.0.2.77;rport=40000;received=192.0.2.77", ("192.0.2.77", 40000)),
        ("192.0.2.77;maddr=198.51.100.1", "192.0.2.77;maddr=198.51.100.1", ("192.0.2.77", 5060)),
        ("[2001:db8::1];rport", "[2001:db8::1];rport=40000;received=192.0.2.77", SOURCE),
        ("h;received=9.9.9.9", "h;received=192.0.2.77", ("192.0.2.77", 5060)),
    ],
)
def test_the_source_is_stamped_and_answered(text, stamped, reply):
    """RFC 3261 §18.2.1 and §18.2.2, RFC 3581 §4: received, rport, and where the answer goes: never where maddr aims."""
    via = Via.parse(f"SIP/2.0/UDP {text}")

    assert (f"SIP/2.0/UDP {stamped}", reply) == (str(via.stamped(SOURCE)), via.reply_address(SOURCE))


def test_a_stamped_via_keeps_its_protocol():
    """RFC 3261 §18.2.1: parameters are added, nothing else changes."""
    assert "SIP/2.1" == Via("UDP", "h", protocol="SIP/2.1").stamped(SOURCE).protocol


@pytest.mark.parametrize(
    ("branch", "unique"),
    [("z9hG4bKx", "z9hG4bKx"), ("z9hG4bK", None), ("42", None), ("Z9HG4BKx", None)],
)
def test_only_the_cookie_makes_a_branch_unique(branch, unique):
    """RFC 3261 §17.2.3."""
    assert unique == Via("UDP", "h", params={"branch": branch}).unique_branch


def test_sent_by_is_a_key():
    """RFC 3261 §17.2.3: compared case-blind and with the default port."""
    assert ("host.example", 5060) == Via.parse("SIP/2.0/UDP Host.Example").sent_by


@pytest.mark.parametrize(("value", "port"), [("40000", 40000), (None, None), ("x", None), ("9" * 5000, None)])
def test_rport_is_a_port_or_none(value, port):
    """What a peer writes there is not trusted to be a number."""
    assert port == Via("UDP", "h", params={"rport": value}).rport


def test_cseq_is_number_and_method():
    """RFC 3261 §20.16."""
    assert (CSeq(4294967295, "IN%49TE"), "7 BYE") == (CSeq.parse("4294967295 \t IN%49TE"), str(CSeq(7, "BYE")))


@pytest.mark.parametrize(
    "text", ["", "7", "BYE", "7BYE", "-7 BYE", "4294967296 BYE", "7 B@YE", "7 BYE x", "\u0667 BYE"]
)
def test_no_cseq(text):
    """RFC 3261 §20.16: a 32-bit number and a method."""
    with pytest.raises(Malformed, match="CSeq"):
        CSeq.parse(text)
