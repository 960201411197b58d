"""Ways to treat the calls that come in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from session_fsm import Call, IncomingInvite, UserAgent

Treatment = Callable[[IncomingInvite], Awaitable[None]]


async def next_call(agent: UserAgent, timeout: float = 5.0) -> IncomingInvite:
    """The next call that comes in."""
    async with asyncio.timeout(timeout):
        return await anext(agent.incoming_calls())


async def accept(invite: IncomingInvite) -> None:
    """Ring, take it, and stay until it is over."""
    await invite.ring()
    await over(await invite.accept())


async def ring(invite: IncomingInvite) -> None:
    """Let it ring until the caller gives up."""
    await invite.ring()
    await over(invite.call)


async def busy(invite: IncomingInvite) -> None:
    """Refuse it."""
    await invite.reject(486)


async def over(call: Call) -> None:
    """Return when this call is over."""
    async for _ in call.events():
        pass


@asynccontextmanager
async def taking(agent: UserAgent, treat: Treatment = accept) -> AsyncIterator[list[Call]]:
    """Treat every call that comes in so; they are listed as they come, and all are over when this is left."""
    calls: list[Call] = []

    async def noted(invite: IncomingInvite) -> None:
        calls.append(invite.call)
        await treat(invite)

    serving = asyncio.create_task(agent.serve(noted))
    try:
        yield calls
        await asyncio.gather(*map(over, calls))
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
