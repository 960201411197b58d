"""Which function encodes and decodes which codec of a description, and what its silence is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from session_fsm.audio import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from session_fsm.runtime.framing import Decode, Samples
from session_fsm.sdp import PCMA, PCMU, Codec


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """One codec at work."""

    encode: Callable[[Samples], NDArray[np.uint8]]
    "Of any number of frames at once."
    decode: Decode
    quiet: bytes
    "One silent sample, encoded."


def _coding(encode: Callable[[Samples], NDArray[np.uint8]], decode: Callable[[NDArray[np.uint8]], Samples]) -> Coding:
    return Coding(
        encode,
        lambda payload: decode(np.frombuffer(payload, np.uint8)),
        encode(np.zeros(1, np.int16)).tobytes(),
    )


_BY_NAME = {PCMU.name: _coding(encode_ulaw, decode_ulaw), PCMA.name: _coding(encode_alaw, decode_alaw)}

# RFC 3551 table 4: these numbers mean these codecs even where no description says so.
STATIC_DECODERS: Mapping[int, Decode] = {codec.payload_type: _BY_NAME[codec.name].decode for codec in (PCMU, PCMA)}


def coding_of(codec: Codec) -> Coding:
    """How this codec is encoded and decoded. Only codecs that are handled are ever offered or agreed."""
    return _BY_NAME[codec.name.upper()]


def _no_audio(payload: bytes) -> Samples:
    return np.zeros(0, np.int16)


@lru_cache(maxsize=256)
def decoders_of(codecs: tuple[Codec, ...], events: int | None) -> Mapping[int, Decode]:
    """Payload type to decoder, for what may arrive under these numbers. Calls that agreed the same share it.

    Telephone events, under the number `events`, belong to the stream and hold no audio.
    """
    found = {**STATIC_DECODERS} | {codec.payload_type: coding_of(codec).decode for codec in codecs}
    return found if events is None else found | {events: _no_audio}
