"""Whose packets count where the description may not say it. `source.toml`; what proves a source is in test_sources."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, called_by
from seldom import edge
from watched import ordered, state

from session_fsm.sdp import LocalMedia, offer
from session_fsm.session.orders import Edge, FollowSource, HearOthers
from session_fsm.session.settings import Settings
from session_fsm.session.source import name_path
from session_fsm.testing import Line, Network, Phone, ScriptedPeer

NAMED = ("192.168.1.9", 4000)
ELSEWHERE = ("192.0.2.7", 4000)
WINDOW = 10.0  # seconds, in source.toml


def orders(line: Line) -> list[object]:
    """What was ordered about sources since the last question: whether others are on probation, whom to follow."""
    found = [order for order in ordered(line) if isinstance(order, HearOthers | FollowSource)]
    return [order.on_probation if isinstance(order, HearOthers) else order.source for order in found]


def elsewhere(net, bob, peer) -> Line:
    """A call of a peer behind a NAT: its description names an address that its INVITE does not come from."""
    peer.request("INVITE", bob, body=said())
    net.deliver()
    bob.line.accept()
    net.deliver()
    acknowledge(net, peer, bob)
    return bob.line


def said(host: str = "192.168.1.9", version: int = 1) -> bytes:
    """The peer's description."""
    return offer(LocalMedia((host, 4000), version=version), None).encode()


def learnt(line: Line) -> Line:
    """With another source than the negotiated address, and that already told."""
    edge(line, Edge.SOURCE_PROVEN, source=ELSEWHERE)
    ordered(line)
    return line


def reoffered(net: Network, peer: ScriptedPeer, line: Line, body: bytes, cseq: int = 2) -> None:
    """The peer has offered again within the call, and we have answered."""
    peer.request("INVITE", line.phone, to_tag=line.session.local_tag, cseq=cseq, body=body)
    net.deliver()
    acknowledge(net, peer, line.phone, cseq=cseq)


def test_a_call_whose_peer_is_where_it_says_has_no_such_machine(net, bob, peer):
    line = called_by(net, peer, bob)

    assert ("none", []) == (state(line, "source"), orders(line))


def test_others_are_on_probation_where_the_description_may_not_say_it(net, bob, peer):
    line = elsewhere(net, bob, peer)
    assert ("Window", [True]) == (state(line, "source"), orders(line))


def test_nobody_is_learnt_where_the_policy_forbids_it(net, peer):
    bob = Phone("bob", "10.0.0.7", settings=Settings(learn_source="never"))
    net.add(bob)
    peer.request("INVITE", bob, body=said())
    net.deliver()
    bob.line.accept()

    assert "none" == state(bob.line, "source")


def test_a_source_that_proves_itself_is_followed(net, bob, peer):
    """First followed, then the others are dropped: what it sent on probation counts."""
    line = elsewhere(net, bob, peer)
    orders(line)
    edge(line, Edge.SOURCE_PROVEN, source=ELSEWHERE)

    assert ("Learnt", [ELSEWHERE, False]) == (state(line, "source"), orders(line))


def test_the_negotiated_address_settles_it(net, bob, peer):
    line = elsewhere(net, bob, peer)
    orders(line)
    edge(line, Edge.FIRST_FRAME, source=NAMED)
    edge(line, Edge.SOURCE_PROVEN, source=ELSEWHERE)

    assert ("Heard", [False]) == (state(line, "source"), orders(line))


def test_the_window_ends(net, bob, peer):
    line = elsewhere(net, bob, peer)
    orders(line)
    net.run_for(WINDOW - 0.1)
    before = state(line, "source")
    net.run_for(0.2)

    assert ("Window", "Named", [False]) == (before, state(line, "source"), orders(line))


def test_a_source_that_proves_itself_too_late_is_a_stranger(net, bob, peer):
    line = elsewhere(net, bob, peer)
    net.run_for(WINDOW + 0.1)
    orders(line)
    edge(line, Edge.SOURCE_PROVEN, source=ELSEWHERE)

    assert ("Named", []) == (state(line, "source"), orders(line))


def test_the_negotiated_address_may_be_heard_after_the_window(net, bob, peer):
    """Then it settles it for good: the same address again opens no window."""
    line = elsewhere(net, bob, peer)
    net.run_for(WINDOW + 0.1)
    edge(line, Edge.FIRST_FRAME, source=NAMED)

    assert "Heard" == state(line, "source")


def test_the_negotiated_address_takes_its_place_back(net, bob, peer):
    line = elsewhere(net, bob, peer)
    learnt(line)
    edge(line, Edge.NAMED_HEARD, source=NAMED)

    assert ("Heard", [NAMED]) == (state(line, "source"), orders(line))


