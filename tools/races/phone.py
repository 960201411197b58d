"""One side of a race in a process of its own: a user agent that does what its standard input says, line by line.

Standard output is JSON Lines: where it listens, each command that was done, each state of each call.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import Literal

from session_fsm import Call, IncomingInvite, Settings, UserAgent
from session_fsm.errors import SessionFsmError
from session_fsm.sdp import MediaDirection
from session_fsm.session.events import SessionCreated, StateChanged


async def main(name: str, advertise: str, t1: float, reoffer: Literal["INVITE", "UPDATE"]) -> None:
    """Live until standard input ends."""
    settings = Settings(t1=t1, reoffer=reoffer)
    async with UserAgent(f"sip:{name}@127.0.0.1", bind="127.0.0.1:0", advertise=advertise, settings=settings) as agent:
        side = Side(agent)
        told = asyncio.create_task(side.tell_states())
        asked = asyncio.create_task(side.keep_incoming())
        say(bound=agent.address[1])
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            await side.do(*json.loads(line))
        for task in (told, asked):
            task.cancel()


class Side:
    """The user agent and the first call that it has."""

    def __init__(self, agent: UserAgent) -> None:
        self.agent = agent
        self.call: Call | None = None
        self.incoming: IncomingInvite | None = None
        self.arrived = asyncio.Event()
        self.running: set[asyncio.Task[None]] = set()

    async def do(self, command: str, *arguments: str) -> None:
        """One command. What the session refuses is told."""
        try:
            await self._do(command, *arguments)
        except SessionFsmError as error:
            say(done=command, refused=str(error))
        else:
            say(done=command)

    async def _do(self, command: str, *arguments: str) -> None:
        if command == "call":
            self.call = self.agent.make_call(arguments[0], offer=arguments[1] == "offer")
            return
        if self.call is None:
            await self.arrived.wait()
        assert self.call is not None  # it has called, or was called
        if command == "hang_up":
            await self.call.hang_up()
        elif command == "reinvite":
            task = asyncio.create_task(self._reinvite(self.call, MediaDirection(arguments[0])))
            self.running.add(task)
        else:
            assert self.incoming is not None  # only the callee is told to do this
            await getattr(self.incoming, command)()

    async def _reinvite(self, call: Call, direction: MediaDirection) -> None:
        # What comes of it shows in the states of the call.
        with suppress(SessionFsmError, TimeoutError):
            await call.reinvite(direction)

    async def keep_incoming(self) -> None:
        """The first call that comes is the one that commands are about."""
        async for incoming in self.agent.incoming_calls():
            if self.incoming is None:
                self.incoming, self.call = incoming, incoming.call
                self.arrived.set()

    async def tell_states(self) -> None:
        """Every state of every call, the calls by number."""
        numbers: dict[str, int] = {}
        async for event in self.agent.events():
            if isinstance(event, SessionCreated):
                numbers[event.session_id] = len(numbers)
                say(call=numbers[event.session_id], state="Idle")
            if isinstance(event, StateChanged):
                say(call=numbers[event.session_id], state=str(event.new_state))


def say(**fields: object) -> None:
    """One line of JSON."""
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    by: Literal["INVITE", "UPDATE"] = "UPDATE" if "UPDATE" in sys.argv else "INVITE"
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), by))
