"""What the tests on the wire have in common: programs that are ended whatever happens, and user agents on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from programs import require
from schedule import HASTY_T1
from sipp_peer import SippBench

from session_fsm import UserAgent


@pytest.fixture
async def sipp(tmp_path: Path) -> AsyncIterator[SippBench]:
    """Starts SIPp processes, and ends them with the test."""
    require("sipp", "sip-tester")
    bench = SippBench(tmp_path)
    try:
        yield bench
    finally:
        await bench.stop()


@pytest.fixture
async def agent() -> AsyncIterator[UserAgent]:
    """A user agent of ours."""
    async with UserAgent("sip:agent@127.0.0.1", bind="127.0.0.1:0") as ours:
        yield ours


@pytest.fixture
async def hasty() -> AsyncIterator[UserAgent]:
    """A user agent of ours whose T1 is 20 ms: whatever repeats or gives up does so 25 times sooner."""
    async with UserAgent("sip:hasty@127.0.0.1", bind="127.0.0.1:0", t1=HASTY_T1) as ours:
        yield ours
