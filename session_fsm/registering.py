"""A user agent's binding at its registrar, as people wait for it. What decides is in `registration.toml`."""

from __future__ import annotations

import asyncio

from session_fsm.call import Seconds
from session_fsm.errors import RegistrationFailedError, SessionFsmError, WaitTimeout
from session_fsm.event_log import EventLog, check_timeout
from session_fsm.runtime.driver import Driver
from session_fsm.session.events import Registered, RegistrationFailed, SessionEvent, Unregistered

REGISTER_TIMEOUT: Seconds = 40.0
"How long `registered` waits at most: a registrar that does not answer has failed after 64*T1, which is 32 s."

NO_REGISTRAR = "this user agent has no registrar: UserAgent(..., registrar='192.0.2.1:5060') names one"
GONE = "the user agent was closed"


class Registering:
    """What was told of one registration, and who waits for more."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._last: SessionEvent | None = None
        self._gone = asyncio.Event()
        "The registrar has forgotten us, or we have never asked it."
        self._gone.set()

    def begin(self, driver: Driver) -> None:
        """Register, if there is a registrar."""
        if driver.coordinator.registration is not None:
            self._gone.clear()
            driver.command(lambda now: driver.coordinator.register(now=now))

    def note(self, event: SessionEvent) -> None:
        """The registration has told something."""
        self._last = event
        if isinstance(event, Unregistered):
            self._gone.set()

    async def bound(self, driver: Driver, timeout: Seconds) -> Registered:
        """The binding once it stands. Raises as soon as a try has failed, and when the last one has."""
        check_timeout(timeout)
        driver.check_loop()
        if driver.coordinator.registration is None:
            raise SessionFsmError(NO_REGISTRAR)
        if self._last is None or isinstance(self._last, Unregistered):
            self._last = await self._outcome(driver, timeout)
        if isinstance(self._last, Registered):
            return self._last
        if isinstance(self._last, RegistrationFailed):
            last = self._last
            raise RegistrationFailedError(last.registrar, last.status, last.reason, last.retry_in)
        raise SessionFsmError(GONE)

    async def _outcome(self, driver: Driver, timeout: Seconds) -> SessionEvent | None:
        try:
            async with asyncio.timeout(timeout):
                found = await self._log.seek(_is_outcome, start=self._log.end)
        except TimeoutError:
            registration = driver.coordinator.registration
            state = registration.state if registration is not None else "gone"
            raise WaitTimeout(f"not registered within {timeout:g} s: the registration is {state}") from None
        return found[1] if found is not None else None

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


def _is_outcome(event: SessionEvent) -> bool:
    return isinstance(event, Registered | RegistrationFailed)
