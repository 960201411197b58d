"""What tests of calls need again and again."""

from __future__ import annotations

import asyncio

import numpy as np

from session_fsm import Call, CallFailedError, IncomingInvite, UserAgent
from session_fsm.audio import Tone
from session_fsm.runtime.channels import AudioReceiver, AudioSender
from session_fsm.runtime.framing import Samples


async def next_call(agent: UserAgent) -> IncomingInvite:
    """The next call that comes in."""
    return await anext(agent.incoming_calls())


async def connected(alice: UserAgent, bob: UserAgent) -> tuple[Call, Call]:
    """An answered call, from both sides, with audio both ways."""
    calling = alice.make_call(bob.contact)
    answering = await (await next_call(bob)).accept()
    await asyncio.gather(calling.wait_for_media(), answering.wait_for_media())
    return calling, answering


async def play(sender: AudioSender, hz: float, frames: int) -> None:
    """Send so many frames of a tone, and wait until they have left."""
    tone = iter(Tone(hz))
    for _ in range(frames):
        await sender.send(next(tone))
    await sender.drain()


async def play_until_the_end(sender: AudioSender, hz: float) -> None:
    """Send a tone for as long as the call lasts."""
    tone = iter(Tone(hz))
    try:
        while True:
            await sender.send(next(tone))
    except CallFailedError:
        return


async def hear(receiver: AudioReceiver) -> Samples:
    """All audio until the call's end."""
    return np.concatenate([np.zeros(0, np.int16), *[frame.samples async for frame in receiver]])
