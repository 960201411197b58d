"""Whose packets count: what the media plane senses, and `source.toml` decides. One stream, its clock turned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from media_side import PEER, STRANGER, Peer, Side

from session_fsm.rtp import ReceiverReport, Sdes, encode_rtcp
from session_fsm.sdp import PCMU, Agreement, LocalMedia, MediaDirection
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.orders import Edge, FollowSource, OpenPath
from session_fsm.session.settings import Settings
from session_fsm.session.source import name_path

LEARN_WINDOW = 10.0  # seconds, in source.toml
OTHER = ("127.0.0.1", 42000)


class Learning(Side):
    """The stream of a call whose peer may be behind a NAT, and the coordinator that decides about it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Edge] = []
        self.at = SessionCoordinator(
            "sip:us@10.0.0.3", ("10.0.0.3", 5060), dice=Random(1), settings=Settings(learn_source="always")
        )
        made = self.at.make_call("sip:peer@10.0.0.9", media=LocalMedia(("10.0.0.3", 40000)), now=self.now)
        self.session = self.at.session(made)
        self.plane.attach(made, self.stream)

    def name(self, remote: tuple[str, int] = PEER, direction: MediaDirection = MediaDirection.SENDRECV) -> None:
        """Offer and answer agree on this address."""
        agreement = Agreement(PCMU, 0, 0, remote, (remote[0], remote[1] + 1), direction, 20, (PCMU,))
        self.plane.obey(OpenPath(session_id=self.session.id, agreement=agreement, learn_source=True))
        assert name_path(self.session, remote)
        self.at.expire(self.now)
        self.decide()

    def hear(self, data: bytes, source: tuple[str, int] = PEER) -> None:
        """A datagram arrives, and what it leads to is decided."""
        super().hear(data, source)
        self.decide()

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        self.at.expire(self.now)
        self.decide()

    def decide(self) -> None:
        """As the driver does it."""
        while True:
            while (order := self.at.poll_media()) is not None:
                self.plane.obey(order)
            if not self.plane.edges:
                return
            session_id, edge, facts = self.plane.edges.popleft()
            self.told.append(edge)
            self.at.media_edge(session_id, edge, facts, self.now)

    @property
    def state(self) -> str:
        """Of the source chart."""
        return self.session.watches["source"].state


@pytest.fixture
async def side() -> Iterator[Learning]:
    side = Learning()
    yield side
    side.plane.close()
    side.poller.close()


@pytest.fixture
async def open_side(side: Learning) -> Learning:
    """With the path open to PEER, and others on probation."""
    side.name()
    side.told.clear()
    return side


async def test_a_peer_behind_nat_is_learnt_after_probation(open_side):
    """RFC 3550 A.1: two packets in sequence; both are kept, and ours go where they came from."""
    peer = Peer()

    open_side.hear(peer.packet(), STRANGER)
    assert [] == open_side.told
    open_side.hear(peer.packet(), STRANGER)

    assert [Edge.SOURCE_PROVEN, Edge.SOURCE_CHANGED, Edge.FIRST_FRAME] == open_side.told
    assert (2, STRANGER, "Learnt") == (open_side.packets, open_side.stream.destination, open_side.state)


async def test_a_peer_that_was_early_is_learnt_with_what_it_said(side):
    """RFC 3264 §5.1: who offered listens. Its packets had waited for somebody to say who it is."""
    peer = Peer()
    for _ in range(3):
        side.hear(peer.packet(), STRANGER)
    side.name()

    assert (3, STRANGER, "Learnt") == (side.packets, side.stream.destination, side.state)


async def test_the_negotiated_address_is_heard_before_any_stranger(side):
    """Whichever of them was early first."""
    stranger, peer = Peer(ssrc=8), Peer()
    for _ in range(3):
        side.hear(stranger.packet(), STRANGER)
    side.hear(peer.packet())
    side.name()

    assert (1, PEER, "Heard") == (side.packets, side.stream.destination, side.state)


async def test_a_source_is_learnt_only_once(open_side):
    """Whoever comes later is a stranger."""
    for source in (STRANGER, OTHER):
        peer = Peer()
        for _ in range(3):
            open_side.hear(peer.packet(), source)

    assert STRANGER == open_side.stream.destination
    assert 3 == open_side.packets == open_side.stream.counters["stranger"]


