"""Many legs of G.711 in one process: `legs answer`, or `legs call PORT LEGS [app]` (`app`: audio written and read).

The calling side takes pairs of lines on stdin and prints how late each slot was between the two, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Collection
from itertools import cycle

from session_fsm import Call, UserAgent
from session_fsm.audio import Tone
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.runtime.ticker import SLOT


async def play(call: Call) -> None:
    # Five frames hold 44 whole periods. Made once: what an application plays is not what is measured.
    tone = Tone(440)
    frames, channels = cycle([tone.take() for _ in range(5)]), await call.audio_channels()
    while not call.is_over:
        await channels.send(next(frames))


async def listen(call: Call) -> None:
    async for _ in await call.audio_channels():
        pass


async def answer() -> None:
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        print("ready", bob.address[1], flush=True)
        async for invite in bob.incoming_calls():
            await invite.accept()


def lateness_of(agent: UserAgent) -> list[float]:
    """Seconds from each slot's deadline to the moment its frames leave, from now on."""
    ticker = agent._driver.media._ticker
    found: list[float] = []
    tick = ticker._tick

    def noted(streams: Collection[MediaStream], now: float) -> None:
        found.append(time.monotonic() - (ticker._zero + (ticker._turn - 1) * SLOT))
        tick(streams, now)

    ticker._tick = noted
    return found


async def call_many(port: int, legs: int, with_application: bool) -> None:
    loop = asyncio.get_running_loop()
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice:
        calls = [alice.make_call(f"sip:bob@127.0.0.1:{port}") for _ in range(legs)]
        for call in calls:
            await call.wait_for_media()
        async with asyncio.TaskGroup() as running:
            doing = (play, listen) if with_application else ()
            tasks = [running.create_task(do(call)) for call in calls for do in doing]
            late = lateness_of(alice)
            print("ready", alice.address[1], flush=True)
            while await loop.run_in_executor(None, sys.stdin.readline):
                late.clear()
                await loop.run_in_executor(None, sys.stdin.readline)
                print(json.dumps(late), flush=True)
            for task in tasks:
                task.cancel()


if __name__ == "__main__":
    if sys.argv[1] == "answer":
        asyncio.run(answer())
    else:
        asyncio.run(call_many(int(sys.argv[2]), int(sys.argv[3]), "app" in sys.argv[4:]))
