"""A call as it stands: everything about it that can be asked, and nothing that can be done. `Call` adds that."""

from __future__ import annotations

from collections.abc import AsyncIterator

from session_fsm.call_media import CallMedia
from session_fsm.call_quality import Quality, quality_of
from session_fsm.call_silence import why_silent, why_unheard
from session_fsm.call_summary import CallSummary, media_path, summarise
from session_fsm.errors import printable
from session_fsm.event_log import EventLog
from session_fsm.machine import TraceRows
from session_fsm.session.events import CallState, MediaState, Role, SessionEvent, SessionId
from session_fsm.session.session import Session


class CallFacts:
    """What one call is, and how it goes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._log = EventLog()
        self.media = CallMedia(session)
        "Addresses, direction and figures of its audio."

    def __repr__(self) -> str:
        where = f"{self.state}, media {self.media.state}"
        return f"<Call {self.id} {self.role}: {where}, with {printable(self.remote_uri)}>"

    def _repr_html_(self) -> str:
        """Call and media as they stand, how they came there, and the messages, for notebooks."""
        return self._session.html()

    @property
    def id(self) -> SessionId:
        """Its name within the user agent."""
        return self._session.id

    @property
    def role(self) -> Role:
        """Whether we called or were called."""
        return self._session.role

    @property
    def state(self) -> CallState:
        """The state of the call chart."""
        return self._session.call_state

    @property
    def call_id(self) -> str:
        """The Call-ID, which both sides share."""
        return self._session.call_id

    @property
    def local_uri(self) -> str:
        """Our URI in this call."""
        return self._session.local_uri

    @property
    def remote_uri(self) -> str:
        """The other party's URI."""
        return self._session.remote_uri

    @property
    def status(self) -> int | None:
        """The SIP status that ended it; None while it goes on, and when a BYE did."""
        return self._session.status

    @property
    def reason(self) -> str:
        """Why it ended; empty while it goes on."""
        return self._session.reason

    @property
    def is_over(self) -> bool:
        """Whether it has ended or failed."""
        return self._log.over or self._session.call.finished

    @property
    def event_log(self) -> tuple[SessionEvent, ...]:
        """Every event so far."""
        return tuple(self._log)

    @property
    def trace(self) -> TraceRows:
        """Every step so far, the newest ones when there are very many."""
        return TraceRows(self._session.rows)

    def events(self) -> AsyncIterator[SessionEvent]:
        """Every event from the first one on, until the call is over."""
        return self._log.follow()

    def quality(self) -> Quality | None:
        """How well the peer is heard, and what it says of us; None until loss and jitter were measured."""
        return quality_of(self._session, self.media._stream) if self.media._stream else None

    def why_silent(self) -> str | None:
        """In one sentence which side stands where, and what is missing; None when audio flows both ways."""
        return why_silent(self._session, self.media._stream, self._reached)

    def why_unheard(self) -> str | None:
        """The same of a call that is over: why audio never came, or had stopped. None when it flowed until the end."""
        return why_unheard(self._session, self.media._stream, self._reached)

    def summary(self) -> CallSummary:
        """What came of it, in figures. Complete once the call is over."""
        return summarise(self, self.event_log)

    @property
    def _reached(self) -> MediaState:
        """The last media state before the end."""
        states = media_path(tuple(self._log))
        return states[-2] if states[-1] is MediaState.CLOSED else states[-1]
