"""What was read before is read faster when it comes again, and never otherwise than by the whole grammar."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from session_fsm.errors import Malformed
from session_fsm.sip import Accepted, CSeq, Echo, NameAddr, Rejected, Request, Verdict, Via, read, wire
from session_fsm.sip.grammar import keep


def pieces(*some: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(some), max_size=7).map("".join)


MANY = settings(deadline=None, max_examples=300)
ADDRESSES = pieces("<sip:a@b>", "sip:a@b", "Bob", '"B"', '"', "<", ">", ";tag=", ";x", "=", "y", " ", ",", "?", "\\")
VIAS = pieces(
    "SIP/2.0/UDP h", "SIP / 2.0/TLS h", ":5060", ";rport", ";branch=", "z9hG4bK1", ";", "=", "x", " ", "[::1]"
)


def reading(parse: Callable[[str], object], text: str) -> object:
    try:
        value = parse(text)
    except Malformed as fault:
        return fault.rule, fault.excerpt
    return type(value), str(value), value


MESSAGE = (
    b"OPTIONS sip:bob@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:bob@192.0.2.4>\r\nCall-ID: 1@b\r\nCSeq: 1 OPTIONS\r\nSubject: a: b\r\nContent-Length: 2\r\n\r\nhi"
)
BREAKS = (
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n ",
    b"\n\t",
    b"\v",
    b"\f",
    b"\x1c",
    "\x85".encode(),
    "\u2028".encode(),
    b": ",
    b"",
)


START_LINES = ("INVITE sip:b@h SIP/2.0", "SIP/2.0 200 OK", "ACK sip:b@h SIP/2.0", "INVITE <sip:b> SIP/2.0", "hello")
NEEDED = (
    "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
    'From: "B" <sip:a@b>;tag=1',
    "To: sip:b@h;tag=2",
    "Call-ID: 1@b",
    "CSeq: 1 INVITE",
    "Max-Forwards: 70",
)
MORE_LINES = (
    *("Via: SIP/2.0/UDP [::1]:5062;rport;branch=z9hG4bK2 ", "v: SIP/2.0/UDP h, SIP/2.0/UDP i", "Via: x", "Via : x"),
    *("From: B <sip:a@b>", "f: sip:b", "from: sip:c", "To: a\rb <sip:b>", "To:", "Call-ID: ", "CSeq: 1 BYE", "CSeq: 1"),
    *(
        "Contact: <sip:c@d>",
        "m: <sip:e>, <sip:f>",
        "Contact: *",
        "Contact: <",
        "Route: <sip:r;lr>",
        "Route: ,",
        " folded",
    ),
    *("Record-Route: <sip:r>", "Record-Route: x y", "Max-Forwards: 300", "Max-Forwards: a", "Subject: a\nFrom: sip:b"),
    *("Content-Length: 2", "Content-Length: 9", "l: 0", "Content-Length: x", "X-Own: 1", "x-own: 2", "no colon", ": x"),
    *(
        "Accept:",
        "accept: text/plain",
        "Subject: \u00e9",
        "Subject: \udcff",
        "Content-Type: Text/Plain;x",
        "Expires: 3",
    ),
)


def said(verdict: Verdict) -> object:
    """What a verdict comes to, but for the text of its excerpt."""
    if isinstance(verdict, Accepted):
        message = verdict.message
        typed = (message.via, message.vias, message.from_, message.to, message.cseq, message.call_id)
        tags = (message.branch, message.from_tag, message.to_tag, message.routes, message.record_routes)
        others = (message.contacts, message.contact, message.content_type, message.accept, message.max_forwards)
        names = [name for name, _ in message.headers()]
        by_name = [(message.has(name), message.get(name), message.get_all(name)) for name in [*names, "Expires"]]
        return message.summary(), typed, tags, others, message.headers(), by_name, message.body, message.encode()
    if isinstance(verdict, Rejected):
        return verdict.status, verdict.rule, verdict.request.headers(), verdict.request.body
    return verdict.reason, verdict.rule


@MANY
@given(ADDRESSES, st.sampled_from(["", ";tag=1", ";tag=1;x", ";tag=", ';tag="1"', ";tag=1>"]))
def test_an_address_before_a_tag_is_read_as_the_whole_is(address, tag):
    """Whether or not the address was seen before, alone or with a tag."""
    first = reading(NameAddr.parse, address + tag)

    assert first == reading(NameAddr.parse, address + tag)
    assert first == reading(lambda text: NameAddr._parse(text, "RFC 3261 §20.10 name-addr"), address + tag)


@MANY
@given(VIAS, st.sampled_from(["", ";branch=z9hG4bK2", ";rport;branch=z", ";branch=z;rport", ";rport;branch=z;rport"]))
def test_a_via_of_a_known_hop_is_read_as_the_whole_is(hop, params):
    """Whether or not the hop was seen before."""
    first = reading(Via.parse, hop + params)

    assert first == reading(Via.parse, hop + params)
    assert first == reading(Via._parse, hop + params)


@MANY
@given(st.lists(st.tuples(st.integers(1, len(MESSAGE) - 1), st.sampled_from(BREAKS)), max_size=3))
def test_a_message_in_the_usual_frame_is_read_as_any_other_is(breaks):
    """Whatever breaks its lines, and wherever."""
    datagram = MESSAGE
    for at, octets in breaks:
        datagram = datagram[:at] + octets + datagram[at:]

    assert said(wire._read_anything(datagram)) == said(read(datagram))


@MANY
@given(
    st.sampled_from(START_LINES), st.permutations(NEEDED), st.lists(st.sampled_from(MORE_LINES), max_size=3), st.data()
)
def test_a_message_is_read_as_if_nothing_like_it_had_come_before(start, needed, more, data):
    """Whatever fields it has, in whatever order, and whichever of them are missing."""
    lines = needed[data.draw(st.sampled_from([0, 0, 0, 1])) :]
    for line in more:
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    body = data.draw(st.sampled_from(["hi", "", "\r\n", "X: 1\r\n\r\n", "\r\n\r\n"]))
    datagram = "\r\n".join([start, *lines, "", body]).encode("utf-8", "surrogateescape")

    assert said(wire._read_anything(datagram)) == said(read(datagram)) == said(read(datagram))


def test_what_a_message_says_is_not_changed_by_who_has_another():
    """The fields that two messages have in common are known once, and changed for one of them."""
    verdicts = [read(MESSAGE), read(MESSAGE)]
    messages = [verdict.message for verdict in verdicts if isinstance(verdict, Accepted)]
    messages[0].set("Subject", "mine")
    messages[0].add("X-Own", "1")
    messages[0].contacts.append(NameAddr.parse("<sip:c@d>"))

    assert [("a: b", None, [])] == [(each.get("Subject"), each.get("X-Own"), each.contacts) for each in messages[1:]]


def test_the_parameters_of_one_via_are_not_those_of_the_next():
    """What is kept of a hop has none."""
    first = Via.parse("SIP/2.0/UDP once.example.org;branch=z9hG4bK1;received=192.0.2.1")
    second = Via.parse("SIP/2.0/UDP once.example.org;branch=z9hG4bK2")

    assert ("192.0.2.1", None) == (first.received, second.received)


def test_what_is_kept_is_bounded():
    """A peer that never says the same twice makes everything be forgotten, and a long text is not kept at all."""
    known: dict[str, int] = {}
    for n in range(5000):
        keep(known, f"text {n}", n)
    keep(known, "x" * 5000, 0)

    assert len(known) <= 1024
    assert max(map(len, known)) <= 200


def test_a_field_that_was_sent_before_is_sent_again():
    """As often as it is wanted, and for as many values as there are."""
    echo = Echo(Request("OPTIONS", "sip:b@h", [("Via", "SIP/2.0/UDP h")]))
    sent = [echo.response(200, headers=[("Contact", f"<sip:{n}@h>"), ("X", "x" * 500)]) for n in [*range(600), 0]]

    assert sent[0] == sent[-1]
    assert [f"Contact: <sip:{n}@h>\r\nX: {'x' * 500}\r\n".encode() in sent[n] for n in range(600)] == [True] * 600


def test_a_known_cseq_is_the_same_again():
    """A number with zeros before it, too."""
    assert [CSeq(7, "INVITE")] * 2 == [CSeq.parse("007 INVITE"), CSeq.parse("007 INVITE")]
