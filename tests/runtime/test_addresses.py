"""Addresses as people write them, and which of ours a peer can reach."""

from __future__ import annotations

import pytest

from session_fsm.errors import TransportError
from session_fsm.runtime.addresses import parse_address, route_from, written
from session_fsm.runtime.spelling import REMEMBERED, Spelling


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
    assert "127.0.0.1" == route_from(("127.0.0.1", 5060))


def test_there_is_no_way_to_an_address_of_no_network():
    """0.0.0.0 aside, which the kernel takes for ourselves, a route is found or it is not; nothing raises."""
    assert route_from(("255.255.255.255", 9)) is None


@pytest.mark.parametrize(
    ("bound", "spelled", "known"),
    [
        ("::", ("::ffff:192.0.2.1", 5), ("192.0.2.1", 5)),
        ("::", ("2001:db8::1", 5), ("2001:db8::1", 5)),
        ("::1", ("2001:db8::1", 5), ("2001:db8::1", 5)),
        ("fe80::1%1", ("fe80::2", 5, 0, 1), ("fe80::2", 5)),
        ("::", ("fe80::2", 5, 0, 7), ("fe80::2", 5)),
    ],
)
def test_an_ipv6_socket_spells_addresses_in_its_own_way(bound, spelled, known):
    """What comes in as one goes out as the other."""
    spelling = Spelling(bound)

    assert known == spelling.inward(spelled)
    assert spelled == spelling.outward(known)


def test_an_ipv6_socket_that_is_bound_to_one_address_does_not_reach_ipv4():
    """So the kernel says so, in its words."""
    assert ("192.0.2.1", 5) == Spelling("::1").outward(("192.0.2.1", 5))


def test_the_zones_of_peers_are_bounded():
    """A flood of link-local addresses fills no memory; the oldest is forgotten."""
    spelling = Spelling("::")
    for n in range(REMEMBERED + 1):
        spelling.inward((f"fe80::{n:x}", 5, 0, 2))

    assert [0, 2] == [spelling.outward((host, 5))[3] for host in ("fe80::0", "fe80::1")]
