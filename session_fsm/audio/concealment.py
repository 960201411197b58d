"""What is heard in place of a packet that never came: the last sound goes on for a moment and fades.

Source: the idea of ITU-T G.711 Appendix I (repeat the last pitch period, weaker and weaker, silence after 60 ms).
Departure from it: what did arrive is never altered, so nothing is delayed or cross-faded where the audio returns.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from session_fsm.audio.g711 import Samples

# At 8000 samples a second, as everything here.
HISTORY = 390  # samples in which a period is sought; G.711 Appendix I.2.2
SHORTEST, LONGEST = 40, 120  # samples of a pitch period, 200 to 66 Hz; G.711 Appendix I.2.2
COMPARED = 160  # samples that are compared with those a period before; G.711 Appendix I.2.2
FULL_FOR = 80  # samples, 10 ms, before it fades; G.711 Appendix I.2.5
SILENT_AFTER = 480  # samples, 60 ms; G.711 Appendix I.2.6


class Concealment:
    """Remembers what was heard last of one stream, and continues it for as long as that is believable."""

    __slots__ = ("_filled", "_heard", "_period")

    def __init__(self) -> None:
        self._heard: deque[Samples] = deque(maxlen=HISTORY // 80 + 1)
        self._period: Samples | None = None
        self._filled = 0

    def hear(self, samples: Samples) -> None:
        """This arrived."""
        if len(samples):
            self._heard.append(samples)
        if self._filled:
            self._filled, self._period = 0, None

    def fill(self, count: int) -> Samples:
        """The next samples of the hole: the last period again and again, fading; silence at last, or at first."""
        if self._filled >= SILENT_AFTER or not self._heard:
            return np.zeros(count, np.int16)
        if self._period is None:
            self._period = _last_period(np.concatenate(self._heard)[-HISTORY:])
        at = np.arange(self._filled, self._filled + count)
        self._filled += count
        return (self._period[at % len(self._period)] * _gain(at)).astype(np.int16)

    @property
    def audible(self) -> bool:
        """Whether what `fill` gives next is more than silence."""
        return bool(self._heard) and self._filled < SILENT_AFTER


def _gain(at: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.clip((SILENT_AFTER - at) / (SILENT_AFTER - FULL_FOR), 0.0, 1.0)


def _last_period(heard: Samples) -> Samples:
    """The end of what was heard, as long as its pitch period is: where it is most like what came before."""
    if len(heard) < COMPARED + LONGEST:
        return heard[-LONGEST:]
    sound = heard.astype(np.float64)
    reach = sound[-COMPARED - LONGEST :]
    likeness = np.correlate(reach[:-SHORTEST], sound[-COMPARED:], "valid")
    # The energy of each stretch that was compared, so that a loud one is not taken for a like one.
    energy = np.convolve(reach[:-SHORTEST] ** 2, np.ones(COMPARED), "valid")
    period = LONGEST - int(np.argmax(likeness / np.sqrt(energy + 1.0)))
    return heard[-period:]
