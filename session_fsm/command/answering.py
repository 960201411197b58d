"""`session-fsm answer`: takes calls, several at a time, and leaves hanging up to the peer."""

from __future__ import annotations

import asyncio
import gc
import signal
from dataclasses import dataclass
from itertools import count

from session_fsm.command.exits import Exit, within
from session_fsm.command.reporting import Report, make_report
from session_fsm.command.setup import Options, Stop, first_of, stopped_by_signals, trace_to
from session_fsm.command.talking import talk
from session_fsm.command.watching import Watch
from session_fsm.errors import WaitTimeout
from session_fsm.incoming import IncomingInvite
from session_fsm.session.events import CallEnded
from session_fsm.user_agent import UserAgent

URI = "sip:answer@localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How calls are answered."""

    calls: int | None = None
    "End after so many have ended; None goes on until Ctrl-C."
    ring: float = 0.0
    "Seconds of 180 Ringing before the answer."
    status: int | None = None
    "Refuse with this status."
    drain: float = 0.0
    "Seconds that SIGTERM gives calls to end by themselves."

    def checked(self, longest: float) -> Answering:
        """Itself, or a complaint about a number that cannot be."""
        within("--calls", self.calls, 1, None)
        within("--ring", self.ring, 0, longest)
        within("--status", self.status, 400, 699)
        within("--drain", self.drain, 0, longest)
        return self


async def answer(options: Options, answering: Answering) -> Exit:
    """Answer until enough calls have ended, or until Ctrl-C. It holds, whatever became of the calls."""
    report = make_report(as_json=options.as_json, doing=_doing(options, answering))
    with trace_to(options.trace, options.charts_folder) as on_trace, stopped_by_signals() as stop:
        agent = options.user_agent(URI, on_trace)
        watch = Watch(agent, report, until=answering.calls)
        numbers = count(1)
        await agent.start()
        gc.freeze()  # what is loaded stays: no pass of the collector need look at it while audio is sent
        async with asyncio.TaskGroup() as tasks, agent:
            report.listening(agent.address, agent.contact, asyncio.get_running_loop().time())
            tasks.create_task(watch.follow())
            tasks.create_task(agent.serve(lambda invite: _take(invite, options, answering, next(numbers), report)))
            await first_of(stop, watch.enough)
            if stop.number is signal.SIGTERM and answering.drain:
                await _drained(agent, answering.drain, stop)
    return Exit.HOLDS


async def _drained(agent: UserAgent, seconds: float, stop: Stop) -> None:
    """Calls end by themselves; a second signal hangs them up, and a third waits for nobody."""
    stop.waits += 1
    draining = asyncio.create_task(agent.drain(seconds))
    try:
        await first_of(stop.again, draining)
        for call in agent.calls:
            await call.hang_up()
    finally:
        await draining


async def _take(invite: IncomingInvite, options: Options, answering: Answering, number: int, report: Report) -> None:
    """Ring, refuse or answer one call, and stay with it until it is over."""
    if answering.ring and await _given_up_while_ringing(invite, answering.ring):
        return
    if answering.status is not None:
        await invite.reject(answering.status)
        return
    recording = options.recording(number)
    call = await invite.accept()
    both = options.recording_of_both(call, number)
    await talk(call, options.play, recording, options.dtmf, options.hold)
    for made in (recording, both):
        if made is not None:
            report.note(f"recorded {made}")


async def _given_up_while_ringing(invite: IncomingInvite, seconds: float) -> bool:
    await invite.ring()
    try:
        await invite.call.wait_for_event(CallEnded, timeout=seconds)
    except WaitTimeout:
        return False
    return True


def _doing(options: Options, answering: Answering) -> str:
    if answering.status is not None:
        return f"refuses with {answering.status}"
    return options.doing
