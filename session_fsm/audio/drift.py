"""How far another clock has run from ours, told by how late what it stamped comes, and what to do about it.

A sound card of 200 ppm is 0.12 s off after ten minutes. Knows no clock: places and lateness are in samples of ours.
"""

from __future__ import annotations

import numpy as np

from session_fsm.audio.g711 import Samples

WINDOW = (
    16_000  # samples, 2 s: the least late packet of so many did not have to wait on its way, whatever the others did
)
SLACK = 40  # samples, 5 ms: nobody hears it, and half of the 10 ms that echoes are told apart by
JUMP = 2_000  # samples, 0.25 s: no clock's doing; what is so far off is put right at once, not in half a minute


class Drift:
    """The correction of one side's places. It moves by a sample a piece of audio, so that nobody hears it."""

    __slots__ = ("_aim", "_began", "_least", "correction")

    def __init__(self) -> None:
        self.correction = 0
        "What is to be added to a place that the other clock says."
        self._aim = 0
        self._began: int | None = None
        self._least = 0

    def note(self, now: int, late: int) -> None:
        """Something came at this place of ours, so many samples after the place that its own clock says."""
        if self._began is None:
            self._began, self._least = now, late
        self._least = min(self._least, late)
        if now - self._began >= WINDOW:
            self._aim, self._began = self._least, None
            if abs(self._aim - self.correction) > JUMP:
                self.correction = self._aim

    def fit(self, samples: Samples) -> Samples:
        """This piece, a sample longer or shorter when the next one is to lie a little further off or nearer."""
        error = self._aim - self.correction
        if abs(error) <= SLACK or len(samples) < 2:
            return samples
        step = 1 if error > 0 else -1
        self.correction += step
        places = np.linspace(0, len(samples) - 1, len(samples) + step)
        return np.interp(places, np.arange(len(samples)), samples).round().astype(np.int16)
