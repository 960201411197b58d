"""SIPp processes for tests: pysipp starts them, the event loop hears when they listen and when they end.

pysipp blocks, so it runs in a thread. SIPp's message log is a pipe: what it sends and receives is known as it happens.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from programs import free_ports
from pysipp_compat import import_pysipp

from session_fsm.session.events import Address

SCENARIOS = Path(__file__).parent / "scenarios"
HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds until a SIPp that does not end is stopped
LISTENING = b"Scenario Screen"  # SIPp draws it for the first time when its sockets are open


class SippError(AssertionError):
    """A call did not go as its scenario says; the message shows what was sent and received."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One SIP message as SIPp saw it."""

    time: float
    "Seconds, of SIPp's own wall clock."
    sent: bool
    "By SIPp; else received."
    text: str

    @property
    def start_line(self) -> str:
        """`INVITE sip:… SIP/2.0` or `SIP/2.0 200 OK`."""
        return self.text.partition("\n")[0].strip()

    @property
    def body(self) -> str:
        """What stands behind the empty line."""
        return self.text.partition("\n\n")[2].strip()

    def header(self, name: str) -> str | None:
        """The first header field of that name."""
        found = re.search(rf"(?im)^{name}[ \t]*:[ \t]*(.*)$", self.text.partition("\n\n")[0])
        return found[1].strip() if found else None

    @property
    def to_tag(self) -> str | None:
        """The tag in To."""
        found = re.search(r";tag=([^;\s]+)", self.header("To") or "")
        return found[1] if found else None


class _Launcher:
    """What pysipp takes for the subprocess module: gives SIPp a terminal, whose first screen is awaited."""

    PIPE = subprocess.PIPE

    def __init__(self, on_terminal: Callable[[int], None]) -> None:
        self._on_terminal = on_terminal

    def Popen(self, command: list[str], stdout: object, stderr: int) -> subprocess.Popen[bytes]:  # noqa: N802
        """As `subprocess.Popen`; the null device that pysipp opened is closed, for pysipp never does."""
        stdout.close()  # type: ignore[attr-defined]
        ours, theirs = os.openpty()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=stderr,
                env=os.environ | {"TERM": "vt100", "LINES": "24", "COLUMNS": "80"},
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._on_terminal(ours)
        return process


class Sipp:
    """One SIPp process with one scenario, and any number of calls."""

    def __init__(self, name: str, address: Address, media_address: Address, folder: Path) -> None:
        self.name = name
        self.address = address
        self.uri = f"sip:service@{f'[{address[0]}]' if ':' in address[0] else address[0]}:{address[1]}"
        self.media_address = media_address
        self.log = folder / "messages.log"
        self._folder = folder
        self._loop = asyncio.get_running_loop()
        self._listening = self._loop.create_future()
        self._terminal: int | None = None
        self._drawn = b""
        self._logged = b""
        self._changed = asyncio.Event()
        os.mkfifo(self.log)
        self._log: int | None = os.open(self.log, os.O_RDONLY | os.O_NONBLOCK)
        self._loop.add_reader(self._log, self._read_log)
        launch = import_pysipp().launch
        self._runner = launch.PopenRunner(subprocmod=_Launcher(self._opened_from_thread))
        self._finalize: Callable[..., object] | None = None

    async def start(self, agent: Callable[..., object]) -> None:
        """Run it; returns once its sockets are open."""
        self._finalize = await asyncio.to_thread(agent, block=False, runner=self._runner)  # type: ignore[assignment]
        await self._listening

    async def done(self, patience: float = PATIENCE) -> list[Seen]:
        """Wait until all its calls are over; all its messages. Raises SippError unless every call went well."""
        assert self._finalize is not None
        pysipp = import_pysipp()
        try:
            await asyncio.to_thread(self._finalize, timeout=patience)
        except (pysipp.SIPpFailure, pysipp.launch.TimeoutError) as error:
            raise SippError(self._report(str(error))) from None
        finally:
            self._close()
        return self.messages

    async def stop(self) -> None:
        """End it if it still runs."""
        if self._finalize is None:
            return
        for _, process in self._runner.iterprocs():
            process.kill()
        await asyncio.to_thread(self._runner.get, timeout=5)
        self._close()

    @property
    def messages(self) -> list[Seen]:
        """Everything it sent and received so far, in order."""
        return messages_in(self._logged.decode(errors="replace"))

    def received(self, start: str) -> list[Seen]:
        """Received messages whose start line begins so."""
        return [seen for seen in self.messages if not seen.sent and seen.start_line.startswith(start)]

    async def until_received(self, start: str, count: int = 1, *, patience: float = 5.0) -> None:
        """Return when it has received so many messages whose start line begins so."""
        try:
            async with asyncio.timeout(patience):
                while len(self.received(start)) < count:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise SippError(self._report(f"it has not received {count} {start}")) from None

    def _read_log(self) -> None:
        while self._log is not None:
            try:
                logged = os.read(self._log, 65536)
            except BlockingIOError:
                break
            if not logged:  # SIPp has closed it, or never opened it
                self._loop.remove_reader(self._log)
                os.close(self._log)
                self._log = None
            self._logged += logged
        self._changed.set()

    def _opened_from_thread(self, terminal: int) -> None:
        self._loop.call_soon_threadsafe(self._opened, terminal)

    def _opened(self, terminal: int) -> None:
        self._terminal = terminal
        self._loop.add_reader(terminal, self._draw)

    def _draw(self) -> None:
        assert self._terminal is not None
        try:
            drawn = os.read(self._terminal, 65536)
        except OSError:  # the terminal's other end is closed: SIPp has ended
            drawn = b""
        if not drawn:
            self._close_terminal()
            return
        self._drawn = (self._drawn + drawn)[-65536:]
        if LISTENING in self._drawn and not self._listening.done():
            self._listening.set_result(None)

    def _close_terminal(self) -> None:
        if self._terminal is not None:
            self._loop.remove_reader(self._terminal)
            os.close(self._terminal)
            self._terminal = None
        if not self._listening.done():
            self._listening.set_result(None)  # it has ended; `done` tells how

    def _close(self) -> None:
        self._read_log()
        self._close_terminal()
        self._runner.poller.close()

    def _report(self, error: str) -> str:
        errors = self._folder / "errors.log"
        parts = [f"SIPp {self.name}: {error}", errors.read_text(errors="replace") if errors.exists() else ""]
        parts += [f"{'sent' if seen.sent else 'received'} at {seen.time:.3f}\n{seen.text}" for seen in self.messages]
        return "\n".join(parts)


