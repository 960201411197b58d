"""A caller in a process of its own: `caller CALLEE BUSY SILENT CALLS` (ports). Prints one JSON line a call.

A call that was answered is hung up when a line comes on stdin: the other side must have heard its first frame too.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from session_fsm import CallFailedError, UserAgent
from session_fsm.session.events import CallAnswered, CallFailed, FirstAudioFrameReceived


async def talk(alice: UserAgent, port: int) -> None:
    start = time.monotonic()
    async with alice.make_call(f"sip:bob@127.0.0.1:{port}") as call:
        answered = await call.wait_for_event(CallAnswered)
        heard = await call.wait_for_event(FirstAudioFrameReceived)
        await call.audio_channels()
        ready = time.monotonic()
        found = {"start": start, "answered": answered.time, "heard": heard.timestamp, "channels": ready}
        print(json.dumps(found), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def fail(alice: UserAgent, port: int) -> None:
    start = time.monotonic()
    call = alice.make_call(f"sip:bob@127.0.0.1:{port}")
    try:
        failed = await call.wait_for_event(CallFailed)
        status = failed.status
    except CallFailedError as error:
        status = error.status
    print(json.dumps({"start": start, "failed": time.monotonic(), "status": status}), flush=True)


async def main() -> None:
    callee, busy, silent, calls = map(int, sys.argv[1:])
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice:
        print("ready", alice.address[1], flush=True)
        for _ in range(calls):
            await talk(alice, callee)
            await fail(alice, busy)
            await fail(alice, silent)


if __name__ == "__main__":
    asyncio.run(main())
