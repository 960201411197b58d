"""`--hold AT:FOR`: holds the other side some seconds after the answer, and takes it back after some more."""

from __future__ import annotations

import logging
from typing import NamedTuple

from session_fsm.call import Call
from session_fsm.command.exits import CommandError
from session_fsm.errors import CallFailedError, LocalProtocolError, RefusedError, WaitTimeout
from session_fsm.session.events import CallAnswered, CallEnded

LOG = logging.getLogger("session_fsm.command")

LONGEST = 7 * 24 * 3600.0  # seconds that a call may last


class Hold(NamedTuple):
    """When, in seconds."""

    at: float
    "After the answer."
    lasting: float


def parse_hold(text: str | None) -> Hold | None:
    """`--hold`, or a complaint that shows one."""
    if text is None:
        return None
    at, colon, lasting = text.partition(":")
    try:
        hold = Hold(float(at), float(lasting))
    except ValueError:
        hold = None
    if hold is None or not colon or not (0 <= hold.at <= LONGEST and 0 <= hold.lasting <= LONGEST):
        raise CommandError(f"--hold: {text!r} is no hold; write AT:FOR in seconds, such as 1:2.5")
    return hold


async def hold_for_a_while(call: Call, hold: Hold | None) -> None:
    """Hold and take back. What hinders it is told, and the call goes on."""
    if hold is None:
        return
    try:
        await call.wait_for_event(CallAnswered)
        await _pass(call, hold.at)
        await call.hold()
        await _pass(call, hold.lasting)
        await call.resume()
    except (LocalProtocolError, RefusedError, WaitTimeout) as error:
        LOG.warning("--hold: %s", error)
    except CallFailedError:
        return


async def _pass(call: Call, seconds: float) -> None:
    """Return when so many seconds have passed; raises when the call ends before."""
    try:
        await call.wait_for_event(CallEnded, timeout=seconds)
    except WaitTimeout:
        return
    raise call.failure()
