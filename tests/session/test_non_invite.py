"""`non_invite_client.toml` and `non_invite_server.toml` on the network: RFC 3261 §17.1.2 and §17.2.2."""

from __future__ import annotations

from plain_calls import acknowledge, answered_by, called_by, quiet_and_empty

from session_fsm.session.events import CallEnded
from session_fsm.testing import Method

UNTIL_32 = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_a_bye_to_a_silent_peer_is_repeated_up_to_t2(net, alice, peer):
    """RFC 3261 §17.1.2.2: timer E."""
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.run_until_quiet()

    assert UNTIL_32 == alice.sent.times(Method.BYE)


def test_a_bye_that_nobody_answers_ends_the_call_after_32_seconds(net, alice, peer):
    """RFC 3261 §15.1.1 with timer F."""
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.run_until_quiet()

    assert (32.0, None, "hung up") == (
        line.only(CallEnded).time,
        line.only(CallEnded).status,
        line.only(CallEnded).reason,
    )


def test_a_provisional_answer_slows_the_repetition_to_t2(net, alice, peer):
    """RFC 3261 §17.1.2.2: timer E becomes T2 in Proceeding."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 100))
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.run_for(10.0)

    assert [0.0, 0.5, 4.5, 8.5] == alice.sent.times(Method.BYE)


def test_a_final_answer_ends_the_repetition(net, alice, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200))
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.run_until_quiet()

    assert 1 == alice.sent.count(Method.BYE)


def test_any_final_answer_to_a_bye_ends_the_call(net, alice, peer):
    """RFC 3261 §15.1.1: 481 and 408 too."""
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 481))
    line, _ = answered_by(net, alice, peer)
    line.hang_up()
    net.deliver()

    assert "Terminated" == line.state


def test_a_bye_to_an_unreachable_port_ends_the_call_at_once(net, alice, peer):
    """There is nobody to wait for."""
    line, _ = answered_by(net, alice, peer)
    net.refuse(peer)
    line.hang_up()
    net.deliver()

    assert ("Terminated", 0.0) == (line.state, line.only(CallEnded).time)


def test_a_bye_again_gets_the_same_answer(net, bob, peer):
    """RFC 3261 §17.2.2: Completed repeats its response."""
    called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    bye = peer.request("BYE", bob, to_tag=tag, cseq=2)
    peer.send(bye.data, bob)
    net.deliver()

    answers = bob.sent.of(status=200, method="BYE")
    assert 2 == len(answers)
    assert 1 == len({answer.data for answer in answers})


def test_a_request_is_remembered_for_32_seconds(net, bob, peer):
    """RFC 3261 §17.2.2: timer J."""
    called_by(net, peer, bob)
    tag = acknowledge(net, peer, bob)
    peer.request("BYE", bob, to_tag=tag, cseq=2)

    assert quiet_and_empty(net, bob)
    assert 32.0 == net.now
