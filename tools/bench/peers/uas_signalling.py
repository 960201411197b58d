"""A callee on the driver alone: transactions, dialog, offer and answer, trace and events, but no RTP ports.

It does what aiosipua does without aiortp: `python -m tools.bench.peers.uas_signalling [uvloop]`.
"""

from __future__ import annotations

import asyncio
import sys

from session_fsm.runtime.driver import Driver
from session_fsm.sdp import LocalMedia
from session_fsm.session.events import IncomingCall
from session_fsm.session.news import News

SAID = LocalMedia(("127.0.0.1", 40000))


async def answer_calls() -> None:
    loop = asyncio.get_running_loop()

    def take(told: list[News]) -> None:
        for news in told:
            if news.kind is IncomingCall:
                loop.call_soon(answer, news.event.session_id)

    def answer(session_id: str) -> None:
        coordinator = driver.coordinator
        driver.command(lambda now: coordinator.ring(session_id, now=now))
        driver.command(lambda now: coordinator.accept(session_id, media=SAID, now=now))

    driver = Driver("sip:bench@127.0.0.1", ("127.0.0.1", 0), on_news=take)
    print("ready", driver.bound[1], flush=True)
    await asyncio.Event().wait()


def main() -> None:
    if "uvloop" in sys.argv[1:]:
        import uvloop

        uvloop.run(answer_calls())
    else:
        asyncio.run(answer_calls())


if __name__ == "__main__":
    main()
