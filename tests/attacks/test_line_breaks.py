"""Line breaks and escape sequences: none leaves us in a message, none reaches a log or a terminal."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import pytest

from session_fsm import CallFailedError, Credentials, DigestPolicy, Malformed, SessionFsmError, UserAgent
from session_fsm.sdp import Codec
from session_fsm.session.events import CallEnded, CallFailed
from session_fsm.session.settings import Settings
from session_fsm.testing import Line

BREAKS = ["a\r\nVia: SIP/2.0/UDP evil", "a\nb", "a\rb", "a\x00b", "a\x1b[2Jb", "a\x7fb"]
STEERING = "Busy \x1b[2J\x07\x85\u2028\u202e now"


@pytest.mark.parametrize("text", BREAKS)
def test_no_line_break_leaves_us_in_a_header(bob, carol, net, text):
    """The INVITE's headers that an application gives."""
    with pytest.raises(Malformed):
        carol.call(bob, headers=[("X-Note", text)])

    assert [] == carol.sent


@pytest.mark.parametrize("text", BREAKS)
def test_no_line_break_leaves_us_in_a_reason(net, bob, carol, text):
    """The reason of a refusal, and the headers with it."""
    carol.call(bob)
    net.deliver()
    for refusal in ({"reason": text}, {"headers": [("X-Note", text)]}):
        with pytest.raises(Malformed):
            bob.line.reject(486, **refusal)

    assert "Initiating" == bob.line.state


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("form", ["sip:{}@10.0.0.2", "sip:bob@{}", "sip:bob@10.0.0.2;x={}", "sip:bob@10.0.0.2?x={}"])
def test_no_line_break_leaves_us_in_a_uri(net, bob, carol, text, form):
    """Whom we call, where we send a caller, and what we are called ourselves."""
    uri = form.format(text)
    with pytest.raises(Malformed):
        carol.call(uri)
    with pytest.raises(Malformed):
        UserAgent(uri)
    carol.call(bob)
    net.deliver()
    with pytest.raises(Malformed):
        bob.line.redirect(uri)


@pytest.mark.parametrize("text", BREAKS)
def test_no_line_break_leaves_us_in_the_name_of_the_product(text):
    with pytest.raises(Malformed):
        Settings(product=text)


ACCOUNTS: dict[str, Callable[[str], object]] = {
    "a user": lambda text: Credentials(text, "secret", "realm"),
    "a realm": lambda text: Credentials("user", "secret", text),
    "a realm of ours": lambda text: DigestPolicy(text, {}.get),
    "a registrar": lambda text: UserAgent("sip:a@h", registrar=text),
    "a registrar's host": lambda text: UserAgent("sip:a@h", registrar=(text, 5060)),
    "a proxy": lambda text: UserAgent("sip:a@h", proxy=text),
    "a proxy's host": lambda text: UserAgent("sip:a@h", proxy=(text, 5060)),
    "an address to bind": lambda text: UserAgent("sip:a@h", bind=text),
    "an address to tell": lambda text: UserAgent("sip:a@h", advertise=text),
    "its host": lambda text: UserAgent("sip:a@h", advertise=(text, 5060)),
    "a codec": lambda text: Settings(codecs=(Codec(text, 0),)),
}


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("given", ACCOUNTS.values(), ids=ACCOUNTS)
def test_no_line_break_leaves_us_in_what_a_user_agent_is_made_of(given, text):
    """Each is refused when it is given, not when it would be sent."""
    with pytest.raises((SessionFsmError, ValueError)):
        given(text)


@pytest.mark.parametrize("text", BREAKS)
def test_no_line_break_leaves_us_in_the_name_of_a_header(bob, carol, net, text):
    """An INVITE's, and a refusal's."""
    carol.call(bob)
    net.deliver()
    sent = len(bob.sent)
    for refused in (
        lambda: carol.call(bob, headers=[(text, "value")]),
        lambda: bob.line.reject(486, headers=[(text, "value")]),
        lambda: bob.line.reject(486, headers=[("X-Note", "right"), ("X-Note", text)]),
    ):
        with pytest.raises(Malformed):
            refused()

    assert (sent, 1) == (len(bob.sent), carol.sent.count("INVITE"))


@pytest.mark.parametrize("name", ["Via", "v", "To", "Content-Length", "l", "CSeq", "Contact", "m"])
def test_no_application_writes_a_header_of_ours(bob, carol, net, name):
    """A second Via or Content-Length would make two messages of one, or another one."""
    carol.call(bob)
    net.deliver()
    for refused in (
        lambda: carol.call(bob, headers=[(name, "1")]),
        lambda: bob.line.reject(486, headers=[(name, "1")]),
    ):
        with pytest.raises(Malformed):
            refused()


def test_a_peers_reason_steers_no_terminal(net, carol, mallory):
    """As an error message, as an event's text in a log, and as a call in print."""
    line = carol.call(mallory)
    net.deliver()
    mallory.respond(mallory.received[0], 486, STEERING)
    net.deliver()
    failed = line.only(CallFailed)

    assert failed.reason.isprintable()
    assert str(CallFailedError(failed.status, failed.reason)).isprintable()


def test_a_peers_bye_steers_no_terminal(net, bob, mallory):
    """The Reason header of a BYE becomes the reason of the call's end."""
    bob.when_called = Line.accept
    mallory.request("INVITE", bob, body=mallory.sdp())
    net.deliver()
    tag = mallory.received.response(200).to_tag
    mallory.request("ACK", bob, to_tag=tag)
    mallory.request("BYE", bob, to_tag=tag, cseq=2, headers=[("Reason", 'SIP;text="\x1b[2J\x07"')])
    net.deliver()

    assert bob.line.only(CallEnded).reason.isprintable()


async def test_a_callers_name_steers_no_terminal(caplog):
    """What is logged, and what is shown of a call, is one printable line."""
    caplog.set_level(logging.DEBUG, logger="session_fsm")
    name = "\x1b[2J\x07\x85\u2028\u202e"
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.bind(("127.0.0.1", 0))
            text = (
                f"INVITE {bob.contact} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKm\r\n"
                f'From: "{name}" <sip:{name}@127.0.0.1>;tag=m\r\nTo: "{name}" <sip:bob@127.0.0.1>\r\n'
                f"Call-ID: {name}\r\nCSeq: 1 INVITE\r\nContact: <sip:m@127.0.0.1:9>\r\nSubject: {name}\r\n\r\n"
            )
            for each in (
                text,
                text.replace(f"<sip:{name}@", "<sip:mallory@").replace(f"Call-ID: {name}", "Call-ID: m"),
            ):
                out.sendto(each.encode(), bob.address)
            invite = await anext(bob.incoming_calls())

            assert all(text.isprintable() for text in (repr(invite), repr(invite.call), str(invite.call.failure())))
    assert all(record.getMessage().isprintable() for record in caplog.records)
