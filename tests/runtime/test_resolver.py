"""Names are looked up once for everybody, and what was found is remembered for a minute."""

from __future__ import annotations

import asyncio
import socket

from session_fsm.runtime.resolver import REMEMBERED_FOR, Resolver


class Asked:
    """A resolver whose clock is turned by hand; counts what reaches the system."""

    def __init__(self) -> None:
        self.now = 0.0
        loop = asyncio.get_running_loop()
        self.resolver = Resolver(loop, socket.AF_INET, lambda: self.now)

    async def look_up(self, name: str) -> str | None:
        """Ask and wait for the answer."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.resolver.ask(name, lambda name, address: answer.set_result(address))
        return await asyncio.wait_for(answer, 10)


async def test_a_name_is_known_once_it_was_found():
    """And forgotten when it is old."""
    asked = Asked()
    assert asked.resolver.known("localhost") is None

    assert "127.0.0.1" == await asked.look_up("localhost") == asked.resolver.known("localhost")
    assert [("localhost", 5060)] == asked.resolver.names_of(("127.0.0.1", 5060))
    asked.now += REMEMBERED_FOR
    assert asked.resolver.known("localhost") is None


async def test_a_name_that_does_not_exist_is_told():
    """With None, and not by an exception."""
    asked = Asked()

    assert await asked.look_up("no-such-host.invalid") is None
    assert await asked.look_up("a" * 300) is None


async def test_closing_stops_what_is_under_way():
    """No task is left."""
    asked = Asked()
    asked.resolver.ask("localhost", lambda name, address: None)

    await asked.resolver.close()

    assert {asyncio.current_task()} == asyncio.all_tasks()
