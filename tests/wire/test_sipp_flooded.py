"""SIPp calls us while another process floods us in the names of five hundred addresses."""

from __future__ import annotations

import asyncio
import statistics

import pytest
from sipp_peer import Seen, SippBench

from session_fsm import UserAgent
from tools.soak.flood import SOURCES, flooding, take

pytestmark = [pytest.mark.wire, pytest.mark.slow]

CALLS = 3


def seconds_to_answer(messages: list[Seen]) -> list[float]:
    """From each call's first INVITE to its first 200."""
    began: dict[str | None, float] = {}
    answered: dict[str | None, float] = {}
    for seen in messages:
        if seen.sent and seen.start_line.startswith("INVITE"):
            began.setdefault(seen.header("Call-ID"), seen.time)
        elif not seen.sent and "1 INVITE" == seen.header("CSeq") and seen.start_line.startswith("SIP/2.0 200"):
            answered.setdefault(seen.header("Call-ID"), seen.time)
    return [answered[call] - began[call] for call in answered]


async def test_sipp_gets_through_a_flood_of_many(sipp: SippBench):
    """Its own timer A repeats the INVITE that was not answered; each call is answered, acknowledged and ended."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        serving = asyncio.create_task(bob.serve(take))
        async with flooding("INVITE", bob.address[1], 2000, SOURCES):
            messages = await (await sipp.caller("uac_plain", bob.address, call_count=CALLS, limit=1)).done()
        await bob.drain(0.5)
        await serving

    took = seconds_to_answer(messages)
    assert CALLS == len(took)
    assert statistics.median(took) <= 2.0
