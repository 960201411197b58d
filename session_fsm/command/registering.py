"""`session-fsm register`: registers, shows the binding, stays for some seconds, and leaves."""

from __future__ import annotations

import asyncio

from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.reporting import make_report
from session_fsm.command.setup import Options, stopped_by_signals, trace_to
from session_fsm.command.watching import Watch
from session_fsm.errors import CallFailedError, RegistrationFailedError, WaitTimeout
from session_fsm.registering import REGISTER_TIMEOUT
from session_fsm.session.events import Registered, RegistrationFailed, SessionEvent
from session_fsm.user_agent import UserAgent


async def register(options: Options, seconds: float) -> Exit:
    """Register and leave again. Complains when the registrar does not keep our Contact."""
    report = make_report(as_json=options.as_json, doing=f"registers at {options.servers.registrar}")
    with trace_to(options.trace, options.charts_folder) as on_trace, stopped_by_signals() as stop:
        agent = options.user_agent(options.servers.own_uri("sip:nobody@localhost"), on_trace)
        watch = Watch(agent, report)
        await agent.start()
        async with asyncio.TaskGroup() as tasks, agent:
            report.listening(agent.address, agent.contact, asyncio.get_running_loop().time())
            tasks.create_task(watch.follow())
            complaint = await _stay(agent, seconds, stop)
    if complaint:
        raise CommandError(complaint, Exit.FAILED)
    return Exit.HOLDS


async def _stay(agent: UserAgent, seconds: float, stop: asyncio.Event) -> str:
    """Register and stay for so long, or until it is stopped; what went wrong with the first try, in a sentence."""
    trying, stopping = asyncio.create_task(_tried(agent)), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((trying, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not trying.done():
            return "stopped before the registrar had answered"
        if not trying.result():
            await asyncio.wait((stopping,), timeout=seconds)
        return trying.result()
    finally:
        trying.cancel()
        stopping.cancel()


async def _tried(agent: UserAgent) -> str:
    """What the first try came to; empty when the binding stands."""
    try:
        told = await agent.wait_for_event(SessionEvent, where=_is_outcome, timeout=REGISTER_TIMEOUT)
    except (WaitTimeout, CallFailedError) as error:
        return str(error)
    if isinstance(told, RegistrationFailed):
        # Nobody is here any more when the next try would be due.
        return str(RegistrationFailedError(told.registrar, told.status, told.reason, None))
    return ""


def _is_outcome(event: SessionEvent) -> bool:
    return isinstance(event, Registered | RegistrationFailed)
