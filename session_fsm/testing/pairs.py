"""Two user agents for one test: on the virtual network, or on the loopback interface. Each remembers its story."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from session_fsm.chart import Chart
from session_fsm.machine import TraceRow
from session_fsm.session.settings import Settings
from session_fsm.testing.line import Line
from session_fsm.testing.network import Network
from session_fsm.testing.phone import Phone
from session_fsm.testing.story import story

if TYPE_CHECKING:
    from session_fsm.call import Call
    from session_fsm.user_agent import UserAgent


class VirtualPair:
    """Alice and Bob on a virtual network: `pair.alice.call(pair.bob)`, `pair.net.drop(Method.ACK)`."""

    def __init__(
        self, *, seed: int = 0, settings: Settings | None = None, charts: Mapping[str, Chart] | None = None
    ) -> None:
        self.seed = seed
        self.charts = charts
        self.alice = Phone("alice", "10.0.0.1", seed=seed, settings=settings, charts=charts)
        self.bob = Phone("bob", "10.0.0.2", seed=seed, settings=settings, charts=charts)
        self.net = Network(self.alice, self.bob, seed=seed)

    def talk(self) -> tuple[Line, Line]:
        """Alice calls, Bob accepts; both lines, when all that was sent has arrived."""
        line = self.alice.call(self.bob)
        self.net.deliver()
        self.bob.line.accept()
        self.net.deliver()
        return line, self.bob.line

    def story(self) -> str:
        """Where both stand, what has not happened, and the ladder."""
        return story({"alice": self.alice.rows, "bob": self.bob.rows}, self.charts)


class UdpPair:
    """Alice and Bob on the loopback interface: `async with udp_pair as (alice, bob): …`."""

    def __init__(self, *, settings: Settings | None = None, charts: Mapping[str, Chart] | None = None) -> None:
        self._settings = settings
        self._charts = charts
        self._agents: list[UserAgent] = []
        self.rows: dict[str, list[TraceRow]] = {"alice": [], "bob": []}

    async def __aenter__(self) -> tuple[UserAgent, UserAgent]:
        from session_fsm.user_agent import UserAgent

        for name, rows in self.rows.items():
            uri, bind = f"sip:{name}@127.0.0.1", "127.0.0.1:0"
            agent = UserAgent(uri, bind=bind, settings=self._settings, charts=self._charts, on_trace=rows.append)
            await agent.start()
            self._agents.append(agent)
        alice, bob = self._agents
        return alice, bob

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        agents, self._agents = self._agents, []
        await asyncio.gather(*(agent.close() for agent in agents))

    async def talk(self) -> tuple[Call, Call]:
        """Alice calls, Bob accepts: both calls. Inside `async with` only."""
        alice, bob = self._agents
        calling = alice.make_call(bob.contact)
        invite = await anext(bob.incoming_calls())
        return calling, await invite.accept()

    def story(self) -> str:
        """Where both stand, what has not happened, and the ladder."""
        return story(self.rows, self._charts)
