"""Whether one side of a call heard the other: pure arithmetic on its recording and on both summaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from session_fsm.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples, correlate, goertzel, hears
from session_fsm.command.jsonlines import Line
from session_fsm.command.sources import EchoSource, Source, ToneSource, WavSource

TONE_RATIO = 5.0  # the reference documents' project asks that much of the peer's tone over the own one
TONE_SHARE = 0.5  # of all power that is heard, where there is no own tone to compare with
LIKENESS = 0.9  # correlation of a recording with its source; G.711 alone leaves 0.99 and more
FRAMES_HEARD = 0.98
FRAMES_A_SECOND = SAMPLE_RATE // FRAME_SAMPLES
LONGEST_GAP_MS = 40.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so."""

    name: str
    ok: bool
    measured: str
    "What was found, in words."
    wanted: str
    "What would have been enough."


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one side has to show for a call."""

    own: Source
    peer: Source
    seconds: float
    recording: Samples
    summary: Line | None
    "None when the process ended without one."
    peer_summary: Line | None


def judge(heard: Heard) -> list[Check]:
    """Every check on one side of a call."""
    return [_reached_active(heard), *_sound(heard), _frames(heard), _gap(heard)]


LADDER = ["Idle", "Negotiating", "Ready", "Established", "Active"]


def _reached_active(heard: Heard) -> Check:
    path = heard.summary["media_path"] if heard.summary else []
    reached = isinstance(path, list | tuple) and [*path[:5], *path[-1:]] == [*LADDER, "Closed"]
    measured = "reached Active, and Closed at the end" if reached else f"media went {_listed(path)}"
    return Check("media", reached, measured, "the whole ladder")


def _sound(heard: Heard) -> Iterator[Check]:
    """Nothing can be said about silence."""
    wanted = heard.own if isinstance(heard.peer, EchoSource) else heard.peer
    if isinstance(wanted, ToneSource):
        yield _tone(heard, wanted.hz)
    elif isinstance(wanted, WavSource) and wanted.samples.any():
        likeness = correlate(heard.recording, wanted.samples).coefficient
        measured = f"{likeness:.3f} like {wanted}"
        yield Check("sound", likeness >= LIKENESS, measured, f"a correlation of {LIKENESS:g} at least")


def _tone(heard: Heard, hz: float) -> Check:
    if isinstance(heard.own, ToneSource) and heard.own.hz != hz:
        ratio = hears(heard.recording, heard.own.hz, hz)
        measured = f"{hz:g} Hz is {ratio:,.0f} times as strong as its own {heard.own.hz:g} Hz"
        return Check("sound", ratio >= TONE_RATIO, measured, f"{TONE_RATIO:g} times at least")
    power = float(np.mean(heard.recording.astype(np.float64) ** 2)) if len(heard.recording) else 0.0
    share = goertzel(heard.recording, hz) / power if power else 0.0
    measured = f"{hz:g} Hz is {share:.0%} of what was heard"
    return Check("sound", share >= TONE_SHARE, measured, f"{TONE_SHARE:.0%} at least")


def _frames(heard: Heard) -> Check:
    """Enough of what the time holds and of what the peer has sent; one frame may be on its way at the end."""
    received = _count(heard.summary, "frames_received")
    recorded = len(heard.recording) // FRAME_SAMPLES
    due = max(round(heard.seconds * FRAMES_A_SECOND), _count(heard.peer_summary, "frames_sent"))
    enough = min(int(due * FRAMES_HEARD), due - 1)
    measured = f"{received} of {due} frames received, {recorded} recorded"
    return Check("frames", due > 0 and min(received, recorded) >= enough, measured, f"{FRAMES_HEARD:.0%} at least")


def _gap(heard: Heard) -> Check:
    gap = heard.summary["longest_gap_ms"] if heard.summary else None
    if not isinstance(gap, int | float):
        return Check("gaps", False, "nothing was measured", f"none over {LONGEST_GAP_MS:g} ms")
    return Check("gaps", gap <= LONGEST_GAP_MS, f"longest {gap:g} ms", f"none over {LONGEST_GAP_MS:g} ms")


def _count(summary: Line | None, field: str) -> int:
    value = summary[field] if summary else None
    return value if isinstance(value, int) else 0


def _listed(path: object) -> str:
    return " → ".join(map(str, path)) if isinstance(path, list | tuple) and path else "nowhere"
