"""Addresses as people write them, and which of ours a peer can reach."""

from __future__ import annotations

import socket

import pytest

from session_fsm.errors import TransportError
from session_fsm.runtime.addresses import is_wildcard, local_host_towards, parse_address, written


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:5070", ("127.0.0.1", 5070)),
        ("127.0.0.1", ("127.0.0.1", 5060)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:5070", ("::1", 5070)),
        ("[::1]", ("::1", 5060)),
        ("::1", ("::1", 5060)),
    ],
)
def test_an_address_is_read(text, address):
    """With and without a port, IPv6 with and without brackets."""
    assert address == parse_address(text)


@pytest.mark.parametrize(
    "text", ["", "localhost:5060", "127.0.0.1:99999", "127.0.0.1:x", "[::1:5060", "[::1]5", "1.2.3:1"]
)
def test_what_is_no_address_is_refused(text):
    """The sentence shows what was given."""
    with pytest.raises(TransportError, match=r"must be a number|is no IP address"):
        parse_address(text)


def test_an_address_is_written_as_it_is_read():
    """Brackets around IPv6 only."""
    assert ["127.0.0.1:1", "[::1]:1"] == [written(("127.0.0.1", 1)), written(("::1", 1))]


def test_the_way_to_a_peer_names_one_of_our_addresses():
    """The kernel's route decides; loopback is reached from loopback."""
    assert "127.0.0.1" == local_host_towards(("127.0.0.1", 5060), socket.AF_INET)
    assert not is_wildcard(local_host_towards(None, socket.AF_INET))
