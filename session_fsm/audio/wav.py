"""WAV files: any that a user has comes out as what a call speaks, 8 kHz mono 16 bit; what is recorded is a plain one.

PCM of 8, 16, 24 and 32 bit, float, A-law and µ-law are read, of any number of channels and of any rate; another rate
than 8 kHz needs soxr (the extra `files`). Writing keeps the file valid after every frame, so that a process that is
killed leaves a recording and not a riddle.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from session_fsm.audio.g711 import Samples, decode_alaw, decode_ulaw
from session_fsm.audio.tone import SAMPLE_RATE
from session_fsm.errors import AudioFormatError

ACCEPTED = "PCM of 8, 16, 24 or 32 bit, float, A-law and µ-law are accepted"
HEADER_SIZE = 44  # octets before the samples in the files that are written here
MAX_SIZE = 2**32 - 1  # the size fields have 32 bits; what is longer is cut off there, after 74 hours of mono
BLOCK = 8192  # frames that are read at a time, so that an hour of studio sound needs no more memory than a second
MOST_CHANNELS = 64
RATES = (1_000, 768_000)  # Hz; what lies beyond is a damaged header

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_FORMATS = {_PCM: "PCM", _FLOAT: "float", _ALAW: "A-law", _ULAW: "µ-law", 0x0011: "ADPCM", 0x0055: "MP3"}

Floats = NDArray[np.float32]
"Samples between -1.0 and 1.0."


def read_wav(path: str | PathLike[str]) -> Samples:
    """All samples of a WAV file, as a call speaks them.

    Raises AudioFormatError for what is no such file, OSError when it cannot be read.
    """
    return np.concatenate([np.zeros(0, np.int16), *wav_blocks(path)])


def wav_blocks(path: str | PathLike[str]) -> Iterator[Samples]:
    """The same, some at a time, for files that are too long to be held. Errors come with the first block."""
    with Path(path).open("rb") as file:
        layout, size = _find_data(path, file)
        blocks = _linear(file, layout, size)
        if (layout.channels, layout.rate, layout.kind, layout.bits) == (1, SAMPLE_RATE, _PCM, 16):
            # Bit for bit what the file holds.
            for data in _raw(file, layout, size):
                yield np.frombuffer(data, "<i2").astype(np.int16)
        elif layout.rate == SAMPLE_RATE:
            yield from map(_quantised, blocks)
        else:
            yield from map(_quantised, _resampled(blocks, layout.rate, path))


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the format chunk says."""

    kind: int
    channels: int
    rate: int
    bits: int

    @property
    def frame_size(self) -> int:
        """Octets of one sample of every channel."""
        return self.channels * ((self.bits + 7) // 8)

    def __str__(self) -> str:
        width = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        name = _FORMATS.get(self.kind, f"format {self.kind:#06x}")
        return f"{self.rate / 1000:g} kHz {width} {self.bits} bit {name}"


def _find_data(path: str | PathLike[str], file: BinaryIO) -> tuple[_Layout, int]:
    """Go to the samples: how they are laid out, and how many octets they are at most."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise AudioFormatError(f"{path} is no WAV file; {ACCEPTED}")
    layout = None
    while len(header := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", header)
        if name == b"data" and layout is not None:
            return layout, size
        if name == b"fmt " and layout is None:
            layout = _layout(path, file.read(min(size, 64)))
            file.seek(max(size - 64, 0) + size % 2, 1)
        else:
            file.seek(size + size % 2, 1)
    raise AudioFormatError(f"{path} is a WAV file without format or data; {ACCEPTED}")


def _layout(path: str | PathLike[str], data: bytes) -> _Layout:
    if len(data) < 16:
        raise AudioFormatError(f"{path} is a WAV file without format or data; {ACCEPTED}")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data)
    if kind == _EXTENSIBLE and len(data) >= 26:
        kind = struct.unpack_from("<H", data, 24)[0]
    found = _Layout(kind, channels, rate, bits)
    if (kind, bits) not in _TO_FLOAT or not 1 <= channels <= MOST_CHANNELS or not RATES[0] <= rate <= RATES[1]:
        raise AudioFormatError(f"{path} is {found}; {ACCEPTED}")
    return found


def _raw(file: BinaryIO, layout: _Layout, size: int) -> Iterator[bytes]:
    """The octets of whole frames. A size that reaches beyond the end is that of a stream that was cut off."""
    while size > 0 and (data := file.read(min(BLOCK * layout.frame_size, size))):
        size -= len(data)
        yield data[: len(data) - len(data) % layout.frame_size]


def _linear(file: BinaryIO, layout: _Layout, size: int) -> Iterator[Floats]:
    """One channel, the middle of all, whatever the file holds."""
    to_float = _TO_FLOAT[layout.kind, layout.bits]
    for data in _raw(file, layout, size):
        samples = to_float(data).reshape(-1, layout.channels)
        yield samples[:, 0] if layout.channels == 1 else samples.mean(axis=1, dtype=np.float32)


def _of_24_bits(data: bytes) -> Floats:
    octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(octets), 4), np.uint8)
    wide[:, 1:] = octets
    return np.asarray(wide.view("<i4")[:, 0] / 2**31, np.float32)


def _of_float(kind: str) -> Callable[[bytes], Floats]:
    def convert(data: bytes) -> Floats:
        # What is no number is no sound.
        with np.errstate(invalid="ignore", over="ignore"):
            return np.nan_to_num(np.frombuffer(data, kind).astype(np.float32), posinf=1.0, neginf=-1.0)

    return convert


def _of_law(decode: Callable[[NDArray[np.uint8]], Samples]) -> Callable[[bytes], Floats]:
    return lambda data: decode(np.frombuffer(data, np.uint8)).astype(np.float32) / np.float32(2**15)


_TO_FLOAT: dict[tuple[int, int], Callable[[bytes], Floats]] = {
    (_PCM, 8): lambda data: (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128),
    (_PCM, 16): lambda data: np.frombuffer(data, "<i2").astype(np.float32) / np.float32(2**15),
    (_PCM, 24): _of_24_bits,
    (_PCM, 32): lambda data: np.frombuffer(data, "<i4").astype(np.float32) / np.float32(2**31),
    (_FLOAT, 32): _of_float("<f4"),
    (_FLOAT, 64): _of_float("<f8"),
    (_ALAW, 8): _of_law(decode_alaw),
    (_ULAW, 8): _of_law(decode_ulaw),
}
"Kind and bits -> octets to samples between -1.0 and 1.0."


def _quantised(samples: Floats) -> Samples:
    return np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype(np.int16)


def _resampled(blocks: Iterator[Floats], rate: int, path: str | PathLike[str]) -> Iterator[Floats]:
    _need_soxr(rate, path)
    from soxr import ResampleStream

    stream = ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
    for block in blocks:
        yield np.asarray(stream.resample_chunk(block), np.float32)
    yield np.asarray(stream.resample_chunk(np.zeros(0, np.float32), last=True), np.float32)


def _need_soxr(rate: int, path: str | PathLike[str]) -> None:
    try:
        import soxr  # noqa: F401
    except ImportError:
        raise AudioFormatError(
            f"{path} has {rate / 1000:g} kHz; another rate than 8 kHz needs soxr: pip install 'session-fsm[files]'"
        ) from None


def resampler(rate: int, channels: int, path: str | PathLike[str]) -> Callable[[Samples, bool], Samples]:
    """What makes 8 kHz audio that comes in pieces into that of a file of another rate; its flag says: the last piece.

    Raises AudioFormatError where soxr is not installed.
    """
    _need_soxr(rate, path)
    from soxr import ResampleStream

    stream = ResampleStream(SAMPLE_RATE, rate, channels, dtype="int16")

    def resampled(samples: Samples, last: bool) -> Samples:
        return np.asarray(stream.resample_chunk(samples, last=last), np.int16)

    return resampled


class WavWriter:
    """Records samples into a WAV file, frame by frame. The file is valid after every `write`."""

    def __init__(self, path: str | PathLike[str], rate: int = SAMPLE_RATE, channels: int = 1) -> None:
        self.path = Path(path)
        self.rate = rate
        self.channels = channels
        self.samples = 0
        "Samples of each channel that were written so far."
        self._file = self.path.open("wb", buffering=0)
        self._file.write(self._header())

    def write(self, samples: Samples) -> None:
        """Append samples, of several channels as an array of shape (n, channels).

        What goes beyond the format's four gigabytes is left out.
        """
        if samples.dtype != np.int16:
            raise TypeError(f"a WAV file is written from int16 samples, not {samples.dtype}")
        frame = 2 * self.channels
        room = (MAX_SIZE - HEADER_SIZE) // frame - self.samples
        data = samples.reshape(-1, self.channels)[: max(room, 0)].astype("<i2").tobytes()
        self._file.write(data)
        self.samples += len(data) // frame
        self._file.seek(0)
        self._file.write(self._header())
        self._file.seek(HEADER_SIZE + frame * self.samples)

    def close(self) -> None:
        """Close the file. It was valid before already."""
        self._file.close()

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _header(self) -> bytes:
        frame = 2 * self.channels
        size = frame * self.samples
        return struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", HEADER_SIZE - 8 + size, b"WAVE"),
            *(b"fmt ", 16, _PCM, self.channels, self.rate, frame * self.rate, frame, 16),
            *(b"data", size),
        )
