"""A headless baresip for tests, driven over its control socket: commands and events are JSON in netstrings.

It plays a tone from a file and dumps what it hears into another, which is read once it has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from programs import free_ports

from session_fsm.audio import Tone, WavWriter, read_wav
from session_fsm.audio.g711 import Samples
from session_fsm.session.events import Address

HOST = "127.0.0.1"
MODULES = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules")
READY = b"baresip is ready"
TONE_SECONDS = 10  # of the file that it plays; it ends there
PATIENCE = 10.0  # seconds

CONFIG = """\
poll_method epoll
sip_listen {host}:{sip_port}
net_interface {host}
call_local_timeout 60
call_max_calls 8
audio_player aubridge,heard
audio_source aufile,{folder}/tone.wav
audio_alert aubridge,alert
audio_level no
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_txmode poll
rtp_ports {rtp_port}-{rtp_last}
rtcp_mux no
jitter_buffer_delay 2-10
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
snd_path {folder}
module_tmp account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
"""


class BaresipError(AssertionError):
    """It did not do what was awaited; the message shows its output."""


class Baresip:
    """One baresip process with one account. It answers at once."""

    def __init__(self, folder: Path, ptime_ms: int = 20, account: str | None = None) -> None:
        self._folder = folder
        self._account = account
        self._ptime_ms = ptime_ms
        self._control_port = free_ports(1, kind=socket.SOCK_STREAM)
        self._rtp_port = free_ports(10) + 1 & ~1
        self.address: Address = (HOST, free_ports(1))
        self._output = b""
        self._events: list[dict[str, object]] = []
        self._news = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._terminal: int | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def uri(self) -> str:
        """To call it."""
        return f"sip:baresip@{HOST}:{self.address[1]}"

    async def start(self, program: str, hz: float) -> None:
        """Run it; returns once it says that it is ready."""
        self._write_files(hz)
        self._terminal, theirs = os.openpty()
        asyncio.get_running_loop().add_reader(self._terminal, self._read_terminal)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(program, "-4", "-v", "-s", "-f", str(self._folder)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
            )
        finally:
            os.close(theirs)
        await self._until(lambda: READY in self._output, "ready")
        self._reader, self._writer = await asyncio.open_connection(HOST, self._control_port)
        self._listening = asyncio.create_task(self._listen())

    async def command(self, name: str, params: str = "") -> None:
        """Give a command, such as `dial` or `hangup`."""
        assert self._writer is not None
        text = json.dumps({"command": name, "params": params, "token": name}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        await self._writer.drain()

    async def event(self, kind: str) -> dict[str, object]:
        """The first event of this type, at once if it has happened."""
        await self._until(lambda: any(event.get("type") == kind for event in self._events), kind)
        return next(event for event in self._events if event.get("type") == kind)

    async def events(self, kind: str, count: int) -> list[dict[str, object]]:
        """The first so many events of this type, once they have happened."""

        def found() -> list[dict[str, object]]:
            return [event for event in self._events if event.get("type") == kind]

        await self._until(lambda: len(found()) >= count, f"{count} {kind}")
        return found()[:count]

    async def says(self, text: str) -> None:
        """Return when it has written this."""
        await self._until(lambda: text.encode() in self._output, repr(text))

    async def stop(self) -> None:
        """Let it quit, and close everything that leads to it."""
        if self._process is not None and self._process.returncode is None:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.command("quit")
                    await self._process.wait()
            except (TimeoutError, ConnectionError, AssertionError):
                self._process.kill()
                await self._process.wait()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
        self._close_terminal()

    def heard(self) -> Samples:
        """What it decoded in its last call; complete once it has stopped."""
        dumps = sorted(self._folder.glob("dump-*-dec.wav"), key=lambda dump: dump.stat().st_size)
        return read_wav(dumps[-1]) if dumps else np.zeros(0, np.int16)

    def _write_files(self, hz: float) -> None:
        modules = next((folder for folder in MODULES if Path(folder).is_dir()), None) or _modules_elsewhere()
        (self._folder / "config").write_text(
            CONFIG.format(
                host=HOST,
                sip_port=self.address[1],
                folder=self._folder,
                rtp_port=self._rtp_port,
                rtp_last=self._rtp_port + 8,
                modules=modules,
                control_port=self._control_port,
            )
        )
        who = self._account or f"<{self.uri}>;regint=0"
        account = f"{who};audio_codecs=PCMU/8000/1,PCMA/8000/1;answermode=auto;ptime={self._ptime_ms}\n"
        (self._folder / "accounts").write_text(account)
        (self._folder / "contacts").write_text("")
        with WavWriter(self._folder / "tone.wav") as file:
            file.write(Tone(hz, 12000).take(8000 * TONE_SECONDS))

    async def _listen(self) -> None:
        assert self._reader is not None
        try:
            while True:
                size = int((await self._reader.readuntil(b":"))[:-1])
                message = json.loads(await self._reader.readexactly(size))
                await self._reader.readexactly(1)
                self._events.append(message)
                self._news.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    async def _until(self, holds: Callable[[], bool], wanted: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = [event.get("type") for event in self._events]
            output = self._output.decode(errors="replace")[-2000:]
            raise BaresipError(f"baresip: no {wanted}; events: {seen}; output:\n{output}") from None

    def _read_terminal(self) -> None:
        assert self._terminal is not None
        try:
            output = os.read(self._terminal, 65536)
        except OSError:  # its other end is closed: baresip has ended
            output = b""
        if not output:
            self._close_terminal()
        self._output += output
        self._news.set()

    def _close_terminal(self) -> None:
        if self._terminal is not None:
            asyncio.get_running_loop().remove_reader(self._terminal)
            os.close(self._terminal)
            self._terminal = None


def _modules_elsewhere() -> str:
    found = [str(folder) for folder in Path("/usr/lib").glob("*/baresip/modules")]
    if not found:
        raise BaresipError("baresip's modules were not found")
    return found[0]


@asynccontextmanager
async def baresip_playing(
    program: str, folder: Path, hz: float, *, ptime_ms: int = 20, account: str | None = None
) -> AsyncIterator[Baresip]:
    """A baresip that plays this tone in each call, in packets that hold so much audio.

    `account` is the beginning of its line in the file `accounts`, when it is to be registered somewhere.
    """
    baresip = Baresip(folder, ptime_ms, account)
    try:
        await baresip.start(program, hz)
        yield baresip
    finally:
        await baresip.stop()
