"""What a notebook shows of a chart, a machine and a trace."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from session_fsm.chart import Chart
from session_fsm.machine import Machine
from session_fsm.render import engine
from session_fsm.render.notebook import picture

TURNSTILE = """
id = "turnstile"
version = 1
initial = "Locked"
[timers]
relock = { after = 5 }
[events]
coin = { command = "insert_coin" }
push = { message = "<somebody> & a push" }
[properties]
opens = { sometimes = ["Open"] }
[states.Locked]
rows = [ { event = "coin", to = "Open" } ]
[states.Locked.ignored]
push = "it is locked"
[states.Open]
timers = ["relock"]
rows = [ { event = "push", to = "Locked" }, { event = "timer_relock", to = "Locked" } ]
[states.Open.postponed]
coin = "one at a time"
"""


@pytest.fixture
def machine() -> Machine:
    return Machine(Chart.parse(TURNSTILE))


def test_a_machine_shows_where_it_is_and_what_it_waits_for(machine):
    machine.feed("coin", now=1.0)
    machine.feed("coin", now=3.0)
    shown = machine._repr_html_()

    assert "is in <b>Open</b>" in shown
    assert "relock in 3 s" in shown
    assert "insert_coin" in shown


def test_a_machine_that_waits_with_a_payload_of_any_kind_can_be_shown(machine):
    machine.feed("coin", now=1.0)
    machine.feed("coin", object(), now=1.0)

    assert "postponed" in picture(machine)


def test_a_chart_shows_its_picture_and_its_rows():
    shown = Chart.load("media")._repr_html_()

    assert ">Negotiating</text>" in shown
    assert "MediaSessionReady" in shown


def test_a_chart_without_a_layout_shows_its_main_path_and_its_rows(monkeypatch):
    monkeypatch.setattr(engine, "_program", lambda: None)
    shown = Chart.parse(TURNSTILE)._repr_html_()

    assert shown.count("<rect") == 2
    assert "timer_relock" in shown


def test_a_trace_shows_its_ladder(net, alice, bob):
    alice.call(bob)
    net.run_for(1)

    assert ">200 OK<" in picture(alice.rows)


@pytest.mark.parametrize("what", ["chart", "machine", "trace"])
def test_a_picture_is_well_formed_and_links_to_nothing(what, machine, net, alice, bob):
    alice.call(bob)
    net.run_for(1)
    shown = picture({"chart": machine.chart, "machine": machine, "trace": alice.rows}[what])

    ElementTree.fromstring(f"<body>{shown}</body>")
    assert "http" not in shown.replace("http://www.w3.org/2000/svg", "")
