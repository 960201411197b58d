"""Two processes in one call, and the assertions of the main job: each hears the other by its own evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from command_line import Line, Program, answering, calling, uri_of

from session_fsm.audio import hears, read_wav
from session_fsm.runtime.addresses import Address

CALLER_HZ, CALLEE_HZ = 440, 880
LADDER = ["Idle", "Negotiating", "Ready", "Established", "Active", "Closed"]


@dataclass
class Side:
    """One process, when its call is over."""

    name: str
    program: Program
    code: int
    recording: Path
    own_hz: int
    peer_hz: int

    @property
    def summary(self) -> Line:
        """What came of its call."""
        return self.program.summary


def converse(folder: Path, seconds: float, *, callee: tuple[object, ...] = (), via: object = None) -> tuple[Side, Side]:
    """A call of so many seconds, caller and callee, each with a tone and a recording. `via` maps the URI to call."""
    heard = {name: folder / f"heard-by-{name}.wav" for name in ("caller", "callee")}
    with answering(folder, "--play", f"tone:{CALLEE_HZ}", "--record", heard["callee"], *callee) as answers:
        uri = uri_of(answers)
        target = via(uri) if callable(via) else uri
        options = ("--play", f"tone:{CALLER_HZ}", "--record", heard["caller"], "--seconds", seconds)
        with calling(folder, target, *options) as calls:
            code = calls.finish()
        caller = Side("caller", calls, code, heard["caller"], CALLER_HZ, CALLEE_HZ)
        return caller, Side("callee", answers, answers.finish(), heard["callee"], CALLEE_HZ, CALLER_HZ)


def assert_heard(side: Side, frames: int) -> None:
    """This side climbed the whole ladder and heard the other, without gaps."""
    assert LADDER == side.summary["media_path"]
    assert side.summary["frames_received"] >= 0.98 * frames
    assert side.summary["longest_gap_ms"] <= 40
    recording = read_wav(side.recording)
    assert len(recording) >= 0.98 * frames * 160
    assert hears(recording, side.own_hz, side.peer_hz) >= 5


def rtp_addresses(side: Side) -> tuple[Address, Address]:
    """Where this side receives RTP, and where it sends it."""
    negotiated = side.program.first("MediaNegotiated")
    return tuple(negotiated["local_addr"]), tuple(negotiated["remote_addr"])
