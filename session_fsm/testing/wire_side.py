"""One side of a fuzzed call in a process of its own: a user agent that does what its standard input says, line by line.

Standard output is JSON Lines: where it listens, each command that was done, each row of the trace, each fault.
`python -m session_fsm.testing.wire_side NAME HOST:PORT T1 [FOLDER]`, where HOST:PORT is what peers are told.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress

from session_fsm import Call, IncomingInvite, Settings, UserAgent
from session_fsm.chart import read_folder
from session_fsm.errors import SessionFsmError
from session_fsm.machine import TraceRow
from session_fsm.sdp import MediaDirection
from session_fsm.session.building import shipped_charts


class Side:
    """The user agent and the newest call that it has."""

    def __init__(self, agent: UserAgent) -> None:
        self.agent = agent
        self.call: Call | None = None
        self.incoming: IncomingInvite | None = None
        self.running: set[asyncio.Task[None]] = set()

    async def do(self, command: str, *arguments: str) -> None:
        """One command. What the session refuses is told."""
        refused = ""
        try:
            await self._do(command, *arguments)
        except SessionFsmError as error:
            refused = str(error)
        say(done=command, refused=refused)

    async def _do(self, command: str, *arguments: str) -> None:
        if command == "settle":
            return
        if command == "forget":
            self.call = self.incoming = None
        elif command == "call":
            self.call = self.agent.make_call(arguments[0], offer=arguments[1] == "offer")
        elif self.call is None:
            return
        elif command == "hang_up":
            await self.call.hang_up()
        elif command == "reinvite":
            self._begin(self.call.reinvite(MediaDirection(arguments[0])))
        elif self.incoming is not None:
            await _OF_CALLEE[command](self.incoming, arguments[0])

    def _begin(self, asked: Coroutine[object, object, object]) -> None:
        """What comes of it shows in the trace."""

        async def wait() -> None:
            with suppress(SessionFsmError, TimeoutError):
                await asked

        task = asyncio.create_task(wait())
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def keep_incoming(self) -> None:
        """The newest call that comes is the one that commands are about."""
        async for incoming in self.agent.incoming_calls():
            self.incoming, self.call = incoming, incoming.call


_OF_CALLEE: Mapping[str, Callable[[IncomingInvite, str], Coroutine[object, object, object]]] = {
    "accept": lambda invite, how: invite.accept(MediaDirection(how)),
    "ring": lambda invite, how: invite.ring(),
    "progress": lambda invite, how: invite.progress(MediaDirection(how)),
    "reject": lambda invite, how: invite.reject(int(how)),
    "redirect": lambda invite, how: invite.redirect("sip:other@127.0.0.1"),
}


class Faults(logging.Handler):
    """Tells of every exception that the engine logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line of JSON for each."""
        if record.exc_info and record.exc_info[1] is not None:
            say(fault=f"{record.getMessage()}: {record.exc_info[1]!r}")


async def main(name: str, advertise: str, t1: float, folder: str = "") -> None:
    """Live until standard input ends."""
    logging.getLogger("session_fsm").addHandler(Faults())
    charts = {key: chart for key, chart in read_folder(folder).items() if key in shipped_charts()} if folder else None
    settings = Settings(t1=t1, t2=8 * t1, t4=10 * t1)
    agent = UserAgent(
        f"sip:{name}@127.0.0.1",
        bind="127.0.0.1:0",
        advertise=advertise,
        settings=settings,
        charts=charts,
        on_trace=tell_row,
    )
    async with agent:
        side = Side(agent)
        asked = asyncio.create_task(side.keep_incoming())
        say(bound=agent.address[1])
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            await side.do(*json.loads(line))
        asked.cancel()


def tell_row(row: TraceRow) -> None:
    """One step of ours."""
    say(row=row.as_dict())


def say(**fields: object) -> None:
    """One line of JSON."""
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), *sys.argv[4:5]))
