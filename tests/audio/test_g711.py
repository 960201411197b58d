"""G.711, bit for bit, against the ITU's own arithmetic written out sample by sample."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from session_fsm.audio import (
    ALAW_SILENCE,
    ULAW_SILENCE,
    Octets,
    Samples,
    decode_alaw,
    decode_ulaw,
    encode_alaw,
    encode_ulaw,
)

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_OCTET = np.arange(256).astype(np.uint8)


def itu_ulaw_compress(sample: int) -> int:
    """G.191 `ulaw_compress`."""
    absno = ((~sample) >> 2 if sample < 0 else sample >> 2) + 33
    absno = min(absno, 0x1FFF)
    i = absno >> 6
    segno = 1
    while i:
        segno += 1
        i >>= 1
    high = 0x0008 - segno
    low = 0x000F - ((absno >> segno) & 0x000F)
    code = (high << 4) | low
    return code | 0x0080 if sample >= 0 else code


def itu_ulaw_expand(octet: int) -> int:
    """G.191 `ulaw_expand`."""
    sign = -1 if octet < 0x0080 else 1
    mantissa = ~octet
    exponent = (mantissa >> 4) & 0x0007
    segment = exponent + 1
    mantissa &= 0x000F
    step = 4 << segment
    return sign * (((0x0080 << exponent) + step * mantissa + step // 2) - 4 * 33)


def itu_alaw_compress(sample: int) -> int:
    """G.191 `alaw_compress`."""
    ix = (~sample) >> 4 if sample < 0 else sample >> 4
    if ix > 15:
        iexp = 1
        while ix > 16 + 15:
            ix >>= 1
            iexp += 1
        ix -= 16
        ix += iexp << 4
    if sample >= 0:
        ix |= 0x0080
    return ix ^ 0x0055


def itu_alaw_expand(octet: int) -> int:
    """G.191 `alaw_expand`."""
    ix = (octet ^ 0x0055) & 0x007F
    iexp = ix >> 4
    mant = ix & 0x000F
    if iexp > 0:
        mant += 16
    mant = (mant << 4) + 0x0008
    if iexp > 1:
        mant <<= iexp - 1
    return mant if octet > 127 else -mant


@pytest.mark.parametrize(("ours", "itu"), [(encode_ulaw, itu_ulaw_compress), (encode_alaw, itu_alaw_compress)])
def test_every_sample_is_companded_as_the_itu_does(ours: Callable[[Samples], Octets], itu: Callable[[int], int]):
    """All 65,536 of them."""
    assert [itu(sample) for sample in range(-32768, 32768)] == ours(EVERY_SAMPLE).tolist()


@pytest.mark.parametrize(("ours", "itu"), [(decode_ulaw, itu_ulaw_expand), (decode_alaw, itu_alaw_expand)])
def test_every_octet_is_expanded_as_the_itu_does(ours: Callable[[Octets], Samples], itu: Callable[[int], int]):
    """All 256 of them."""
    assert [itu(octet) for octet in range(256)] == ours(EVERY_OCTET).tolist()


@pytest.fixture
def audioop() -> ModuleType:
    """Python's own codec, where it still exists."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return importlib.import_module("audioop")
        except ImportError:
            pytest.skip("audioop left the standard library with Python 3.13")


def test_python_expands_the_same(audioop: ModuleType):
    """`audioop` is Sun's implementation; expanding leaves no freedom."""
    octets = EVERY_OCTET.tobytes()

    assert decode_ulaw(EVERY_OCTET).tobytes() == audioop.ulaw2lin(octets, 2)
    assert decode_alaw(EVERY_OCTET).tobytes() == audioop.alaw2lin(octets, 2)


def test_python_compands_a_law_the_same(audioop: ModuleType):
    """Both take the one's complement of negative samples."""
    assert encode_alaw(EVERY_SAMPLE).tobytes() == audioop.lin2alaw(EVERY_SAMPLE.tobytes(), 2)


def test_python_compands_mu_law_the_same_but_for_the_sign(audioop: ModuleType):
    """Positive samples agree. For negative ones Sun takes the two's complement of the 14 bits, the ITU the one's."""
    theirs = np.frombuffer(audioop.lin2ulaw(EVERY_SAMPLE.tobytes(), 2), np.uint8)
    ours = encode_ulaw(EVERY_SAMPLE)
    one_step_louder = np.maximum(EVERY_SAMPLE.astype(np.int32) - 4, -32768).astype(np.int16)

    positive = EVERY_SAMPLE >= 0
    assert theirs[positive].tolist() == ours[positive].tolist()
    assert theirs[~positive].tolist() == encode_ulaw(one_step_louder)[~positive].tolist()


@pytest.mark.parametrize(("encode", "decode"), [(encode_ulaw, decode_ulaw), (encode_alaw, decode_alaw)])
def test_what_was_companded_once_never_changes_again(
    encode: Callable[[Samples], Octets], decode: Callable[[Octets], Samples]
):
    """Every octet survives the way through linear; µ-law's two zeros become one."""
    again = decode(encode(decode(EVERY_OCTET)))

    assert decode(EVERY_OCTET).tolist() == again.tolist()


def test_silence_is_one_octet():
    """What a paced stream sends until the application writes."""
    nothing = np.zeros(1, np.int16)

    assert ([ULAW_SILENCE], [ALAW_SILENCE]) == (encode_ulaw(nothing).tolist(), encode_alaw(nothing).tolist())


@pytest.mark.parametrize("encode", [encode_ulaw, encode_alaw])
def test_the_frames_of_every_call_are_companded_at_once(encode: Callable[[Samples], Octets]):
    """Rows in, the same rows out; a slice of a larger array is no different."""
    frames = EVERY_SAMPLE.reshape(256, 256)[::2, ::3]

    assert [encode(row.copy()).tolist() for row in frames] == encode(frames).tolist()


def test_octets_may_come_as_bytes():
    """A payload as it came from the socket."""
    assert decode_ulaw(EVERY_OCTET).tolist() == decode_ulaw(EVERY_OCTET.tobytes()).tolist()


def test_other_types_are_refused():
    """A float frame would come out as noise; better an error that says so."""
    with pytest.raises(TypeError, match="int16 samples, not float64"):
        encode_ulaw(np.zeros(160))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="uint8 octets, not int16"):
        decode_ulaw(np.zeros(160, np.int16))  # type: ignore[arg-type]
