"""A user agent's binding at its registrar, as people wait for it. What decides is in `registration.toml`."""

from __future__ import annotations

import asyncio
import math

from session_fsm.call import Seconds
from session_fsm.errors import RegistrationFailedError, SessionFsmError, WaitTimeout
from session_fsm.event_log import EventLog, check_timeout
from session_fsm.runtime.driver import Driver
from session_fsm.session.events import Registered, RegistrationFailed, SessionEvent, Unregistered
from session_fsm.session.news import News

REGISTER_TIMEOUT: Seconds = 40.0
"How long `registered` waits at most: a registrar that does not answer has failed after 64*T1, which is 32 s."

NO_REGISTRAR = "this user agent has no registrar: UserAgent(..., registrar='192.0.2.1:5060') names one"
GONE = "the user agent was closed"


class Registering:
    """What was told of one registration, and who waits for more."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._last: SessionEvent | None = None
        self._again_at: Seconds | None = None
        "When the next try is due, on the loop's clock; None when there will be none."
        self._gone = asyncio.Event()
        "The registrar has forgotten us, or we have never asked it."
        self._gone.set()

    def begin(self, driver: Driver) -> None:
        """Register, if there is a registrar."""
        if driver.coordinator.registration is not None:
            self._gone.clear()
            driver.command(lambda now: driver.coordinator.register(now=now))

    def note(self, news: News) -> None:
        """The registration has told something."""
        event = news.event
        self._last = event
        if isinstance(event, Unregistered):
            self._gone.set()
        if isinstance(event, RegistrationFailed) and event.retry_in is not None:
            self._again_at = asyncio.get_running_loop().time() + event.retry_in
        else:
            self._again_at = None

    async def bound(self, driver: Driver, timeout: Seconds) -> Registered:
        """The binding once it stands; through failed tries, as long as another one is due in time."""
        check_timeout(timeout)
        driver.check_loop()
        if driver.coordinator.registration is None:
            raise SessionFsmError(NO_REGISTRAR)
        until = math.inf if timeout is None else asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout(timeout):
                return await self._stands(until)
        except TimeoutError:
            raise WaitTimeout(f"not registered within {timeout:g} s: {self._why(driver)}") from None

    async def _stands(self, until: Seconds) -> Registered:
        start = self._log.end
        last = self._last
        while not isinstance(last, Registered):
            if isinstance(last, RegistrationFailed) and (self._again_at is None or self._again_at > until):
                raise RegistrationFailedError(last.registrar, last.status, last.reason, last.retry_in)
            found = await self._log.seek(_is_outcome, start=start)
            if found is None:
                raise SessionFsmError(GONE)
            start, last = found[0] + 1, found[1]
        return last

    def _why(self, driver: Driver) -> str:
        """Where it stands, and what the last try came to."""
        last, registration = self._last, driver.coordinator.registration
        state = f"the registration is {registration.state if registration is not None else 'gone'}"
        if not isinstance(last, RegistrationFailed):
            return state
        return f"{state}; {RegistrationFailedError(last.registrar, last.status, last.reason, None)}"

    def leave(self, driver: Driver) -> None:
        """Ask the registrar to forget us, if it may know us."""
        if driver.coordinator.registration is not None:
            driver.command(lambda now: driver.coordinator.unregister(now=now))
            if driver.coordinator.registration.left:
                self._gone.set()

    async def left(self, until: Seconds) -> None:
        """Wait until the registrar has answered, but not for longer."""
        try:
            async with asyncio.timeout_at(until):
                await self._gone.wait()
        except TimeoutError:
            return


def _is_outcome(news: News) -> bool:
    return news.kind in (Registered, RegistrationFailed)
