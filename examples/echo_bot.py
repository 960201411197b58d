"""Say back whatever is heard: `python echo_bot.py 127.0.0.1:5070`."""

from __future__ import annotations

import asyncio
import sys

from session_fsm import IncomingInvite, UserAgent


async def echo(invite: IncomingInvite) -> None:
    """Both directions of one call; when it ends, `serve` sees to the rest."""
    call = await invite.accept()
    audio = await call.audio_channels_when_ready()
    async for frame in audio:
        await audio.send(frame)


async def main(bind: str) -> None:
    async with UserAgent("sip:echo@127.0.0.1", bind=bind) as agent:
        print(f"call me at {agent.contact}", flush=True)
        await agent.serve(echo)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:5070"))
    except KeyboardInterrupt:
        print("bye")
