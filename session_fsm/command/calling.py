"""`session-fsm call`: places one call, hangs up some seconds after the answer, and says what came of it."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket

from session_fsm.call import Call
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.reporting import Report, make_report, outcome
from session_fsm.command.setup import Options, Stop, first_of, stopped_by_signals, trace_to
from session_fsm.command.talking import talk
from session_fsm.command.watching import Watch
from session_fsm.errors import CallFailedError, Malformed, RegistrationFailedError, WaitTimeout
from session_fsm.runtime.addresses import LOOPBACK, Address, family_of, is_ip, route_from
from session_fsm.sdp import why_no_peer
from session_fsm.session.events import CallAnswered, CallEnded
from session_fsm.sip import SipUri
from session_fsm.user_agent import UserAgent

URI = "sip:caller@localhost"
REGISTRAR_TIMEOUT = 3.0  # seconds that a call waits for a registration; the registration goes on behind
LOG = logging.getLogger("session_fsm")
ANY_ADDRESS = "0.0.0.0"


def checked_target(text: str) -> SipUri:
    """The URI to call, or a complaint that shows one."""
    try:
        uri = SipUri.parse(text)
    except Malformed:
        raise CommandError(f"URI: {text!r} is no SIP URI; write it like sip:bob@127.0.0.1:5070") from None
    if uri.scheme != "sip" or uri.transport not in (None, "udp"):
        raise CommandError(f"URI: {text} cannot be called: only sip: over UDP is built")
    if uri != uri.as_target:
        raise CommandError(f"URI: {text} cannot be called: it names headers or a method; write {uri.as_target}")
    why = why_no_peer(uri.address[0])
    if why is not None:
        raise CommandError(f"URI: {text} cannot be called: {why}")
    return uri


def default_bind(target: SipUri) -> Address:
    """Any free port of the address that reaches the target."""
    host = target.host
    if is_ip(host):
        return route_from(target.address) or LOOPBACK[family_of(host)], 0
    return (LOOPBACK[socket.AF_INET] if host == "localhost" else ANY_ADDRESS), 0


async def place(target: str, seconds: float, options: Options) -> Exit:
    """Call, talk for so long, hang up. Complains when the call is not answered."""
    report = make_report(as_json=options.as_json, doing=options.doing)
    with trace_to(options.trace, options.charts_folder) as on_trace, stopped_by_signals() as stop:
        agent = options.user_agent(URI, on_trace)
        watch = Watch(agent, report, until=1)
        await agent.start()
        gc.freeze()  # what is loaded stays: no pass of the collector need look at it while audio is sent
        async with asyncio.TaskGroup() as tasks, agent:
            report.listening(agent.address, agent.contact, asyncio.get_running_loop().time())
            tasks.create_task(watch.follow())
            await _first_registered(agent, options, stop)
            if not stop.is_set():
                call = agent.make_call(target)
                tasks.create_task(_talk(call, options, report))
                lasting = tasks.create_task(_last(call, seconds))
                await first_of(stop, lasting)
                lasting.cancel()
                await asyncio.wait((lasting,))
                await call.hang_up()
    if not watch.summaries:
        raise CommandError(f"{target} was not called: stopped before the registrar had answered", Exit.FAILED)
    summary = watch.summaries[0]
    if not summary.ok:
        raise CommandError(f"{target} did not answer: {outcome(summary)}", Exit.FAILED)
    return Exit.HOLDS


async def _first_registered(agent: UserAgent, options: Options, stop: Stop) -> None:
    if options.servers.registrar is not None:
        registering = asyncio.create_task(_registered(agent))
        await first_of(stop, registering)
        registering.cancel()
        await asyncio.wait((registering,))


async def _registered(agent: UserAgent) -> None:
    """Wait for the registrar, not for long: some proxies know only who is registered. The call goes on without it."""
    try:
        await agent.registered(timeout=REGISTRAR_TIMEOUT)
    except (RegistrationFailedError, WaitTimeout) as error:
        LOG.warning("%s; the call goes on", error)


async def _last(call: Call, seconds: float) -> None:
    """Return when it is time to hang up: so many seconds after the answer, or when the call is over."""
    try:
        await call.wait_for_event(CallAnswered)
        await call.wait_for_event(CallEnded, timeout=seconds)
    except (CallFailedError, WaitTimeout):
        return


async def _talk(call: Call, options: Options, report: Report) -> None:
    recording, both = options.recording(1), options.recording_of_both(call, 1)
    await talk(call, options.play, recording, options.dtmf, options.hold)
    for made in (recording, both):
        if made is not None:
            report.note(f"recorded {made}")
