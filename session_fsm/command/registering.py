"""`session-fsm register`: registers, shows the binding, stays for some seconds, and leaves."""

from __future__ import annotations

import asyncio

from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.reporting import make_report
from session_fsm.command.setup import Options, stopped_by_signals, trace_to
from session_fsm.command.watching import Watch
from session_fsm.errors import RegistrationFailedError, WaitTimeout
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
    """Register and stay for so long; what went wrong, in a sentence."""
    try:
        await agent.registered()
    except (RegistrationFailedError, WaitTimeout) as error:
        return str(error)
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
    return ""
