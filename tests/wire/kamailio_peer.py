"""A kamailio for tests: a proxy that stays in every dialog (Record-Route), and forks an INVITE that asks for it.

What it has seen is written to its log line by line, so that tests can say which requests passed it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from programs import free_ports

from session_fsm.session.events import Address

HOST = "127.0.0.1"
PATIENCE = 10.0  # seconds
READY = "ready"

CONFIG = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{host}:{port}
{path}
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "corex.so"
event_route[core:worker-one-init] {{ xlog("L_ALERT", "<ready>\\n"); }}
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    xlog("L_ALERT", "<$rm>\\n");
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here"); exit;
    }}
    t_check_trans();
    if (is_method("INVITE")) {{
        record_route();
        if (is_present_hf("X-Also")) append_branch("$hdr(X-Also)");
    }}
    t_relay();
}}
"""


# Any user u has the password pw-u. A nonce lives for a second and a binding for five, so that both run out in a test.
REGISTRAR = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{{host}}:{{port}}
{{path}}
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "corex.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 5)
modparam("registrar", "max_expires", 5)
modparam("auth", "nonce_expire", 1)
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")
modparam("auth", "algorithm", "{algorithm}")
event_route[core:worker-one-init] {{{{ xlog("L_ALERT", "<ready>\\n"); }}}}
request_route {{{{
    if (!mf_process_maxfwd_header("10")) {{{{ sl_send_reply("483", "Too Many Hops"); exit; }}}}
    xlog("L_ALERT", "<$rm>\\n");
    if (is_method("CANCEL")) {{{{ if (t_check_trans()) t_relay(); exit; }}}}
    if (has_totag()) {{{{
        if (loose_route()) {{{{ t_relay(); exit; }}}}
        if (is_method("ACK")) {{{{ if (t_check_trans()) t_relay(); exit; }}}}
        sl_send_reply("404", "Not here"); exit;
    }}}}
    t_check_trans();
    if (is_method("REGISTER")) {{{{
        if (!pv_www_authenticate("$td", "pw-$au", "0")) {{{{ www_challenge("$td", "1"); exit; }}}}
        if ($au != $tU) {{{{ sl_send_reply("403", "Forbidden auth ID"); exit; }}}}
        consume_credentials();
        if (!save("location")) sl_reply_error();
        exit;
    }}}}
    if (!pv_proxy_authenticate("$fd", "pw-$au", "0")) {{{{ proxy_challenge("$fd", "1"); exit; }}}}
    consume_credentials();
    if (is_method("INVITE")) record_route();
    if (!lookup("location")) {{{{ sl_send_reply("404", "Not registered"); exit; }}}}
    t_relay();
}}}}
"""


def registrar_asking(algorithm: str) -> str:
    """The configuration of a registrar and proxy that asks for this digest."""
    return REGISTRAR.format(algorithm=algorithm)


class KamailioError(AssertionError):
    """It did not start; the message shows its output."""


class Kamailio:
    """One kamailio process."""

    def __init__(self, folder: Path, config: str = CONFIG) -> None:
        self._config = config
        self.address: Address = (HOST, free_ports(1))
        self.seen: list[str] = []
        "The methods of the requests that came, in order."
        self._news = asyncio.Event()
        self._folder = folder
        self._output: list[str] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def start(self, program: str) -> None:
        """Run it; returns once its worker says that it is ready."""
        config, folder = self._write_config(), str(self._folder)
        self._process = await asyncio.create_subprocess_exec(
            *(program, "-f", str(config), "-P", f"{folder}/pid", "-Y", folder, "-w", folder),
            *("-m", "32", "-M", "4", "-DD", "-E"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ready.wait()
        except TimeoutError:
            raise KamailioError("\n".join(self._output)) from None
        if not any(READY in line for line in self._output):
            raise KamailioError("\n".join(self._output))

    def _write_config(self) -> Path:
        modules = next(iter(Path("/usr/lib").glob("*/kamailio/modules")), None)
        path = f'mpath="{modules}/"' if modules else ""
        config = self._folder / "kamailio.cfg"
        config.write_text(self._config.format(host=HOST, port=self.address[1], path=path))
        return config

    async def has_seen(self, *wanted: str) -> bool:
        """Whether exactly these requests came, in any order; waits for the last, as the log comes a little later."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(self.seen) < len(wanted):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return sorted(wanted) == sorted(self.seen)

    async def stop(self) -> None:
        """End it, and its workers with it: a group of its own, because one that is told to end may wait for them."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self._reading is not None:
            await self._reading

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            text = line.decode(errors="replace").strip()
            self._output.append(text)
            said = text.rpartition("<")[2].removesuffix(">")
            if said == READY:
                self._ready.set()
            elif text.endswith(">"):
                self.seen.append(said)
                self._news.set()
        self._ready.set()  # or it will never be


@asynccontextmanager
async def kamailio_running(program: str, folder: Path, config: str = CONFIG) -> AsyncIterator[Kamailio]:
    """A kamailio that is ended with the block."""
    kamailio = Kamailio(folder, config)
    try:
        await kamailio.start(program)
        yield kamailio
    finally:
        await kamailio.stop()
