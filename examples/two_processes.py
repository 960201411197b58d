"""Two processes hear each other: the parent calls at 440 Hz, the child answers at 880 Hz, each says what it heard.

No process waits for time: the parent reads the child's address from its output, both wait for events.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import islice

import numpy as np

from session_fsm import Call, CallFailedError, UserAgent
from session_fsm.audio import Tone, goertzel

RATE = 8000
FRAMES = 100  # two seconds
CALLER_HZ, CALLEE_HZ = 440, 880


async def talk(call: Call, hz: float, frames: int | None) -> np.ndarray:
    """Play a tone, for so many frames or until the call ends, and return what was heard meanwhile."""
    audio = await call.audio_channels_when_ready()

    async def play() -> None:
        try:
            for frame in islice(Tone(hz), frames):
                await audio.send(frame)
            await audio.drain()
        except CallFailedError:
            return  # the other side hung up
        await call.hang_up()

    playing = asyncio.create_task(play())
    heard = [frame.samples async for frame in audio]
    await playing
    return np.concatenate(heard)


def verdict(who: str, heard: np.ndarray, wanted_hz: float, own_hz: float) -> bool:
    """Whether the other side's tone is at least five times as strong as the own one."""
    ratio = goertzel(heard, wanted_hz, RATE) / max(goertzel(heard, own_hz, RATE), 1e-9)
    print(
        f"{who} heard {len(heard) / RATE:.2f} s; {wanted_hz} Hz is {ratio:.0f} times as strong as {own_hz} Hz",
        flush=True,
    )
    return ratio >= 5


async def callee() -> bool:
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        print(bob.contact, flush=True)
        call = await (await anext(bob.incoming_calls())).accept()
        return verdict("the callee", await talk(call, CALLEE_HZ, None), CALLER_HZ, CALLEE_HZ)


async def caller() -> bool:
    child = await asyncio.create_subprocess_exec(sys.executable, __file__, "callee", stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    target = (await child.stdout.readline()).decode().strip()
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice, alice.make_call(target) as call:
        heard = verdict("the caller", await talk(call, CALLER_HZ, FRAMES), CALLEE_HZ, CALLER_HZ)
    print((await child.stdout.read()).decode(), end="")
    return heard and await child.wait() == 0


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(callee() if "callee" in sys.argv else caller()) else 1)
