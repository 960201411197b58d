"""Tones, and telling them apart."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_fsm.audio import Tone, correlate, decode_ulaw, encode_ulaw, goertzel, hears, silence


def test_frames_join_without_a_break():
    """Ten frames are one long sine."""
    frames = list(islice(Tone(440), 10))

    assert np.array_equal(Tone(440).take(1600), np.concatenate(frames))


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_cuts_do_not_matter(cuts: list[int]):
    """However the samples are taken, they are the same samples."""
    tone = Tone(697.5)

    assert np.array_equal(Tone(697.5).take(sum(cuts)), np.concatenate([tone.take(cut) for cut in cuts]))


def test_a_frame_is_twenty_milliseconds_of_int16():
    """What the API takes."""
    frame = Tone(440).take()

    assert ((160,), np.int16) == (frame.shape, frame.dtype)


@pytest.mark.parametrize(("hz", "amplitude"), [(0, 1), (4000, 1), (-440, 1), (440, 32768), (440, -1)])
def test_an_impossible_tone_is_refused(hz: float, amplitude: int):
    """Above half the sampling rate there is nothing; louder than 16 bits neither."""
    with pytest.raises(ValueError, match="possible:"):
        Tone(hz, amplitude)


def test_the_power_of_a_sine_is_half_its_square():
    """So a figure has a unit."""
    assert pytest.approx(8000**2 / 2, rel=1e-3) == goertzel(Tone(440, 8000).take(8000), 440)


def test_another_tone_has_no_power_here():
    """A second of 440 Hz holds nothing at 880 Hz."""
    assert goertzel(Tone(440).take(8000), 880) < 1.0


def test_goertzel_is_the_recurrence():
    """The sum is what the textbook's loop ends in."""
    samples = Tone(440).take(205).astype(float)
    coefficient = 2 * np.cos(2 * np.pi * 697 / 8000)
    one = two = 0.0
    for sample in samples:
        one, two = sample + coefficient * one - two, one
    power = one * one + two * two - coefficient * one * two

    assert pytest.approx(2 * power / 205**2) == goertzel(samples, 697)


def test_the_peer_is_heard_through_the_codec():
    """G.711 noise is far below the five times that a test asks for."""
    heard = decode_ulaw(encode_ulaw(Tone(880).take(24000)))

    assert hears(heard, own_hz=440, peer_hz=880) > 100


def test_an_echo_is_not_the_peer():
    """Our own tone coming back."""
    assert hears(Tone(440).take(24000), own_hz=440, peer_hz=880) < 0.01


def test_silence_is_not_the_peer():
    """Nothing over nothing is nothing, not a division by zero."""
    assert (0.0, 0.0) == (hears(silence(8000), 440, 880), hears(silence(0), 440, 880))


def speech(samples: int, seed: int = 1) -> np.ndarray:
    """Something that resembles only itself: noise, as loud as speech."""
    return np.random.default_rng(seed).integers(-8000, 8000, samples).astype(np.int16)


@given(st.integers(0, 900))
def test_a_recording_is_found_at_its_lag(lag: int):
    """The source after so many samples of silence."""
    match = correlate(np.concatenate([silence(lag), speech(2000)]), speech(2000))

    assert (lag, pytest.approx(1.0)) == (match.lag, match.coefficient)


def test_a_recording_without_its_beginning_has_a_negative_lag():
    """The first 300 samples were lost."""
    match = correlate(speech(2000)[300:], speech(2000))

    assert (-300, pytest.approx(1.0)) == (match.lag, match.coefficient)


def test_loudness_does_not_matter():
    """The coefficient is normalised."""
    assert pytest.approx(1.0, abs=1e-3) == correlate(speech(2000) // 4, speech(2000)).coefficient


def test_the_codec_does_not_matter():
    """G.711 leaves the shape as it was."""
    assert correlate(decode_ulaw(encode_ulaw(speech(4000))), speech(4000)).coefficient > 0.99


def test_something_else_does_not_match():
    """Another speaker."""
    assert correlate(speech(4000, seed=2), speech(4000)).coefficient < 0.2


@pytest.mark.parametrize("recording", [silence(2000), silence(0)])
def test_silence_matches_nothing(recording: np.ndarray):
    """There is no shape in it."""
    assert 0.0 == correlate(recording, speech(2000)).coefficient


def test_a_lost_frame_lowers_the_match():
    """Replaced by silence, one frame of fifty costs about a hundredth."""
    recording = speech(8000)
    recording[800:960] = 0

    assert pytest.approx(0.99, abs=0.005) == correlate(recording, speech(8000)).coefficient
