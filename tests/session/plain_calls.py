"""The beginnings that most tests of a call share."""

from __future__ import annotations

from session_fsm.testing import Datagram, Line, Network, Phone, ScriptedPeer

LADDER = ["Idle", "Negotiating", "Ready", "Established", "Active"]


def talking(net: Network, caller: Phone, callee: Phone) -> tuple[Line, Line]:
    """Both lines of a call whose audio flows."""
    line = caller.call(callee)
    net.deliver()
    callee.line.accept()
    net.deliver()
    assert (LADDER, LADDER) == (line.media_path, callee.line.media_path)
    return line, callee.line


def answered_by(net: Network, caller: Phone, peer: ScriptedPeer, **said: object) -> tuple[Line, Datagram]:
    """The caller's line and its INVITE, once a scripted peer has answered with 200."""
    line = caller.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[-1]
    peer.respond(invite, 200, body=peer.sdp(), **said)
    net.deliver()
    return line, invite


def called_by(net: Network, peer: ScriptedPeer, callee: Phone, **said: object) -> Line:
    """The callee's line, once it has accepted a scripted peer's INVITE, which still lacks its ACK."""
    peer.request("INVITE", callee, body=peer.sdp(), **said)
    net.deliver()
    callee.line.accept()
    net.deliver()
    return callee.line


def acknowledge(net: Network, peer: ScriptedPeer, callee: Phone, *, body: bytes = b"", cseq: int = 1) -> str:
    """Send the ACK to the callee's 200; gives the callee's tag."""
    tag = peer.received.response(200, -1, method="INVITE").to_tag
    peer.request("ACK", callee, to_tag=tag, cseq=cseq, body=body)
    net.deliver()
    return tag


def quiet_and_empty(net: Network, *phones: Phone) -> bool:
    """Run until no timer is left; whether nothing else is either."""
    net.run_until_quiet()
    return all(phone.leftovers == type(phone.leftovers)() for phone in phones)
