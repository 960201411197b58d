"""What an application holds of a call's audio: one end to send, one to receive, numpy int16 in and out.

The media plane fills and empties them and never waits for them: a reader that is slow, full or closed costs frames,
which are counted, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from session_fsm.audio import Concealment, wav_blocks
from session_fsm.errors import CallFailedError
from session_fsm.rtp import LostFrames, RtpPacket
from session_fsm.runtime.framing import FRAME_SAMPLES, AudioFrame, Decode, Framing, Samples

INT16 = np.dtype(np.int16)
SEND_QUEUE = 16  # frames of 20 ms taken from the application ahead of their time: enough for a loop 200 ms late
RECEIVE_QUEUE = 250  # packets kept for a reader that does not read: five seconds, then the oldest are dropped


class AudioSender:
    """The sending end. Takes audio of any length; the library cuts it into packets and paces them."""

    __slots__ = ("_ended", "_remainder", "_room", "flushes", "frame_samples", "frames", "low", "waiting")

    def __init__(self) -> None:
        self.frames: deque[Samples] = deque()
        "What the next packets will hold; the ticker takes them from the left."
        self.frame_samples = FRAME_SAMPLES
        "How much audio a packet holds: what was agreed with the peer, 20 ms before."
        self.low = SEND_QUEUE // 2
        "Packets left when a waiting writer is woken: one wake-up for several of them, and still no gap."
        self._room = SEND_QUEUE
        self.waiting: list[asyncio.Future[None]] = []
        "Writers that want to be told, by `make_room`, that frames have left."
        self._remainder: Samples | None = None
        self.flushes = 0
        "How often `flush` was called: whoever sends piece by piece stops when it changes."
        self._ended: CallFailedError | None = None

    async def send(self, audio: Samples | AudioFrame) -> None:
        """Queue this audio; returns once all of it is queued, and so runs at the pace of the call.

        160 samples last 20 ms. What does not fill a packet waits for more, or for `drain`. Raises CallFailedError once
        the call has ended.
        """
        samples = _checked(audio)
        if self._remainder is None and len(samples) == self.frame_samples and len(self.frames) < self._room:
            # What almost every call is: one whole packet, and room for it.
            self._check()
            self.frames.append(samples.copy())
            return
        if self._remainder is not None:
            samples = np.concatenate((self._remainder, samples))
        size = self.frame_samples
        whole = len(samples) - len(samples) % size
        # A copy, because the application may write its next audio into the same array.
        self._remainder = samples[whole:].copy() if whole < len(samples) else None
        flushes = self.flushes
        for start in range(0, whole, size):
            if not await self._queue(samples[start : start + size].copy(), flushes):
                return
        self._check()

    def flush(self) -> int:
        """Drop what was queued and has not left, so that what is sent next is heard at once: for barge-in.

        A `send` that waits for room returns, and the rest of its audio is dropped too. Returns how many samples were
        dropped from the queue; packets that have left cannot be taken back.
        """
        dropped = sum(map(len, self.frames)) + (len(self._remainder) if self._remainder is not None else 0)
        self.frames.clear()
        self._remainder = None
        self.flushes += 1
        self.make_room()
        return dropped

    async def drain(self) -> None:
        """Fill up the last packet with silence, and wait until everything has left, or was dropped by `flush`.

        Raises CallFailedError when the call ends before that.
        """
        self._check()
        if self._remainder is not None:
            rest, self._remainder = self._remainder, None
            last = np.concatenate((rest, np.zeros(self.frame_samples - len(rest), np.int16)))
            await self._queue(last, self.flushes)
        while self.frames:
            await woken(self.waiting)
            self._check()

    async def _queue(self, frame: Samples, flushes: int) -> bool:
        """Queue a packet's audio once there is room. False when it was flushed before that."""
        self._check()
        while len(self.frames) >= self._room:
            await woken(self.waiting)
            self._check()
        if flushes != self.flushes:
            return False
        self.frames.append(frame)
        return True

    def cut_to(self, samples: int) -> None:
        """For the media plane: packets hold so many samples from now on. What is queued is cut anew."""
        if samples == self.frame_samples:
            return
        queued = [*self.frames] if self._remainder is None else [*self.frames, self._remainder]
        self.frame_samples = samples
        self._room = max(2, SEND_QUEUE * FRAME_SAMPLES // samples)
        self.low = self._room // 2
        self.frames.clear()
        self._remainder = None
        if queued:
            audio = np.concatenate(queued)
            whole = len(audio) - len(audio) % samples
            self.frames.extend(audio[start : start + samples] for start in range(0, whole, samples))
            self._remainder = audio[whole:] if whole < len(audio) else None

    def make_room(self) -> None:
        """For the ticker: wake whoever waits for frames to leave."""
        wake(self.waiting)

    def end(self, why: CallFailedError) -> None:
        """For the media plane: the call is over, nothing can be sent any more."""
        self._ended = self._ended or why
        self.frames.clear()
        if self.waiting:
            self.make_room()

    def _check(self) -> None:
        if self._ended is not None:
            raise CallFailedError(self._ended.status, self._ended.reason)


class AudioReceiver:
    """The receiving end: `async for frame in receiver`, until the call ends.

    Frames last 20 ms whatever the peer's packets hold; the last one before a gap may be shorter.
    """

    __slots__ = ("_closed", "_ended", "_framing", "_heard", "_ready", "_waiting", "dropped")

    def __init__(self, concealment: Concealment | None = None) -> None:
        self.dropped = 0
        "Packets that were received and never read: the reader was too slow, or closed."
        self._heard: deque[tuple[Decode, RtpPacket | LostFrames]] = deque()
        self._framing = Framing(concealment=concealment)
        self._ready: deque[AudioFrame] = deque()
        self._waiting: list[asyncio.Future[None]] = []
        self._ended = False
        self._closed = False

    def __aiter__(self) -> AsyncIterator[AudioFrame]:
        return self

    async def __anext__(self) -> AudioFrame:
        while not self._ready:
            if self._heard:
                self._ready.extend(self._framing.cut(*self._heard.popleft()))
            elif not (self._ended or self._closed):
                await woken(self._waiting)
            elif rest := self._framing.rest():
                return rest[0]
            else:
                raise StopAsyncIteration
        return self._ready.popleft()

    @property
    def closed(self) -> bool:
        """Whether the application reads no more."""
        return self._closed

    @property
    def unread(self) -> int:
        """Packets that wait for the application to read them."""
        return len(self._heard)

    def close(self) -> None:
        """Read no more. Reception goes on and is measured; its frames are counted as dropped."""
        self._closed = True
        self.dropped += len(self._heard)
        self._heard.clear()
        self._ready.clear()
        self._framing.rest()
        wake(self._waiting)

    def put(self, decode: Decode, heard: RtpPacket | LostFrames) -> None:
        """For the media plane: what comes next in order, still encoded because perhaps nobody reads it. Never waits."""
        if self._closed:
            self.dropped += 1
            return
        if len(self._heard) >= RECEIVE_QUEUE:
            self._heard.popleft()
            self.dropped += 1
        self._heard.append((decode, heard))
        if self._waiting:
            wake(self._waiting)

    def end(self) -> None:
        """For the media plane: nothing more will come. What is queued can still be read."""
        self._ended = True
        wake(self._waiting)


class AudioChannels(NamedTuple):
    """Both ends of a call's audio. Unpacks to two (`tx, rx = …`), or is used as one."""

    sender: AudioSender
    receiver: AudioReceiver

    async def send(self, audio: Samples | AudioFrame) -> None:
        """See AudioSender.send."""
        await self.sender.send(audio)

    def flush(self) -> int:
        """See AudioSender.flush."""
        return self.sender.flush()

    async def play(self, path: str | Path) -> None:
        """Send a WAV file, of any rate, width and number of channels; returns when its last sample is queued.

        `flush` ends it: nothing more of the file is sent. It is read some at a time, beside the loop. Raises
        AudioFormatError and OSError for a file that cannot be played, CallFailedError when the call ends.
        """
        blocks, flushes = wav_blocks(path), self.sender.flushes
        while (block := await asyncio.to_thread(next, blocks, None)) is not None and flushes == self.sender.flushes:
            await self.sender.send(block)

    async def drain(self) -> None:
        """See AudioSender.drain."""
        await self.sender.drain()

    def __aiter__(self) -> AsyncIterator[AudioFrame]:
        return self.receiver


async def woken(waiting: list[asyncio.Future[None]]) -> None:
    """Wait until `wake` is called with this list. Each waiter has its own future, so that it can be cancelled alone."""
    future = asyncio.get_running_loop().create_future()
    waiting.append(future)
    await future


def wake(waiting: list[asyncio.Future[None]]) -> None:
    """Wake everybody who waits on this list."""
    for future in waiting:
        if not future.done():
            future.set_result(None)
    waiting.clear()


def _checked(audio: Samples | AudioFrame) -> Samples:
    samples = audio.samples if isinstance(audio, AudioFrame) else audio
    if isinstance(samples, np.ndarray) and samples.dtype is INT16 and samples.ndim == 1:
        return samples
    if not isinstance(samples, np.ndarray) or samples.dtype != INT16 or samples.ndim != 1:
        found = (
            f"{samples.dtype} of shape {samples.shape}" if isinstance(samples, np.ndarray) else type(samples).__name__
        )
        raise TypeError(f"audio is a one-dimensional numpy array of int16, not {found}")
    return samples
