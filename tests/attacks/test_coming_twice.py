"""Where room is short an INVITE has to come twice: a caller's does by itself, and a flood in made-up names does not."""

from __future__ import annotations

import pytest

from session_fsm import Credentials, DigestPolicy
from session_fsm.session.account import Account
from session_fsm.session.events import CallAnswered
from session_fsm.session.settings import Settings
from session_fsm.testing import Datagram, Line, Network, Phone, ScriptedPeer

T1 = 0.5
NOT_ANSWERED = "dropped.first INVITE while room is short"


def stranger(net: Network, bob: Phone, n: int) -> Datagram:
    """An INVITE in one more name, which nobody will acknowledge."""
    made = ScriptedPeer(f"stranger{n}", f"10.{1 + n // 250}.0.{1 + n % 250}")
    net.add(made)
    return made.request("INVITE", bob, body=made.sdp(), call_id=f"flood-{n}")


def again(net: Network, sent: Datagram) -> None:
    """The same octets from the same address."""
    net.send(sent.data, sent.source, sent.destination)


HALF = Settings(max_unacknowledged=20, twice_from=0.5)


def short_of_room() -> tuple[Network, Phone]:
    """Bob, who takes every call, after ten that nobody acknowledges; no further stranger comes in at once."""
    bob = Phone("bob", "10.0.0.2", settings=HALF, when_called=Line.accept)
    net = Network(bob)
    for n in range(10):
        stranger(net, bob, n)
        net.deliver()
    assert 10 == len(bob.coordinator.sessions)
    return net, bob


def test_who_comes_once_is_not_answered_and_costs_a_fingerprint():
    """To SIP it is a datagram that was lost."""
    net, bob = short_of_room()
    answered = len(bob.sent)
    for n in range(10, 30):
        stranger(net, bob, n)
    net.deliver()

    assert (10, answered) == (len(bob.coordinator.sessions), len(bob.sent))
    assert 20 == bob.coordinator.counters[NOT_ANSWERED] == len(bob.coordinator._endpoint.seen_once)


def test_a_real_caller_comes_in_with_its_repetition(carol):
    """RFC 3261 §17.1.1.2: after T1, by timer A; nobody has to do anything for it."""
    net, bob = short_of_room()
    net.add(carol)
    began, line = net.now, carol.call(bob)
    net.run_for(1.0)

    assert T1 == line.only(CallAnswered).time - began
    assert 1 == bob.coordinator.counters["let in.repeated INVITE"]


def test_real_callers_come_in_while_a_flood_of_many_names_goes_on(carol):
    """Each within two seconds of its INVITE, as the flood has half of the room and never more."""
    net, bob = short_of_room()
    net.add(carol)
    lines = []
    for n in range(10, 610):
        if n % 100 == 10:
            lines.append((net.now, carol.call(bob)))
        stranger(net, bob, n)
        net.run_for(1 / 200)
    net.run_for(1.0)

    assert 6 == len(lines)
    assert all(line.only(CallAnswered).time - began < 2.0 for began, line in lines)


def test_where_there_is_room_an_invite_comes_in_at_once(carol, bob):
    """The plain case costs nothing: nothing is kept, and no dice are rolled."""
    net = Network(bob, carol)
    carol.call(bob)
    net.deliver()

    assert (1, 0) == (len(bob.lines), len(bob.coordinator._endpoint.seen_once))


def test_a_datagram_that_the_network_doubled_is_no_repetition():
    """It proves nothing of who sent it."""
    net, bob = short_of_room()
    net.duplicate(method="INVITE")
    stranger(net, bob, 10)
    net.deliver()

    assert (10, 2) == (len(bob.coordinator.sessions), bob.coordinator.counters[NOT_ANSWERED])


def test_the_first_repetition_may_be_lost(carol):
    """The next one comes after T1 and twice T1."""
    net, bob = short_of_room()
    net.add(carol)
    began, line = net.now, carol.call(bob)
    net.deliver()
    net.drop(method="INVITE", sender=carol, count=1)
    net.run_for(2.0)

    assert 3 * T1 == line.only(CallAnswered).time - began


def test_a_repetition_that_finds_room_comes_in_as_any_call_does():
    """Room may come sooner than the repetition."""
    net, bob = short_of_room()
    first = stranger(net, bob, 10)
    net.deliver()
    for line in bob.lines[:5]:
        bob.coordinator._endpoint.waiting.leave(line.id)
    again(net, first)
    net.deliver()

    assert 11 == len(bob.coordinator.sessions)
    assert 0 == bob.coordinator.counters["let in.repeated INVITE"]


