"""What has happened, kept: whoever comes late reads it from the beginning, whoever waits is woken by the next event."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TypeVar

from session_fsm.session.events import CallState, MediaState, SessionEvent
from session_fsm.session.news import News

Event = TypeVar("Event", bound=SessionEvent)
Match = Callable[[News], bool]

EVENTS_KEPT = 1000  # the newest; a call has about twenty, and only a peer that renegotiates for ever has more


class EventLog:
    """Events in their order. Each has a number that never changes, also when the oldest ones are forgotten.

    It keeps them as news: an event is made when somebody reads it, and is then the same one in every log.
    """

    __slots__ = ("_count", "_kept", "_waiting", "over")

    def __init__(self, keep: int = EVENTS_KEPT) -> None:
        self.over = False
        "Whether nothing more will happen."
        self._kept: deque[News] = deque(maxlen=keep)
        self._count = 0
        self._waiting: list[asyncio.Future[None]] = []

    def __iter__(self) -> Iterator[SessionEvent]:
        return iter([news.event for news in self._kept])

    @property
    def kinds(self) -> list[type[SessionEvent]]:
        """The classes of the events, in their order."""
        return [news.kind for news in self._kept]

    @property
    def end(self) -> int:
        """The number of the event that will come next."""
        return self._count

    def last_of(self, *kinds: type[SessionEvent]) -> SessionEvent | None:
        """The newest event of one of these classes."""
        return next((news.event for news in reversed(self._kept) if news.kind in kinds), None)

    def extend(self, told: Sequence[News]) -> None:
        """This has happened."""
        self._kept.extend(told)
        self._count += len(told)
        if self._waiting:
            self._wake()

    def close(self) -> None:
        """Nothing more will happen: waits and iterations end."""
        self.over = True
        self._wake()

    def number_of(self, event: SessionEvent) -> int:
        """The number of an event that was seen before; of the oldest kept one if it is forgotten."""
        oldest = self._count - len(self._kept)
        return next((oldest + at for at, kept in enumerate(self._kept) if kept.became(event)), oldest - 1)

    async def follow(self) -> AsyncIterator[SessionEvent]:
        """Everything from the beginning, then everything that happens, until the log is closed."""
        at = 0
        while True:
            event = await self.seek(lambda news: True, start=at)
            if event is None:
                return
            at = max(at, self._count - len(self._kept))
            yield event[1]
            at = event[0] + 1

    async def seek(self, match: Match, *, start: int = 0) -> tuple[int, SessionEvent] | None:
        """The first event from `start` on that matches, with its number; waits for it. None once the log is closed."""
        at = start
        while True:
            at = max(at, self._count - len(self._kept))
            while at < self._count:
                news = self._kept[at - self._count]
                if match(news):
                    return at, news.event
                at += 1
            if self.over:
                return None
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            finally:
                # An event of this very turn may have woken, and so forgotten, a wait that was cancelled meanwhile.
                if future in self._waiting:
                    self._waiting.remove(future)

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()


def matching(kind: type[SessionEvent], where: Callable[[Event], bool] | None, fields: dict[str, object]) -> Match:
    """Whether an event is of this class, has these values in these fields, and passes `where`."""
    if not isinstance(kind, type) or not issubclass(kind, SessionEvent):
        raise TypeError(f"{kind!r} is no event class; it can be one of session_fsm.session.events, as CallAnswered")
    unknown = [name for name in fields if name not in known_fields(kind)]
    if unknown:
        known = ", ".join(sorted(known_fields(kind)))
        raise TypeError(f"{kind.__name__} has no field {unknown[0]!r}; its fields are {known}")

    def match(news: News) -> bool:
        return (
            issubclass(news.kind, kind)
            and all(getattr(news.event, name) == value for name, value in fields.items())
            and (where is None or where(news.event))  # type: ignore[arg-type]  # it is of `kind`
        )

    return match


def check_state(state: object) -> None:
    """Whether this is a state that can be waited for."""
    if not isinstance(state, CallState | MediaState):
        raise TypeError(f"{state!r} is no state; it can be one of CallState or MediaState, such as CallState.ACTIVE")


def check_timeout(timeout: object) -> None:
    """Whether this is how long something may be waited for; None is for ever."""
    if timeout is not None and (not isinstance(timeout, int | float) or timeout != timeout):
        raise TypeError(f"timeout is {timeout!r}; it can be a number of seconds, or None")


def known_fields(kind: type[SessionEvent]) -> set[str]:
    """The names of an event class's fields."""
    return set(kind.__dataclass_fields__)
