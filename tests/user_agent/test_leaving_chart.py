"""The chart that ends a user agent, row by row, with real calls up: `statecharts/leaving.toml`."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from calling import connected

from session_fsm import Settings, UserAgent
from session_fsm.chart import Chart, check
from session_fsm.errors import LocalProtocolError
from session_fsm.leaving import LEAVE_TIMEOUT
from session_fsm.machine import Machine
from session_fsm.session.events import CallEnded
from tools.mutants.changes import mutants_of

NAME = "sip:bob@127.0.0.1"
ANY = "127.0.0.1:0"


def path_of(agent: UserAgent) -> list[str]:
    """The states that it passes through from now on."""
    states: list[str] = []

    class Kept:
        def append(self, row):
            if row.from_state != row.to_state:
                states.append(row.to_state)

    agent._leaving.machine.trace = Kept()
    return states


async def test_with_no_call_up_nobody_is_waited_for():
    """However long calls may take."""
    bob = UserAgent(NAME, bind=ANY)
    await bob.start()
    states = path_of(bob)

    await bob.drain(deadline=1000)

    assert ["Serving", "Draining", "Gone"] == states


async def test_a_call_that_ends_by_itself_is_not_hung_up(alice):
    bob = UserAgent(NAME, bind=ANY)
    await bob.start()
    calling, _ = await connected(alice, bob)
    states = path_of(bob)
    draining = asyncio.create_task(bob.drain(deadline=1000))
    await calling.hang_up()

    await draining

    assert ["Serving", "Draining", "Gone"] == states


async def test_closing_hangs_up_and_waits_for_the_answers(alice):
    bob = UserAgent(NAME, bind=ANY)
    await bob.start()
    calling, answering = await connected(alice, bob)
    states = path_of(bob)

    await bob.close()

    assert ["Serving", "Draining", "HangingUp", "Gone"] == states
    assert ("hung up", "the peer hung up") == (answering.reason, (await calling.wait_for_event(CallEnded)).reason)


async def test_without_any_time_a_bye_leaves_all_the_same(alice):
    """RFC 3261 §15.1.1: nobody waits for its answer."""
    bob = UserAgent(NAME, bind=ANY)
    await bob.start()
    calling, answering = await connected(alice, bob)
    states = path_of(bob)

    await bob.drain(deadline=0)

    assert ["Serving", "Draining", "Gone"] == states
    assert ("hung up", "the peer hung up") == (answering.reason, (await calling.wait_for_event(CallEnded)).reason)


async def test_a_third_signal_waits_for_nobody(alice, caplog):
    """The first drains, the second hangs up; here they come at once, and the peer never answers."""
    bob = UserAgent(NAME, bind=ANY)
    await bob.start()
    await connected(alice, bob)
    hearing = alice._driver._socket.on_datagram
    alice._driver._socket.on_datagram = lambda data, source: None
    states = path_of(bob)
    bob.drain_on(signal.SIGUSR1, deadline=1000)
    for _ in range(3):
        signal.raise_signal(signal.SIGUSR1)

    await bob._leaving.done.wait()
    alice._driver._socket.on_datagram = hearing

    assert ["Serving", "Draining", "HangingUp", "Gone"] == states
    assert "calls left, whose other side did not answer the BYE: 1" in caplog.text


REFUSED, HUNG_UP, COUNTED = ["refuse_callers"], ["hang_up_calls"], ["count_left", "tell_gone"]

WAYS = {
    "leave, calls_over": ("Gone", [*REFUSED, "tell_gone"]),
    "leave, leave, 50": ("HangingUp", [*REFUSED, *HUNG_UP]),
    "leave, 49": ("Draining", REFUSED),
    "leave, 50, 99": ("HangingUp", [*REFUSED, *HUNG_UP]),
    "leave, 50, 100": ("Gone", [*REFUSED, *HUNG_UP, *COUNTED]),
    "leave, 50, calls_over": ("Gone", [*REFUSED, *HUNG_UP, "tell_gone"]),
    "leave, 50, signalled": ("Gone", [*REFUSED, *HUNG_UP, *COUNTED]),
    "leave, signalled, 3": ("HangingUp", [*REFUSED, "shorten", *HUNG_UP]),
    "leave, signalled, 4": ("Gone", [*REFUSED, "shorten", *HUNG_UP, *COUNTED]),
    "leave, 120": ("Gone", [*REFUSED, *HUNG_UP, *COUNTED]),
    "calls_over, signalled, 200": ("Serving", []),
    "signalled, leave": ("HangingUp", [*REFUSED, "shorten", *HUNG_UP]),
    "leave, calls_over, signalled, leave, calls_over, 200": ("Gone", [*REFUSED, "tell_gone"]),
}
"What happens, seconds since the beginning among it, the state that it leads to, and what was done."


def went(chart: Chart, way: str, **times: float) -> tuple[str, list[str]]:
    """Where the chart goes on this way, and what it does."""
    done: list[str] = []
    effects = {name: (lambda *_, name=name: done.append(name)) for name in chart.effects}
    given = {"PATIENCE": 50.0, "DEADLINE": 100.0, "HURRY": 4.0, **times}
    machine = Machine(chart, effects=effects, parameters=given)
    machine.start(now=0.0)
    for word in way.split(", "):
        if word.isdigit():
            machine.expire(float(word))
        elif word in machine.binding.table.states[machine.state].cells:
            with suppress(LocalProtocolError):
                machine.feed(word)
    return machine.state, done


@pytest.mark.parametrize("way", WAYS)
def test_it_goes(way):
    """The answers are waited for until the deadline; in a hurry as long as three copies of a BYE take."""
    assert WAYS[way] == went(Chart.load("leaving"), way)


def test_without_time_to_wait_everything_is_hung_up_at_once():
    """RFC 3261 §15.1.1: a BYE leaves even if nobody waits for its answer."""
    chart = Chart.load("leaving")

    assert ("Gone", [*REFUSED, *HUNG_UP, *COUNTED]) == went(chart, "leave, 0", PATIENCE=0.0, DEADLINE=0.0)


def test_every_change_of_a_row_is_noticed():
    """By the checker, or by one of these ways. `make mutants` plays calls, and this chart ends user agents."""
    chart = Chart.load("leaving")

    def is_noticed(changed: Chart) -> bool:
        hurried = went(changed, "leave, 0", PATIENCE=0.0, DEADLINE=0.0) != ("Gone", [*REFUSED, *HUNG_UP, *COUNTED])
        return hurried or any(went(changed, way) != outcome for way, outcome in WAYS.items())

    assert [] == [m.name for m in mutants_of(chart) if not check(m.chart) and not is_noticed(m.chart)]


def test_who_closes_has_as_long_as_who_hurries():
    """Three copies of a BYE by timer E (RFC 3261 §17.1.2.2), in both."""
    assert LEAVE_TIMEOUT == Chart.load("leaving").parameters["HURRY"]


def test_another_chart_of_that_name_keeps_its_own_times():
    """As of every other name."""
    text = Path(Chart.load("leaving").file).read_text(encoding="utf-8")
    other = Chart.parse(text.replace("HURRY    = 4.0", "HURRY    = 9.0"))
    machine = UserAgent(NAME, bind=ANY, charts={"leaving": other})._leaving.machine

    assert (other, 9.0) == (machine.chart, machine.binding.parameters["HURRY"])


def test_it_is_stepped_by_the_engine_that_was_chosen():
    agent = UserAgent(NAME, bind=ANY, settings=Settings(engine="transitions"))

    assert "transitions" == agent._leaving.machine.binding.engine
