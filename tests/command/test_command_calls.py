"""`answer` and `call` as processes: refusals, ringing, several calls, recordings, and being interrupted."""

from __future__ import annotations

import signal
import wave
from pathlib import Path

import numpy as np
import pytest
from command_line import answering, calling, run, uri_of

from session_fsm.audio import WavWriter, correlate, goertzel, hears, read_wav
from session_fsm.chart import Chart, shipped
from session_fsm.machine import read_jsonl, replay

CHIRP = np.rint(8000 * np.sin(np.arange(4000) ** 2 / 40_000)).astype(np.int16)


@pytest.mark.slow
def test_a_refused_call_fails_with_its_status(tmp_path: Path):
    """The caller's one sentence has status and reason; the callee did what it was asked."""
    with answering(tmp_path, "--status", "486") as callee:
        call = run("call", uri := uri_of(callee), "--seconds", "9")

        assert (3, f"session-fsm: {uri} did not answer: 486 Busy Here") == (
            call.returncode,
            call.stderr.splitlines()[-1],
        )
        assert 0 == callee.finish()
    assert (False, "Busy Here") == (callee.summary["ok"], callee.summary["reason"])


@pytest.mark.slow
def test_ringing_is_seen_before_the_answer(tmp_path: Path):
    """180 at once, 200 after --ring seconds."""
    with (
        answering(tmp_path, "--ring", "0.3") as callee,
        calling(tmp_path, uri_of(callee), "--seconds", "0.1") as caller,
    ):
        assert 0 == caller.finish()

    assert caller.first("StateChanged", new_state="Ringing")["t"] < caller.first("CallAnswered")["t"]
    assert caller.summary["setup_ms"] >= 300


@pytest.mark.slow
def test_a_caller_that_gives_up_while_it_rings_counts_as_a_call(tmp_path: Path):
    """Ctrl-C before the answer is a CANCEL."""
    with answering(tmp_path, "--ring", "60") as callee, calling(tmp_path, uri_of(callee)) as caller:
        caller.until("StateChanged", new_state="Ringing")
        caller.interrupt()

        assert (3, 0) == (caller.finish(), callee.finish())
    assert "Cancelled" == caller.first("CallEnded")["call_state"]
    assert "Cancelled" == callee.first("CallEnded")["call_state"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_a_call_hangs_up(tmp_path: Path, number: signal.Signals):
    """Both sides end well, by a BYE."""
    with answering(tmp_path) as callee, calling(tmp_path, uri_of(callee), "--seconds", "60") as caller:
        caller.until("AudioChannelsReady")
        caller.interrupt(number)

        assert (0, 0) == (caller.finish(), callee.finish())
    assert ("hung up", "the peer hung up") == (caller.summary["reason"], callee.summary["reason"])


def test_interrupting_answer_hangs_up_its_calls(tmp_path: Path):
    """The caller is told by a BYE, not left alone."""
    with answering(tmp_path, calls=5) as callee, calling(tmp_path, uri_of(callee), "--seconds", "60") as caller:
        caller.until("AudioChannelsReady")
        callee.interrupt()

        assert (0, 0) == (caller.finish(), callee.finish())
    assert "the peer hung up" == caller.summary["reason"]


@pytest.mark.slow
def test_two_calls_at_once_have_each_its_own_audio(tmp_path: Path):
    """Each caller's tone is in a recording of its own; the second file has a number."""
    recording = ("--record", "heard.wav", "--play", "tone:880")
    with answering(tmp_path, *recording, calls=3) as callee:
        uri = uri_of(callee)
        with (
            calling(tmp_path, uri, "--play", "tone:440", "--seconds", "60", name="first") as first,
            calling(tmp_path, uri, "--play", "tone:1320", "--seconds", "60", name="second") as second,
        ):
            for caller in (first, second):
                caller.until("AudioChannelsReady")
            for name in ("AudioChannelsReady", "AudioChannelsReady"):
                callee.until(name)
            # Both talk now. Half a second more, and they hang up.
            with calling(tmp_path, uri, "--seconds", "0.5", name="clock") as clock:
                clock.finish()
            for caller in (first, second):
                caller.interrupt()
                assert 0 == caller.finish()
        callee.finish()

    tones = {hz: [] for hz in (440, 1320)}
    for name in ("heard.wav", "heard-2.wav"):
        heard = read_wav(tmp_path / name)
        for hz, other in ((440, 1320), (1320, 440)):
            tones[hz].append(hears(heard, other, hz) >= 5)
    assert [[False, True], [False, True]] == [sorted(found) for found in tones.values()]


@pytest.mark.slow
def test_a_wav_file_arrives_as_it_was_played(tmp_path: Path):
    """Played once; what was heard correlates with it."""
    with WavWriter(tmp_path / "chirp.wav") as file:
        file.write(CHIRP)
    with answering(tmp_path, "--record", "heard.wav") as callee:
        call = run("call", uri_of(callee), "--play", "chirp.wav", "--seconds", "1", folder=tmp_path)
        callee.finish()

    assert 0 == call.returncode
    assert correlate(read_wav(tmp_path / "heard.wav"), CHIRP).coefficient > 0.9


@pytest.mark.slow
def test_an_echo_sends_back_what_it_hears(tmp_path: Path):
    """The caller records its own tone."""
    with answering(tmp_path, "--play", "echo") as callee:
        options = ("--play", "tone:440", "--record", "heard.wav", "--seconds", "1")
        run("call", uri_of(callee), *options, folder=tmp_path)
        callee.finish()

    assert hears(read_wav(tmp_path / "heard.wav"), 880, 440) >= 5


@pytest.mark.slow
def test_both_sides_can_be_recorded(tmp_path: Path):
    """Left what was heard, right what was said; or both in one channel."""
    both = ("--play", "tone:880", "--record", "both.wav", "--record-mode", "stereo")
    with answering(tmp_path, *both) as callee:
        mixed = ("--play", "tone:440", "--record", "mixed.wav", "--record-mode", "mixed", "--seconds", "0.5")
        run("call", uri_of(callee), *mixed, folder=tmp_path)
        callee.finish()

    with wave.open(str(tmp_path / "both.wav"), "rb") as file:
        sides = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert hears(sides[:, 0], 880, 440) >= 5
    assert hears(sides[:, 1], 440, 880) >= 5
    together = read_wav(tmp_path / "mixed.wav")
    assert min(goertzel(together, 440), goertzel(together, 880)) > 1e5


def test_a_trace_can_be_read_and_replayed(tmp_path: Path):
    """A run is data: stepping the charts over it again gives the same."""
    with answering(tmp_path) as callee:
        run("call", uri_of(callee), "--seconds", "0.1", "--trace", "trace.jsonl", folder=tmp_path)
        callee.finish()

    with (tmp_path / "trace.jsonl").open() as file:
        rows = list(read_jsonl(file))
    assert {"call", "media", "dialog", "invite_client"} <= {row.chart for row in rows}
    assert None is replay(rows, map(Chart.load, shipped()))


@pytest.mark.slow
def test_people_read_lines(tmp_path: Path):
    """Without --json: the address first, then events with their milliseconds, then the summary. No escape codes."""
    with answering(tmp_path) as callee:
        call = run("call", uri_of(callee), "--seconds", "0.1")
        callee.finish()

    lines = call.stdout.splitlines()
    assert lines[0].startswith("listening on sip:caller@127.0.0.1:")
    assert any("UAC  CallAnswered             Ready        200" in line for line in lines)
    assert "  media   Idle → Negotiating → Ready → Established → Active → Closed" in lines
    assert "\x1b" not in call.stdout
