"""A WAV file into a call, and a call into a WAV file."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest
from calling import connected, play

from session_fsm import CallFailedError, LocalProtocolError
from session_fsm.audio import goertzel, read_wav
from session_fsm.errors import AudioFormatError
from session_fsm.runtime.channels import woken
from session_fsm.session.events import CallEnded


def sides(path: Path) -> np.ndarray:
    """Both channels of a file."""
    with wave.open(str(path), "rb") as file:
        assert 2 == file.getnchannels()
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def studio(path: Path, hz: float, seconds: float) -> Path:
    """A tone at 44.1 kHz in stereo."""
    sine = np.sin(2 * np.pi * hz * np.arange(round(44100 * seconds)) / 44100)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(np.repeat(np.rint(sine * 8000).astype("<i2"), 2).tobytes())
    return path


async def test_a_file_is_played_and_both_sides_are_recorded(alice, bob, tmp_path):
    """Alice's file is in the left channel of Bob's recording, his own tone in the right one, and both in hers."""
    pytest.importorskip("soxr")
    calling, answering = await connected(alice, bob)
    theirs = answering.record(tmp_path / "stereo.wav", "stereo")
    ours = calling.record(tmp_path / "mixed.wav")
    tx, _ = await answering.audio_channels()
    audio = await calling.audio_channels()
    await audio.play(studio(tmp_path / "studio.wav", 440, 0.5))
    await play(tx, 880, 25)
    await audio.drain()
    await calling.hang_up()
    await answering.wait_for_event(CallEnded)

    both, mixed = sides(tmp_path / "stereo.wav"), read_wav(tmp_path / "mixed.wav")

    assert (True, True) == (theirs.closed, ours.closed)
    heard, said = both[:, 0].astype(float), both[:, 1].astype(float)
    assert goertzel(heard, 440) > 1000 * goertzel(heard, 880)
    assert goertzel(said, 880) > 1000 * goertzel(said, 440)
    assert min(goertzel(mixed, 440), goertzel(mixed, 880)) > 1e5
    loud = np.abs(heard) > 4000
    assert 3800 < np.flatnonzero(loud)[-1] - np.flatnonzero(loud)[0] < 4300


async def test_barge_in_ends_a_file(alice, bob, tmp_path):
    """What was not sent of a file when `flush` came is never heard."""
    calling, _ = await connected(alice, bob)
    audio = await calling.audio_channels()
    path = tmp_path / "minute.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.full(60 * 8000, 8000, "<i2").tobytes())
    prompt = asyncio.create_task(audio.play(path))
    await woken(audio.sender.waiting)

    assert 0 < audio.flush()
    await asyncio.wait_for(prompt, 10)
    assert 0 == len(audio.sender.frames)


async def test_a_recording_may_end_before_the_call(alice, bob, tmp_path):
    """As a context manager."""
    calling, _ = await connected(alice, bob)
    with calling.record(tmp_path / "some.wav", "heard"):
        await anext((await calling.audio_channels()).receiver)
    length = len(read_wav(tmp_path / "some.wav"))
    await play((await calling.audio_channels()).sender, 440, 5)
    await calling.hang_up()

    assert length == len(read_wav(tmp_path / "some.wav"))


async def test_what_cannot_be_recorded_says_so(alice, bob, tmp_path):
    """A mode that there is not, a folder that there is not, a call that is over."""
    calling, _ = await connected(alice, bob)

    with pytest.raises(ValueError, match="mode is 'both'; it can be heard, mixed, stereo"):
        calling.record(tmp_path / "x.wav", "both")
    with pytest.raises(ValueError, match=r"rate is 44100\.0; it can be a whole number of samples a second"):
        calling.record(tmp_path / "x.wav", rate=44_100.0)
    with pytest.raises(FileNotFoundError):
        calling.record(tmp_path / "nowhere" / "x.wav")
    await calling.hang_up()
    await calling.wait_for_event(CallEnded)
    with pytest.raises(LocalProtocolError, match="cannot record: call is Terminated"):
        calling.record(tmp_path / "x.wav")


async def test_what_cannot_be_played_says_so(alice, bob, tmp_path):
    """The call goes on; once it is over, its reason is told."""
    calling, _ = await connected(alice, bob)
    audio = await calling.audio_channels()
    (tmp_path / "text.wav").write_text("hello")

    with pytest.raises(AudioFormatError, match=r"text.wav is no WAV file"):
        await audio.play(tmp_path / "text.wav")
    with pytest.raises(FileNotFoundError):
        await audio.play(tmp_path / "nowhere.wav")
    await calling.hang_up()
    await calling.wait_for_event(CallEnded)
    with pytest.raises(CallFailedError):
        await audio.play(studio(tmp_path / "tone.wav", 440, 2.0))