def messages_in(log: str) -> list[Seen]:
    """What stands in SIPp's message log."""
    found = []
    blocks = re.split(r"(?m)^-{20,} (\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d\.\d+)\n", log)
    for stamp, block in zip(blocks[1::2], blocks[2::2], strict=True):
        head, _, text = block.replace("\r", "").partition("\n\n")
        moment = datetime.fromisoformat(stamp.replace("\t", " ")).timestamp()
        # Behind a message there may be a remark of SIPp's own, such as "Dead call".
        found.append(Seen(moment, " sent " in head, re.split(r"(?m)^-{20,}$", text)[0]))
    return found


class SippBench:
    """Starts SIPp processes for one test, and ends those that are left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Sipp] = []

    async def caller(self, scenario: str, to: Address, *, host: str = HOST, **options: object) -> Sipp:
        """A SIPp that calls `to`, with one of our scenario files, or the stock `uac`."""
        return await self._start(scenario, "client", host, destaddr=to, **options)

    async def callee(self, scenario: str, *, host: str = HOST, **options: object) -> Sipp:
        """A SIPp that waits for calls, with one of our scenario files, or the stock `uas`. Returns once it listens."""
        return await self._start(scenario, "server", host, **options)

    async def stop(self) -> None:
        """End what still runs."""
        for sipp in self._started:
            await sipp.stop()

    async def _start(self, scenario: str, side: str, host: str, **options: object) -> Sipp:
        folder = Path(tempfile.mkdtemp(prefix=f"{scenario}-", dir=self._folder))
        sipp = Sipp(scenario, (host, free_ports(1)), (host, free_ports(4)), folder)
        file = SCENARIOS / f"{scenario}.xml"
        defaults: dict[str, object] = {
            "scen_file" if file.exists() else "scen_name": str(file) if file.exists() else scenario,
            "srcaddr": sipp.address,
            "mediaaddr": sipp.media_address,
            # Each file by name: `logdir` can only be set where two equal strings happen to be one object.
            "screen_file": str(folder / "screen.log"),
            "log_file": str(folder / "log.log"),
            "error_file": str(folder / "errors.log"),
            "message_file": str(sipp.log),
            "trace_error": True,
            "trace_message": True,
            # The first call begins after one period of the rate.
            "rate": 100,
        }
        agent = getattr(import_pysipp(), side)(**(defaults | options))
        self._started.append(sipp)
        await sipp.start(agent)
        return sipp
