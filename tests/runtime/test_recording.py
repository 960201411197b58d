"""A call into a file: each side where its media time says, valid at any moment."""

from __future__ import annotations

import os
import sys
import wave
from pathlib import Path
from random import Random

import numpy as np
import pytest

from session_fsm.audio import Samples, Tone, decode_ulaw, encode_ulaw, goertzel
from session_fsm.audio.timeline import RecordMode
from session_fsm.errors import AudioFormatError
from session_fsm.rtp import LostFrames, RtpPacket
from session_fsm.runtime.recording import CallRecording


def decode(payload: bytes) -> Samples:
    return decode_ulaw(np.frombuffer(payload, np.uint8))


LOUD, SOFT = (encode_ulaw(np.full(160, value, np.int16)).tobytes() for value in (8000, 1000))
HIGH, LOW = (int(decode(payload)[0]) for payload in (LOUD, SOFT))


class Desk:
    """A recording, and the clock that it looks at."""

    def __init__(self, path: Path, mode: RecordMode, rate: int = 8000) -> None:
        self.now = 1000.0
        self.recording = CallRecording(path, mode, lambda: self.now, rate)

    def hear(self, number: int, at: float, payload: bytes = LOUD, start: int = 4_294_967_000) -> None:
        """The peer's packet of this number, handed out at this time."""
        self.now = 1000.0 + at
        self.recording.note_arrival(start + 160 * number & 0xFFFFFFFF)
        self.recording.hear(decode, RtpPacket(0, number, start + 160 * number & 0xFFFFFFFF, 7, payload))

    def say(self, number: int, at: float, payload: bytes = SOFT) -> None:
        """Ours, when it left."""
        self.now = 1000.0 + at
        self.recording.say(decode, 777 + 160 * number, payload)

    def close(self) -> tuple[int, Samples]:
        """Channels and samples of the file."""
        self.recording.close()
        return content(self.recording.path)


def content(path: Path) -> tuple[int, Samples]:
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return file.getnchannels(), samples.reshape(-1, file.getnchannels())


def test_a_channel_a_side(tmp_path):
    """We begin 40 ms before the peer is heard, and so it is in the file."""
    desk = Desk(tmp_path / "call.wav", RecordMode.STEREO)
    for n in range(5):
        desk.say(n, 0.02 * n)
    for n in range(5):
        desk.hear(n, 0.04 + 0.02 * n)

    channels, samples = desk.close()

    assert (2, 7 * 160) == (channels, len(samples))
    assert [0, 0, *[HIGH] * 5] == samples[::160, 0].tolist()
    assert [*[LOW] * 5, 0, 0] == samples[::160, 1].tolist()


def test_both_sides_mixed(tmp_path):
    desk = Desk(tmp_path / "call.wav", RecordMode.MIXED)
    desk.hear(0, 0.0)
    desk.say(0, 0.0)

    assert (1, HIGH + LOW) == (desk.close()[0], int(content(tmp_path / "call.wav")[1][0, 0]))


def test_what_was_heard_alone(tmp_path):
    """What was said is not listened to; the file begins with the first frame."""
    desk = Desk(tmp_path / "call.wav", RecordMode.HEARD)
    desk.say(0, 0.0)
    desk.hear(0, 1.0)

    channels, samples = desk.close()

    assert (1, 160, HIGH) == (channels, len(samples), int(samples[0, 0]))


def test_uneven_arrivals_make_no_uneven_recording(tmp_path):
    """Timestamps place the frames, not the moments at which they came."""
    desk = Desk(tmp_path / "call.wav", RecordMode.HEARD)
    for n, at in enumerate((0.0, 0.09, 0.09, 0.09, 0.16)):
        desk.hear(n, at)

    assert [HIGH] * 800 == desk.close()[1][:, 0].tolist()


def test_silence_that_was_not_sent_is_silence(tmp_path):
    """Numbers that go on with timestamps that jump: DTX, or a hold."""
    desk = Desk(tmp_path / "call.wav", RecordMode.HEARD)
    desk.hear(0, 0.0)
    desk.hear(50, 1.0)

    samples = desk.close()[1][:, 0]
    assert (51 * 160, HIGH, 0, HIGH) == (len(samples), samples[0], samples[4000], samples[-1])


def test_a_source_that_begins_again_goes_on_where_we_are(tmp_path):
    """Its timestamps have nothing to do with the old ones."""
    desk = Desk(tmp_path / "call.wav", RecordMode.HEARD)
    desk.hear(0, 0.0)
    desk.hear(0, 0.5, start=123_456_789)

    samples = desk.close()[1][:, 0]
    assert (4160, HIGH, 0, HIGH) == (len(samples), samples[0], samples[2000], samples[4000])


