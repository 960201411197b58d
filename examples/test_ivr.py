"""The menu, tested: run it with `pytest examples/test_ivr.py`."""

from hypothesis import strategies as st
from ivr import CHART, EFFECTS, GUARDS, Caller, menu

from session_fsm.chart import Chart
from session_fsm.testing import assert_reachable, assert_total, machine_of, play, row_coverage, tour

IVR = Chart.load(CHART)


def test_the_chart():
    assert_total(IVR)
    assert_reachable(IVR)
    assert row_coverage([row for walk in tour(IVR) for row in play(IVR, walk)], IVR).complete


def in_the_queue_or_not(menu):
    assert menu.context.waiting == (["you"] if menu.state == "Queue" else [])


KEYS = {"key": st.sampled_from("019")}
TestMenu = machine_of(
    IVR, guards=GUARDS, effects=EFFECTS, context=Caller, payloads=KEYS, invariants=[in_the_queue_or_not]
).TestCase


def test_nobody_answers(virtual_clock):
    caller = Caller()
    virtual_clock.move(ivr := menu(caller))
    ivr.feed("prompt_over", now=virtual_clock.now)
    ivr.feed("key", "0")
    virtual_clock.advance(60)
    assert ("Voicemail", []) == (ivr.state, caller.waiting)
