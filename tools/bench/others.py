"""The peers that are measured beside ours, where they can be had: aiosipua in a Python of its own, and SIPp."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INSTALL_TIMEOUT = 60  # seconds
PACKAGE = "aiosipua[rtp]"
VARIABLE = "BENCH_AIOSIPUA_PYTHON"
"Names a Python that has aiosipua and aiortp already."


@dataclass(frozen=True)
class Aiosipua:
    """Where aiosipua is, or why it is not."""

    python: str | None
    reason: str = ""


@contextmanager
def aiosipua(*, install: bool) -> Iterator[Aiosipua]:
    """Find it, or install it into a virtual environment that is thrown away afterwards."""
    found = os.environ.get(VARIABLE) or (sys.executable if importlib.util.find_spec("aiosipua") else None)
    if found is not None or not install:
        yield Aiosipua(found, "" if found else "aiosipua is not installed, and --no-install was given")
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        yield _installed(Path(place))


def _installed(place: Path) -> Aiosipua:
    python = place / "bin" / "python"
    try:
        venv.create(place, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_TIMEOUT)
    except (OSError, subprocess.SubprocessError) as error:
        return Aiosipua(None, f"aiosipua could not be installed: {error.__class__.__name__}")
    return Aiosipua(str(python))


def sipp() -> str | None:
    """The SIPp program."""
    return shutil.which("sipp")
