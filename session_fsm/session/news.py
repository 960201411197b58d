"""What an application can be told, before it has asked: an event that is made when somebody looks at it.

A call tells more than twenty events, and most applications look at few of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Final

from session_fsm.frozen import maker_of
from session_fsm.session.events import CallState, MediaState, Role, SessionEvent, SessionId

Own = tuple[object, ...]
"The fields of an event that its own class adds to those of `SessionEvent`, in their order."

COMMON: Final = len(fields(SessionEvent))
"How many fields every event has."


class Moment:
    """A session as a turn has left it: what all that it tells of this turn has in common."""

    __slots__ = ("call_state", "media_state", "role", "session_id", "time")

    def __init__(
        self, session_id: SessionId, role: Role, time: float, call_state: CallState, media_state: MediaState
    ) -> None:
        self.session_id = session_id
        self.role = role
        self.time = time
        self.call_state = call_state
        self.media_state = media_state


class News:
    """An event to be: it knows all that the event will say, as soon as its moment is known."""

    __slots__ = ("_event", "_media_state", "_own", "kind", "moment", "rank")
    moment: Moment
    "Given when the turn is over; nobody is told before."

    def __init__(self, kind: type[SessionEvent], rank: int, media_state: MediaState | None, own: Own) -> None:
        """`media_state` is the one in which it was emitted, where that counts and not the moment's."""
        self.kind = kind
        self.rank = rank
        self._media_state = media_state
        self._own = own
        self._event: SessionEvent | None = None

    @property
    def session_id(self) -> SessionId:
        """Of the event."""
        return self.moment.session_id

    @property
    def role(self) -> Role:
        """Of the event."""
        return self.moment.role

    @property
    def call_state(self) -> CallState:
        """Of the event."""
        return self.moment.call_state

    @property
    def media_state(self) -> MediaState:
        """Of the event."""
        return self._media_state or self.moment.media_state

    @property
    def event(self) -> SessionEvent:
        """The event itself: the same one however often it is asked for."""
        if self._event is None:
            make = _MAKERS.get(self.kind)
            if make is None:
                make = _MAKERS[self.kind] = maker_of(self.kind, behind=COMMON)
            at = self.moment
            self._event = make(at.session_id, at.role, at.time, at.call_state, self.media_state, self._own)
        return self._event

    def became(self, event: SessionEvent) -> bool:
        """Whether this event was made here."""
        return self._event is event


_MAKERS: Final[dict[type[SessionEvent], Callable[..., SessionEvent]]] = {}
"For each class what makes its events, from the first one on."
