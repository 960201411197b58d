"""Host names to addresses, asked of the system's resolver without holding up anything else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from session_fsm.runtime.addresses import Address
from session_fsm.runtime.alarm import Seconds

Found = Callable[[str, str | None], None]
"Called with the name, and its address or None."

REMEMBERED_FOR = 60.0  # seconds; longer than any transaction of RFC 3261 lives (64*T1)
REMEMBERED = 1024  # names kept; the oldest is forgotten first


class Resolver:
    """Looks up each name once for everybody who asks meanwhile, and remembers what it found for a minute.

    A transaction keeps its destination that way: its copies must not wander between the addresses of a name.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, family: socket.AddressFamily, clock: Callable[[], Seconds]
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._family = family
        self._known: dict[str, tuple[str, Seconds]] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}

    def known(self, name: str) -> str | None:
        """The address of this name if it was looked up in the last minute."""
        address, until = self._known.get(name, (None, 0.0))
        return address if self._clock() < until else None

    def names_of(self, address: Address) -> list[Address]:
        """What this address was called by those who did not know it."""
        host, port = address
        return [(name, port) for name, (known, _) in self._known.items() if known == host]

    def ask(self, name: str, found: Found) -> None:
        """Look this name up and call `found`, once, whoever else asks for it meanwhile."""
        if name not in self._asked:
            self._asked[name] = self._loop.create_task(self._look_up(name, found), name=f"resolve {name}")

    async def close(self) -> None:
        """Stop asking."""
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, name: str, found: Found) -> None:
        try:
            answers = await self._loop.getaddrinfo(name, None, family=self._family, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            answers = []
        finally:
            del self._asked[name]
        address = str(answers[0][4][0]) if answers else None
        if address is not None:
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            # Set anew, so that the dict stays in the order of age.
            self._known.pop(name, None)
            self._known[name] = (address, self._clock() + REMEMBERED_FOR)
        found(name, address)
