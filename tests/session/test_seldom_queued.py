"""What a callee says before it answers, 180, 182, 183 in any order; and how seldom calls are withdrawn."""

from __future__ import annotations

import pytest
from plain_calls import quiet_and_empty
from seldom import dialog_path

from session_fsm.session.account import Account, Credentials
from session_fsm.session.events import CallFailed
from session_fsm.testing import Line, Method, Network, Phone

ACCOUNT = Account(credentials=(Credentials("alice", "secret", "r"),))


def called(net: Network, alice: Phone, bob: Phone, *said: str, no_answer: float = 3600.0) -> Line:
    """The callee's line, once it has said these one after the other; a deferral is for ten minutes."""
    alice.call(bob, no_answer=no_answer)
    net.deliver()
    say(net, bob, *said)
    return bob.line


def say(net: Network, bob: Phone, *said: str) -> None:
    """Let the callee say these, one after the other."""
    for word in said:
        bob.line.defer(600.0) if word == "defer" else getattr(bob.line, word)()
        net.deliver()


def statuses_of(bob: Phone) -> list[int]:
    """Of the responses that it has sent, 100 apart."""
    return [status for status in range(180, 184) for _ in range(bob.sent.count(status=status))]


@pytest.mark.parametrize(
    ("said", "state", "statuses"),
    [
        (["ring"], "Ringing", [180]),
        (["ring", "ring"], "Ringing", [180, 180]),
        (["ring", "progress"], "EarlyMedia", [180, 183]),
        (["progress"], "EarlyMedia", [183]),
        (["progress", "progress"], "EarlyMedia", [183, 183]),
        (["progress", "ring"], "EarlyMedia", [183, 180]),
        (["progress", "defer"], "EarlyMedia", [183, 182]),
        (["defer"], "Queued", [182]),
        (["defer", "defer"], "Queued", [182, 182]),
        (["defer", "ring"], "Ringing", [182, 180]),
        (["defer", "progress"], "EarlyMedia", [182, 183]),
        (["ring", "defer"], "Queued", [180, 182]),
    ],
    ids=str,
)
def test_each_word_has_its_response(net, alice, bob, said, state, statuses):
    """RFC 3261 §13.3.1.1, §21.1."""
    line = called(net, alice, bob, *said)

    assert (state, sorted(statuses)) == (line.state, statuses_of(bob))


@pytest.mark.parametrize("said", [["defer"], ["progress"], ["ring"]], ids=str)
def test_a_deferral_gives_its_time_anew(net, alice, bob, said):
    """Ten minutes from the last one."""
    line = called(net, alice, bob, *said)
    net.run_for(100.0)
    say(net, bob, "defer")
    net.run_until_quiet()

    assert (700.0, 480) == (line.only(CallFailed).time, line.only(CallFailed).status)


def test_the_time_of_a_deferral_counts(net, alice, bob):
    line = called(net, alice, bob, "defer")
    net.run_until_quiet()

    assert 600.0 == line.only(CallFailed).time
    assert quiet_and_empty(net, bob)


@pytest.mark.parametrize("said", [["defer"], ["defer", "ring"], ["ring"], ["progress"]], ids=str)
def test_what_has_our_tag_begins_a_dialog(net, alice, bob, said):
    """RFC 3261 §12.1.1: a provisional response with a tag is sent in an early dialog."""
    line = called(net, alice, bob, *said)

    assert ["Early"] == dialog_path(line)


def contacts(*hosts: str) -> list[tuple[str, str]]:
    """The Contact rows of a 3xx, the most wished first."""
    return [("Contact", ", ".join(f"<sip:{host}>;q=0.{9 - n}" for n, host in enumerate(hosts)))]


@pytest.mark.parametrize("fate", ["mute", "refuse"])
def test_the_next_contact_is_called_when_one_gives_no_response(net, alice, bob, peer, fate):
    """RFC 3261 §8.1.3.4: nothing for 32 s is 408, an unreachable port is 503; both lead to the next Contact."""
    carol = Phone("carol", "10.0.0.3")
    net.add(carol)
    getattr(net, fate)(carol)
    net.drop(lambda sent: sent.destination[0] == "10.0.0.3") if fate == "mute" else None
    line = alice.call(peer)
    net.deliver()
    hosts = contacts("carol@10.0.0.3", "bob@10.0.0.2")
    peer.respond(peer.received.of(Method.INVITE)[0], 302, contact=False, headers=hosts)
    net.run_until(lambda: bool(bob.lines) or line.state == "Failed", within=60.0)
    bob.line.accept()
    net.deliver()

    assert "Active" == line.state


def test_a_challenge_to_a_call_that_nobody_answered_is_not_answered(peer):
    """RFC 3261 §9.1: the INVITE is withdrawn."""
    alice = Phone("alice", "10.0.0.1", account=ACCOUNT)
    net = Network(alice, peer)
    line = alice.call(peer, no_answer=10.0)
    net.deliver()
    invite = peer.received.of(Method.INVITE)[0]
    peer.respond(invite, 180)
    net.run_for(11.0)
    challenge = [("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"')]
    peer.respond(invite, 401, contact=False, headers=challenge)
    net.deliver()

    assert ("Failed", 1) == (line.state, alice.sent.count(Method.INVITE))


@pytest.mark.parametrize("over", ["hang_up", "no answer"])
def test_a_callee_that_hung_up_before_its_late_2xx_has_ended_a_withdrawn_call(net, alice, peer, over):
    """RFC 3261 §15: its BYE overtook its 200, which crossed our CANCEL; its dialog alone ends that 2xx."""
    line = alice.call(peer, no_answer=10.0)
    net.deliver()
    invite = peer.received.of(Method.INVITE)[0]
    peer.respond(invite, 180)
    net.deliver()
    line.hang_up() if over == "hang_up" else net.run_for(11.0)
    net.deliver()
    peer.request("BYE", alice, call_id=invite.request.call_id, to_tag=invite.request.from_tag)
    net.deliver()
    peer.respond(invite, 200, body=peer.sdp())
    net.deliver()

    assert ("Terminated", 1) == (line.state, alice.sent.count(Method.BYE))
