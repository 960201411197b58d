"""Lost, repeated and crossing messages, each to its end: a named state with a reason within 64*T1, and nothing left."""

from __future__ import annotations

import pytest

from session_fsm.session.events import CallEnded, CallFailed
from session_fsm.testing import Line, Method, Network, Phone

GIVES_UP = 32.0  # seconds: 64*T1


@pytest.fixture
def alice() -> Phone:
    return Phone("alice", "10.0.0.1")


@pytest.fixture
def bob() -> Phone:
    return Phone("bob", "10.0.0.2", when_called=Line.accept)


@pytest.fixture
def net(alice: Phone, bob: Phone) -> Network:
    return Network(alice, bob)


def empty(*phones: Phone) -> bool:
    """Whether nothing is left of anything."""
    return all(phone.leftovers == type(phone.leftovers)() for phone in phones)


def test_an_ack_that_never_comes_ends_the_callees_call(net, alice, bob):
    """RFC 3261 §13.3.1.4: the 200 is repeated for 64*T1, then a BYE ends both."""
    net.drop(Method.ACK)
    line = alice.call(bob)
    net.run_until_quiet()
    ended = bob.line.only(CallEnded)

    assert ("the ACK never came", "the peer hung up") == (ended.reason, line.only(CallEnded).reason)
    assert ended.time <= GIVES_UP
    assert empty(alice, bob)


def test_a_200_that_never_comes_fails_the_callers_call(net, alice, bob):
    """RFC 3261 §17.1.1.2: timer B, as nothing else comes either."""
    net.drop(sender=bob)
    line = alice.call(bob)
    net.run_until_quiet()

    assert (408, GIVES_UP) == (line.only(CallFailed).status, line.only(CallFailed).time)
    assert "the ACK never came" == bob.line.only(CallEnded).reason
    assert empty(alice, bob)


def test_a_200_to_a_bye_that_never_comes_ends_the_call_all_the_same(net, alice, bob):
    """RFC 3261 §17.1.2.2: timer F."""
    line = alice.call(bob)
    net.deliver()
    net.drop(status=200, method="BYE")
    line.hang_up()
    net.run_until_quiet()

    assert ("hung up", GIVES_UP) == (line.only(CallEnded).reason, line.only(CallEnded).time)
    assert empty(alice, bob)


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_an_invite_that_comes_again_is_one_call(net, alice, bob, copies):
    for _ in range(copies):
        net.duplicate(Method.INVITE)
    line = alice.call(bob)
    net.deliver()
    line.hang_up()
    net.run_until_quiet()

    assert (1, "Terminated") == (len(bob.lines), bob.line.state)
    assert empty(alice, bob)


def test_a_cancel_that_crosses_the_200_ends_the_call_by_bye(net, alice, bob):
    """RFC 3261 §9.1: the 200 wins; ACK, then BYE."""
    bob.when_called = Line.ring
    line = alice.call(bob)
    net.deliver()
    net.hold(Method.CANCEL)
    line.hang_up()
    bob.line.accept()
    net.release()
    net.run_until_quiet()

    assert (487, "the peer hung up") == (line.only(CallEnded).status, bob.line.only(CallEnded).reason)
    assert empty(alice, bob)


def test_byes_that_cross_end_the_call_once(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    net.hold(Method.BYE)
    line.hang_up()
    bob.line.hang_up()
    net.release()
    net.run_until_quiet()

    assert ("Terminated", "Terminated") == (line.state, bob.line.state)
    assert (1, 1) == (len(line.told(CallEnded)), len(bob.line.told(CallEnded)))
    assert empty(alice, bob)


def test_a_port_that_is_closed_fails_the_call_at_once(net, alice, bob):
    """An ICMP error, with its reason."""
    net.refuse(bob)
    line = alice.call(bob)
    net.run_until_quiet()

    assert (503, 0.0) == (line.only(CallFailed).status, line.only(CallFailed).time)
    assert "unreachable" in line.only(CallFailed).reason
    assert empty(alice)


def test_a_peer_that_vanishes_is_gone_64_t1_after_our_bye(net, alice, bob):
    line = alice.call(bob)
    net.deliver()
    net.unplug(bob)
    net.run_for(100.0)
    line.hang_up()
    net.run_until_quiet()

    assert ("hung up", 100.0 + GIVES_UP) == (line.only(CallEnded).reason, line.only(CallEnded).time)
    assert empty(alice)
