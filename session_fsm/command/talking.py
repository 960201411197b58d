"""One call's audio at the command line: a source is played, what is heard is recorded and, if so asked, sent back."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from session_fsm.call import MEDIA_TIMEOUT, Call
from session_fsm.command.holding import Hold, hold_for_a_while
from session_fsm.command.recording import Recording
from session_fsm.command.sources import EchoSource, Source
from session_fsm.errors import CallFailedError, LocalProtocolError, RefusedError, WaitTimeout
from session_fsm.runtime.channels import AudioChannels

LOG = logging.getLogger("session_fsm.command")

FOR_EVER = 7 * 24 * 3600.0  # seconds: a call that hears nothing still waits for the peer's first frame


async def talk(
    call: Call, source: Source, recording: Recording | None, digits: str | None = None, hold: Hold | None = None
) -> None:
    """Play, dial and listen from the first audio until the call is over, however it ends; hold meanwhile."""
    async with asyncio.TaskGroup() as around:
        holding = around.create_task(hold_for_a_while(call, hold))
        with suppress(CallFailedError):
            audio = await _channels(call)
            async with asyncio.TaskGroup() as tasks:
                playing = tasks.create_task(_play(audio, source))
                dialling = tasks.create_task(_dial(call, digits))
                await _listen(audio, isinstance(source, EchoSource), recording)
                playing.cancel()
                dialling.cancel()
        holding.cancel()


async def _channels(call: Call) -> AudioChannels:
    try:
        return await call.audio_channels()
    except WaitTimeout as error:
        LOG.warning("no audio %g s after the answer; waiting on. %s", MEDIA_TIMEOUT, error)
        return await call.audio_channels(timeout=FOR_EVER)


async def _play(audio: AudioChannels, source: Source) -> None:
    with suppress(CallFailedError):
        for frame in source.frames():
            await audio.send(frame)


async def _dial(call: Call, digits: str | None) -> None:
    """Send the digits. What hinders them is told, and the call goes on."""
    if digits is None:
        return
    try:
        await call.send_dtmf(digits)
    except (LocalProtocolError, RefusedError) as error:
        LOG.warning("--dtmf: %s", error)
    except CallFailedError:
        return


async def _listen(audio: AudioChannels, echo: bool, recording: Recording | None) -> None:
    try:
        async for frame in audio:
            if recording is not None:
                recording.write(frame.samples, frame.timestamp, lost=frame.lost)
            if echo:
                with suppress(CallFailedError):
                    await audio.send(frame)
    finally:
        if recording is not None:
            recording.close()
