"""INVITEs in the names of many addresses, from another process over UDP: real calls, and what the process holds."""

from __future__ import annotations

import pytest

from tools.soak.flood import SOURCES, flooded

pytestmark = pytest.mark.slow

A_SECOND = 2000


@pytest.mark.parametrize("asked", [False, True])
async def test_real_calls_are_set_up_though_hundreds_of_addresses_flood(asked):
    """With an offer each, all accepted, none acknowledged: audio both ways for every real call, usually within two
    seconds; the figures of a machine that does nothing else are in docs/reliability.md."""
    found = await flooded("INVITE", A_SECOND, sources=SOURCES, asked=asked, seconds=3.0)

    assert 0 < found.calls == found.completed
    assert found.median <= 2.0
    assert found.megabytes < 100


async def test_real_calls_are_set_up_though_monstrous_messages_flood():
    """Each with eight hundred Vias: most are not read at all."""
    found = await flooded("monstrous", A_SECOND, sources=SOURCES, seconds=3.0)

    assert 0 < found.calls == found.completed
    assert found.median <= 2.0
