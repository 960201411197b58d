"""What a user agent may leave behind: nothing."""

from __future__ import annotations

import asyncio
import gc
import os
from dataclasses import dataclass

from session_fsm import UserAgent


@dataclass(frozen=True, slots=True)
class Held:
    """What this process and its event loop hold."""

    files: int
    "Open file descriptors, sockets among them."
    tasks: int
    timers: int
    "Timers of the loop that are still to run."


def held() -> Held:
    """What is held at this moment."""
    gc.collect()
    timers = getattr(asyncio.get_running_loop(), "_scheduled", ())  # nothing public tells, and uvloop nothing at all
    return Held(
        files=len(os.listdir("/proc/self/fd")),
        tasks=len(asyncio.all_tasks()),
        timers=len([timer for timer in timers if not timer.cancelled()]),
    )


async def lingered(agent: UserAgent) -> None:
    """Return when the last timer of a transaction that lingers, such as timer J, has run."""
    loop = asyncio.get_running_loop()
    coordinator = agent._driver.coordinator
    while (deadline := coordinator.next_deadline()) is not None:
        reached = loop.create_future()
        loop.call_at(deadline, reached.set_result, None)
        await reached
