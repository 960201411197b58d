"""One call as an application holds it: its states, its audio, its events, and everything that can be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from session_fsm.audio.timeline import RecordMode, record_mode
from session_fsm.audio.tone import SAMPLE_RATE
from session_fsm.call_facts import CallFacts
from session_fsm.call_waits import answered_or_audible, audible, shows, why_not
from session_fsm.errors import CallFailedError, LocalProtocolError, RefusedError, WaitTimeout
from session_fsm.event_log import Match, check_state, check_timeout, matching
from session_fsm.runtime.channels import AudioChannels
from session_fsm.runtime.driver import Driver
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.runtime.recording import CallRecording
from session_fsm.sdp import MediaDirection
from session_fsm.session.dtmf_sender import DURATION_MS, GAP_MS, Digits, Via
from session_fsm.session.events import (
    CallEnded,
    CallFailed,
    CallState,
    DtmfFailed,
    DtmfSent,
    MediaChange,
    MediaEvent,
    MediaState,
    SessionEvent,
)
from session_fsm.session.possible import check_rate, direction_of
from session_fsm.session.session import Session

if TYPE_CHECKING:
    from session_fsm.incoming import IncomingInvite

Seconds = float
Event = TypeVar("Event", bound=SessionEvent)
Result = TypeVar("Result")

# A call ends by itself before this: nobody lets it ring for longer than three minutes (Settings.no_answer).
ANSWER_TIMEOUT: Seconds = 200.0
"How long waits for an event or a state last unless they are told otherwise."
MEDIA_TIMEOUT: Seconds = 10.0
"How long after the answer audio is waited for."
REINVITE_TIMEOUT: Seconds = 140.0
"How long an answer to an offer within the call is waited for: 64*T1 and as much for a CANCEL, twice when two meet."

READY_FOR_AUDIO = frozenset({MediaState.ACTIVE, MediaState.HELD, MediaState.STALLED})


class Call(CallFacts):
    """One call of either role. As `async with` it hangs up at the end; awaiting it gives the call itself."""

    def __init__(self, driver: Driver, session: Session) -> None:
        super().__init__(session)
        self._driver = driver
        self._since = 0
        "Number of the first event after the last command: states that were left before do not count."
        self._invite: IncomingInvite | None = None
        "As long as it waits to be taken."

    @cached_property
    def _reoffering(self) -> asyncio.Lock:
        """Held by whoever offers within the call."""
        return asyncio.Lock()

    @cached_property
    def _dialling(self) -> asyncio.Lock:
        """Held by whoever sends digits."""
        return asyncio.Lock()

    async def __aenter__(self) -> Call:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.hang_up()

    def __await__(self) -> Generator[None, None, Call]:
        return self
        yield

    # What can be waited for.

    async def wait_for_event(
        self,
        kind: type[Event],
        *,
        timeout: Seconds = ANSWER_TIMEOUT,
        after: SessionEvent | None = None,
        where: Callable[[Event], bool] | None = None,
        **fields: object,
    ) -> Event:
        """The first event of this class, at once if it has happened; with `after`, the first one after that event.

        `fields` and `where` narrow it down: `wait_for_event(MediaEvent, event=MediaChange.HELD)`.
        """
        match = matching(kind, where, fields)
        start = self._log.number_of(after) + 1 if after is not None else 0
        return await self._wait(match, start, timeout, kind.__name__)  # type: ignore[return-value]  # `match` looked

    async def wait_for_state(
        self,
        state: CallState | MediaState,
        *,
        timeout: Seconds = ANSWER_TIMEOUT,
        after: SessionEvent | None = None,
    ) -> None:
        """Return when the call or its media is in this state, or was since the last command that was given.

        So a state that comes and goes between two waits is not missed.
        """
        check_state(state)
        if state is (self.state if isinstance(state, CallState) else self.media.state):
            return
        start = self._log.number_of(after) + 1 if after is not None else self._since
        await self._wait(lambda news: shows(news, state), start, timeout, f"{type(state).__name__} {state}")

    async def wait_for_media(self, *, timeout: Seconds | None = None) -> None:
        """Return when audio flows as it was negotiated, at once when the call is held.

        Unless `timeout` says otherwise the call may ring for ANSWER_TIMEOUT, and MEDIA_TIMEOUT is for what follows.
        """
        if timeout is None and not self._log.over and self.media.state not in READY_FOR_AUDIO:
            await self._wait(answered_or_audible, 0, ANSWER_TIMEOUT, "an answer")
            timeout = MEDIA_TIMEOUT
        if self._log.over or self.media.state not in READY_FOR_AUDIO:
            limit = MEDIA_TIMEOUT if timeout is None else timeout
            await self._wait(audible, self._since, limit, f"MediaState {MediaState.ACTIVE}")

    async def audio_channels(self, *, timeout: Seconds | None = None) -> AudioChannels:
        """Both ends of the audio; waits by itself when media is not ready, returns at once when it is."""
        await self.wait_for_media(timeout=timeout)
        assert self.media._stream is not None  # media is ready
        return self.media._stream.channels

    async def audio_channels_when_ready(self, *, timeout: Seconds | None = None) -> AudioChannels:
        """The same, under the name that says so."""
        return await self.audio_channels(timeout=timeout)

    # What can be done.

    def record(
        self, path: str | Path, mode: RecordMode | str = RecordMode.MIXED, *, rate: int = SAMPLE_RATE
    ) -> CallRecording:
        """Record the call from now on into a WAV file: `heard`, `mixed`, or `stereo` with a channel a side.

        `rate` is the file's, in samples a second; another one than 8000 needs soxr. Until `close()` or the end of the
        call. Raises OSError when the file cannot be made, LocalProtocolError when the call is over.
        """
        chosen = record_mode(mode)
        check_rate(rate)
        if self.is_over or self.media._stream is None:
            raise LocalProtocolError("record", self.state, ())
        return self.media._stream.record(path, chosen, rate)

    async def hang_up(self) -> None:
        """End the call: CANCEL or BYE. Does not wait for the network; a call that is over stays so."""
        self._hang_up()

    def _hang_up(self) -> None:
        if not self.is_over and not self._driver.closed:
            self._command(lambda now: self._driver.coordinator.hang_up(self.id, now=now))

    async def reinvite(self, direction: MediaDirection, *, timeout: Seconds = REINVITE_TIMEOUT) -> bool:
        """Offer another direction, such as SENDONLY or INACTIVE to hold, and wait for what comes of it.

        Whether the other side agreed; if it did not, everything stays as it was. One that is asked for meanwhile waits
        for its turn (RFC 3261 §14.1), so that each caller hears of its own offer.
        """
        wanted = direction_of(direction)
        at = self._driver.coordinator
        told = await self._wish(lambda now: at.reinvite(self.id, wanted, now=now), timeout)
        return told.event is MediaChange.REOFFER_ACCEPTED

    async def hold(self, *, music: bool = False, timeout: Seconds = REINVITE_TIMEOUT) -> None:
        """Put the other side on hold; return once it has agreed (RFC 3264 §8.4).

        It is heard no more, and hears silence, or with `music` what we play. Raises `RefusedError` when it refuses:
        then everything is as it was.
        """
        at = self._driver.coordinator
        told = await self._wish(lambda now: at.hold(self.id, music=music, now=now), timeout)
        _check_accepted(told, "be held")

    async def resume(self, *, timeout: Seconds = REINVITE_TIMEOUT) -> None:
        """End our hold; return once the other side has agreed. Raises as `hold` does, and then the hold goes on."""
        at = self._driver.coordinator
        told = await self._wish(lambda now: at.resume(self.id, now=now), timeout)
        _check_accepted(told, "resume")

    async def _wish(self, step: Callable[[Seconds], int], timeout: Seconds) -> MediaEvent:
        """What came of an offer within the call, and of no other one."""
        async with self._reoffering:
            start = self._log.end
            number = self._command(step)
            match = matching(MediaEvent, None, {"wish": number})
            # `match` has looked at its type, which the checker cannot see.
            return await self._wait(match, start, timeout, "answer to our offer")  # type: ignore[return-value]

    async def send_dtmf(
        self,
        digits: str,
        *,
        duration_ms: int = DURATION_MS,
        gap_ms: int = GAP_MS,
        via: Via = "auto",
    ) -> None:
        """Send these digits, 0 to 9, *, #, A to D or ! for a hook flash; returns when the last one was sent.

        `auto` sends RTP events (RFC 4733), in place of audio while they last, or INFO where the peer takes no events.
        Digits that are asked for meanwhile wait for their turn. Raises ValueError for what is no digit,
        LocalProtocolError where none can be sent now, RefusedError when the peer or the network stops it.
        """
        async with self._dialling:
            start = self._log.end
            asked = Digits(digits=digits, duration_ms=duration_ms, gap_ms=gap_ms, via=via)
            self._command(lambda now: self._driver.coordinator.send_dtmf(self.id, asked, now=now))
            for digit in digits:
                found = await self._log.seek(lambda news: news.kind in (DtmfSent, DtmfFailed), start=start)
                if found is None:
                    raise self.failure()
                start, told = found[0] + 1, found[1]
                if isinstance(told, DtmfFailed):
                    raise RefusedError(f"take the digit {digit}", told.status, told.reason)

    def mute(self) -> None:
        """Let silence leave in place of our audio, which passes as time does. Packets go on: the peer sees no gap.

        At any moment of a call: before there is audio it is remembered, and no hold or change of the path ends it.
        A call that is muted stays so. Raises LocalProtocolError when the call is over.
        """
        at = self._driver.coordinator
        self._driver.command(lambda now: at.mute(self.id, now=now))

    def unmute(self) -> None:
        """Let our audio leave again: what is written from now on."""
        at = self._driver.coordinator
        self._driver.command(lambda now: at.unmute(self.id, now=now))

    @property
    def muted(self) -> bool:
        """Whether our audio is muted; not so once the call is over."""
        return self._session.muted

    def _command(self, step: Callable[[Seconds], Result]) -> Result:
        self._since = self._log.end
        return self._driver.command(step)

    def _own(self, stream: MediaStream) -> None:
        """This stream is ours."""
        self.media._stream = stream
        self._driver.media.attach(self.id, stream)

    async def _wait(self, match: Match, start: int, timeout: Seconds, wanted: str) -> SessionEvent:
        check_timeout(timeout)
        if not self._log.over:
            self._driver.check_loop()
        try:
            async with asyncio.timeout(timeout):
                found = await self._log.seek(match, start=start)
        except TimeoutError:
            raise WaitTimeout(why_not(self._session, self._log, wanted, timeout, self.why_silent)) from None
        if found is None:
            raise self.failure()
        return found[1]

    def failure(self) -> CallFailedError:
        """Why the call is over, as an exception."""
        end = self._log.last_of(CallFailed, CallEnded)
        if isinstance(end, CallFailed):
            return CallFailedError(end.status, end.reason)
        if isinstance(end, CallEnded):
            return CallFailedError(end.status, f"the call has ended: {end.reason}")
        return CallFailedError(None, "the user agent was closed")


def _check_accepted(told: MediaEvent, asked: str) -> None:
    if told.event is not MediaChange.REOFFER_ACCEPTED:
        raise RefusedError(asked, told.status, told.detail)
