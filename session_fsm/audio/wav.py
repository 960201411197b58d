"""WAV files of the one kind that a call speaks: 8 kHz, mono, 16 bit PCM.

Reading anything else says what was found and what is accepted. Writing keeps the file valid after every frame, so that
a process that is killed leaves a recording and not a riddle.
"""

from __future__ import annotations

import struct
from os import PathLike
from pathlib import Path
from types import TracebackType

import numpy as np

from session_fsm.audio.g711 import Samples
from session_fsm.audio.tone import SAMPLE_RATE
from session_fsm.errors import AudioFormatError

ACCEPTED = "8 kHz mono 16 bit PCM is accepted"
HEADER_SIZE = 44  # octets before the samples in the files that are written here
MAX_SIZE = 2**32 - 1  # the size fields have 32 bits; what is longer is cut off there, after 74 hours

_PCM, _EXTENSIBLE = 0x0001, 0xFFFE
_FORMATS = {_PCM: "PCM", 0x0003: "float", 0x0006: "A-law", 0x0007: "µ-law", 0x0011: "ADPCM", 0x0055: "MP3"}


def read_wav(path: str | PathLike[str]) -> Samples:
    """The samples of a WAV file. Raises AudioFormatError for a wrong format, OSError when it cannot be read."""
    data = Path(path).read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise AudioFormatError(f"{path} is no WAV file; {ACCEPTED}")
    chunks = _chunks(data)
    layout = chunks.get(b"fmt ", b"")
    if len(layout) < 16 or b"data" not in chunks:
        raise AudioFormatError(f"{path} is a WAV file without format or data; {ACCEPTED}")
    _check_layout(path, layout)
    samples = chunks[b"data"]
    return np.frombuffer(samples, "<i2", len(samples) // 2).astype(np.int16)


class WavWriter:
    """Records samples into a WAV file, frame by frame. The file is valid after every `write`."""

    def __init__(self, path: str | PathLike[str], rate: int = SAMPLE_RATE) -> None:
        self.path = Path(path)
        self.rate = rate
        self.samples = 0
        "Samples that were written so far."
        self._file = self.path.open("wb", buffering=0)
        self._file.write(_header(rate, 0))

    def write(self, samples: Samples) -> None:
        """Append samples. What goes beyond the format's four gigabytes is left out."""
        if samples.dtype != np.int16:
            raise TypeError(f"a WAV file is written from int16 samples, not {samples.dtype}")
        room = (MAX_SIZE - HEADER_SIZE) // 2 - self.samples
        data = samples.reshape(-1)[: max(room, 0)].astype("<i2").tobytes()
        self._file.write(data)
        self.samples += len(data) // 2
        end = HEADER_SIZE + 2 * self.samples
        self._file.seek(0)
        self._file.write(_header(self.rate, 2 * self.samples))
        self._file.seek(end)

    def close(self) -> None:
        """Close the file. It was valid before already."""
        self._file.close()

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _header(rate: int, size: int) -> bytes:
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", HEADER_SIZE - 8 + size, b"WAVE"),
        *(b"fmt ", 16, _PCM, 1, rate, 2 * rate, 2, 16),
        *(b"data", size),
    )


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name. A size that reaches beyond the end is that of a stream that was cut off."""
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        chunks.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return chunks


def _check_layout(path: str | PathLike[str], layout: bytes) -> None:
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", layout)
    if kind == _EXTENSIBLE and len(layout) >= 26:
        kind = struct.unpack_from("<H", layout, 24)[0]
    if (kind, channels, rate, bits) != (_PCM, 1, SAMPLE_RATE, 16):
        width = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
        name = _FORMATS.get(kind, f"format {kind:#06x}")
        raise AudioFormatError(f"{path} is {rate / 1000:g} kHz {width} {bits} bit {name}; {ACCEPTED}")
