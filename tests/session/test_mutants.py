"""Faults that were made once, made again: each time the plain test notices."""

from __future__ import annotations

import pytest
from plain_calls import LADDER, talking

from session_fsm.chart import Chart, parse, shipped
from session_fsm.testing import Line, Method, Network, Phone


def mutant(chart: str, *changes: tuple[str, str]) -> Chart:
    """A shipped chart in which each (old, new) was exchanged."""
    text = shipped()[chart].read_text()
    for old, new in changes:
        assert old in text, f"{chart} has no {old!r} any more"
        text = text.replace(old, new, 1)
    return parse(text, f"{chart}, mutant")


# The historical fault: the callee's media was agreed by the ACK that arrived, not by the answer that it sent.
ESTABLISH_ON_ACK = mutant(
    "offer_answer",
    (
        'to = "Acknowledging", do = ["adopt_answer"], emit = ["SdpEvent:answer_sent", "agreed"] },',
        'emit = ["SdpEvent:answer_sent"] },\n'
        '  { event = "confirmed", to = "Agreed", do = ["adopt_answer"], emit = ["agreed"] },',
    ),
    ('confirmed      = "the peer\'s offer stands"\n', ""),
    # The repeated first exchange meets a state that may now be left by the ACK alone.
    ('  { event = "confirmed",               guard = "current", to = "Agreed" },\n', ""),
)


def plain_test(charts: dict[str, Chart], *, lost: bool) -> None:
    """What `test_call_plain` and `test_answer` ask: both sides climb the ladder, whatever becomes of the ACK."""
    alice = Phone("alice", "10.0.0.1", charts=charts)
    bob = Phone("bob", "10.0.0.2", charts=charts)
    net = Network(alice, bob)
    if lost:
        net.drop(Method.ACK)
    talking(net, alice, bob)


@pytest.mark.parametrize("lost", [False, True])
def test_the_charts_as_they_are_pass(lost):
    plain_test({}, lost=lost)


def test_a_callee_that_establishes_on_ack_goes_unnoticed_while_no_ack_is_lost():
    """Which is why it went unnoticed for a year."""
    plain_test({"offer_answer": ESTABLISH_ON_ACK}, lost=False)


def test_a_callee_that_establishes_on_ack_fails_when_the_ack_is_lost():
    with pytest.raises(AssertionError):
        plain_test({"offer_answer": ESTABLISH_ON_ACK}, lost=True)


def test_a_callee_that_establishes_on_ack_stays_in_negotiating():
    """What the peer would see: silence."""
    alice = Phone("alice", "10.0.0.1")
    bob = Phone("bob", "10.0.0.2", charts={"offer_answer": ESTABLISH_ON_ACK}, when_called=Line.accept)
    net = Network(alice, bob).drop(Method.ACK)
    line = alice.call(bob)
    net.run_for(20.0)

    assert ("Negotiating", LADDER[:-1]) == (bob.line.media, line.media_path)


def test_a_path_that_opens_at_the_wrong_event_is_silence():
    """The virtual media plane hears nothing on a path that was never ordered."""
    silent = mutant("media", ('enter  = { do = ["open_path"], emit', "enter  = { emit"))
    alice = Phone("alice", "10.0.0.1")
    bob = Phone("bob", "10.0.0.2", charts={"media": silent}, when_called=Line.accept)
    net = Network(alice, bob)
    line = alice.call(bob)
    net.run_for(20.0)

    assert ("Ready", "Established") == (bob.line.media, line.media)
