"""What `answer` and `call` have in common: their options as values, their user agent, and how they are stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from session_fsm.audio.timeline import RecordMode
from session_fsm.audio.timeline import record_mode as named_mode
from session_fsm.call import Call
from session_fsm.chart import Chart
from session_fsm.command.chart_set import note, replacing
from session_fsm.command.exits import CommandError, Exit
from session_fsm.command.holding import Hold, parse_hold
from session_fsm.command.recording import Recording, check_writable, numbered
from session_fsm.command.servers import NONE, Servers
from session_fsm.command.sources import Source, parse_source
from session_fsm.errors import TransportError
from session_fsm.machine import TraceRow, write_jsonl, write_rows
from session_fsm.runtime.addresses import Address, parse_address
from session_fsm.runtime.recording import CallRecording
from session_fsm.sdp import why_no_peer
from session_fsm.session.account import EXPIRES
from session_fsm.session.building import shipped_charts
from session_fsm.session.possible import check_digits
from session_fsm.user_agent import UserAgent


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What both commands can be told."""

    bind: Address
    advertise: Address | None = None
    "What peers are told instead of our own address."
    play: Source
    record: Path | None = None
    record_mode: RecordMode = RecordMode.HEARD
    dtmf: str | None = None
    "Digits that are sent once audio flows."
    hold: Hold | None = None
    "When the other side is held."
    trace: Path | None = None
    charts: Mapping[str, Chart]
    "Charts that replace shipped ones."
    charts_folder: Path | None = None
    "Where those are."
    as_json: bool = False
    servers: Servers = NONE
    "Registrar and proxy, and who we are to them."

    @property
    def doing(self) -> str:
        """What will happen to the audio, in words."""
        dials = f", dials {self.dtmf}" if self.dtmf else ""
        holds = f", holds {self.hold.at:g} s after the answer for {self.hold.lasting:g} s" if self.hold else ""
        return f"plays {self.play}" + (f", records {self.record}" if self.record else "") + dials + holds

    def user_agent(self, uri: str, on_trace: Callable[[TraceRow], None] | None) -> UserAgent:
        """A user agent that is told all of this."""
        return UserAgent(
            self.servers.own_uri(uri),
            bind=self.bind,
            advertise=self.advertise,
            charts=self.charts,
            on_trace=on_trace,
            registrar=None if self.servers.registrar is None else str(self.servers.registrar),
            expires=self.servers.expires or EXPIRES,
            proxy=None if self.servers.proxy is None else str(self.servers.proxy),
            credentials=self.servers.credentials,
        )

    def recording(self, number: int) -> Recording | None:
        """The recording of the call with this number, from 1."""
        heard = self.record is not None and self.record_mode is RecordMode.HEARD
        return Recording(numbered(self.record, number)) if self.record and heard else None

    def recording_of_both(self, call: Call, number: int) -> CallRecording | None:
        """The same where both sides are wanted: it begins at once, and ends with the call."""
        if self.record is None or self.record_mode is RecordMode.HEARD:
            return None
        return call.record(numbered(self.record, number), self.record_mode)


class Sound(NamedTuple):
    """What is played, recorded and asked for in a call, as it was written."""

    play: str = "silence"
    record: Path | None = None
    record_mode: str = RecordMode.HEARD
    dtmf: str | None = None
    hold: str | None = None


QUIET = Sound()


def make_options(
    *,
    bind: str | Address,
    advertise: str | None,
    sound: Sound = QUIET,
    trace: Path | None,
    charts: Path | None,
    as_json: bool,
    servers: Servers = NONE,
) -> Options:
    """The options as values, or a complaint about the first that is none; logging begins here."""
    log_to_stderr(as_json=as_json)
    if trace is not None and sound.record is not None and trace.resolve() == sound.record.resolve():
        raise CommandError(f"--trace: {trace} is what --record writes; name another file")
    return Options(
        bind=parse_bind(bind) if isinstance(bind, str) else bind,
        advertise=parse_advertise(advertise) if advertise else None,
        play=parse_source(sound.play),
        record=writable(sound.record, "--record"),
        record_mode=_mode(sound.record_mode, sound.record),
        dtmf=_digits(sound.dtmf),
        hold=parse_hold(sound.hold),
        trace=writable(trace, "--trace"),
        charts=replacing(charts),
        charts_folder=charts,
        as_json=as_json,
        servers=servers,
    )


