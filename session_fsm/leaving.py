"""How a user agent ends: no new calls, time for those that are up to end by themselves, then BYE."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping

from session_fsm.call import Call, Seconds
from session_fsm.incoming_queue import IncomingQueue
from session_fsm.runtime.driver import Driver
from session_fsm.session.admission import RETRY_AFTER
from session_fsm.session.events import SessionId

LOG = logging.getLogger("session_fsm")

UNAVAILABLE = 503
LEAVE_TIMEOUT: Seconds = 4.0
"How long a user agent that is left waits for its BYEs to be answered: three copies by timer E (RFC 3261 §17.1.2.2)."


class Leaving:
    """Of one user agent, once. Its calls and its queue are looked at, and emptied by what is said here."""

    def __init__(self, calls: Mapping[SessionId, Call], incoming: IncomingQueue) -> None:
        self.begun = False
        "No new call is placed or taken any more."
        self.changed = asyncio.Event()
        "A call came, or one is over, or nothing more will come."
        self.done = asyncio.Event()
        "Everything is released."
        self._calls = calls
        self._incoming = incoming
        self._patient = True
        self._patience: asyncio.Timeout | None = None
        self._signals: list[signal.Signals] = []
        self._task: asyncio.Task[None] | None = None

    async def end_calls(self, driver: Driver, patience: Seconds, deadline: Seconds) -> Seconds:
        """Wait so long for calls to end, hang up what is left, and wait for the answers. Both in seconds from now.

        Returns when everything has to be gone, by the clock of the event loop: the deadline, or sooner in a hurry.
        """
        self.begun = True
        driver.coordinator.take_no_more_calls("we are leaving")
        begun = asyncio.get_running_loop().time()
        while (invite := self._incoming.take()) is not None:
            await invite.reject(UNAVAILABLE, headers=[RETRY_AFTER])
        self.changed.set()
        if self._patient:
            await self._settled(begun + patience)
        self._patience = None
        for call in list(self._calls.values()):
            await call.hang_up()
        until = begun + deadline
        if not self._patient:
            until = min(until, asyncio.get_running_loop().time() + LEAVE_TIMEOUT)
        if not await self._settled(until):
            LOG.warning("left %d calls whose other side did not answer the BYE", len(self._calls))
        return until

    def begin_on(self, signals: tuple[signal.Signals, ...], drain: Callable[[], Coroutine[None, None, None]]) -> None:
        """Drain when one of these comes; hang up when one comes again."""
        for number in signals:
            asyncio.get_running_loop().add_signal_handler(number, self._signalled, drain)
            self._signals.append(number)

    def forget_signals(self) -> None:
        """Signals mean again what they meant before."""
        for number in self._signals:
            asyncio.get_running_loop().remove_signal_handler(number)
        self._signals.clear()

    def _signalled(self, drain: Callable[[], Coroutine[None, None, None]]) -> None:
        loop = asyncio.get_running_loop()
        if self._task is None and not self.begun:
            self._task = loop.create_task(drain(), name="drain")
            return
        self._patient = False
        if self._patience is not None and not self._patience.expired():
            self._patience.reschedule(loop.time())

    async def _settled(self, until: Seconds) -> bool:
        """Wait until every call is over, but not for longer. Whether they are."""
        try:
            async with asyncio.timeout_at(until) as self._patience:
                while self._calls:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True
