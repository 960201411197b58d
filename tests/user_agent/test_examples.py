"""The examples run as they stand."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 60  # seconds for a process that takes two on a quiet machine


@pytest.fixture(autouse=True)
def _heeds_ctrl_c():
    """A shell's background jobs ignore Ctrl-C, and so would what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


async def start(name: str, *arguments: str) -> asyncio.subprocess.Process:
    """Run an example in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLES / name, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )


async def test_two_processes_hear_each_other():
    """The product's main job as an example: it says what was heard and exits 0."""
    example = await start("two_processes.py")
    output, _ = await asyncio.wait_for(example.communicate(), PATIENCE)

    assert 0 == example.returncode, output.decode()
    assert b"the caller heard 2." in output
    assert b"the callee heard 2." in output


async def test_a_call_to_nobody_is_one_sentence():
    """Who tries it without a callee reads what happened, and no traceback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"sip:bob@127.0.0.1:{probe.getsockname()[1]}"
    calling = await start("place_a_call.py", uri)
    said, _ = await asyncio.wait_for(calling.communicate(), PATIENCE)

    assert (1, f"{uri}: 503 port unreachable\n") == (calling.returncode, said.decode())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "last"), [("answer_calls.py", b"50 frames"), ("echo_bot.py", b"bye")])
async def test_one_example_calls_another(name, last):
    """`place_a_call` against both that answer; Ctrl-C ends them properly."""
    answering = await start(name, "127.0.0.1:0")
    target = (await answering.stdout.readline()).split()[-1].decode()
    calling = await start("place_a_call.py", target)
    said, _ = await asyncio.wait_for(calling.communicate(), PATIENCE)
    answering.send_signal(signal.SIGINT)
    heard, _ = await asyncio.wait_for(answering.communicate(), PATIENCE)

    assert b"ok=True" in said, said.decode()
    assert b"Traceback" not in heard, heard.decode()
    assert 0 == answering.returncode
    assert last.split()[-1] in heard
