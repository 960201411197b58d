"""What `--play` can name, and what it says about everything else."""

from __future__ import annotations

import sys
import wave
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from session_fsm.audio import Tone, WavWriter
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.sources import EchoSource, SilenceSource, parse_source


def test_a_tone_goes_on_without_a_break():
    """Frames of `tone:440` are one sine."""
    frames = list(islice(parse_source("tone:440").frames(), 3))

    assert np.array_equal(Tone(440).take(480), np.concatenate(frames))


def test_silence_and_echo_have_no_frames_of_their_own():
    """The library sends silence by itself, and an echo needs something to hear."""
    assert [[], []] == [list(parse_source(text).frames()) for text in ("silence", "echo")]


@pytest.mark.parametrize("text", ["tone:440", "tone:1000.5", "silence", "echo"])
def test_a_source_is_written_as_it_is_read(text: str):
    """So a demo can hand it to its processes."""
    assert text == str(parse_source(text))


def test_the_two_plain_sources_are_told_apart():
    """Each has a class of its own."""
    assert [SilenceSource(), EchoSource()] == [parse_source("silence"), parse_source("echo")]


def test_a_wav_file_is_cut_into_frames(tmp_path: Path):
    """The last frame is filled up with silence."""
    samples = Tone(440).take(200)
    with WavWriter(tmp_path / "short.wav") as file:
        file.write(samples)

    frames = list(parse_source(str(tmp_path / "short.wav")).frames())

    assert [160, 160] == [len(frame) for frame in frames]
    assert np.array_equal(samples, np.concatenate(frames)[:200])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tone:", "--play: '' is no frequency"),
        ("tone:la", "--play: 'la' is no frequency"),
        ("tone:5000", "--play: a tone of 5000 Hz cannot be sampled at 8000 Hz"),
        ("tone:nan", "--play: a tone of nan Hz cannot"),
        ("tone:inf", "--play: a tone of inf Hz cannot"),
        ("nothing.wav", "--play: cannot read nothing.wav: No such file or directory; use tone:HZ"),
        ("", "--play: cannot read"),
    ],
)
def test_anything_else_is_one_sentence(text: str, why: str):
    """It names the option and what was found."""
    with pytest.raises(CommandError) as caught:
        parse_source(text)

    assert str(caught.value).startswith(why)
    assert Exit.USAGE is caught.value.code


def test_a_wav_file_from_a_studio_is_played(tmp_path: Path):
    """Any rate and number of channels; a call speaks 8 kHz mono."""
    pytest.importorskip("soxr")
    path = tmp_path / "song.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(bytes(4 * 4410))

    assert 5 == len(list(parse_source(str(path), "--caller").frames()))


def test_a_rate_that_needs_a_library_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One sentence with what to install."""
    monkeypatch.setitem(sys.modules, "soxr", None)
    with WavWriter(tmp_path / "song.wav", rate=16000) as file:
        file.write(np.zeros(160, np.int16))

    with pytest.raises(CommandError, match=r"--play: .*song.wav has 16 kHz; .* pip install 'session-fsm\[files\]'"):
        parse_source(str(tmp_path / "song.wav"))