def test_what_was_kept_goes_when_there_is_room_again():
    """With the INVITEs that come then."""
    net, bob = short_of_room()
    for n in range(10, 20):
        stranger(net, bob, n)
    net.run_for(100.0)
    stranger(net, bob, 20)
    net.deliver()

    assert 0 == len(bob.coordinator._endpoint.seen_once)


def test_who_floods_and_comes_twice_finds_the_other_half_and_then_503():
    """What helps against that is `challenge=`."""
    net, bob = short_of_room()
    sent = [stranger(net, bob, n) for n in range(10, 30)]
    net.run_for(T1)
    for each in sent:
        again(net, each)
        net.deliver()

    assert (20, 10) == (len(bob.coordinator.sessions), bob.sent.count(status=503))
    assert 5 == bob.sent.response(503).retry_after


def test_calls_that_are_slow_to_be_answered_leave_the_other_half_alone(carol):
    """An application that looks something up first has let in many strangers before it answers one."""
    bob = Phone("bob", "10.0.0.2", settings=HALF)
    net = Network(bob, carol)
    for n in range(30):
        stranger(net, bob, n)
    net.deliver()
    for line in bob.lines:
        line.accept()
    bob.when_called = Line.accept
    line = carol.call(bob)
    net.run_for(1.0)

    assert ("Active", 0) == (line.state, bob.sent.count(status=503))


@pytest.mark.parametrize("wait", [0.0, T1])
def test_waiting_calls_that_are_not_answered_are_asked_in_the_same_way(wait):
    """A telephone that rings in vain: half of the room is for strangers."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_waiting=10, twice_from=0.5))
    net = Network(bob)
    sent = [stranger(net, bob, n) for n in range(8)]
    net.run_for(wait)
    for each in sent[5:]:
        again(net, each)
    net.deliver()

    assert (8 if wait else 5) == len(bob.coordinator.sessions)


def test_who_knows_a_password_need_not_come_twice():
    """A challenge is the better proof; it costs no memory either."""
    policy = DigestPolicy("bob", {"carol": "secret"}.get)
    carol = Phone("carol", "10.0.0.3", account=Account(credentials=(Credentials("carol", "secret", "bob"),)))
    bob = Phone("bob", "10.0.0.2", settings=Settings(twice_from=0), challenge=policy, when_called=Line.accept)
    net = Network(bob, carol)
    line = carol.call(bob)
    net.deliver()

    assert "Active" == line.state


def test_a_copy_that_came_on_another_way_is_merged_as_ever(carol):
    """RFC 3261 §8.2.2.2: a proxy forked it to us twice; both copies come twice, one is taken, one gets 482."""
    net, bob = short_of_room()
    proxy = ScriptedPeer("proxy", "10.0.0.5")
    net.add(proxy)
    sent = [proxy.request("INVITE", bob, body=proxy.sdp()) for _ in range(2)]
    net.run_for(T1)
    for each in sent:
        again(net, each)
    net.deliver()

    assert (11, 1) == (len(bob.coordinator.sessions), bob.sent.count(status=482))


def test_whoever_wants_it_otherwise_says_so():
    """With `twice_from=1` all the room is for everybody, as long as it lasts."""
    bob = Phone("bob", "10.0.0.2", settings=Settings(max_waiting=10, twice_from=1))
    net = Network(bob)
    for n in range(12):
        stranger(net, bob, n)
    net.deliver()

    assert (10, 2) == (len(bob.coordinator.sessions), bob.sent.count(status=503))


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"twice_from is 2; it can be any number from 0 to 1"):
        Settings(twice_from=2)


def test_the_trace_shows_what_became_of_it():
    """A row for each datagram that no machine hears."""
    net, bob = short_of_room()
    first = stranger(net, bob, 10)
    net.run_for(T1)
    again(net, first)
    net.deliver()

    wire = [(row.event, row.payload["what"]) for row in bob.rows if row.machine == "wire"]
    assert [
        ("dropped", "first INVITE while room is short: RFC 3261 §17.1.1.2"),
        ("let_in", "INVITE: repeated while room is short"),
    ] == wire[-2:]
