"""Numbers, lists and brackets beyond all measure: an answer or a count, at once, and the phone still works."""

from __future__ import annotations

import time

import pytest

from session_fsm.testing import Line, Network, Phone, ScriptedPeer

HUNDRED = "9" * 100
FIVE_THOUSAND = "9" * 5000  # more than Python makes a number of
DEEP = 30_000
LARGEST = 65_000  # octets, of a datagram
AT_MOST = 0.5  # CPU seconds; what is not linear takes many

HEAD = {
    "Via": "SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKm",
    "Max-Forwards": "70",
    "From": "<sip:m@10.0.0.66>;tag=m",
    "To": "<sip:bob@10.0.0.2>",
    "Call-ID": "m",
    "CSeq": "1 INVITE",
    "Contact": "<sip:m@10.0.0.66>",
}
SDP = "v=0\no=- 1 1 IN IP4 10.0.0.66\ns=-\nc=IN IP4 10.0.0.66\nt=0 0\nm=audio 4000 RTP/AVP 0\n"


def text_of(changes: dict[str, str], body: str = "", uri: str = "sip:bob@10.0.0.2") -> str:
    """An INVITE with these headers instead of ours."""
    fields = {**HEAD, **changes}
    if body:
        fields = {**fields, "Content-Type": "application/sdp"}
    return f"INVITE {uri} SIP/2.0\n" + "".join(f"{name}: {value}\n" for name, value in fields.items()) + f"\n{body}"


def stands(net: Network, bob: Phone) -> bool:
    """Whether Bob still answers, and in the end nothing is left of what came."""
    asker = ScriptedPeer("asker", "10.0.0.77")
    net.add(asker)
    asker.request("OPTIONS", bob, call_id="asked")
    net.run_until_quiet()
    return 1 == asker.received.count(status=200) and type(bob.leftovers)() == bob.leftovers


NUMBERS = {
    "CSeq": text_of({"CSeq": f"{HUNDRED} INVITE"}),
    "Max-Forwards": text_of({"Max-Forwards": HUNDRED}),
    "Content-Length": text_of({"Content-Length": HUNDRED}),
    "Expires": text_of({"Expires": HUNDRED}),
    "a port in Via": text_of({"Via": f"SIP/2.0/UDP 10.0.0.66:{HUNDRED};branch=z9hG4bKm"}),
    "rport": text_of({"Via": f"SIP/2.0/UDP 10.0.0.66;rport={HUNDRED};branch=z9hG4bKm"}),
    "ttl": text_of({"Via": f"SIP/2.0/UDP 10.0.0.66;ttl={HUNDRED};branch=z9hG4bKm"}),
    "a port in Contact": text_of({"Contact": f"<sip:m@10.0.0.66:{HUNDRED}>"}),
    "q of a Contact": text_of({"Contact": f"<sip:m@10.0.0.66>;q=0.{HUNDRED}"}),
    "a port in the Request-URI": text_of({}, uri=f"sip:bob@10.0.0.2:{HUNDRED}"),
    "a port of SDP": text_of({}, SDP.replace("4000", HUNDRED)),
    "a payload type": text_of({}, SDP.replace("AVP 0", f"AVP {HUNDRED}")),
    "a version of SDP": text_of({}, SDP.replace("- 1 1", f"- 1 {HUNDRED}")),
    "a session of SDP": text_of({}, SDP.replace("- 1 1", f"- {HUNDRED} 1")),
    "a time of SDP": text_of({}, SDP.replace("t=0 0", f"t={HUNDRED} {HUNDRED}")),
    "ptime": text_of({}, f"{SDP}a=ptime:{HUNDRED}\n"),
    "an rtpmap": text_of({}, f"{SDP}a=rtpmap:{HUNDRED} PCMU/{HUNDRED}/{HUNDRED}\n"),
    "an rtcp port": text_of({}, f"{SDP}a=rtcp:{HUNDRED}\n"),
    "an octet of an address": text_of({}, SDP.replace("c=IN IP4 10", f"c=IN IP4 {HUNDRED}")),
    "a number of ports": text_of({}, SDP.replace("4000", f"4000/{HUNDRED}")),
}


@pytest.mark.parametrize("digits", [HUNDRED, FIVE_THOUSAND], ids=["100", "5000"])
@pytest.mark.parametrize("text", NUMBERS.values(), ids=NUMBERS)
def test_a_number_of_a_hundred_digits_breaks_nothing(net, bob, mallory, text, digits):
    """Whatever becomes of it, it is neither computed with nor sent back as a number."""
    bob.when_called = Line.accept
    mallory.send(text.replace(HUNDRED, digits), bob)

    assert stands(net, bob)


