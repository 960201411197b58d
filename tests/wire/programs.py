"""Programs that nobody here wrote, looked for on this machine."""

from __future__ import annotations

import os
import shutil
import socket

import pytest


def require(program: str, package: str) -> str:
    """The program's path. Without it the test is skipped on a user's machine, and fails where CI is true."""
    path = shutil.which(program)
    if path is not None:
        return path
    missing = f"{program} is not installed (Debian: apt-get install {package})"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def free_ports(count: int, *, kind: int = socket.SOCK_DGRAM, step: int = 1) -> int:
    """The first of `count` loopback ports, `step` apart, that nobody has at this moment."""
    while True:
        first = _any_port(kind)
        if first + count * step < 65536 and all(_is_free(first + step * n, kind) for n in range(1, count)):
            return first


def _any_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _is_free(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
