"""When the demo says that a side was heard, and when it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from session_fsm.audio import Tone, silence
from session_fsm.command.sources import EchoSource, SilenceSource, ToneSource, WavSource
from session_fsm.command.verdict import Heard, judge

PATH = ["Idle", "Negotiating", "Ready", "Established", "Active", "Closed"]
SUMMARY = {"frames_received": 100, "frames_sent": 100, "longest_gap_ms": 0.0, "media_path": PATH}
CHIRP = np.rint(8000 * np.sin(np.arange(8000) ** 2 / 40_000)).astype(np.int16)
PERFECT = Heard(
    own=ToneSource(440),
    peer=ToneSource(880),
    seconds=2.0,
    recording=Tone(880).take(16_000),
    summary=SUMMARY,
    peer_summary=SUMMARY,
)


def failed(heard: Heard) -> list[str]:
    """The names of the checks that do not hold."""
    return [check.name for check in judge(heard) if not check.ok]


def test_a_perfect_call_passes():
    """Every check is there, and holds."""
    assert ["media", "sound", "frames", "gaps"] == [check.name for check in judge(PERFECT)]
    assert [] == failed(PERFECT)


def test_hearing_only_oneself_fails():
    """An echo of the own tone is not the peer."""
    assert ["sound"] == failed(replace(PERFECT, recording=Tone(440).take(16_000)))


def test_hearing_both_equally_fails():
    """The peer's tone has to be five times the own one."""
    both = Tone(440).take(16_000) + Tone(880, amplitude=24_000).take(16_000)

    assert ["sound"] == failed(replace(PERFECT, recording=both))


def test_five_times_the_own_tone_is_enough():
    """The figure of the reference documents."""
    both = Tone(440, amplitude=1000).take(16_000) + Tone(880, amplitude=5100).take(16_000)

    assert [] == failed(replace(PERFECT, recording=both))


def test_silence_instead_of_a_tone_fails():
    """Frames alone are not sound."""
    assert ["sound"] == failed(replace(PERFECT, recording=silence(16_000)))


def test_an_echo_has_to_bring_back_the_own_tone():
    """A peer that echoes plays what we play."""
    assert [] == failed(replace(PERFECT, peer=EchoSource(), recording=Tone(440).take(16_000)))
    assert ["sound"] == failed(replace(PERFECT, peer=EchoSource()))


def test_silence_that_was_asked_for_is_not_judged():
    """Only frames and gaps can be."""
    heard = replace(PERFECT, peer=SilenceSource(), recording=silence(16_000))

    assert ["media", "frames", "gaps"] == [check.name for check in judge(heard)]


def test_a_wav_is_found_by_correlation():
    """At any lag."""
    source = WavSource(Path("chirp.wav"), CHIRP)
    recording = np.concatenate([silence(1234), CHIRP // 2, silence(6766)])

    assert [] == failed(replace(PERFECT, peer=source, recording=recording))
    assert ["sound"] == failed(replace(PERFECT, peer=source))


@pytest.mark.parametrize(("received", "expected"), [(100, []), (98, []), (97, ["frames"]), (0, ["frames"])])
def test_98_per_cent_of_the_frames_are_wanted(received: int, expected: list[str]):
    """Of what the time holds, and of what the peer sent."""
    assert expected == failed(replace(PERFECT, summary={**SUMMARY, "frames_received": received}))


def test_frames_that_were_received_but_not_recorded_count_as_missing():
    """What nobody could listen to was not heard."""
    assert ["frames"] == failed(replace(PERFECT, recording=Tone(880).take(15_000)))


def test_a_peer_that_sends_too_little_does_not_make_it_enough():
    """The time decides too."""
    short = {**SUMMARY, "frames_received": 50, "frames_sent": 50}

    assert ["frames"] == failed(replace(PERFECT, summary=short, peer_summary=short))


@pytest.mark.parametrize(("gap", "expected"), [(40.0, []), (60.0, ["gaps"]), (None, ["gaps"])])
def test_no_gap_over_40_ms_is_allowed(gap: float | None, expected: list[str]):
    """Nor one that was not measured."""
    assert expected == failed(replace(PERFECT, summary={**SUMMARY, "longest_gap_ms": gap}))


def test_media_that_was_never_active_fails():
    """Frames without evidence would be a fault of ours."""
    assert ["media"] == failed(replace(PERFECT, summary={**SUMMARY, "media_path": [*PATH[:4], "Closed"]}))


def test_a_side_without_a_summary_fails_in_all():
    """Its process did not get that far."""
    gone = replace(PERFECT, summary=None, recording=silence(0))

    assert ["media", "sound", "frames", "gaps"] == failed(gone)