@pytest.mark.parametrize("status", [200, 302, 486, 503])
def test_an_answer_with_numbers_of_a_hundred_digits_breaks_nothing(net, carol, mallory, status):
    """Retry-After, q and a port in Contact, a CSeq that is right but for its zeros."""
    line = carol.call(mallory)
    net.deliver()
    headers = [("Retry-After", HUNDRED), ("Contact", f"<sip:x@10.0.0.66:5070>;q={HUNDRED};expires={HUNDRED}")]
    mallory.respond(mallory.received[0], status, contact=False, headers=headers, body=mallory.sdp())
    net.deliver()
    line.hang_up()
    net.run_until_quiet()

    assert type(carol.leftovers)() == carol.leftovers


LARGE = {
    "Via": text_of({"Via": ", ".join([HEAD["Via"]] * (LARGEST // 45))}),
    "Via fields": text_of({"Subject": "x\n" + f"Via: {HEAD['Via']}\n" * (LARGEST // 45) + "X: y"}),
    "Route": text_of({"Route": ", ".join(["<sip:10.0.0.66;lr>"] * (LARGEST // 21))}),
    "Record-Route": text_of({"Record-Route": ", ".join(["<sip:10.0.0.66;lr>"] * (LARGEST // 21))}),
    "Accept": text_of({"Accept": ", ".join(["text/plain"] * (LARGEST // 13))}),
    "Contact": text_of({"Contact": ", ".join(["<sip:a@b>"] * (LARGEST // 12))}),
    "Require": text_of({"Require": ", ".join(f"x{n}" for n in range(LARGEST // 9))}),
    "SDP streams": text_of({}, SDP + "m=audio 9 RTP/AVP 0\n" * (LARGEST // 21)),
    "SDP attributes": text_of({}, SDP + "a=x:y\n" * (LARGEST // 8)),
    "SDP formats": text_of({}, SDP.replace("AVP 0", "AVP" + " 0" * (LARGEST // 2))),
    "parentheses": text_of({"User-Agent": "(" * DEEP + ")" * DEEP}),
    "parentheses in From": text_of({"From": "(" * DEEP}),
    "angle brackets": text_of({"From": "<" * DEEP + ">" * DEEP}),
    "square brackets": text_of({}, uri="sip:bob@" + "[" * DEEP + "]" * DEEP),
    "quotes": text_of({"From": '"' + '\\"' * DEEP + '" <sip:a@b>;tag=1'}),
    "escapes": text_of({}, uri="sip:" + "%25" * (DEEP // 2) + "@10.0.0.2"),
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_datagram_full_of_one_thing_takes_no_time(net, bob, mallory, text):
    """64 kB of it, or thirty thousand deep, through all that a request goes through."""
    bob.when_called = Line.accept
    mallory.send(text[:LARGEST] if len(text) > LARGEST else text, bob)
    begun = time.process_time()
    net.deliver()

    assert time.process_time() - begun < AT_MOST
    assert stands(net, bob)


UNUSABLE = {
    "port 0": SDP.replace("4000", "0"),
    "port 65536": SDP.replace("4000", "65536"),
    "port -1": SDP.replace("4000", "-1"),
    "broadcast": SDP.replace("c=IN IP4 10.0.0.66", "c=IN IP4 255.255.255.255"),
    "multicast": SDP.replace("c=IN IP4 10.0.0.66", "c=IN IP4 239.1.1.1/32"),
    "multicast of IPv6": SDP.replace("c=IN IP4 10.0.0.66", "c=IN IP6 ff02::1"),
    "reserved": SDP.replace("c=IN IP4 10.0.0.66", "c=IN IP4 240.0.0.1"),
    "a host name": SDP.replace("c=IN IP4 10.0.0.66", "c=IN IP4 victim.example"),
}


@pytest.mark.parametrize("body", UNUSABLE.values(), ids=UNUSABLE)
def test_no_media_is_sent_where_nobody_single_lives(net, bob, mallory, body):
    """488, and no path is opened."""
    bob.when_called = Line.accept
    mallory.send(text_of({}, body), bob)
    net.deliver()

    assert 488 == bob.sent[-1].status
    assert not bob.streams


def test_no_media_is_sent_to_ourselves(net, bob, mallory):
    """A description that names our own RTP port would have us talk to ourselves for ever."""
    ours = SDP.replace("c=IN IP4 10.0.0.66", "c=IN IP4 10.0.0.2").replace("4000", str(40_000))
    bob.when_called = Line.accept
    mallory.send(text_of({}, ours), bob)
    net.deliver()

    assert 488 == bob.sent[-1].status
