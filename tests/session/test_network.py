"""The virtual network itself: `session_fsm/testing/`, whose verbs every other test here relies on."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from session_fsm.chart import parse, shipped
from session_fsm.testing import EngineError, Line, Method, Network, NoRestError, Phone, ScriptedPeer

PAGE = Path(__file__).parents[2] / "docs" / "virtual-network.md"


@pytest.fixture
def pair() -> tuple[ScriptedPeer, ScriptedPeer]:
    return ScriptedPeer("one", "10.0.0.1"), ScriptedPeer("two", "10.0.0.2")


def options(one: ScriptedPeer, two: ScriptedPeer, *call_ids: str) -> None:
    for call_id in call_ids:
        one.request("OPTIONS", two, call_id=call_id)


def arrived(two: ScriptedPeer) -> list[str]:
    return [datagram.request.call_id for datagram in two.received]


def test_a_network_without_faults_keeps_the_order(pair):
    one, two = pair
    net = Network(one, two)
    options(one, two, "a", "b", "c")
    net.deliver()

    assert (["a", "b", "c"], 0.0) == (arrived(two), net.now)


def test_drop_loses_as_many_as_it_says(pair):
    one, two = pair
    net = Network(one, two).drop(Method.OPTIONS, count=2)
    options(one, two, "a", "b", "c")
    net.deliver()

    assert (["c"], 3) == (arrived(two), len(one.sent))


def test_a_match_can_name_the_sender_and_the_receiver(pair):
    one, two = pair
    net = Network(one, two).drop(sender=one, receiver=two)
    options(one, two, "a")
    options(two, one, "b")
    net.deliver()

    assert ([], ["b"]) == (arrived(two), arrived(one))


def test_delay_lets_others_overtake(pair):
    one, two = pair
    net = Network(one, two).delay(Method.OPTIONS, seconds=1.0, count=1)
    options(one, two, "a", "b")
    net.deliver()

    assert (["b", "a"], 1.0) == (arrived(two), net.now)


def test_duplicate_delivers_twice(pair):
    one, two = pair
    net = Network(one, two).duplicate(Method.OPTIONS, count=1)
    options(one, two, "a", "b")
    net.deliver()

    assert ["a", "a", "b"] == arrived(two)


def test_hold_keeps_until_release(pair):
    one, two = pair
    net = Network(one, two).hold()
    options(one, two, "a", "b")
    net.deliver()
    assert ([], ["OPTIONS", "OPTIONS"]) == (arrived(two), net.held.names)

    net.release(newest_first=True).deliver()

    assert ["b", "a"] == arrived(two)


def test_a_part_of_what_is_held_can_be_released_copied_or_lost(pair):
    one, two = pair
    net = Network(one, two).hold()
    options(one, two, "a", "b", "c")
    first, second, third = net.held
    net.release(lambda datagram: datagram is second)
    net.release(lambda datagram: datagram is third, copy=True)
    net.discard(lambda datagram: datagram is first)
    net.deliver()

    assert (["b", "c"], [third]) == (arrived(two), list(net.held))


def test_jitter_reorders_by_its_seed(pair):
    """The same seed, the same order; another seed, another."""
    orders = []
    for seed in (1, 1, 2):
        one, two = ScriptedPeer("one", "10.0.0.1"), ScriptedPeer("two", "10.0.0.2")
        net = Network(one, two, seed=seed, jitter=1.0)
        options(one, two, *"abcdefgh")
        net.deliver()
        orders.append(arrived(two))

    assert orders[0] == orders[1] != orders[2]
    assert set("abcdefgh") == set(orders[0])


def test_loss_and_duplication_are_shares(pair):
    one, two = pair
    net = Network(one, two, seed=3, loss=0.5, duplication=0.5)
    options(one, two, *map(str, range(400)))
    net.deliver()

    assert 240 < len(two.received) < 360
    assert 150 < len(set(arrived(two))) < 250


def test_a_refused_destination_is_told_to_the_sender_only(pair):
    one, two = pair
    net = Network(one, two).refuse(two)
    options(one, two, "a")
    net.deliver()

    assert ([(("10.0.0.2", 5060), "the port is unreachable")], []) == (one.unreachables, arrived(two))


def test_a_datagram_to_nobody_vanishes(pair):
    one, two = pair
    net = Network(one, two)
    one.send(b"hello", ("10.0.0.99", 5060))
    net.deliver()

    assert ([], 1) == (one.unreachables, len(net.log))


def test_time_stands_still_until_it_is_asked_to_run(net, alice, peer):
    alice.call(peer)

    assert (0.0, []) == (net.now, peer.received)


def test_run_for_stops_in_time(net, alice, peer):
    alice.call(peer)
    net.run_for(1.0)

    assert (1.0, 2) == (net.now, peer.received.count(Method.INVITE))


def test_run_until_stops_at_once(net, alice, peer):
    alice.call(peer)
    net.run_until(lambda: len(peer.received) == 3)

    assert 1.5 == net.now


def test_what_never_happens_is_said(net, alice, peer):
    alice.call(peer)

    with pytest.raises(NoRestError, match=r"did not happen within the time given; it is 3\.5 s"):
        net.run_until(lambda: False, within=5.0)
    with pytest.raises(NoRestError, match="all is quiet at 32 s"):
        net.run_until(lambda: False)


def test_a_loop_without_end_is_said(pair):
    """Two that answer each other for ever."""
    one, two = pair
    net = Network(one, two)
    one.when(None, lambda datagram: one.send(datagram.data, two))
    two.when(None, lambda datagram: two.send(datagram.data, one))
    options(one, two, "a")

    with pytest.raises(NoRestError, match="things happened at 0 s"):
        net.deliver()


def test_an_impossible_event_is_an_error_where_it_happens():
    """Every test with a Phone asks this without saying so."""
    text = shipped()["call"].read_text()
    ignored = '[states.Ringing.ignored]\nprovisional_received = "it rings already"'
    assert ignored in text
    broken = parse(text.replace(ignored, ignored.replace("ignored", "impossible")), "call, mutant")
    alice = Phone("alice", "10.0.0.1", charts={"call": broken})
    bob = Phone("bob", "10.0.0.2", when_called=Line.ring)
    net = Network(alice, bob).duplicate(status=180)
    alice.call(bob)

    with pytest.raises(EngineError, match="alice: call had provisional_received in Ringing, which is impossible"):
        net.deliver()


def test_a_log_counts_and_finds(net, alice, bob):
    bob.when_called = Line.accept
    alice.call(bob)
    net.deliver()

    counts = (bob.sent.count(status=200), alice.sent.count(Method.ACK), bob.sent.count(status=200, method="BYE"))
    assert ((1, 1, 0), 2) == (counts, len(bob.received))
    assert ["INVITE", "ACK"] == bob.received.names
    assert "sip:bob@10.0.0.2" == str(alice.sent.request("INVITE").uri)


def test_the_page_about_the_network_tells_the_truth():
    """docs/virtual-network.md is a doctest."""
    assert (0, True) == (doctest.testfile(str(PAGE), module_relative=False).failed, PAGE.exists())
