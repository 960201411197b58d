"""Runs that fuzzing found, each as short as it could be made. The fault is mended; the run stays."""

from __future__ import annotations

import pytest

from session_fsm.sdp import CODECS
from session_fsm.session.events import CallFailed
from session_fsm.testing import Network, Phone, ScriptedPeer


@pytest.fixture
def bob() -> Phone:
    return Phone("bob", "10.0.0.2")


@pytest.fixture
def peer() -> ScriptedPeer:
    return ScriptedPeer("peer", "10.0.0.9")


def test_an_offer_of_our_own_rtp_address_is_refused_when_the_port_is_known(bob, peer):
    """A peer can guess our next port; the 200 used to go out without an answer, and media stayed in Ready."""
    net = Network(bob, peer)
    offer = peer.sdp(port=40000).replace(b"10.0.0.9", b"10.0.0.2")
    peer.request("INVITE", bob, body=offer)
    net.deliver()
    bob.line.accept()
    net.run_until_quiet()

    assert [488] == [datagram.status for datagram in peer.received if datagram.status != 100][:1]
    assert "our own address" in bob.line.only(CallFailed).reason
    assert type(bob.leftovers)() == bob.leftovers


def test_an_accept_with_codecs_that_the_offer_has_not_is_refused(bob, peer):
    """The same hole, from the application's side."""
    net = Network(bob, peer)
    peer.request("INVITE", bob, body=peer.sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 0"))
    net.deliver()
    bob.line.accept(codecs=[codec for codec in CODECS if codec.name == "PCMA"])
    net.run_until_quiet()

    assert [488] == [datagram.status for datagram in peer.received if datagram.status != 100][:1]
    assert "no codec in common" in bob.line.only(CallFailed).reason
