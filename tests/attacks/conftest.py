from __future__ import annotations

import pytest

from session_fsm.testing import Network, Phone, ScriptedPeer


@pytest.fixture
def bob() -> Phone:
    return Phone("bob", "10.0.0.2")


@pytest.fixture
def carol() -> Phone:
    """A real caller."""
    return Phone("carol", "10.0.0.3")


@pytest.fixture
def mallory() -> ScriptedPeer:
    """The attacker."""
    return ScriptedPeer("mallory", "10.0.0.66")


@pytest.fixture
def net(bob, carol, mallory) -> Network:
    """All three on a network without faults and without delay."""
    return Network(bob, carol, mallory)