async def test_nobody_is_learnt_after_a_packet_from_the_negotiated_address(open_side):
    """The peer is where it said that it would be."""
    open_side.hear(Peer().packet())
    other = Peer(ssrc=8)
    for _ in range(3):
        open_side.hear(other.packet(), STRANGER)

    assert (PEER, 1, "Heard") == (open_side.stream.destination, open_side.packets, open_side.state)


@pytest.mark.parametrize("source", [PEER, STRANGER], ids=["named", "learnt"])
async def test_a_reinvite_with_the_same_address_opens_no_new_window(open_side, source):
    """Who was heard or learnt stays so, though a hold and its end come in between."""
    peer, other = Peer(), Peer(ssrc=8)
    for _ in range(2):
        open_side.hear(peer.packet(), source)
    open_side.name(direction=MediaDirection.SENDONLY)
    open_side.name()
    for _ in range(3):
        open_side.hear(other.packet(), OTHER)

    assert (source, 3) == (open_side.stream.destination, open_side.stream.counters["stranger"])


async def test_a_reinvite_with_another_address_opens_a_new_window(open_side):
    """The peer has moved, and may be behind another NAT."""
    open_side.hear(Peer().packet())
    open_side.name(OTHER)
    peer = Peer(ssrc=8)
    for _ in range(2):
        open_side.hear(peer.packet(), STRANGER)

    assert (STRANGER, "Learnt") == (open_side.stream.destination, open_side.state)


async def test_nobody_is_learnt_after_the_window(open_side):
    """The time in which a source may be learnt is bounded."""
    open_side.later(LEARN_WINDOW)
    peer = Peer()
    for _ in range(3):
        open_side.hear(peer.packet(), STRANGER)

    assert (PEER, 0, "Named") == (open_side.stream.destination, open_side.packets, open_side.state)
    assert 3 == open_side.stream.counters["stranger"]


async def test_the_negotiated_address_takes_its_place_back(open_side):
    """A learnt source was a guess; the address of the description is not. Its packet is heard."""
    guess, peer = Peer(ssrc=8), Peer()
    for _ in range(2):
        open_side.hear(guess.packet(), STRANGER)
    open_side.now += 1.1  # so that another SSRC may follow

    open_side.hear(peer.packet())
    open_side.hear(guess.packet(), STRANGER)

    assert (PEER, 3, "Heard") == (open_side.stream.destination, open_side.packets, open_side.state)


async def test_probation_wants_packets_in_sequence(open_side):
    """Scattered packets, as a scan sends them, teach nothing."""
    for sequence in (5, 50, 500, 40, 4):
        open_side.hear(Peer(sequence=sequence).packet(), STRANGER)

    assert (PEER, 0, "Window") == (open_side.stream.destination, open_side.packets, open_side.state)


async def test_a_flood_of_addresses_on_probation_steps_no_machine(open_side):
    """Only who has proven itself is told of: a packet of anybody else costs what it did, and no memory."""
    for port in range(2000):
        open_side.hear(Peer(sequence=port).packet(), ("192.0.2.1", 1024 + port))

    assert [] == open_side.told
    assert (2000, 4) == (open_side.stream.counters["probation"], len(open_side.stream.sources._candidates))


async def test_rtcp_follows_the_source_that_was_learnt(open_side):
    """A NAT gives it some port of the same address: it is taken from any, and ours goes to the one that was named."""
    peer, nat = Peer(), "127.0.0.9"
    for _ in range(2):
        open_side.hear(peer.packet(), (nat, 4000))
    said = encode_rtcp([ReceiverReport(7), Sdes.naming(7, "peer")])
    for source in ((nat, 4777), ("127.0.0.8", 4777), STRANGER):
        open_side.stream._hear_rtcp(said, source)

    assert (1, 2) == (open_side.stream.reports.received, open_side.stream.counters["stranger_rtcp"])
    assert (nat, PEER[1] + 1) == open_side.stream._rtcp_destination


async def test_a_source_is_followed_with_packets_or_without(open_side):
    """An order is obeyed whatever is known of the source."""
    open_side.plane.obey(FollowSource(session_id=open_side.session.id, source=OTHER))

    assert OTHER == open_side.stream.destination
