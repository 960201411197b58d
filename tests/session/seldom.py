"""What the tests of seldom situations share: what a line was told, and how to get there."""

from __future__ import annotations

from session_fsm.sdp import MediaDirection
from session_fsm.session.events import (
    DialogStateChanged,
    MediaChange,
    MediaEvent,
    SdpEvent,
)
from session_fsm.session.orders import Edge, EdgeFacts
from session_fsm.testing import Line

SENDRECV, SENDONLY, RECVONLY, INACTIVE = MediaDirection
USELESS = (b"RTP/AVP 0 8", b"RTP/AVP 18")


def dialog_path(line: Line) -> list[str]:
    return [str(event.new_state) for event in line.told(DialogStateChanged)]


def kinds(line: Line) -> list[str]:
    return [str(event.event_type) for event in line.told(SdpEvent)]


def changes(line: Line) -> list[MediaChange]:
    return [event.event for event in line.told(MediaEvent)]


def edge(line: Line, what: Edge, **facts: object) -> None:
    """The media plane sees something."""
    phone = line.phone
    phone.command(lambda at, now: at.media_edge(line.id, what, EdgeFacts(arrival=now, **facts), now))


def ringing_at(net, alice, peer, **how):
    """A call that rings at a scripted peer; the line and the INVITE."""
    line = alice.call(peer, **how)
    net.deliver()
    invite = peer.received.of("INVITE")[-1]
    peer.respond(invite, 180)
    net.deliver()
    return line, invite
