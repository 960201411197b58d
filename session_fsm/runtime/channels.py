"""What an application holds of a call's audio: one end to send, one to receive, numpy int16 in and out.

The media plane fills and empties them and never waits for them: a reader that is slow, full or closed costs frames,
which are counted, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from session_fsm.errors import CallFailedError
from session_fsm.rtp import LostFrames, RtpPacket

Samples = NDArray[np.int16]
"16-bit linear audio, 8000 samples a second."

INT16 = np.dtype(np.int16)
FRAME_SAMPLES = 160  # 20 ms at 8 kHz
SEND_QUEUE = 16  # frames taken from the application ahead of their time: enough for a loop that is 200 ms late
SEND_LOW = 8  # frames left when a waiting writer is woken: one wake-up for several frames, and still no gap
LOST_AT_MOST = 50  # frames marked for one hole: a second of audio
RECEIVE_QUEUE = 250  # frames kept for a reader that does not read: five seconds, then the oldest are dropped


@dataclass(frozen=True, slots=True, eq=False)
class AudioFrame:
    """One packet's audio as it was heard. Numpy takes it as an array, and `send` as a frame."""

    samples: Samples
    "The audio; silence of the same length when the packet was lost."
    timestamp: int
    "The packet's RTP timestamp, in samples, modulo 2**32."
    sequence: int
    "The packet's RTP sequence number, modulo 2**16."
    lost: bool = False
    "Whether the packet never came. What it would have held is not invented."

    def __len__(self) -> int:
        return len(self.samples)

    def __array__(self, dtype: np.dtype[np.generic] | None = None, copy: bool | None = None) -> NDArray[np.generic]:
        return np.array(self.samples, dtype=dtype) if copy or dtype is not None else self.samples


Decode = Callable[[bytes], Samples]
"How a payload becomes samples."


class AudioSender:
    """The sending end. Takes audio of any length; the library cuts it into frames and paces them."""

    __slots__ = ("_ended", "_remainder", "frames", "waiting")

    def __init__(self) -> None:
        self.frames: deque[Samples] = deque()
        "Frames that wait for their turn; the ticker takes them from the left."
        self.waiting: list[asyncio.Future[None]] = []
        "Writers that want to be told, by `make_room`, that frames have left."
        self._remainder: Samples | None = None
        self._ended: CallFailedError | None = None

    async def send(self, audio: Samples | AudioFrame) -> None:
        """Queue this audio; returns once all of it is queued, and so runs at the pace of the call.

        A frame of 160 samples lasts 20 ms. What does not fill a frame waits for more, or for `drain`. Raises
        CallFailedError once the call has ended.
        """
        samples = _checked(audio)
        if self._remainder is None and len(samples) == FRAME_SAMPLES and len(self.frames) < SEND_QUEUE:
            # What almost every call is: one whole frame, and room for it.
            self._check()
            self.frames.append(samples.copy())
            return
        if self._remainder is not None:
            samples = np.concatenate((self._remainder, samples))
        whole = len(samples) - len(samples) % FRAME_SAMPLES
        # A copy, because the application may write its next audio into the same array.
        self._remainder = samples[whole:].copy() if whole < len(samples) else None
        for start in range(0, whole, FRAME_SAMPLES):
            await self._queue(samples[start : start + FRAME_SAMPLES].copy())
        self._check()

    async def drain(self) -> None:
        """Fill up the last frame with silence, and wait until every frame has left."""
        if self._remainder is not None:
            rest, self._remainder = self._remainder, None
            await self._queue(np.concatenate((rest, np.zeros(FRAME_SAMPLES - len(rest), np.int16))))
        while self.frames and self._ended is None:
            await woken(self.waiting)

    async def _queue(self, frame: Samples) -> None:
        self._check()
        while len(self.frames) >= SEND_QUEUE:
            await woken(self.waiting)
            self._check()
        self.frames.append(frame)

    def make_room(self) -> None:
        """For the ticker: wake whoever waits for frames to leave."""
        wake(self.waiting)

    def end(self, why: CallFailedError) -> None:
        """For the media plane: the call is over, nothing can be sent any more."""
        self._ended = self._ended or why
        self.frames.clear()
        self.make_room()

    def _check(self) -> None:
        if self._ended is not None:
            raise CallFailedError(self._ended.status, self._ended.reason)


class AudioReceiver:
    """The receiving end: `async for frame in receiver`, until the call ends."""

    __slots__ = ("_closed", "_ended", "_heard", "_hole", "_lost", "_waiting", "dropped")

    def __init__(self) -> None:
        self.dropped = 0
        "Frames that were received and never read: the reader was too slow, or closed."
        self._heard: deque[tuple[Decode, RtpPacket | LostFrames]] = deque()
        self._lost: deque[AudioFrame] = deque()
        self._hole: LostFrames | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._ended = False
        self._closed = False

    def __aiter__(self) -> AsyncIterator[AudioFrame]:
        return self

    async def __anext__(self) -> AudioFrame:
        if self._lost:
            return self._lost.popleft()
        while not self._heard:
            if self._ended or self._closed:
                raise StopAsyncIteration
            await woken(self._waiting)
        decode, heard = self._heard.popleft()
        if isinstance(heard, RtpPacket):
            return AudioFrame(decode(heard.payload), heard.timestamp, heard.sequence)
        # A long hole may come in pieces, each with the timestamp of its beginning.
        if self._hole is None or self._hole.timestamp != heard.timestamp:
            self._hole = heard
        self._lost.extend(_lost_frames(heard, heard.sequence - self._hole.sequence & 0xFFFF))
        return self._lost.popleft()

    def close(self) -> None:
        """Read no more. Reception goes on and is measured; its frames are counted as dropped."""
        self._closed = True
        self.dropped += len(self._heard)
        self._heard.clear()
        self._lost.clear()
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


def _lost_frames(hole: LostFrames, before: int) -> Iterator[AudioFrame]:
    """One silent frame for each packet of a hole, so that time stays right; a very long hole is cut short.

    `before` packets of the same hole were given out already.
    """
    for at in range(min(hole.count, LOST_AT_MOST)):
        yield AudioFrame(
            np.zeros(FRAME_SAMPLES, np.int16),
            hole.timestamp + (before + at) * FRAME_SAMPLES & 0xFFFFFFFF,
            hole.sequence + at & 0xFFFF,
            lost=True,
        )


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
