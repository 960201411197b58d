"""Messages as no honest peer would send them: spoken in another call, or changed on their way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from session_fsm.sdp import LocalMedia, MediaDirection
from session_fsm.sdp import offer as make_offer
from session_fsm.session.events import Address
from session_fsm.sip import Request
from session_fsm.testing.datagram import Datagram
from session_fsm.testing.line import Line
from session_fsm.testing.network import Network
from session_fsm.testing.phone import Phone

# name -> (what is found, what it becomes). Each names one thing that a state machine or a guard looks at.
SPOILS: Mapping[str, tuple[bytes, bytes]] = {
    "later CSeq": (rb"CSeq: \d+ ", rb"CSeq: 77 "),
    "no CSeq": (rb"CSeq: [^\r]*\r\n", rb""),
    "other method in CSeq": (rb"(CSeq: \d+ )\w+", rb"\1OPTIONS"),
    "other branch": (rb"branch=z9hG4bK", rb"branch=z9hG4bKx"),
    "other To tag": (rb"(\r\nTo: [^\r]*;tag=)", rb"\1x"),
    "no To tag": (rb"(\r\nTo: [^\r]*);tag=[^\r;]*", rb"\1"),
    "other From tag": (rb"(\r\nFrom: [^\r]*;tag=)", rb"\1x"),
    "other Call-ID": (rb"Call-ID: ", rb"Call-ID: x"),
    "no Contact": (rb"Contact: [^\r]*\r\n", rb""),
    "no Via": (rb"Via: [^\r]*\r\n", rb""),
    "no hops left": (rb"Max-Forwards: \d+", rb"Max-Forwards: 0"),
    "requires an extension": (rb"\r\n\r\n", rb"\r\nRequire: 100rel\r\n\r\n"),
    "no body": (rb"\r\n\r\n[\s\S]*", rb"\r\nContent-Length: 0\r\n\r\n"),
    "body cut off": (rb"\r\n\r\nv=0[\s\S]*", rb"\r\n\r\nv=0"),
    "inactive": (rb"a=sendrecv", rb"a=inactive"),
    "port 0": (rb"m=audio \d+", rb"m=audio 0"),
    "unknown codec": (rb"RTP/AVP [\d ]+", rb"RTP/AVP 99"),
    "on hold, the old way": (rb"c=IN IP4 [\d.]+", rb"c=IN IP4 0.0.0.0"),
    **{f"says {status}": (rb"^SIP/2.0 \d+", b"SIP/2.0 %d" % status) for status in (100, 183, 200, 302, 481, 491, 503)},
}

ASKED: Mapping[str, tuple[str, str]] = {
    "OPTIONS": ("OPTIONS", ""),
    "BYE": ("BYE", ""),
    "UPDATE": ("UPDATE", ""),
    "UPDATE sendonly": ("UPDATE", "sendonly"),
    "INVITE": ("INVITE", "sendrecv"),
    "INVITE inactive": ("INVITE", "inactive"),
    "INVITE without offer": ("INVITE", ""),
}
"Requests that a peer may send in a dialog whenever it likes: method, and the direction of its description."


def asked(line: Line, source: Address, what: str, cseq: int) -> bytes:
    """A request in a line's dialog, as its peer would send it: with the right tags, whatever state the dialog is in."""
    method, direction = ASKED[what]
    session = line.session
    own_tag = next(iter(session.dialogs), None)
    host, port = source
    headers = [
        ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK-asked-{cseq}-{method}"),
        ("Max-Forwards", "70"),
        ("From", f"<{session.remote_uri}>" + (f";tag={own_tag}" if own_tag else "")),
        ("To", f"<{session.local_uri}>;tag={session.local_tag}"),
        ("Call-ID", session.call_id),
        ("CSeq", f"{cseq} {method}"),
        ("Contact", f"<sip:asker@{host}:{port}>"),
    ]
    if not direction:
        return Request(method, session.local_uri, headers).encode()
    media = LocalMedia((host, 41000), direction=MediaDirection(direction), session_id=1, version=cseq)
    headers.append(("Content-Type", "application/sdp"))
    return Request(method, session.local_uri, headers, make_offer(media, None).encode()).encode()


def spoilt(data: bytes, name: str) -> bytes:
    """A message with one thing changed; as it was when it has no such thing."""
    found, becomes = SPOILS[name]
    head, blank, body = re.sub(found, becomes, data, count=1).partition(b"\r\n\r\n")
    return re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head) + blank + body


@cache
def spoken() -> tuple[Datagram, ...]:
    """Every datagram of a call with a hold and of a cancelled one, between the same two phones with the same dice.

    Tags and branches come from the same dice, so that many of them belong to the call that goes on.
    """
    alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2")
    net = Network(alice, bob)
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.reinvite(MediaDirection.SENDONLY)
    net.deliver()
    bob.line.hang_up()
    net.deliver()
    other: Line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    other.hang_up()
    net.run_until_quiet()
    return tuple(net.log)
