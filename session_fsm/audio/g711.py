"""G.711 µ-law and A-law between int16 and octets, by tables, on numpy arrays of any shape.

The tables are computed once from the recommendation's arithmetic, as in the ITU's own C (G.191, `g711.c`): 14 bits for
µ-law and 13 for A-law, left-justified in 16, negative samples in one's complement. One call codes a frame, or the
frames of every call at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"Linear audio."
Octets = NDArray[np.uint8]
"Companded audio, one octet a sample."

ULAW_SILENCE = 0xFF
"The octet that means zero in µ-law."
ALAW_SILENCE = 0xD5
"The octet that means the smallest positive value in A-law, which has no zero."

_ULAW_BIAS = 33  # what makes the segments of µ-law powers of two; G.711 table 2
_ULAW_CLIP = 0x1FFF  # the largest biased magnitude in 13 bits
_ALAW_TOGGLE = 0x55  # every second bit is inverted on the line; G.711 §3.3


def encode_ulaw(samples: Samples) -> Octets:
    """Compand to µ-law."""
    return _coded(samples, _ULAW_OF)


def decode_ulaw(octets: Octets | bytes) -> Samples:
    """Expand µ-law."""
    return _expanded(octets, _LINEAR_OF_ULAW)


def encode_alaw(samples: Samples) -> Octets:
    """Compand to A-law."""
    return _coded(samples, _ALAW_OF)


def decode_alaw(octets: Octets | bytes) -> Samples:
    """Expand A-law."""
    return _expanded(octets, _LINEAR_OF_ALAW)


def _coded(samples: Samples, table: Octets) -> Octets:
    if samples.dtype != np.int16:
        raise TypeError(f"G.711 codes int16 samples, not {samples.dtype}")
    # The bits of a negative sample, read as unsigned, are its place in the upper half of the table. `wrap` checks no
    # bounds, and there are none to check.
    return table.take(samples.view(np.uint16), mode="wrap")


def _expanded(octets: Octets | bytes, table: Samples) -> Samples:
    if isinstance(octets, bytes):
        octets = np.frombuffer(octets, np.uint8)
    elif octets.dtype != np.uint8:
        raise TypeError(f"G.711 is read from uint8 octets, not {octets.dtype}")
    return table.take(octets, mode="wrap")


def _linear() -> NDArray[np.int32]:
    """Every int16, in the order of its bits read as unsigned."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)


def _highest_bit(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """How many bits each value has."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int32)


def _ulaw_table() -> Octets:
    linear = _linear()
    magnitude = np.minimum((np.where(linear < 0, ~linear, linear) >> 2) + _ULAW_BIAS, _ULAW_CLIP)
    segment = _highest_bit(magnitude >> 6) + 1
    code = (8 - segment << 4) | (0x0F - (magnitude >> segment & 0x0F))
    table: Octets = np.where(linear < 0, code, code | 0x80).astype(np.uint8)
    return table


def _alaw_table() -> Octets:
    linear = _linear()
    magnitude = np.where(linear < 0, ~linear, linear) >> 4
    exponent = np.maximum(_highest_bit(magnitude >> 4), 0)
    mantissa = magnitude >> np.maximum(exponent - 1, 0) & 0x0F
    code = exponent << 4 | mantissa
    table: Octets = (np.where(linear < 0, code, code | 0x80) ^ _ALAW_TOGGLE).astype(np.uint8)
    return table


def _ulaw_values() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    segment, mantissa = code >> 4 & 0x07, code & 0x0F
    magnitude = ((mantissa << 1 | _ULAW_BIAS) << segment) - _ULAW_BIAS << 2
    values: Samples = np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)
    return values


def _alaw_values() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ _ALAW_TOGGLE
    exponent, mantissa = code >> 4 & 0x07, code & 0x0F
    magnitude = (mantissa + np.where(exponent > 0, 16, 0) << 4) + 8 << np.maximum(exponent - 1, 0)
    values: Samples = np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
    return values


_ULAW_OF = _ulaw_table()
_ALAW_OF = _alaw_table()
_LINEAR_OF_ULAW = _ulaw_values()
_LINEAR_OF_ALAW = _alaw_values()
