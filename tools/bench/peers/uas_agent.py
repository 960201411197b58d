"""A callee as users write it: `UserAgent`, with two RTP ports and paced audio for each call.

`python -m tools.bench.peers.uas_agent [uvloop]`.
"""

from __future__ import annotations

import asyncio
import sys

from session_fsm import UserAgent


async def answer_calls() -> None:
    async with UserAgent("sip:bench@127.0.0.1", bind="127.0.0.1:0") as bob:
        print("ready", bob.address[1], flush=True)
        async for invite in bob.incoming_calls():
            await invite.ring()
            await invite.accept()


def main() -> None:
    if "uvloop" in sys.argv[1:]:
        import uvloop

        uvloop.run(answer_calls())
    else:
        asyncio.run(answer_calls())


if __name__ == "__main__":
    main()
