"""`session-fsm demo`: two processes call each other over UDP, and each has to prove that it heard the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from session_fsm.audio import Samples, read_wav
from session_fsm.command.chart_set import replacing
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.jsonlines import Line
from session_fsm.command.reporting import put
from session_fsm.command.setup import stopped_by_signals
from session_fsm.command.showing import Ended, show, waiting
from session_fsm.command.sources import Source
from session_fsm.command.spawning import Spawned
from session_fsm.command.verdict import Check, Heard, judge
from session_fsm.errors import AudioFormatError
from session_fsm.machine import TraceRow, read_jsonl
from session_fsm.render import ladder_mermaid, ladder_text

GRACE = 30.0  # seconds beyond the call itself, for starting, hanging up and ending
CALLER, CALLEE = "caller", "callee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demo was asked for."""

    seconds: float
    sources: Mapping[str, Source]
    "What each side plays."
    out: Path
    charts: Path | None = None
    as_json: bool = False

    def file(self, name: str) -> Path:
        """One of the files that are written."""
        return self.out / name

    def recording(self, side: str) -> Path:
        """What this side heard."""
        return self.file(f"heard-by-{side}.wav")

    def trace(self, side: str) -> Path:
        """Every step of this side."""
        return self.file(f"trace-{side}.jsonl")


async def run_demo(demo: Demo) -> Exit:
    """Run it, judge it, show it."""
    replacing(demo.charts)  # complains before anything is written
    _prepare(demo)
    sides = await _converse(demo)
    checks = {side: [*judge(_heard(demo, side, sides)), *_ended(sides[side])] for side in (CALLER, CALLEE)}
    _draw(demo)
    ok = all(check.ok for found in checks.values() for check in found)
    if demo.as_json:
        put(_verdict_line(demo, checks, ok))
    else:
        ended = {side: Ended(spawned.lines, checks[side]) for side, spawned in sides.items()}
        show(ended, files=sorted(path for path in demo.out.iterdir() if path.is_file()), ok=ok)
    return Exit.HOLDS if ok else Exit.FAILED


def _prepare(demo: Demo) -> None:
    """A folder without the files of an earlier run: a stale recording would prove nothing."""
    try:
        demo.out.mkdir(parents=True, exist_ok=True)
        for side in (CALLER, CALLEE):
            for path in (demo.recording(side), demo.trace(side)):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(f"--out: cannot write into {demo.out}: {error.strerror}") from None


async def _converse(demo: Demo) -> dict[str, Spawned]:
    """One call between two processes, from their start to their end."""
    sides: dict[str, Spawned] = {}
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(stopped_by_signals())
        if not demo.as_json:
            stack.enter_context(waiting(demo.seconds))
        stack.push_async_callback(_kill, sides)
        interrupting = asyncio.create_task(_pass_on(stop, sides))
        stack.callback(interrupting.cancel)
        callee = sides[CALLEE] = await _start(demo, CALLEE, "answer", "--bind", "127.0.0.1:0", "--calls", "1")
        uri = str((await callee.listening())["uri"])
        caller = sides[CALLER] = await _start(demo, CALLER, "call", uri, "--seconds", f"{demo.seconds:g}")
        await caller.ended(within=demo.seconds + GRACE)
        # The callee ends by itself after its call; if there was none, it is told to.
        if caller.summary is None or not caller.summary["ok"]:
            callee.interrupt()
        await callee.ended(within=GRACE)
    return {side: sides[side] for side in (CALLER, CALLEE)}


async def _start(demo: Demo, side: str, *arguments: str) -> Spawned:
    files = ["--record", str(demo.recording(side)), "--trace", str(demo.trace(side))]
    files += ["--charts", str(demo.charts)] if demo.charts else []
    play = ["--play", str(demo.sources[side])]
    on_line = put if demo.as_json else _unseen
    return await Spawned.start([*arguments, *play, *files], demo.file(f"{side}.log"), on_line)


async def _kill(sides: Mapping[str, Spawned]) -> None:
    """Whatever happened, no process is left."""
    for spawned in sides.values():
        await spawned.kill()


async def _pass_on(stop: asyncio.Event, sides: Mapping[str, Spawned]) -> None:
    """Ctrl-C ends the call properly: the caller hangs up, and the callee ends after its call. Both would race."""
    await stop.wait()
    first = sides.get(CALLER) or sides.get(CALLEE)
    if first is not None:
        first.interrupt()


def _heard(demo: Demo, side: str, sides: Mapping[str, Spawned]) -> Heard:
    other = CALLEE if side == CALLER else CALLER
    return Heard(
        own=demo.sources[side],
        peer=demo.sources[other],
        seconds=demo.seconds,
        recording=_recorded(demo.recording(side)),
        summary=sides[side].summary,
        peer_summary=sides[other].summary,
    )


def _ended(spawned: Spawned) -> list[Check]:
    """Said only when it is not so: the process ended by itself, without a fault."""
    if spawned.code == Exit.HOLDS:
        return []
    return [Check("process", False, f"ended with {spawned.code}: {spawned.last_words()}", "ends with 0")]


def _recorded(path: Path) -> Samples:
    try:
        return read_wav(path)
    except (OSError, AudioFormatError):
        return np.zeros(0, np.int16)


def _draw(demo: Demo) -> None:
    """The sequence diagram of what really passed, from both traces."""
    traces = [_rows(demo.trace(side)) for side in (CALLER, CALLEE)]
    if all(traces):
        drawn: tuple[tuple[str, Callable[..., str]], ...] = (
            ("sequence.mmd", ladder_mermaid),
            ("sequence.txt", ladder_text),
        )
        for name, draw in drawn:
            demo.file(name).write_text(draw(*traces).rstrip("\n") + "\n", encoding="utf-8")


def _rows(path: Path) -> list[TraceRow]:
    try:
        with path.open(encoding="utf-8") as file:
            return list(read_jsonl(file))
    except (OSError, ValueError):
        return []


def _verdict_line(demo: Demo, checks: Mapping[str, list[Check]], ok: bool) -> Line:
    return {
        "type": "Verdict",
        "ok": ok,
        "checks": [
            {
                "side": side,
                "name": check.name,
                "ok": check.ok,
                "measured": check.measured,
                "wanted": check.wanted,
            }
            for side, found in checks.items()
            for check in found
        ],
        "out": str(demo.out),
    }


def _unseen(line: Line) -> None:
    """Kept, and shown when all is over."""
