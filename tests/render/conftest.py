"""Two phones on a virtual network whose datagrams take 3 ms."""

from __future__ import annotations

import pytest

from session_fsm.testing import Line, Network, Phone


@pytest.fixture
def alice() -> Phone:
    return Phone("alice", "10.0.0.1")


@pytest.fixture
def bob() -> Phone:
    return Phone("bob", "10.0.0.2", when_called=Line.accept)


@pytest.fixture
def net(alice, bob) -> Network:
    return Network(alice, bob, delay=0.003)
