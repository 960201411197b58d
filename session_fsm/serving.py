"""One incoming call in the hands of an application's handler, whatever that does."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from session_fsm.errors import CallFailedError, LocalProtocolError, TransportError
from session_fsm.incoming import IncomingInvite
from session_fsm.session.events import CallState

LOG = logging.getLogger("session_fsm")

SERVER_ERROR = 500
UNDECIDED = frozenset({CallState.INITIATING, CallState.RINGING, CallState.EARLY_MEDIA, CallState.QUEUED})


async def serve_one(handler: Callable[[IncomingInvite], Awaitable[None]], invite: IncomingInvite) -> None:
    """Run the handler; its call is over when it returns, and refused with 500 when it raises before an answer."""
    try:
        await handler(invite)
    except Exception as error:
        if isinstance(error, CallFailedError | TransportError) and invite.state not in UNDECIDED:
            # Its own call has ended, or found no port. Before that it tells of something else: a call that it placed.
            level = logging.WARNING if isinstance(error, TransportError) else logging.INFO
            LOG.log(level, "call %s is over: %s", invite.session_id, str(error))
        else:
            LOG.exception("the handler of call %s failed", invite.session_id)
        with suppress(CallFailedError, LocalProtocolError):
            await invite.reject(SERVER_ERROR)  # in vain where it was answered or refused already
    finally:
        if invite.state is not CallState.QUEUED:
            await invite.call.hang_up()
