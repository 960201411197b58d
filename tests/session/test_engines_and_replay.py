"""Whole calls on both engines give the same rows, and every run replays without a socket. Laws 2 and 3."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from session_fsm.machine import replay
from session_fsm.sdp import MediaDirection
from session_fsm.session.building import shipped_charts
from session_fsm.session.settings import Settings
from session_fsm.testing import Line, Method, Network, Phone, ScriptedPeer

Scenario = Callable[[Network, Phone, Phone, ScriptedPeer], None]


def plain(net, alice, bob, peer):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.hang_up()


def cancelled(net, alice, bob, peer):
    line = alice.call(bob)
    line.hang_up()
    net.deliver()
    bob.line.ring()
    net.deliver()


def crossed(net, alice, bob, peer):
    line = alice.call(bob)
    net.deliver()
    bob.line.ring()
    net.deliver()
    line.hang_up()
    bob.line.accept()


def refused(net, alice, bob, peer):
    alice.call(bob)
    net.deliver()
    bob.line.reject(486)


def delayed_offer(net, alice, bob, peer):
    bob.when_called = Line.accept
    line = alice.call(bob, offer=False)
    net.run_for(3.0)
    line.hang_up()


def early_media(net, alice, bob, peer):
    line = alice.call(bob)
    net.deliver()
    bob.line.progress()
    net.deliver()
    bob.line.accept()
    net.deliver()
    line.hang_up()


def glare(net, alice, bob, peer):
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.deliver()
    line.reinvite(MediaDirection.SENDONLY)
    bob.line.reinvite(MediaDirection.INACTIVE)
    net.run_for(10.0)
    line.reinvite(MediaDirection.SENDRECV)
    net.run_for(10.0)
    bob.line.hang_up()


def lost_ack(net, alice, bob, peer):
    net.drop(Method.ACK)
    bob.when_called = Line.accept
    alice.call(bob)


def silence(net, alice, bob, peer):
    bob.when_called = Line.accept
    line = alice.call(bob)
    net.deliver()
    net.mute(alice)
    net.run_for(40.0)
    net.mute(alice, False)
    net.run_for(1.0)
    line.hang_up()


def forked(net, alice, bob, peer):
    peer.when(Method.BYE, lambda bye: peer.respond(bye, 200, tag=bye.request.to_tag))
    line = alice.call(peer)
    net.deliver()
    invite = peer.received.of("INVITE")[0]
    peer.respond(invite, 183, tag="one", body=peer.sdp())
    peer.respond(invite, 180, tag="two")
    peer.respond(invite, 200, tag="two", body=peer.sdp(port=4002))
    peer.respond(invite, 200, tag="one", body=peer.sdp())
    net.deliver()
    line.hang_up()


def strangers(net, alice, bob, peer):
    for n, method in enumerate(["REGISTER", "OPTIONS", "BYE", "CANCEL", "DANCE", "OPTIONS"]):
        peer.request(method, bob, call_id=f"call-{n}")
    peer.send(b"noise", bob)


SCENARIOS: list[Scenario] = [
    plain,
    cancelled,
    crossed,
    refused,
    delayed_offer,
    early_media,
    glare,
    lost_ack,
    silence,
    forked,
    strangers,
]


def rows_of(scenario: Scenario, engine: str, **faults: float) -> list:
    settings = Settings(engine=engine)
    alice = Phone("alice", "10.0.0.1", settings=settings)
    bob = Phone("bob", "10.0.0.2", settings=settings)
    peer = ScriptedPeer("peer", "10.0.0.9")
    net = Network(alice, bob, peer, **faults)
    scenario(net, alice, bob, peer)
    net.run_until_quiet()
    return [alice.rows, bob.rows]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_both_engines_write_the_same_rows(scenario):
    """Law 3: transitions is the reference semantics; traces must be identical."""
    table, transitions = (
        [[row.as_dict() for row in rows] for rows in rows_of(scenario, engine)] for engine in ("table", "transitions")
    )

    assert transitions == table


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_trace_replays(scenario):
    """Law 2: a run is data; the charts are stepped over the recorded guards."""
    charts = list(shipped_charts().values())
    for rows in rows_of(scenario, "table"):
        assert replay(rows, charts) is None


def chatting(net, alice, bob, peer):
    bob.when_called = Line.accept
    lines = [alice.call(bob, no_answer=20.0) for _ in range(3)]
    net.run_for(3.0)
    for line in lines:
        line.hang_up()
    for line in bob.lines:
        line.hang_up()


@pytest.mark.parametrize("seed", range(10))
def test_runs_over_a_bad_network_replay(seed):
    charts = list(shipped_charts().values())
    for rows in rows_of(chatting, "table", seed=seed, jitter=0.4, loss=0.2, duplication=0.2):
        assert replay(rows, charts) is None


def test_a_row_names_its_cause():
    """What another machine emitted, and what an effect posted, points back to the row that did."""
    rows = rows_of(plain, "table")[0]
    by_number = {row.n: row for row in rows}
    answered = next(row for row in rows if row.machine == "call" and row.event == "answered")

    cause = by_number[answered.cause]
    assert ("success_received", True) == (cause.event, cause.machine.startswith("dialog"))