def test_a_source_is_learnt_once(net, bob, peer):
    line = elsewhere(net, bob, peer)
    learnt(line)
    edge(line, Edge.FIRST_FRAME, source=ELSEWHERE)
    edge(line, Edge.SOURCE_PROVEN, source=("192.0.2.8", 1))

    assert ("Learnt", []) == (state(line, "source"), orders(line))


@pytest.mark.parametrize("found", ["Heard", "Learnt"])
def test_the_same_address_again_changes_nothing(net, bob, peer, found):
    """A hold and its end."""
    line = elsewhere(net, bob, peer)
    edge(line, Edge.FIRST_FRAME if found == "Heard" else Edge.SOURCE_PROVEN, source=NAMED)
    orders(line)
    reoffered(net, peer, line, said(version=2).replace(b"sendrecv", b"sendonly"))

    assert (found, []) == (state(line, "source"), orders(line))


@pytest.mark.parametrize("found", ["Heard", "Learnt"])
def test_another_address_is_looked_for_anew(net, bob, peer, found):
    line = elsewhere(net, bob, peer)
    edge(line, Edge.FIRST_FRAME if found == "Heard" else Edge.SOURCE_PROVEN, source=NAMED)
    orders(line)
    reoffered(net, peer, line, said("192.168.1.10", version=2))

    assert ("Window", [True]) == (state(line, "source"), orders(line))
    reoffered(net, peer, line, said("192.168.1.10", version=3).replace(b"sendrecv", b"sendonly"), cseq=3)
    assert "Window" == state(line, "source")


@pytest.mark.parametrize("found", ["Heard", "Learnt", "Window", "Named"])
def test_where_the_description_says_it_again_nobody_is_learnt(net, bob, peer, found):
    """The peer has moved out of its NAT: the address that it names is the one that it signals from."""
    line = elsewhere(net, bob, peer)
    if found in ("Heard", "Learnt"):
        edge(line, Edge.FIRST_FRAME if found == "Heard" else Edge.SOURCE_PROVEN, source=NAMED)
    if found == "Named":
        net.run_for(WINDOW + 0.1)
    orders(line)
    reoffered(net, peer, line, said(peer.address[0], version=2))
    after = (state(line, "source"), orders(line))
    edge(line, Edge.FIRST_FRAME, source=(peer.address[0], 4000))
    orders(line)
    reoffered(net, peer, line, said(peer.address[0], version=3).replace(b"sendrecv", b"sendonly"), cseq=3)

    assert (("Named", [False]), "Heard", []) == (after, state(line, "source"), orders(line))


def test_a_window_is_as_long_on_a_new_path(net, bob, peer):
    """Nobody was heard: another path, another chance."""
    line = elsewhere(net, bob, peer)
    net.run_for(WINDOW - 1)
    reoffered(net, peer, line, said(version=2).replace(b"sendrecv", b"sendonly"))
    net.run_for(WINDOW - 1)
    first = state(line, "source")
    net.run_for(1.1)
    then = state(line, "source")
    reoffered(net, peer, line, said(version=3), cseq=3)

    assert ("Window", "Named", "Window") == (first, then, state(line, "source"))


def test_whoever_was_heard_before_the_machine_began_is_not_looked_for(net, bob, peer):
    """The peer was where it said; only its signalling comes from elsewhere by now."""
    line = called_by(net, peer, bob)
    acknowledge(net, peer, bob)
    edge(line, Edge.FIRST_FRAME, source=(peer.address[0], 4000))
    line.session.signalled_from = ("10.0.0.77", 5060)
    name_path(line.session, (peer.address[0], 4000))
    bob.command(lambda at, now: at.expire(now))

    assert ("Heard", [False]) == (state(line, "source"), orders(line))
    name_path(line.session, (peer.address[0], 4000))
    bob.command(lambda at, now: at.expire(now))
    assert ("Heard", []) == (state(line, "source"), orders(line))


@pytest.mark.parametrize("found", ["Heard", "Window"])
def test_the_address_that_was_named_last_takes_its_place_back(net, bob, peer, found):
    """Not the one that was named before the peer moved."""
    line = elsewhere(net, bob, peer)
    if found == "Heard":
        edge(line, Edge.FIRST_FRAME, source=NAMED)
    reoffered(net, peer, line, said("192.168.1.10", version=2))
    learnt(line)
    edge(line, Edge.NAMED_HEARD)

    assert [("192.168.1.10", 4000)] == orders(line)


def test_it_ends_with_the_call(net, bob, peer):
    line = elsewhere(net, bob, peer)
    learnt(line)
    line.hang_up()
    for what in (Edge.NAMED_HEARD, Edge.SOURCE_PROVEN, Edge.FIRST_FRAME):
        edge(line, what, source=NAMED)

    assert "Closed" == state(line, "source")
