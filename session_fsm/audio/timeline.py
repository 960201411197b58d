"""Two sides of a conversation on one time axis: audio goes in by its place, and comes out mixed, or side by side.

Knows no files and no clock: places are samples from the beginning of the axis.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from session_fsm.audio.g711 import Samples

HEARD, SAID = 0, 1
"The sides, and their channels in stereo."


class RecordMode(StrEnum):
    """What a recording holds."""

    HEARD = "heard"
    "What the peer said, in one channel."
    MIXED = "mixed"
    "Both sides in one channel, as somebody beside them would hear it."
    STEREO = "stereo"
    "A channel a side: the left one what was heard, the right one what was said."

    @property
    def channels(self) -> int:
        """Of the file."""
        return 2 if self is RecordMode.STEREO else 1

    @property
    def sides(self) -> tuple[int, ...]:
        """What is listened to."""
        return (HEARD,) if self is RecordMode.HEARD else (HEARD, SAID)


def record_mode(mode: str) -> RecordMode:
    """The mode of this name. Raises ValueError with the possible ones."""
    try:
        return RecordMode(mode)
    except ValueError:
        raise ValueError(f"mode is {mode!r}; it can be {', '.join(RecordMode)}") from None


class Timeline:
    """A window of `length` samples that moves on: what is before it was taken out, what is beyond makes it move."""

    __slots__ = ("_audio", "_end", "length", "mode", "start", "too_late")

    def __init__(self, mode: RecordMode, length: int) -> None:
        self.mode = mode
        self.length = length
        self.start = 0
        "The place of the first sample that was not taken out yet."
        self.too_late = 0
        "Samples that came when their place had been taken out."
        self._audio = np.zeros((2 * length, 2), np.int16)
        self._end = 0

    def put(self, side: int, place: int, samples: Samples) -> list[Samples]:
        """Lay samples down at their place; what has to be taken out to make room, in the shape of the mode."""
        if place < self.start:
            behind = min(self.start - place, len(samples))
            self.too_late += behind
            samples, place = samples[behind:], place + behind
        out = []
        for at in range(0, len(samples), self.length):
            piece = samples[at : at + self.length]
            end = place + at + len(piece)
            if end - self.start > 2 * self.length:
                out.append(self.take(end - self.length))
            self._audio[place + at - self.start : end - self.start, side] = piece
            self._end = max(self._end, end)
        return out

    def take(self, until: int) -> Samples:
        """Take out everything up to this place, silence where nobody said anything."""
        count = max(until - self.start, 0)
        held = self._audio[: min(count, len(self._audio))].copy()
        if count > len(held):
            held = np.concatenate((held, np.zeros((count - len(held), 2), np.int16)))
        rest = self._audio[count:].copy()
        self._audio[: len(rest)] = rest
        self._audio[len(rest) :] = 0
        self.start += count
        self._end = max(self._end, self.start)
        return self._shaped(held)

    def rest(self) -> Samples:
        """Everything that is left."""
        return self.take(self._end)

    def _shaped(self, both: Samples) -> Samples:
        if self.mode is RecordMode.STEREO:
            return both
        if self.mode is RecordMode.HEARD:
            return both[:, HEARD]
        mixed = both.astype(np.int32).sum(axis=1)
        return np.asarray(np.clip(mixed, -(2**15), 2**15 - 1), np.int16)
