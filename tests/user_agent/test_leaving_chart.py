"""The chart that ends a user agent, row by row, with real calls up: `statecharts/leaving.toml`."""

from __future__ import annotations

import asyncio
import signal

import pytest
from calling import connected

from session_fsm import UserAgent
from session_fsm.chart import Chart
from session_fsm.machine import Machine
from session_fsm.session.events import CallEnded

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
    assert "left 1 calls whose other side did not answer the BYE" in caplog.text


@pytest.mark.parametrize(("event", "due"), [("timer_patience", 100.0), ("signalled", 4.0)])
def test_the_answers_are_waited_for_so_long_and_no_longer(event, due):
    """Until the deadline; in a hurry as long as three copies of a BYE take."""
    chart = Chart.load("leaving")
    times = {"PATIENCE": 50.0, "DEADLINE": 100.0, "HURRY": 4.0}
    machine = Machine(chart, effects={name: lambda *_: None for name in chart.effects}, parameters=times)
    machine.feed("leave", now=0.0)
    if event == "signalled":
        machine.feed(event)
    else:
        machine.expire(50.0)

    assert ("HangingUp", due) == (machine.state, machine.next_deadline())
    machine.expire(due)
    assert "Gone" == machine.state


def test_another_chart_of_that_name_can_be_given():
    """As of every other name."""
    shipped = Chart.load("leaving")
    agent = UserAgent(NAME, bind=ANY, charts={"leaving": shipped})

    assert shipped is agent._leaving.machine.chart
