"""A call over a network that delays unevenly, reorders and loses: what is read is in order all the same."""

from __future__ import annotations

import asyncio
import random

import numpy as np
from calling import connected, play_until_the_end

from session_fsm import AudioFrame, Call
from session_fsm.audio import goertzel

LOSS = 0.1
JITTER = 0.06  # seconds: three packets may overtake one


def spoil(call: Call, seed: int) -> None:
    """From now on packets reach this call late by up to JITTER, in any order, and some never."""
    stream, dice, loop = call.media._stream, random.Random(seed), asyncio.get_running_loop()

    def deliver(data: bytes, source: tuple[str, int]) -> None:
        if not stream.closed and dice.random() >= LOSS:
            loop.call_later(dice.uniform(0, JITTER), arrive, data, source)

    def arrive(data: bytes, source: tuple[str, int]) -> None:
        if not stream.closed:
            stream._hear(data, source)

    stream._rtp.on_datagram = deliver


async def test_what_is_read_is_in_order_and_whole(alice, bob):
    """Two seconds: each 20 ms of media time comes once, in order; what is missing is marked, concealed and counted."""
    calling, answering = await connected(alice, bob)
    playing = asyncio.create_task(play_until_the_end((await calling.audio_channels()).sender, 440))
    spoil(answering, seed=1)
    receiver = (await answering.audio_channels()).receiver
    frames: list[AudioFrame] = []
    while sum(not frame.lost and bool(frame.samples.any()) for frame in frames) < 100:
        frames.append(await anext(receiver))
    await calling.hang_up()
    frames += [frame async for frame in receiver]
    await playing

    steps = {frames[n + 1].timestamp - frame.timestamp & 0xFFFFFFFF for n, frame in enumerate(frames[:-1])}
    assert {160} == steps
    statistics = answering.media.statistics
    assert sum(frame.lost for frame in frames) == statistics.lost
    assert statistics.packets == sum(not frame.lost for frame in frames) + statistics.late + statistics.duplicates
    sounding = [frame for frame in frames if frame.concealed]
    assert sounding
    heard = np.concatenate([frame.samples for frame in frames]).astype(float)
    assert goertzel(heard, 440) > 0.5 * np.mean(heard**2)
