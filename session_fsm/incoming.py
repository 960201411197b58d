"""A call that somebody else makes, before it is answered: who it is, and what can be done about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from session_fsm.call import Call, Seconds
from session_fsm.errors import CallFailedError, LocalProtocolError, TransportError
from session_fsm.runtime.channels import AudioChannels, AudioSender
from session_fsm.runtime.driver import Driver
from session_fsm.runtime.framing import Samples
from session_fsm.sdp import MediaDirection
from session_fsm.session.admission import RETRY_AFTER
from session_fsm.session.events import CallState, SessionId
from session_fsm.session.possible import direction_of
from session_fsm.session.waiting_room import source_of
from session_fsm.sip import Request

LOG = logging.getLogger("session_fsm")

UNAVAILABLE = 503


class IncomingInvite:
    """One incoming call. Accept it, reject it, redirect it, or let it ring meanwhile."""

    def __init__(self, driver: Driver, call: Call, *, caller: str, target: str) -> None:
        self._driver = driver
        self.call = call
        "The call; it has its events, and its audio once it is accepted."
        self.caller = caller
        "The URI that calls."
        self.target = target
        "The URI that was called."
        self._playing: asyncio.Task[None] | None = None
        came_from = call._session.signalled_from
        self.source = source_of(came_from[0]) if came_from else ""
        "The IP address that it came from; for IPv6 its network of 64 bits."

    def __repr__(self) -> str:
        return f"<IncomingInvite {self.session_id} from {self.caller} to {self.target}: {self.call.state}>"

    @property
    def session_id(self) -> SessionId:
        """The call's name within the user agent."""
        return self.call.id

    @property
    def state(self) -> CallState:
        """The state of the call chart."""
        return self.call.state

    @property
    def is_over(self) -> bool:
        """Whether the caller gave up, or the call was refused."""
        return self.call.is_over

    @property
    def user(self) -> str | None:
        """Who has proven with a password that they call (`UserAgent(challenge=…)`); None when nobody was asked."""
        return self.call._session.proven_user

    @property
    def request(self) -> Request:
        """The INVITE, with all its headers."""
        invite = self.call._session.invite
        assert invite is not None  # an incoming call begins with one
        return invite

    async def ring(self) -> None:
        """Send 180 Ringing."""
        self._command(lambda now: self._driver.coordinator.ring(self.session_id, now=now))

    async def progress(
        self, direction: MediaDirection = MediaDirection.SENDRECV, *, source: Iterable[Samples] | None = None
    ) -> AudioChannels:
        """Send 183 with our answer, so that audio flows before the call is answered; returns both ends of that audio.

        `source` is played to the caller meanwhile, such as `Tone(425)` or an announcement: until it ends, or the call
        is accepted or over.
        """
        playing = None if source is None else _iterator(source)
        self._with_media("progress", direction)
        assert self.call.media._stream is not None  # it was opened just now, or before
        channels = self.call.media._stream.channels
        if playing is not None:
            self._stop_playing()
            play = _play(channels.sender, playing, self.session_id)
            self._playing = asyncio.create_task(play, name=f"early media {self.session_id}")
        return channels

    async def defer(self, timeout: Seconds) -> None:
        """Send 182 Queued and decide later; without a decision the caller gets 480 after so many seconds.

        A handler of `UserAgent.serve` may return then: the call waits for whoever keeps this object.
        """
        self._command(lambda now: self._driver.coordinator.defer(self.session_id, timeout, now=now))

    async def accept(self, direction: MediaDirection = MediaDirection.SENDRECV) -> Call:
        """Send 200 and return the call. Raises CallFailedError when the caller has given up.

        Raises TransportError when no RTP port is left; the caller gets 503 then.
        """
        self._with_media("accept", direction)
        self._stop_playing()
        return self.call

    async def reject(
        self, status: int = 486, reason: str | None = None, *, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Refuse with this status, 400 to 699."""
        coordinator = self._driver.coordinator
        self._command(lambda now: coordinator.reject(self.session_id, status, reason, now=now, headers=headers))

    async def redirect(self, *contacts: str, status: int = 302) -> None:
        """Refuse, and name the URIs to call instead."""
        coordinator = self._driver.coordinator
        self._command(lambda now: coordinator.redirect(self.session_id, contacts, status=status, now=now))

    def _with_media(self, command: str, direction: MediaDirection) -> None:
        direction = direction_of(direction)
        if self.is_over:
            raise self.call.failure()
        media, coordinator = self.call.media, self._driver.coordinator
        if media._said is not None:
            said = media._said
            self._command(lambda now: getattr(coordinator, command)(self.session_id, media=said, now=now))
            return
        try:
            stream, said = self._driver.open_media(self.call._session.signalled_from, direction)
        except TransportError:
            # No RTP port is left: the caller may come again when a call has ended.
            self._command(lambda now: coordinator.reject(self.session_id, UNAVAILABLE, now=now, headers=[RETRY_AFTER]))
            raise
        self.call._own(stream)
        try:
            self._command(lambda now: getattr(coordinator, command)(self.session_id, media=said, now=now))
        except BaseException:
            self._driver.media.release(self.session_id)
            media._stream = None
            raise
        media._said = said

    def _stop_playing(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None

    def _command(self, step: Callable[[Seconds], None]) -> None:
        try:
            self.call._command(step)
        except LocalProtocolError:
            if self.is_over or self.call.status is not None:
                raise self.call.failure() from None
            raise


async def _play(sender: AudioSender, source: Iterator[Samples], session_id: SessionId) -> None:
    try:
        for audio in source:
            await sender.send(audio)
        await sender.drain()
    except CallFailedError:
        return  # the call has ended before the source
    except Exception:
        LOG.exception("the source of call %s failed; silence leaves instead", session_id)


def _iterator(source: object) -> Iterator[Samples]:
    if isinstance(source, str | bytes) or not isinstance(source, Iterable):
        raise ValueError(f"source is {source!r}; it can give frames one after the other, such as Tone(425)")
    return iter(source)
