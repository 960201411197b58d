"""Audio for an address that nothing comes from: withheld until the caller shows that it is there. `consent.toml`."""

from __future__ import annotations

import pytest
from plain_calls import acknowledge, called_by, talking
from seldom import changes, edge
from watched import ordered, state

from session_fsm.session.events import MediaChange
from session_fsm.session.orders import Edge, SendOn
from session_fsm.testing import Line

WITHHELD, RELEASED = MediaChange.WITHHELD, MediaChange.RELEASED
PATIENCE = 30.0  # seconds, in consent.toml


def unacknowledged(net, bob, peer) -> Line:
    """A call that was answered and not acknowledged: the INVITE may be a forgery."""
    return called_by(net, peer, bob)


def early_media(net, bob, peer) -> Line:
    """A call with early media, not answered yet."""
    peer.request("INVITE", bob, body=peer.sdp())
    net.deliver()
    bob.line.progress()
    net.deliver()
    return bob.line


def sends(line: Line) -> bool:
    return line.phone.streams[line.id].sends


def test_a_call_that_goes_well_has_no_such_machine(net, alice, bob):
    line, other = talking(net, alice, bob)

    assert ("none", "none") == (state(line, "consent"), state(other, "consent"))


def test_nothing_more_leaves_for_whoever_shows_nothing(net, bob, peer):
    """Told once; the media chart stays where it is, for all that was negotiated holds."""
    line = unacknowledged(net, bob, peer)
    before = sends(line)
    edge(line, Edge.UNPROVEN)
    edge(line, Edge.UNPROVEN)

    assert (True, False, "Withheld", [WITHHELD]) == (before, sends(line), state(line, "consent"), changes(line))
    assert "Established" == line.media


@pytest.mark.parametrize("proof", [Edge.FIRST_FRAME, Edge.RTCP_RECEIVED])
def test_audio_goes_on_when_something_comes_from_there(net, bob, peer, proof):
    line = unacknowledged(net, bob, peer)
    edge(line, Edge.UNPROVEN)
    edge(line, proof)

    assert ("Proven", True, [WITHHELD, RELEASED]) == (state(line, "consent"), sends(line), changes(line))
    assert [SendOn(session_id=line.id)] == ordered(line)


def test_audio_goes_on_when_the_ack_comes(net, bob, peer):
    line = unacknowledged(net, bob, peer)
    edge(line, Edge.UNPROVEN)
    acknowledge(net, peer, bob)

    assert ("Proven", True, [WITHHELD, RELEASED]) == (state(line, "consent"), sends(line), changes(line))


def test_who_has_acknowledged_is_known(net, bob, peer):
    """It may listen without a word."""
    line = unacknowledged(net, bob, peer)
    acknowledge(net, peer, bob)
    edge(line, Edge.UNPROVEN)

    assert ("Proven", True, []) == (state(line, "consent"), sends(line), changes(line))


def test_who_has_proven_a_password_is_known(net, bob, peer):
    line = unacknowledged(net, bob, peer)
    line.session.proven_user = "carol"
    edge(line, Edge.UNPROVEN)

    assert ("Proven", True) == (state(line, "consent"), sends(line))


def test_early_media_leaves_a_while_longer(net, bob, peer):
    """Callers behind a gateway send nothing before the answer."""
    early = early_media(net, bob, peer)
    edge(early, Edge.UNPROVEN)
    net.run_for(PATIENCE - 0.1)
    before = (state(early, "consent"), sends(early))
    net.run_for(0.2)

    assert (("Early", True), "Withheld", False) == (before, state(early, "consent"), sends(early))


@pytest.mark.parametrize("proof", [Edge.FIRST_FRAME, Edge.RTCP_RECEIVED])
def test_early_media_stays_when_something_comes(net, bob, peer, proof):
    early = early_media(net, bob, peer)
    edge(early, Edge.UNPROVEN)
    edge(early, proof)
    net.run_for(PATIENCE + 1)

    assert ("Proven", True) == (state(early, "consent"), sends(early))
    assert WITHHELD not in changes(early)


def test_early_media_becomes_a_call_that_is_known(net, bob, peer):
    early = early_media(net, bob, peer)
    edge(early, Edge.UNPROVEN)
    early.accept()
    net.deliver()
    acknowledge(net, peer, bob)
    edge(early, Edge.UNPROVEN)

    assert "Proven" == state(early, "consent")


def test_another_path_to_nobody_is_withheld_too(net, bob, peer):
    """Whatever opened it, nobody has shown that it is there."""
    line = unacknowledged(net, bob, peer)
    edge(line, Edge.UNPROVEN)
    line.phone.streams[line.id].sends = True
    edge(line, Edge.PATH_OPENED)

    assert ("Withheld", False) == (state(line, "consent"), sends(line))


def test_another_path_that_a_known_caller_agreed_to_is_open(net, bob, peer):
    line = unacknowledged(net, bob, peer)
    edge(line, Edge.UNPROVEN)
    line.session.proven_user = "carol"
    edge(line, Edge.PATH_OPENED)

    assert ("Proven", [WITHHELD, RELEASED]) == (state(line, "consent"), changes(line))


def test_a_path_that_opens_late_withholds_nothing(net, bob, peer):
    early = early_media(net, bob, peer)
    edge(early, Edge.UNPROVEN)
    edge(early, Edge.PATH_OPENED)

    assert ("Early", True) == (state(early, "consent"), sends(early))


def test_whoever_is_known_stays_so(net, bob, peer):
    line = unacknowledged(net, bob, peer)
    edge(line, Edge.UNPROVEN)
    edge(line, Edge.FIRST_FRAME)
    for what in (Edge.UNPROVEN, Edge.RTCP_RECEIVED, Edge.PATH_OPENED):
        edge(line, what)
    acknowledge(net, peer, bob)

    assert ("Proven", [WITHHELD, RELEASED]) == (state(line, "consent"), changes(line))


def test_it_ends_with_the_call(net, bob, peer):
    line = unacknowledged(net, bob, peer)
    edge(line, Edge.UNPROVEN)
    net.run_until_quiet()

    assert ("Closed", "Terminated") == (state(line, "consent"), line.state)
    edge(line, Edge.UNPROVEN)
    assert "Closed" == state(line, "consent")


def test_nobody_is_asked_after_the_end(net, bob, peer):
    line = unacknowledged(net, bob, peer)
    line.hang_up()
    edge(line, Edge.UNPROVEN)

    assert "none" == state(line, "consent")
