"""What a notebook shows of a chart, a machine and a trace."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from session_fsm.chart import Chart
from session_fsm.machine import Machine, TraceRows, write_jsonl
from session_fsm.render import engine
from session_fsm.render.notebook import picture
from session_fsm.session.settings import Settings
from session_fsm.testing import Network, Phone

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


def test_a_session_shows_call_and_media_lit_the_way_they_took_and_the_messages(net, alice, bob):
    """The state in which each is, the numbers of the steps, the ladder."""
    line = alice.call(bob)
    net.run_for(1)
    shown = line.session._repr_html_()

    assert "uac, with sip:bob@10.0.0.2: call <b>Active</b>, media <b>Active</b>" in shown.replace("UAC", "uac")
    assert [1, 1] == [shown.count(f">{title} (UAC)</text>") for title in ("call", "media")]
    assert ">200 OK<" in shown
    assert ">negotiating</text>" in shown


def test_a_session_that_keeps_no_trace_shows_where_it_is(bob):
    """Lit, without a way and without a ladder."""
    alice = Phone("alice", "10.0.0.1", settings=Settings(trace_rows=0))
    Network(alice, bob)
    shown = alice.call(bob).session._repr_html_()

    assert ">Negotiating</text>" in shown
    assert "INVITE (offer)" not in shown


def test_a_machine_with_a_trace_shows_the_way_it_took(machine):
    """Each step with its number."""
    machine.trace = []
    machine.feed("coin", now=1.0)

    assert ">insert_coin<" not in machine._repr_html_().partition("<table>")[0]
    assert ">coin</text>" in machine._repr_html_()


def test_rows_show_their_ladder_or_themselves(machine, net, alice, bob):
    """Calls have messages; other machines a table."""
    machine.trace = TraceRows()
    machine.feed("coin", now=1.0)
    line = alice.call(bob)
    net.run_for(1)

    assert "<td>coin</td>" in machine.trace._repr_html_()
    assert ">200 OK<" in TraceRows(line.session.rows)._repr_html_()


def test_rows_are_read_from_a_file(machine, tmp_path):
    """As they were written."""
    machine.trace = TraceRows()
    machine.feed("coin", now=1.0)
    with (tmp_path / "run.jsonl").open("w") as file:
        write_jsonl(machine.trace, file)

    assert [row.as_dict() for row in machine.trace] == [row.as_dict() for row in TraceRows.read(tmp_path / "run.jsonl")]


@pytest.mark.parametrize("what", ["chart", "machine", "trace", "session"])
def test_a_picture_is_well_formed_and_links_to_nothing(what, machine, net, alice, bob):
    session = alice.call(bob).session
    net.run_for(1)
    shown = picture({"chart": machine.chart, "machine": machine, "trace": alice.rows, "session": session}[what])

    ElementTree.fromstring(f"<body>{shown}</body>")
    assert "http" not in shown.replace("http://www.w3.org/2000/svg", "")
