"""Tones to send, and how to tell which tone was heard. Pure arithmetic on samples; knows no time but their count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from session_fsm.audio.g711 import Samples

SAMPLE_RATE = 8000  # samples a second, the only rate of G.711
FRAME_SAMPLES = 160  # 20 ms
DEFAULT_AMPLITUDE = 8000  # about a quarter of full scale, -12 dBFS: loud enough to hear, far from clipping
NOISE_FLOOR = 1.0  # power below which nothing counts as a tone: one bit of 16, under G.711's own noise


class Tone:
    """A sine that goes on for ever, cut into frames without a break in its phase."""

    __slots__ = ("amplitude", "hz", "position", "rate")

    def __init__(self, hz: float, amplitude: int = DEFAULT_AMPLITUDE, rate: int = SAMPLE_RATE) -> None:
        if not 0 < hz < rate / 2:
            raise ValueError(
                f"a tone of {hz:g} Hz cannot be sampled at {rate} Hz; possible: above 0, below {rate // 2}"
            )
        if not 0 <= amplitude <= 32767:
            raise ValueError(f"amplitude {amplitude} does not fit 16 bits; possible: 0 to 32767")
        self.hz = hz
        self.amplitude = amplitude
        self.rate = rate
        self.position = 0
        "Samples that were taken so far."

    def take(self, count: int = FRAME_SAMPLES) -> Samples:
        """The next so many samples."""
        cycles = np.arange(self.position, self.position + count) * (self.hz / self.rate)
        self.position += count
        wave: Samples = np.rint(self.amplitude * np.sin(2 * np.pi * (cycles % 1.0))).astype(np.int16)
        return wave

    def __iter__(self) -> Iterator[Samples]:
        while True:
            yield self.take()


def silence(samples: int = FRAME_SAMPLES) -> Samples:
    """So many samples of nothing."""
    return np.zeros(samples, np.int16)


def goertzel(samples: NDArray[np.generic], hz: float, rate: int = SAMPLE_RATE) -> float:
    """The mean power that the samples hold at one frequency: a sine of amplitude A has A² / 2.

    The value that Goertzel's recurrence ends in, computed as the sum that it stands for.
    """
    if not len(samples):
        return 0.0
    wave = np.exp(-2j * np.pi * hz / rate * np.arange(len(samples)))
    return float(2 * abs(np.dot(samples.astype(np.float64), wave) / len(samples)) ** 2)


def hears(samples: NDArray[np.generic], own_hz: float, peer_hz: float, rate: int = SAMPLE_RATE) -> float:
    """How many times stronger the peer's tone is than our own in what was heard, as a ratio of amplitudes.

    Above 1 the peer is heard rather than an echo. Always finite: the own tone counts at least as the noise floor.
    """
    own = max(goertzel(samples, own_hz, rate), NOISE_FLOOR)
    return float((goertzel(samples, peer_hz, rate) / own) ** 0.5)
