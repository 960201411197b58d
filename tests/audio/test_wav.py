"""WAV files: what is read, what is refused, and that a recording is always a valid file."""

from __future__ import annotations

import struct
import tempfile
import wave
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.audio import Samples, Tone, WavWriter, encode_alaw, encode_ulaw, goertzel, read_wav, wav_blocks
from session_fsm.audio.wav import ACCEPTED, Floats
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


SINE = np.sin(2 * np.pi * 440 * np.arange(4410) / 44100)  # a tenth of a second at 44.1 kHz


def packed(samples: Floats, kind: int, bits: int) -> bytes:
    """Samples between -1 and 1 in one of the ways that files have."""
    if kind == 3:
        return samples.astype(f"<f{bits // 8}").tobytes()
    if kind == 1 and bits == 8:
        return np.rint(samples * 127 + 128).astype(np.uint8).tobytes()
    if kind in (6, 7):
        encode = encode_alaw if kind == 6 else encode_ulaw
        return encode(np.rint(samples * 32767).astype(np.int16)).tobytes()
    wide = np.rint(samples * (2 ** (bits - 1) - 1)).astype("<i8")
    return b"".join(int(value).to_bytes(bits // 8, "little", signed=True) for value in wide)


FORMATS = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8)]


def file_of(path: Path, kind: int, bits: int, data: bytes, *, channels: int = 1, rate: int = 8000) -> Path:
    """A WAV file with this content."""
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", layout(kind, channels, rate, bits)) + chunk(b"data", data))
    return path


@pytest.mark.parametrize(("kind", "bits"), FORMATS)
def test_every_format_sounds_the_same(tmp_path: Path, kind: int, bits: int):
    """PCM of all widths, float, A-law and µ-law: within what the format itself costs."""
    path = file_of(tmp_path / "any.wav", kind, bits, packed(SINE / 2, kind, bits))

    read = read_wav(path)

    assert (np.dtype(np.int16), len(SINE)) == (read.dtype, len(read))
    coarse = 600 if bits == 8 else 2
    assert np.abs(read - SINE / 2 * 32768).max() < coarse


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_every_rate_sounds_the_same(tmp_path: Path, rate: int):
    """A second of 440 Hz is a second of 440 Hz, and nothing else."""
    pytest.importorskip("soxr")
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate) / 2
    path = file_of(tmp_path / "tone.wav", 1, 16, packed(tone, 1, 16), rate=rate)

    read = read_wav(path)

    assert abs(len(read) - 8000) <= 1
    middle = read[400:-400].astype(float)
    assert 0.999 < goertzel(middle, 440) / np.mean(middle**2) < 1.001


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_mixed_to_one(tmp_path: Path, channels: int):
    """The middle of all: a sound on one side alone is heard, and two of the same do not overflow."""
    frames = np.zeros((4, channels), "<i2")
    frames[0], frames[1, 0], frames[2, -1] = 32767, 6000, -6000
    path = file_of(tmp_path / "wide.wav", 1, 16, frames.tobytes(), channels=channels)

    assert [32767, 6000 // channels, -6000 // channels, 0] == read_wav(path).tolist()


def test_what_is_no_number_is_no_sound(tmp_path: Path):
    """A broken float file is silence where it is broken, and as loud as it may be where it is too loud."""
    data = np.array([np.nan, np.inf, -np.inf, 5.0, 1e300], "<f8").tobytes()

    assert [0, 32767, -32768, 32767, 32767] == read_wav(file_of(tmp_path / "nan.wav", 3, 64, data)).tolist()


def test_a_long_file_is_read_some_at_a_time(tmp_path: Path):
    """Blocks of bounded length, together the whole; a resampler keeps its memory from one to the next."""
    pytest.importorskip("soxr")
    tone = np.sin(2 * np.pi * 440 * np.arange(160000) / 16000) / 2
    path = file_of(tmp_path / "long.wav", 1, 16, packed(tone, 1, 16), rate=16000)

    blocks = list(wav_blocks(path))

    assert max(len(block) for block in blocks) <= 8192
    whole = np.concatenate(blocks)[400:-400].astype(float)
    assert 0.999 < goertzel(whole, 440) / np.mean(whole**2) < 1.001


@pytest.mark.parametrize(
    ("kind", "channels", "rate", "bits", "found"),
    [
        (0x11, 1, 8000, 4, "8 kHz mono 4 bit ADPCM"),
        (0x55, 2, 44100, 0, "44.1 kHz stereo 0 bit MP3"),
        (0x1234, 1, 8000, 16, "8 kHz mono 16 bit format 0x1234"),
        (1, 1, 8000, 12, "8 kHz mono 12 bit PCM"),
        (1, 0, 8000, 16, "8 kHz 0 channels 16 bit PCM"),
        (1, 1, 0, 16, "0 kHz mono 16 bit PCM"),
        (1, 300, 8000, 16, "8 kHz 300 channels 16 bit PCM"),
    ],
)
def test_another_format_is_refused_by_name(tmp_path: Path, kind: int, channels: int, rate: int, bits: int, found: str):
    """One sentence: what was found, what is accepted."""
    path = tmp_path / "other.wav"
    path.write_bytes(
        b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", layout(kind, channels, rate, bits)) + chunk(b"data", bytes(16))
    )

    with pytest.raises(AudioFormatError) as refusal:
        read_wav(path)

    assert f"{path} is {found}; {ACCEPTED}" == str(refusal.value)


def test_two_channels_are_written(tmp_path: Path):
    """A side each; every player opens it."""
    with WavWriter(tmp_path / "both.wav", channels=2) as writer:
        writer.write(np.array([[1, 2], [3, 4], [5, 6]], np.int16))

    with wave.open(str(tmp_path / "both.wav"), "rb") as file:
        assert (2, 3) == (file.getnchannels(), file.getnframes())
        assert [1, 2, 3, 4, 5, 6] == np.frombuffer(file.readframes(3), "<i2").tolist()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_wav_file_or_are_refused(data: bytes):
    """Nothing else is raised, whatever the header says."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.wav"
        path.write_bytes(b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", data[:20]) + chunk(b"data", data[20:]))
        with suppress(AudioFormatError):
            assert np.int16 == read_wav(path).dtype


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

    with pytest.raises(AudioFormatError, match="are accepted"):
        read_wav(path)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path):
    """The system's own words say it best."""
    with pytest.raises(FileNotFoundError):
        read_wav(tmp_path / "nowhere.wav")
