"""The callees that are measured, each a process of its own: ours and others', with and without RTP ports."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools import compiled
from tools.bench.children import ROOT, Child, ours
from tools.bench.others import Aiosipua, sipp

HOST = "127.0.0.1"
PEER = str(Path(__file__).parent / "peers" / "uas_aiosipua.py")

OURS = "ours, signalling"
COMPILED = "ours, signalling, compiled"
UVLOOP = "ours, signalling, compiled, uvloop"
AGENT = "ours, UserAgent with RTP"
COMPILED_AGENT = "ours, UserAgent with RTP, compiled"
THEIRS = "aiosipua, signalling"
THEIRS_RTP = "aiosipua with aiortp"
SIPP = "sipp (C++), signalling"

WITH_RTP = (AGENT, COMPILED_AGENT, THEIRS_RTP)


def contestants(other: Aiosipua) -> dict[str, tuple[list[str], Path]]:
    """The programs of the Python contestants that are here, each with the folder it runs in."""
    found = {OURS: (ours("uas_signalling"), ROOT)}
    if compiled.ready():
        found[COMPILED] = ours("uas_signalling"), compiled.PLACE
        if importlib.util.find_spec("uvloop"):
            found[UVLOOP] = ours("uas_signalling", "uvloop"), compiled.PLACE
    if other.python:
        found[THEIRS] = [other.python, PEER], ROOT
    found[AGENT] = ours("uas_agent"), ROOT
    if compiled.ready():
        found[COMPILED_AGENT] = ours("uas_agent"), compiled.PLACE
    if other.python:
        found[THEIRS_RTP] = [other.python, PEER, "media"], ROOT
    return found


@contextmanager
def callees(other: Aiosipua, *, with_sipp: bool) -> Iterator[dict[str, Child]]:
    """All of them, running."""
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(Child(command, folder=folder))
            for name, (command, folder) in contestants(other).items()
        }
        program = sipp()
        if with_sipp and program:
            port = free_port()
            command = [program, "-sn", "uas", "-i", HOST, "-p", str(port), "-nostdin"]
            running[SIPP] = stack.enter_context(Child(command, port=port))
        yield running


def free_port() -> int:
    """A UDP port that was free just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port
