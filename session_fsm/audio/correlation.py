"""Whether a recording is what was played: the lag at which they agree best, and how well. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_OVERLAP = 0.5  # of the shorter one: a few samples agree with anything


@dataclass(frozen=True, slots=True)
class Match:
    """Where a source is found in a recording."""

    lag: int
    "Samples by which the recording lags behind the source; negative when its beginning is missing."
    coefficient: float
    "1.0 for the same shape at any loudness, near 0.0 for something else; silence matches nothing."


def correlate(recording: NDArray[np.generic], source: NDArray[np.generic]) -> Match:
    """The best match over all lags at which at least half of the shorter one overlaps."""
    heard, played = recording.astype(np.float64), source.astype(np.float64)
    if not len(heard) or not len(played):
        return Match(0, 0.0)
    lags = np.arange(1 - len(played), len(heard))
    products = _cross_products(heard, played)
    first = np.maximum(lags, 0)
    last = np.minimum(lags + len(played), len(heard))
    energy = _energy(heard, first, last) * _energy(played, first - lags, last - lags)
    # Rounding in the transform leaves a little where nothing is: such a place must not look like a perfect match.
    audible = energy > 1e-12 * max(float(energy.max()), 1.0)
    enough = last - first >= LEAST_OVERLAP * min(len(heard), len(played))
    usable = audible & enough
    coefficients = np.where(usable, products / np.sqrt(np.where(usable, energy, 1.0)), 0.0)
    best = int(np.argmax(coefficients))
    return Match(int(lags[best]), min(float(coefficients[best]), 1.0))


def _cross_products(heard: NDArray[np.float64], played: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of products at every lag, by one transform each way."""
    total = len(heard) + len(played) - 1
    size = 1 << (total - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(played[::-1], size), size)[:total]


def _energy(samples: NDArray[np.float64], first: NDArray[np.intp], last: NDArray[np.intp]) -> NDArray[np.float64]:
    sums = np.concatenate(([0.0], np.cumsum(samples * samples)))
    return sums[last] - sums[first]
