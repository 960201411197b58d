"""Callers that nobody here wrote come twice by themselves, where we answer no INVITE that comes for the first time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from answering import next_call, over, taking
from baresip_peer import baresip_playing
from kamailio_peer import kamailio_running
from programs import require
from sipp_peer import SippBench

from session_fsm import CallState, Settings, UserAgent

pytestmark = pytest.mark.wire

ONCE = "dropped.first INVITE while room is short"
TWICE = "let in.repeated INVITE"


@pytest.fixture
async def strict() -> AsyncIterator[UserAgent]:
    """It has no room at all for who comes for the first time."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=Settings(twice_from=0)) as agent:
        yield agent


def came(agent: UserAgent) -> tuple[bool, int]:
    """Whether a first INVITE was not answered, and how many came in with their repetition."""
    return (agent.counters[ONCE] >= 1, agent.counters[TWICE])


async def test_sipp_comes_twice(sipp: SippBench, strict: UserAgent):
    """`retrans="500"`, as in its own scenarios."""
    async with taking(strict) as calls:
        await (await sipp.caller("uac_plain", strict.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]
    assert (True, 1) == came(strict)


async def test_baresip_comes_twice(tmp_path: Path, strict: UserAgent):
    """By its own timer A."""
    async with baresip_playing(require("baresip", "baresip-core"), tmp_path, 880.0) as baresip:
        await baresip.command("dial", strict.contact)
        call = await (await next_call(strict, 20)).accept()
        await call.wait_for_media(timeout=20)
        await call.hang_up()
        await over(call)
        await baresip.stop()

    assert (True, 1) == came(strict)


async def test_a_proxy_comes_twice_for_its_caller(tmp_path: Path, strict: UserAgent):
    """Kamailio repeats what it forwarded, with the same branch; its caller is told 100 meanwhile, and waits."""
    async with (
        kamailio_running(require("kamailio", "kamailio"), tmp_path) as proxy,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
    ):
        calling = alice.make_call(strict.contact, next_hop=proxy.address)
        await (await next_call(strict, 20)).accept()
        await calling.wait_for_media(timeout=20)
        await calling.hang_up()
        await over(calling)

    assert (True, 1) == came(strict)
