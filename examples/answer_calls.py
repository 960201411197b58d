"""Answer every call and print what is heard: `python answer_calls.py 127.0.0.1:5070`. Ctrl-C hangs up."""

from __future__ import annotations

import asyncio
import sys

from session_fsm import IncomingInvite, UserAgent
from session_fsm.session.events import FirstAudioFrameReceived


async def take(invite: IncomingInvite) -> None:
    """One call, from the first ring to its summary."""
    await invite.ring()
    call = await invite.accept()
    first = await call.wait_for_event(FirstAudioFrameReceived)
    print(f"{invite.caller} is heard, its source is {first.ssrc:08x}")
    frames = [frame async for frame in await call.audio_channels()]
    print(f"{len(frames)} frames, {sum(frame.lost for frame in frames)} of them lost; {call.summary().reason}")


async def main(bind: str) -> None:
    async with UserAgent("sip:bob@127.0.0.1", bind=bind) as bob:
        print(f"call me at {bob.contact}", flush=True)
        await bob.serve(take)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5070"))
    except KeyboardInterrupt:
        print("bye")
