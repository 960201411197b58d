"""What was heard, as a WAV file whose time axis is the call's: a frame that never came is silence of its length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from session_fsm.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples, WavWriter
from session_fsm.command.exits import CommandError

LONGEST_FILL = 30 * SAMPLE_RATE  # samples; a larger step of the timestamp is another source's, not a silence


class Recording:
    """One call's file. The file is opened with the first frame, so a call that was never heard leaves none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filled = 0
        "Samples of silence that stand for frames that never came."
        self._file: WavWriter | None = None
        self._next: int | None = None

    def write(self, samples: Samples, timestamp: int, *, lost: bool = False) -> None:
        """Append one frame, after as much silence as its RTP timestamp says is missing."""
        missing = 0 if self._next is None else timestamp - self._next & 0xFFFFFFFF
        if 0 < missing <= LONGEST_FILL:
            self._append(np.zeros(missing, np.int16))
            self.filled += missing
        if lost:
            self.filled += len(samples)
        self._append(samples)
        self._next = timestamp + len(samples) & 0xFFFFFFFF

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    @property
    def samples(self) -> int:
        """The file's length."""
        return self._file.samples if self._file else 0

    def __str__(self) -> str:
        if not self.samples:
            return f"{self.path}: nothing was heard, so no file was written"
        said = f"{self.path}: {self.samples / SAMPLE_RATE:.2f} s"
        if self.filled:
            said += f", of which {round(self.filled / FRAME_SAMPLES)} lost frames as silence"
        return said

    def _append(self, samples: Samples) -> None:
        if self._file is None:
            self._file = WavWriter(self.path)
        self._file.write(samples)


def numbered(path: Path, number: int) -> Path:
    """The file of the call with this number: the first has the name as it was given, the second gets `-2`."""
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def check_writable(path: Path, option: str) -> None:
    """Complain before the call, not after it, when this file cannot be written."""
    existed = path.exists()
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise CommandError(f"{option}: cannot write {path}: {error.strerror}") from None
    if not existed:
        path.unlink()
