"""A recording keeps the time axis of the call, whatever was lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from session_fsm.audio import Samples, Tone, read_wav, silence
from session_fsm.command.exits import CommandError
from session_fsm.command.recording import Recording, check_writable, numbered


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path / "heard.wav")


def heard(recording: Recording) -> Samples:
    """What is in the file."""
    recording.close()
    return read_wav(recording.path)


def test_frames_follow_each_other(recording: Recording):
    """Timestamps that go on leave no silence."""
    tone = Tone(440).take(320)
    recording.write(tone[:160], 1000)
    recording.write(tone[160:], 1160)

    assert np.array_equal(tone, heard(recording))


def test_a_lost_frame_is_silence_of_its_length(recording: Recording):
    """And the recording says how many there were."""
    tone = Tone(440).take(160)
    recording.write(tone, 0)
    recording.write(silence(), 160, lost=True)
    recording.write(tone, 320)

    assert np.array_equal(np.concatenate([tone, silence(), tone]), heard(recording))
    assert str(recording).endswith("heard.wav: 0.06 s, of which 1 lost frames as silence")


def test_a_step_in_the_timestamp_is_silence(recording: Recording):
    """A talk spurt that begins later begins later in the file too."""
    tone = Tone(440).take(160)
    recording.write(tone, 0)
    recording.write(tone, 640)

    assert np.array_equal(np.concatenate([tone, silence(480), tone]), heard(recording))


def test_timestamps_wrap(recording: Recording):
    """They are 32 bits wide (RFC 3550 §5.1)."""
    recording.write(silence(), 2**32 - 160)
    recording.write(silence(), 0)

    assert 320 == len(heard(recording))


def test_another_source_does_not_leave_hours_of_silence(recording: Recording):
    """Its timestamps begin anywhere."""
    recording.write(silence(), 0)
    recording.write(silence(), 2_000_000_000)

    assert 320 == len(heard(recording))


def test_a_call_that_was_not_heard_leaves_no_file(recording: Recording):
    """An empty file would look like a recording."""
    recording.close()

    assert not recording.path.exists()
    assert "nothing was heard" in str(recording)


def test_the_second_call_gets_a_number():
    """The first has the name that was given."""
    assert ["dir/a.wav", "dir/a-2.wav", "dir/a-3.wav"] == [str(numbered(Path("dir/a.wav"), n)) for n in (1, 2, 3)]


def test_a_file_that_cannot_be_written_is_said_before_the_call(tmp_path: Path):
    """One sentence that names the option and the path."""
    with pytest.raises(CommandError, match=r"--record: cannot write .*nowhere/a.wav: No such file or directory"):
        check_writable(tmp_path / "nowhere" / "a.wav", "--record")


def test_the_check_leaves_nothing_behind(tmp_path: Path):
    """And it does not touch what is there."""
    (tmp_path / "old.wav").write_bytes(b"old")

    check_writable(tmp_path / "new.wav", "--record")
    check_writable(tmp_path / "old.wav", "--record")

    assert {"old.wav": b"old"} == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
