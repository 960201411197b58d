"""Two user agents on the loopback interface."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from session_fsm import UserAgent


@pytest.fixture
async def alice() -> AsyncIterator[UserAgent]:
    """Who calls."""
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as agent:
        yield agent


@pytest.fixture
async def bob() -> AsyncIterator[UserAgent]:
    """Who is called."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as agent:
        yield agent
