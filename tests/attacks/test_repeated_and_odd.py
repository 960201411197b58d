"""Copies that differ from their first, targets that are none, times without end: a liar gains nothing by them."""

from __future__ import annotations

import pytest

from session_fsm.errors import Malformed
from session_fsm.session.account import Account
from session_fsm.session.events import CallEnded, CallFailed, CallHeld, DtmfReceived
from session_fsm.sip import SipUri
from session_fsm.testing import Line, Network, Phone, ScriptedPeer

FOREVER = ["4294967295", "4294967296", "-1", "0", "9" * 100, "1e9", "", "soon"]
HOUR = 3600.0  # seconds
RELAY = [("Content-Type", "application/dtmf-relay")]


def nothing(phone: Phone) -> bool:
    """Whether nothing is left of anything."""
    return type(phone.leftovers)() == phone.leftovers


@pytest.fixture
def tag(net: Network, bob: Phone, mallory: ScriptedPeer) -> str:
    """Mallory is in a call with Bob, whose tag this is."""
    bob.when_called = Line.accept
    mallory.request("INVITE", bob, body=mallory.sdp(port=4000), branch="z9hG4bKfirst")
    net.deliver()
    found = mallory.received.response(200).to_tag
    mallory.request("ACK", bob, to_tag=found)
    net.deliver()
    return found


def test_a_copy_of_an_invite_with_another_offer_is_a_copy(net, bob, mallory, tag):
    """RFC 3261 §17.2.3: the branch decides; the first offer stands."""
    mallory.request("INVITE", bob, body=mallory.sdp(port=6666), branch="z9hG4bKfirst")
    net.deliver()

    assert (1, 4000) == (len(bob.lines), bob.line.session.negotiation.agreement.remote[1])


def test_an_ack_with_an_answer_that_nobody_asked_for_answers_nothing(net, bob, mallory):
    """RFC 3261 §13.2.1: the 200 was the answer."""
    bob.when_called = Line.accept
    mallory.request("INVITE", bob, body=mallory.sdp(port=4000))
    net.deliver()
    mallory.request("ACK", bob, to_tag=mallory.received.response(200).to_tag, body=mallory.sdp(port=7777))
    net.deliver()

    assert ("Active", 4000) == (bob.line.state, bob.line.session.negotiation.agreement.remote[1])


def test_a_copy_of_an_info_with_another_digit_is_a_copy(net, bob, mallory, tag):
    for digit in (b"1", b"2"):
        said = b"Signal=" + digit + b"\r\nDuration=100\r\n"
        mallory.request("INFO", bob, to_tag=tag, cseq=2, branch="z9hG4bKinfo", body=said, headers=RELAY)
        net.deliver()

    assert ["1"] == [event.digit for event in bob.line.told(DtmfReceived)]


@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**32 - 2])
def test_the_highest_numbers_of_cseq_make_a_call_like_others(net, bob, mallory, number):
    """RFC 3261 §8.1.1.5 ends at 2**31; what is beyond is taken as it is."""
    bob.when_called = Line.accept
    mallory.request("INVITE", bob, body=mallory.sdp(), cseq=number)
    net.deliver()
    tag = mallory.received.response(200).to_tag
    mallory.request("ACK", bob, to_tag=tag, cseq=number)
    mallory.request("BYE", bob, to_tag=tag, cseq=number + 1)
    net.run_until_quiet()

    assert ("Terminated", True) == (bob.line.state, nothing(bob))


TARGETS = {
    "headers": ("<sip:m@10.0.0.66?Route=%3Csip:evil%3E&Via=x>", "sip:m@10.0.0.66"),
    "a method": ("<sip:m@10.0.0.66;method=INVITE;x=y>", "sip:m@10.0.0.66;x=y"),
    "no SIP": ("<tel:+1555>", "sip:10.0.0.66:5060"),
    "anything": ("*", "sip:10.0.0.66:5060"),
}


@pytest.mark.parametrize(("contact", "uri"), TARGETS.values(), ids=TARGETS)
def test_our_requests_go_to_a_target_that_is_one(net, bob, mallory, contact, uri):
    """RFC 3261 §19.1.1: what a Contact may hold and a Request-URI may not is left out."""
    bob.when_called = Line.accept
    mallory.request("INVITE", bob, body=mallory.sdp(), headers=[("Contact", contact)])
    net.deliver()
    mallory.request("ACK", bob, to_tag=mallory.received.response(200).to_tag)
    net.deliver()
    bob.line.hang_up()
    net.deliver()
    bye = mallory.received.request("BYE")

    assert (uri, None) == (str(bye.uri), bye.get("Route"))


