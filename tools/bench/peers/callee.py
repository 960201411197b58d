"""A callee in a process of its own that prints, for each call, when it heard the first frame. A second one is busy."""

from __future__ import annotations

import asyncio

from session_fsm import IncomingInvite, UserAgent
from session_fsm.session.events import FirstAudioFrameReceived


async def answer(invite: IncomingInvite) -> None:
    call = await invite.accept()
    heard = await call.wait_for_event(FirstAudioFrameReceived)
    print(heard.timestamp, flush=True)
    async for _ in call.events():
        pass


async def refuse(invite: IncomingInvite) -> None:
    await invite.reject(486)


async def main() -> None:
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:busy@127.0.0.1", bind="127.0.0.1:0") as busy,
        asyncio.TaskGroup() as running,
    ):
        print("ready", bob.address[1], busy.address[1], flush=True)
        running.create_task(busy.serve(refuse))
        await bob.serve(answer)


if __name__ == "__main__":
    asyncio.run(main())