def _mode(text: str, record: Path | None) -> RecordMode:
    if record is None and text != RecordMode.HEARD:
        raise CommandError("--record-mode: nothing is recorded without --record FILE.wav")
    try:
        return named_mode(text)
    except ValueError:
        raise CommandError(f"--record-mode: {text!r} is no mode; possible: {', '.join(RecordMode)}") from None


def _digits(text: str | None) -> str | None:
    """`--dtmf`, or a complaint about the first sign that is no digit."""
    if text is not None:
        try:
            check_digits(text)
        except ValueError as error:
            raise CommandError(f"--dtmf: {error}") from None
    return text


def parse_bind(text: str) -> Address:
    """`--bind`, or a complaint that says how it is written."""
    try:
        return parse_address(text)
    except TransportError as error:
        raise CommandError(f"--bind: {error}; write HOST:PORT such as 127.0.0.1:5070, port 0 for any") from None


def parse_advertise(text: str) -> Address:
    """`--advertise`, or a complaint that says how it is written. Port 0 stands for the one that SIP is received at."""
    try:
        address = parse_address(text, default_port=0)
    except TransportError as error:
        raise CommandError(f"--advertise: {error}; write ADDRESS or ADDRESS:PORT such as 203.0.113.7") from None
    why = why_no_peer(address[0])
    if why is not None:
        raise CommandError(f"--advertise: {why}; write the address that peers send to, such as 203.0.113.7")
    return address


def writable(path: Path | None, option: str) -> Path | None:
    """A file that can be written, or a complaint before anything happens."""
    if path is not None:
        check_writable(path, option)
    return path


@contextmanager
def trace_to(path: Path | None, charts: Path | None = None) -> Iterator[Callable[[TraceRow], None] | None]:
    """Where trace rows go: into this file as they happen, or nowhere. A full disk ends the trace, not the call."""
    if path is None:
        yield None
        return
    used = {**shipped_charts(), **replacing(charts)}.values()
    # Line by line, so that a process that is killed leaves whole rows.
    file = path.open("w", buffering=1, encoding="utf-8")
    failures: list[OSError] = []
    with _noting(failures):
        write_jsonl([], file, charts=note(charts, path), made_with=used)

    def write(row: TraceRow) -> None:
        if not failures:
            with _noting(failures):
                write_rows([row], file)

    try:
        yield write
    finally:
        with _noting(failures):
            file.close()
    if failures:
        raise CommandError(f"--trace: cannot write {path}: {failures[0].strerror}", Exit.FAILED)


@contextmanager
def _noting(failures: list[OSError]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        failures.append(error)


class Stop(asyncio.Event):
    """Set by Ctrl-C and SIGTERM: the command ends well. When one comes again it ends at once."""

    def __init__(self) -> None:
        super().__init__()
        self.number: signal.Signals | None = None
        "Which of them came last."
        self.again = asyncio.Event()
        "Set by the second one."
        self.waits = 1
        "How many of them end it well."
        self._command = asyncio.current_task()

    def by(self, number: signal.Signals) -> None:
        """This signal came."""
        self.number = number
        if self.is_set():
            self.waits -= 1
            self.again.set()
        self.set()
        if not self.waits and self._command is not None:
            self._command.cancel()


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """An event that Ctrl-C and SIGTERM set, so that calls are hung up and not just dropped."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.by, number)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def first_of(*events: asyncio.Event | asyncio.Task[None]) -> None:
    """Return when one of these has happened. A task that is given goes on; the caller ends it."""
    waits = [event if isinstance(event, asyncio.Task) else asyncio.create_task(_set(event)) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            if wait not in events:
                wait.cancel()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


def log_to_stderr(*, as_json: bool) -> None:
    """Logs go to stderr. At a terminal the events are on the screen already, so only warnings do."""
    quiet = not as_json and sys.stdout.isatty() and sys.stderr.isatty()
    logging.basicConfig(
        stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.WARNING if quiet else logging.INFO
    )
