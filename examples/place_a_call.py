"""Place a call and play a tone for a second: `python place_a_call.py sip:bob@127.0.0.1:5070`."""

from __future__ import annotations

import asyncio
import sys
from itertools import islice

from session_fsm import CallFailedError, UserAgent
from session_fsm.audio import Tone

ONE_SECOND = 50  # frames of 20 ms


async def main(target: str) -> None:
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice:
        async with alice.make_call(target) as call:
            audio = await call.audio_channels_when_ready()
            for frame in islice(Tone(440), ONE_SECOND):
                await audio.send(frame)
            await audio.drain()
        print(call.summary())


if __name__ == "__main__":
    uri = sys.argv[1] if len(sys.argv) > 1 else "sip:bob@127.0.0.1:5070"
    try:
        asyncio.run(main(uri))
    except CallFailedError as error:
        sys.exit(f"{uri}: {error}")
