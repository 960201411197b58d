"""What can be waited for over all calls of a user agent: its events, and the states of any call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from session_fsm.call import ANSWER_TIMEOUT, Call, Seconds
from session_fsm.errors import CallFailedError, WaitTimeout
from session_fsm.event_log import EventLog, Match, check_state, check_timeout, matching
from session_fsm.runtime.driver import Driver
from session_fsm.session.events import CallState, MediaState, SessionEvent, SessionId

Event = TypeVar("Event", bound=SessionEvent)


class Observed:
    """The half of a user agent that only tells. What happens is put into its log by the other half."""

    def __init__(self) -> None:
        self._open_driver: Driver | None = None
        self._calls: dict[SessionId, Call] = {}
        self._log = EventLog()

    def events(self) -> AsyncIterator[SessionEvent]:
        """Every event of every call, from the first that is still kept, until the user agent is left."""
        return self._log.follow()

    async def wait_for_event(
        self,
        kind: type[Event],
        *,
        timeout: Seconds = ANSWER_TIMEOUT,
        after: SessionEvent | None = None,
        where: Callable[[Event], bool] | None = None,
        **fields: object,
    ) -> Event:
        """As `Call.wait_for_event`, over all calls."""
        start = self._log.number_of(after) + 1 if after is not None else 0
        # `matching` has looked at its type, which the checker cannot see.
        return await self._wait(matching(kind, where, fields), start, timeout, kind.__name__)  # type: ignore[return-value]

    async def wait_for_state(
        self, state: CallState | MediaState, *, timeout: Seconds = ANSWER_TIMEOUT, after: SessionEvent | None = None
    ) -> None:
        """Return when any call, or its media, is or was in this state."""
        check_state(state)
        start = self._log.number_of(after) + 1 if after is not None else 0
        await self._wait(
            lambda news: state in (news.call_state, news.media_state),
            start,
            timeout,
            f"{type(state).__name__} {state}",
        )

    async def _wait(self, match: Match, start: int, timeout: Seconds, wanted: str) -> SessionEvent:
        check_timeout(timeout)
        if self._open_driver is not None:
            self._open_driver.check_loop()
        try:
            async with asyncio.timeout(timeout):
                found = await self._log.seek(match, start=start)
        except TimeoutError:
            calls = ", ".join(map(repr, self._calls.values())) or "no calls"
            raise WaitTimeout(f"no {wanted} in any call within {timeout:g} s: {calls}") from None
        if found is None:
            raise CallFailedError(None, "the user agent was closed")
        return found[1]
