from __future__ import annotations

import pytest

from session_fsm.testing import Network, Phone, ScriptedPeer


@pytest.fixture
def alice() -> Phone:
    return Phone("alice", "10.0.0.1")


@pytest.fixture
def bob() -> Phone:
    return Phone("bob", "10.0.0.2")


@pytest.fixture
def peer() -> ScriptedPeer:
    return ScriptedPeer("peer", "10.0.0.9")


@pytest.fixture
def net(alice, bob, peer) -> Network:
    """Alice, Bob and a scripted peer on a network without faults and without delay."""
    return Network(alice, bob, peer)
