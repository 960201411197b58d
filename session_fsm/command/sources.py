"""What is played into a call: `tone:HZ`, `silence`, `echo`, or a WAV file. Values only; nothing here is paced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from session_fsm.audio import FRAME_SAMPLES, Samples, Tone, read_wav
from session_fsm.command.exits import CommandError
from session_fsm.errors import AudioFormatError

FORMS = "tone:HZ such as tone:440, silence, echo, or a WAV file"


@dataclass(frozen=True, slots=True)
class ToneSource:
    """A sine, for as long as the call lasts."""

    hz: float

    def __str__(self) -> str:
        return f"tone:{self.hz:g}"

    def frames(self) -> Iterator[Samples]:
        """20 ms at a time, for ever."""
        return iter(Tone(self.hz))


@dataclass(frozen=True, slots=True)
class SilenceSource:
    """Nothing: the library itself sends silence from Established on."""

    def __str__(self) -> str:
        return "silence"

    def frames(self) -> Iterator[Samples]:
        """None at all."""
        return iter(())


@dataclass(frozen=True, slots=True)
class EchoSource:
    """Whatever is heard, sent back."""

    def __str__(self) -> str:
        return "echo"

    def frames(self) -> Iterator[Samples]:
        """None of its own."""
        return iter(())


@dataclass(frozen=True, slots=True, eq=False)
class WavSource:
    """A file, played once; silence follows."""

    path: Path
    samples: Samples

    def __str__(self) -> str:
        return str(self.path)

    def frames(self) -> Iterator[Samples]:
        """20 ms at a time; the last frame is filled up with silence."""
        padded = np.pad(self.samples, (0, -len(self.samples) % FRAME_SAMPLES))
        return iter(padded.reshape(-1, FRAME_SAMPLES))


Source = ToneSource | SilenceSource | EchoSource | WavSource


def parse_source(text: str, option: str = "--play") -> Source:
    """The source that this text names. Complains in one sentence that names the option and what is possible."""
    kind, _, value = text.partition(":")
    if kind == "tone":
        return _tone(value, option)
    if text == "silence":
        return SilenceSource()
    if text == "echo":
        return EchoSource()
    return _wav(text, option)


def _tone(value: str, option: str) -> ToneSource:
    try:
        return ToneSource(Tone(float(value)).hz)
    except ValueError as error:
        why = str(error) if "tone" in str(error) else f"{value!r} is no frequency"
        raise CommandError(f"{option}: {why}; use {FORMS}") from None


def _wav(text: str, option: str) -> WavSource:
    path = Path(text)
    try:
        return WavSource(path, read_wav(path))
    except AudioFormatError as error:
        raise CommandError(f"{option}: {error}") from None
    except OSError as error:
        raise CommandError(f"{option}: cannot read {text}: {error.strerror}; use {FORMS}") from None