def test_a_redirection_adds_no_headers_to_our_invite(net, carol, bob, mallory):
    """RFC 3261 §19.1.5: nobody else's headers are sent in our name."""
    bob.when_called = Line.accept
    contact = f"<{bob.uri};method=BYE?Replaces=x&Route=%3Csip:evil%3E>"
    mallory.when("INVITE", lambda invite: mallory.respond(invite, 302, contact=False, headers=[("Contact", contact)]))
    line = carol.call(mallory)
    net.deliver()
    second = bob.received.request("INVITE")

    assert ("Active", bob.uri) == (line.state, str(second.uri))
    assert not second.has("Replaces")


@pytest.mark.parametrize("uri", ["sip:bob@10.0.0.2?Subject=x", "sip:bob@10.0.0.2;method=BYE"])
def test_whom_we_call_has_no_headers(carol, net, uri):
    """An application that wants some says so."""
    with pytest.raises(Malformed, match="`headers` adds some"):
        carol.call(uri)


def test_a_route_set_that_fits_no_datagram_ends_with_the_call(net, bob, mallory):
    """Three thousand Record-Routes: our BYE would be 80 kB, which no kernel sends."""
    bob.when_called = Line.accept
    routes = [("Record-Route", ", ".join(["<sip:10.0.0.66;lr>"] * 3000))]
    mallory.request("INVITE", bob, body=mallory.sdp(), headers=routes)
    net.deliver()
    mallory.request("ACK", bob, to_tag=mallory.received.response(200).to_tag)
    net.deliver()
    bob.line.hang_up()
    net.run_until_quiet()

    assert ("hung up", True) == (bob.line.only(CallEnded).reason, nothing(bob))


@pytest.mark.parametrize("said", FOREVER)
@pytest.mark.parametrize("field", ["Expires", "Session-Expires", "Min-SE", "Retry-After"])
def test_no_time_in_an_invite_keeps_a_call(net, bob, mallory, field, said):
    """It is decided by our own clocks."""
    mallory.request("INVITE", bob, body=mallory.sdp(), headers=[(field, said)])
    net.run_until_quiet()

    assert ("Failed", 480) == (bob.line.state, bob.line.only(CallFailed).status)
    assert nothing(bob)


@pytest.mark.parametrize("said", FOREVER)
@pytest.mark.parametrize("status", [491, 500, 503])
def test_no_retry_after_keeps_a_call(net, carol, mallory, status, said):
    """A hold that is refused so may be tried again, or not; hanging up ends all of it."""
    mallory.when("BYE", lambda bye: mallory.respond(bye, 200, tag=bye.request.to_tag))
    line = carol.call(mallory)
    net.deliver()
    mallory.respond(mallory.received[0], 200, body=mallory.sdp())
    net.deliver()
    line.hold()
    net.deliver()
    mallory.respond(mallory.received.of("INVITE")[-1], status, headers=[("Retry-After", said)])
    net.run_for(0.1)
    line.hang_up()
    net.run_until_quiet()

    assert ("Terminated", []) == (line.state, line.told(CallHeld))
    assert net.now < 60.0


@pytest.mark.parametrize("said", FOREVER)
@pytest.mark.parametrize(("status", "field"), [(200, "Expires"), (423, "Min-Expires"), (503, "Retry-After")])
def test_no_time_of_a_registrar_is_for_ever_or_a_storm(mallory, status, field, said):
    """It is asked once a second at most; and again within the hour, unless it has granted nothing."""
    bob = Phone("bob", "10.0.0.2", account=Account(registrar=SipUri.parse("sip:10.0.0.66")))
    net = Network(bob, mallory)
    contact = ("Contact", "<sip:bob@10.0.0.2:5060>")
    mallory.when(
        "REGISTER", lambda asked: mallory.respond(asked, status, contact=False, headers=[(field, said), contact])
    )
    bob.register()
    net.run_for(HOUR)

    least = 1 if (status, said) == (200, "0") else 2
    assert least <= mallory.received.count("REGISTER") <= HOUR / 10
