"""WAV files: what is read, what is refused, and that a recording is always a valid file."""

from __future__ import annotations

import struct
import tempfile
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.audio import Samples, Tone, WavWriter, read_wav
from session_fsm.errors import AudioFormatError


def written(path: Path, channels: int = 1, width: int = 2, rate: int = 8000, frames: bytes = bytes(320)) -> Path:
    """A WAV file from the standard library."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk, padded to an even length."""
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def layout(kind: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    """A format chunk's content."""
    return struct.pack("<HHIIHH", kind, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)


def test_what_was_written_is_read(tmp_path: Path):
    """The standard library's files are ours."""
    tone = Tone(440).take(400)

    assert np.array_equal(tone, read_wav(written(tmp_path / "tone.wav", frames=tone.tobytes())))


@given(st.lists(st.binary(max_size=80).map(lambda data: np.frombuffer(data, "<i2", len(data) // 2)), max_size=5))
def test_any_recording_survives(frames: list[Samples]):
    """Whatever was written, frame by frame, is what is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.wav"
        with WavWriter(path) as writer:
            for frame in frames:
                writer.write(frame)

        expected = np.concatenate([np.zeros(0, np.int16), *frames])
        assert np.array_equal(expected, read_wav(path))


def test_a_recording_is_valid_while_it_grows(tmp_path: Path):
    """A process that is killed leaves a file that every player opens."""
    with WavWriter(tmp_path / "growing.wav") as writer:
        for count in range(4):
            with wave.open(str(tmp_path / "growing.wav"), "rb") as file:
                assert (1, 2, 8000, 160 * count) == (
                    file.getnchannels(),
                    file.getsampwidth(),
                    file.getframerate(),
                    file.getnframes(),
                )
            writer.write(Tone(440).take())


def test_only_int16_is_recorded(tmp_path: Path):
    """Anything else would be noise."""
    with WavWriter(tmp_path / "x.wav") as writer, pytest.raises(TypeError, match="not float64"):
        writer.write(np.zeros(160))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channels", "width", "rate", "found"),
    [
        (2, 2, 44100, "44.1 kHz stereo 16 bit PCM"),
        (1, 2, 16000, "16 kHz mono 16 bit PCM"),
        (1, 1, 8000, "8 kHz mono 8 bit PCM"),
        (6, 2, 8000, "8 kHz 6 channels 16 bit PCM"),
    ],
)
def test_another_format_is_refused_by_name(tmp_path: Path, channels: int, width: int, rate: int, found: str):
    """One sentence: what was found, what is accepted."""
    path = written(tmp_path / "other.wav", channels, width, rate, bytes(channels * width * 10))

    with pytest.raises(AudioFormatError) as refusal:
        read_wav(path)

    assert f"{path} is {found}; 8 kHz mono 16 bit PCM is accepted" == str(refusal.value)


@pytest.mark.parametrize(("kind", "name"), [(7, "µ-law"), (6, "A-law"), (3, "float"), (0x1234, "format 0x1234")])
def test_another_encoding_is_refused_by_name(tmp_path: Path, kind: int, name: str):
    """µ-law in a WAV file looks tempting, but its samples are not linear."""
    path = tmp_path / "other.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", layout(kind)) + chunk(b"data", bytes(16)))

    with pytest.raises(AudioFormatError, match=f"16 bit {name}; 8 kHz"):
        read_wav(path)


def test_an_extensible_header_with_pcm_is_read(tmp_path: Path):
    """Many tools write it even for one channel."""
    extended = layout(0xFFFE) + struct.pack("<HHIH", 22, 16, 4, 1) + bytes.fromhex("000000001000800000aa00389b71")
    path = tmp_path / "extensible.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", extended) + chunk(b"data", struct.pack("<hh", 1, -2)))

    assert [1, -2] == read_wav(path).tolist()


def test_other_chunks_are_passed_over(tmp_path: Path):
    """A comment of odd length before the data."""
    path = tmp_path / "list.wav"
    path.write_bytes(
        b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", layout()) + chunk(b"LIST", b"abc") + chunk(b"data", struct.pack("<h", 5))
    )

    assert [5] == read_wav(path).tolist()


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path):
    """A size beyond the end of the file, as streaming tools leave it."""
    path = tmp_path / "cut.wav"
    path.write_bytes(
        b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", layout()) + b"data\xff\xff\xff\xff" + struct.pack("<hh", 1, 2) + b"\0"
    )

    assert [1, 2] == read_wav(path).tolist()


@pytest.mark.parametrize("data", [b"", b"ID3\4 an mp3", b"RIFF\0\0\0\0AVI ", b"RIFF\0\0\0\0WAVEfmt \xff\0\0\0\1"])
def test_what_is_no_wav_file_is_refused(tmp_path: Path, data: bytes):
    """Whatever the name ends in."""
    path = tmp_path / "song.wav"
    path.write_bytes(data)

    with pytest.raises(AudioFormatError, match="8 kHz mono 16 bit PCM is accepted"):
        read_wav(path)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path):
    """The system's own words say it best."""
    with pytest.raises(FileNotFoundError):
        read_wav(tmp_path / "nowhere.wav")