def test_the_lost_are_concealed(tmp_path):
    """As the application hears it."""
    desk = Desk(tmp_path / "call.wav", RecordMode.HEARD)
    for n in range(3):
        desk.hear(n, 0.02 * n)
    desk.recording.hear(decode, LostFrames(3, 4_294_967_000 + 480 & 0xFFFFFFFF, 1))
    desk.hear(4, 0.08)

    samples = desk.close()[1][:, 0]
    assert 800 == len(samples)
    assert samples[480:640].all()


def test_a_long_call_is_written_as_it_goes(tmp_path):
    """A minute costs the memory of seconds, and a process that is killed leaves all but the last of them."""
    desk = Desk(tmp_path / "call.wav", RecordMode.STEREO)
    for n in range(3000):
        desk.hear(n, 0.02 * n)
        desk.say(n, 0.02 * n)

    written = content(tmp_path / "call.wav")[1]
    assert 55 * 8000 <= len(written) <= 60 * 8000
    assert {(HIGH, LOW)} == set(map(tuple, written[::160].tolist()))
    assert 60 * 8000 == len(desk.close()[1])


def test_closing_twice_is_closing_once(tmp_path):
    """And what comes after the end is passed over."""
    desk = Desk(tmp_path / "call.wav", RecordMode.MIXED)
    desk.hear(0, 0.0)
    desk.close()
    desk.hear(1, 0.02)
    desk.say(1, 0.02)

    assert 160 == len(desk.close()[1])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a disk without room")
def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path):
    """It says why, and goes on saying nothing."""
    desk = Desk(tmp_path / "call.wav", RecordMode.HEARD)
    desk.recording._file._file.close()
    with Path("/dev/full").open("wb", buffering=0) as full:
        desk.recording._file._file = full
        for n in range(300):
            desk.hear(n, 0.02 * n)

    assert (True, "No space left on device") == (desk.recording.closed, desk.recording.failure.strerror)
    assert str(desk.recording).endswith("0.00 s, heard, and then: No space left on device")


def test_a_file_that_cannot_be_made_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        CallRecording(tmp_path / "nowhere" / "call.wav", RecordMode.HEARD, lambda: 0.0)


PPM = 200  # parts in a million: a bad sound card
MARK_EVERY = 10.0  # seconds


@pytest.mark.parametrize("ppm", [PPM, -PPM])
@pytest.mark.parametrize("mode", [RecordMode.STEREO, RecordMode.MIXED])
def test_two_clocks_that_differ_stay_in_step(tmp_path, ppm, mode):
    """Five minutes, in which they part by 60 ms: the sides' marks stay five seconds from each other, to 20 ms.

    The peer's packets come up to 30 ms late.
    """
    desk = Desk(tmp_path / "call.wav", mode)
    dice = Random(1)
    theirs = 0.02 / (1 + ppm * 1e-6)
    said = [(0.02 * n, desk.say, n, 0.02 * n) for n in range(15_000)]
    heard = [(theirs * n + dice.uniform(0.0, 0.03), desk.hear, n, theirs * n + MARK_EVERY / 2) for n in range(15_000)]
    quiet = encode_ulaw(np.zeros(160, np.int16)).tobytes()
    for at, take, n, moment in sorted(said + heard, key=lambda event: event[0]):
        take(n, at, SOFT if moment % MARK_EVERY < 0.02 else quiet)
    loud = np.flatnonzero(desk.close()[1].sum(axis=1) >= LOW)
    marks = loud[np.insert(np.diff(loud) > 8000, 0, True)]

    apart = np.diff(marks) - MARK_EVERY / 2 * 8000
    assert 58 <= len(apart)
    # A mark begins with a packet, so up to 20 ms late: that much the distance of two may change by besides.
    assert np.abs(np.cumsum(apart)).max() <= 160 + 160


@pytest.mark.parametrize("rate", [11_025, 16_000, 48_000])
@pytest.mark.parametrize("mode", [RecordMode.MIXED, RecordMode.STEREO])
def test_a_file_of_another_rate(tmp_path, rate, mode):
    """As long as the call, and the tone is where it was."""
    pytest.importorskip("soxr")
    desk = Desk(tmp_path / "call.wav", mode, rate)
    tone = iter(Tone(440.0))
    for n in range(250):
        desk.say(n, 0.02 * n, encode_ulaw(next(tone)).tobytes())
    desk.close()
    with wave.open(str(tmp_path / "call.wav"), "rb") as file:
        found = file.getframerate()
    said = content(tmp_path / "call.wav")[1][:, -1]

    assert (rate, 5.0, 5 * rate) == (found, desk.recording.seconds, len(said))
    assert goertzel(said, 440.0, rate) > 100 * goertzel(said, 880.0, rate)


def test_another_rate_without_a_library_says_what_is_needed(tmp_path, monkeypatch):
    """And makes no file."""
    monkeypatch.setitem(sys.modules, "soxr", None)
    with pytest.raises(AudioFormatError, match=r"16 kHz; another rate than 8 kHz needs soxr: pip install"):
        CallRecording(tmp_path / "call.wav", RecordMode.HEARD, lambda: 0.0, 16_000)

    assert not (tmp_path / "call.wav").exists()
