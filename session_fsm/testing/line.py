"""One session of a phone, as a test sees it: commands without clocks, states, events and trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from session_fsm.machine import TraceRow
from session_fsm.sdp import Codec, MediaDirection
from session_fsm.session.dtmf_sender import Digits, Via
from session_fsm.session.events import CallState, MediaState, Role, SessionEvent, SessionId
from session_fsm.session.session import Session
from session_fsm.session.settings import Seconds

if TYPE_CHECKING:
    from session_fsm.testing.phone import Phone

Kind = TypeVar("Kind", bound=SessionEvent)


class Line:
    """One session of a phone, as a test sees it; readable after the session is gone."""

    def __init__(self, phone: Phone, session: Session) -> None:
        self.phone = phone
        self.session = session
        self.id: SessionId = session.id
        self.role: Role = session.role
        self.events: list[SessionEvent] = []
        "What the application was told of this session, in order."

    # Commands.

    def ring(self) -> None:
        """Send 180."""
        self.phone.command(lambda at, now: at.ring(self.id, now=now))

    def defer(self, timeout: Seconds | None = None) -> None:
        """Send 182 and put the decision off."""
        self.phone.command(lambda at, now: at.defer(self.id, timeout, now=now))

    def progress(self, direction: MediaDirection = MediaDirection.SENDRECV) -> None:
        """Send 183 with our answer."""
        self.phone.answer(self, lambda at, media, now: at.progress(self.id, media=media, now=now), direction)

    def accept(
        self, direction: MediaDirection = MediaDirection.SENDRECV, *, codecs: Sequence[Codec] | None = None
    ) -> None:
        """Send 200."""
        self.phone.answer(self, lambda at, media, now: at.accept(self.id, media=media, now=now), direction, codecs)

    def reject(self, status: int = 486, reason: str | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Refuse."""
        self.phone.command(lambda at, now: at.reject(self.id, status, reason, now=now, headers=headers))

    def redirect(self, *contacts: str, status: int = 302) -> None:
        """Send the caller elsewhere."""
        self.phone.command(lambda at, now: at.redirect(self.id, contacts, status=status, now=now))

    def hang_up(self) -> None:
        """CANCEL, refuse or BYE, whatever ends it now."""
        self.phone.command(lambda at, now: at.hang_up(self.id, now=now))

    def reinvite(self, direction: MediaDirection) -> None:
        """Offer another direction."""
        self.phone.command(lambda at, now: at.reinvite(self.id, direction, now=now))

    def hold(self, *, music: bool = False) -> None:
        """Offer to hold."""
        self.phone.command(lambda at, now: at.hold(self.id, music=music, now=now))

    def resume(self) -> None:
        """Offer to end the hold."""
        self.phone.command(lambda at, now: at.resume(self.id, now=now))

    def send_dtmf(self, digits: str, *, duration_ms: int = 160, gap_ms: int = 80, via: Via = "auto") -> None:
        """Send digits."""
        asked = Digits(digits=digits, duration_ms=duration_ms, gap_ms=gap_ms, via=via)
        self.phone.command(lambda at, now: at.send_dtmf(self.id, asked, now=now))

    def mute(self) -> None:
        """Send silence in place of audio."""
        self.phone.command(lambda at, now: at.mute(self.id, now=now))

    def unmute(self) -> None:
        """Send audio again."""
        self.phone.command(lambda at, now: at.unmute(self.id, now=now))

    # Getters.

    @property
    def state(self) -> CallState:
        """The call state."""
        return self.session.call_state

    @property
    def media(self) -> MediaState:
        """The media state."""
        return self.session.media_state

    @property
    def media_path(self) -> list[str]:
        """Every media state so far, in order."""
        return self.path("media")

    @property
    def call_path(self) -> list[str]:
        """Every call state so far, in order."""
        return self.path("call")

    def path(self, machine: str) -> list[str]:
        """The states that the session's one machine of this chart went through, from its initial one."""
        rows = [row for row in self.rows if row.machine == machine]
        found = [row.to_state for row in rows if row.from_state != row.to_state]
        # A machine that nothing has happened to yet has no rows.
        return found or [getattr(self.session, machine).chart.initial]

    @property
    def rows(self) -> list[TraceRow]:
        """The trace of this session."""
        return [row for row in self.phone.rows if row.session == self.id]

    @property
    def said(self) -> list[str]:
        """The events' class names, in order."""
        return [type(event).__name__ for event in self.events]

    def told(self, kind: type[Kind]) -> list[Kind]:
        """The events of one class."""
        return [event for event in self.events if isinstance(event, kind)]

    def only(self, kind: type[Kind]) -> Kind:
        """The one event of this class. Fails when there is none, or more."""
        found = self.told(kind)
        assert len(found) == 1, f"{len(found)} {kind.__name__} among {self.said}"
        return found[0]

    def __repr__(self) -> str:
        return f"<Line of {self.phone.name}: {self.role}, call {self.state}, media {self.media}>"
