"""Cuts what a peer sends, in packets of any length, into frames of one length for the application.

Pure: payloads in, frames out, each with the RTP timestamp of its first sample. Nothing is resampled; what
fills a hole is marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from session_fsm.audio import Concealment
from session_fsm.rtp import LostFrames, RtpPacket

Samples = NDArray[np.int16]
"16-bit linear audio, 8000 samples a second."

Decode = Callable[[bytes], Samples]
"How a payload becomes samples."

FRAME_SAMPLES = 160  # 20 ms at 8 kHz
LOST_AT_MOST = 50  # packets marked for one hole: a second of audio where they hold 20 ms


@dataclass(frozen=True, slots=True, eq=False)
class AudioFrame:
    """20 ms of audio as it was heard. Numpy takes it as an array, and `send` as a frame."""

    samples: Samples = field(repr=False)
    "The audio; where the packet was lost, what conceals that."
    timestamp: int
    "The RTP timestamp of its first sample, modulo 2**32."
    sequence: int
    "The RTP sequence number, modulo 2**16, of the packet that its first sample came in."
    lost: bool = False
    "Whether the packet never came: what it held is not known."
    concealed: bool = False
    "Whether a lost one's samples go on with the sound before it, fading. If not, they are silence."

    def __len__(self) -> int:
        return len(self.samples)

    def __array__(self, dtype: np.dtype[np.generic] | None = None, copy: bool | None = None) -> NDArray[np.generic]:
        return np.array(self.samples, dtype=dtype) if copy or dtype is not None else self.samples


class Framing:
    """Joins and cuts the packets of one stream. A frame is shorter only where the audio after it does not follow on."""

    __slots__ = ("_concealment", "_held", "_hole", "_packet_samples", "frame_samples")

    def __init__(self, frame_samples: int = FRAME_SAMPLES, concealment: Concealment | None = None) -> None:
        self.frame_samples = frame_samples
        "The length of a frame."
        self._packet_samples = FRAME_SAMPLES
        self._concealment = concealment
        self._held: AudioFrame | None = None
        self._hole: LostFrames | None = None

    def cut(self, decode: Decode, heard: RtpPacket | LostFrames) -> list[AudioFrame]:
        """The frames that are whole once this has been heard."""
        if isinstance(heard, RtpPacket):
            piece = AudioFrame(decode(heard.payload), heard.timestamp, heard.sequence)
            self._packet_samples = len(piece.samples) or self._packet_samples
            if self._concealment is not None:
                self._concealment.hear(piece.samples)
            if self._held is None and len(piece.samples) == self.frame_samples:
                return [piece]
            return list(self._join(piece))
        # A long hole may come in pieces, each with the timestamp of its beginning.
        if self._hole is None or self._hole.timestamp != heard.timestamp:
            self._hole = heard
        before = heard.sequence - self._hole.sequence & 0xFFFF
        return [frame for piece in self._lost(heard, before) for frame in self._join(piece)]

    def rest(self) -> list[AudioFrame]:
        """What fills no frame: the stream has ended."""
        held, self._held = self._held, None
        return [held] if held is not None else []

    def _join(self, piece: AudioFrame) -> Iterator[AudioFrame]:
        held = self._held
        if held is not None:
            if _follows(piece, held):
                joined = np.concatenate((held.samples, piece.samples))
                # Where the held part ends, the packet's own numbers count.
                yield from self._slice(joined, held, piece, len(held.samples))
                return
            yield held
        yield from self._slice(piece.samples, piece, piece, 0)

    def _slice(self, samples: Samples, first: AudioFrame, rest: AudioFrame, seam: int) -> Iterator[AudioFrame]:
        self._held = None
        size = self.frame_samples
        for start in range(0, len(samples), size):
            source = first if start < seam else rest
            timestamp = first.timestamp + start & 0xFFFFFFFF
            frame = AudioFrame(samples[start : start + size], timestamp, source.sequence, source.lost, source.concealed)
            if len(frame.samples) == size:
                yield frame
            else:
                self._held = frame

    def _lost(self, hole: LostFrames, before: int) -> Iterator[AudioFrame]:
        """One piece for each packet of a hole, so that time stays right; a very long hole is cut short.

        `before` packets of the same hole were given out already. Each would have been as long as the last one was.
        """
        size = self._packet_samples
        for at in range(min(hole.count, LOST_AT_MOST)):
            timestamp = hole.timestamp + (before + at) * size & 0xFFFFFFFF
            concealed = self._concealment is not None and self._concealment.audible
            samples = self._concealment.fill(size) if self._concealment is not None else np.zeros(size, np.int16)
            yield AudioFrame(samples, timestamp, hole.sequence + at & 0xFFFF, lost=True, concealed=concealed)


def _follows(piece: AudioFrame, held: AudioFrame) -> bool:
    alike = (piece.lost, piece.concealed) == (held.lost, held.concealed)
    return alike and piece.timestamp == held.timestamp + len(held.samples) & 0xFFFFFFFF
