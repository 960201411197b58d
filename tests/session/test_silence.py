"""A peer that is missed: told once, awaited, and given up when the application says so. `silence.toml`."""

from __future__ import annotations

import pytest
from plain_calls import talking
from seldom import SENDONLY, changes, edge
from watched import ordered, state

from session_fsm.session.events import CallEnded, MediaChange
from session_fsm.session.orders import AwaitEdge, Edge


def flowing(net, alice, bob):
    """The caller's side of a call in which audio flows."""
    return talking(net, alice, bob)[0]


def test_a_call_that_is_heard_has_no_such_machine(net, alice, bob):
    line = flowing(net, alice, bob)
    assert "none" == state(line, "silence")


def test_a_silence_is_told_and_its_end_awaited(net, alice, bob):
    line = flowing(net, alice, bob)
    edge(line, Edge.STALLED)

    assert ("Silent", [AwaitEdge(session_id=line.id, edge=Edge.FLOW_RESUMED)]) == (
        state(line, "silence"),
        ordered(line),
    )


@pytest.mark.parametrize("heard", [Edge.FLOW_RESUMED, Edge.FIRST_FRAME])
def test_when_it_has_ended_the_next_one_is_awaited(net, alice, bob, heard):
    line = flowing(net, alice, bob)
    edge(line, Edge.STALLED)
    ordered(line)
    edge(line, heard)

    assert ("Heard", [AwaitEdge(session_id=line.id, edge=Edge.STALLED)]) == (state(line, "silence"), ordered(line))
    assert [MediaChange.STALLED, MediaChange.RESUMED] == changes(line)


def test_a_second_silence_is_told_as_the_first_was(net, alice, bob):
    line = flowing(net, alice, bob)
    for what in (Edge.STALLED, Edge.FLOW_RESUMED, Edge.STALLED):
        edge(line, what)

    assert ("Silent", "Stalled") == (state(line, "silence"), line.media)


def test_a_silence_that_is_told_twice_changes_nothing(net, alice, bob):
    line = flowing(net, alice, bob)
    edge(line, Edge.STALLED)
    ordered(line)
    edge(line, Edge.STALLED)

    assert ("Silent", []) == (state(line, "silence"), ordered(line))


def test_a_new_path_is_looked_at_anew(net, alice, bob):
    """The path itself asks for all that it may bring."""
    line = flowing(net, alice, bob)
    edge(line, Edge.STALLED)
    line.reinvite(SENDONLY)
    net.deliver()

    assert "Heard" == state(line, "silence")


@pytest.mark.parametrize("before", [(), (Edge.STALLED,), (Edge.STALLED, Edge.FLOW_RESUMED)])
def test_a_silence_that_lasts_too_long_ends_the_call(net, alice, bob, before):
    """At the application's own limit, which may be shorter than the time after which silence is told."""
    line = flowing(net, alice, bob)
    for what in before:
        edge(line, what)
    edge(line, Edge.TIMED_OUT, detail="nothing was heard for too long")
    net.deliver()

    assert ("Terminated", "nothing was heard for too long") == (line.state, line.told(CallEnded)[-1].reason)


def test_what_comes_after_the_end_was_asked_for_changes_nothing(net, alice, bob):
    line = flowing(net, alice, bob)
    edge(line, Edge.TIMED_OUT, detail="gone")
    for what in (Edge.FLOW_RESUMED, Edge.STALLED, Edge.TIMED_OUT, Edge.FIRST_FRAME):
        edge(line, what)

    assert state(line, "silence") in ("Lost", "Closed")
    assert "Closed" == line.media


def test_it_ends_with_the_call(net, alice, bob):
    line = flowing(net, alice, bob)
    edge(line, Edge.STALLED)
    line.hang_up()

    assert "Closed" == state(line, "silence")
    edge(line, Edge.FLOW_RESUMED)
    assert "Closed" == state(line, "silence")


def test_nobody_is_missed_after_the_end(net, alice, bob):
    """An edge on its way when the call ended makes no machine."""
    line = flowing(net, alice, bob)
    line.hang_up()
    edge(line, Edge.STALLED)

    assert "none" == state(line, "silence")
