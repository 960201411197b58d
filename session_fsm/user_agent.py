"""The API for people: a user agent that places calls and takes them.

Everything that decides is in the session's charts, everything that touches the world is in the runtime; what is here
keeps calls and their events, and turns commands into awaitables.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from session_fsm.call import Call, Seconds
from session_fsm.chart import Chart
from session_fsm.errors import SessionFsmError, TransportError
from session_fsm.event_log import check_timeout
from session_fsm.given import charts_by_name, given, of_kind, with_settings
from session_fsm.incoming import IncomingInvite
from session_fsm.incoming_queue import IncomingQueue
from session_fsm.leaving import LEAVE_TIMEOUT, LEAVING, Leaving
from session_fsm.machine import TraceRow
from session_fsm.observing import Observed
from session_fsm.registering import REGISTER_TIMEOUT, Registering
from session_fsm.runtime.addresses import is_wildcard, parse_address, written
from session_fsm.runtime.driver import Driver
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.sdp import Codec, MediaDirection
from session_fsm.serving import serve_one
from session_fsm.session.account import EXPIRES, Credentials, account_of
from session_fsm.session.building import REGISTRIES
from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.events import (
    Address,
    CallEnded,
    CallFailed,
    IncomingCall,
    Registered,
    RegistrationFailed,
    Role,
    SessionCreated,
    SessionEvent,
    SessionId,
    Unregistered,
)
from session_fsm.session.news import News
from session_fsm.session.possible import direction_of, sip_uri
from session_fsm.session.settings import Settings
from session_fsm.sip import SipUri

LOG = logging.getLogger("session_fsm")

CLOSED = "the user agent was closed and stays so: make another one"


class UserAgent(Observed):
    """One SIP address with its calls. Use it as `async with`: leaving hangs up and releases every socket and timer."""

    def __init__(
        self,
        uri: str,
        *,
        bind: str | Address = "0.0.0.0:5060",
        advertise: str | Address | None = None,
        rtp_ports: tuple[int, int] = (0, 0),
        codecs: Sequence[Codec] | None = None,
        t1: Seconds | None = None,
        settings: Settings | None = None,
        media: MediaSettings | None = None,
        charts: Mapping[str, Chart] | None = None,
        on_trace: Callable[[TraceRow], None] | None = None,
        registrar: str | Address | None = None,
        credentials: Credentials | Sequence[Credentials] | None = None,
        expires: int = EXPIRES,
        proxy: str | Address | None = None,
        challenge: DigestPolicy | None = None,
    ) -> None:
        """`bind` is where SIP is received (port 0: any); `advertise` is what peers are told instead, behind a NAT.

        `rtp_ports` is the first and the last port for media. `codecs` and `t1` are the two settings that are changed
        most; all others are in `settings` and `media`.

        With a `registrar` it registers when it is opened, for `expires` seconds at a time; `registered` waits for that.
        `proxy` is where all requests go that have no route of their own, `credentials` are what we prove to both,
        `challenge` is what we ask others.
        """
        sip_uri(uri)
        self.uri = uri
        self._bind = parse_address(bind)
        self._advertise = parse_address(advertise, self._bind[1]) if advertise else None
        if self._advertise and is_wildcard(self._advertise[0]):
            raise TransportError(f"advertise: {advertise} is no address that a peer can send to")
        self._settings = with_settings(given("settings", settings, Settings), codecs=codecs, t1=t1)
        media = given("media", media, MediaSettings)
        self._media = replace(media, rtp_ports=rtp_ports) if rtp_ports != (0, 0) else media
        self._account = account_of(registrar, credentials, proxy, expires)
        self._challenge = None if challenge is None else of_kind("challenge", challenge, DigestPolicy)
        self._charts = {} if charts is None else charts_by_name(charts, (*REGISTRIES, LEAVING))
        end = self._charts.pop(LEAVING, None)
        if on_trace is not None and not callable(on_trace):
            raise TypeError(f"on_trace is {on_trace!r}; it can be a function that takes a TraceRow")
        self._on_trace = on_trace
        super().__init__()
        self._registering = Registering(self._log)
        self._incoming = IncomingQueue()
        self._leaving = Leaving(self._calls, self._incoming, end, self._settings.engine)
        self._reactions: dict[type[SessionEvent], Callable[[News, Call | None], None]] = {
            IncomingCall: self._queue,
            CallEnded: self._end,
            CallFailed: self._end,
            **dict.fromkeys((Registered, RegistrationFailed, Unregistered), self._note_registration),
        }

    async def __aenter__(self) -> UserAgent:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Open the SIP socket. Raises TransportError, with one sentence, when that is not possible."""
        if self._leaving.begun:
            raise SessionFsmError(CLOSED)
        if self._open_driver is None:
            self._open_driver = Driver(
                self.uri,
                self._bind,
                on_news=self._publish,
                advertise=self._advertise,
                settings=self._settings,
                media=self._media,
                charts=self._charts,
                on_trace=self._on_trace,
                account=self._account,
                challenge=self._challenge,
            )
            self._registering.begin(self._open_driver)

    async def registered(self, *, timeout: Seconds = REGISTER_TIMEOUT) -> Registered:
        """Wait until the registrar keeps our Contact; returns what it granted.

        Failed tries are waited through as long as the next one is due within `timeout`. Raises RegistrationFailedError
        as soon as that is not so, or the registrar has refused for good; WaitTimeout when the time runs out.
        """
        return await self._registering.bound(self._driver, timeout)

    async def close(self) -> None:
        """Hang up every call, give the peers LEAVE_TIMEOUT to answer, then release everything."""
        await self._leave(0.0, LEAVE_TIMEOUT)

    async def drain(self, deadline: Seconds) -> None:
        """Take no more calls, let those that are up end by themselves, and release everything `deadline` seconds later.

        A new caller hears 503 with Retry-After. What still goes on is hung up in time for its BYE to be answered.
        """
        check_timeout(deadline)
        await self._leave(deadline - min(LEAVE_TIMEOUT, deadline / 2), deadline)

    def drain_on(self, *signals: signal.Signals, deadline: Seconds) -> None:
        """Drain when one of these signals comes; `incoming_calls`, `serve` and `async with` then end by themselves.

        A second signal hangs up at once, a third waits for no answer. Needs a loop that has `add_signal_handler`.
        """
        check_timeout(deadline)
        self._driver.check_loop()
        self._leaving.begin_on(signals, lambda: self.drain(deadline))

    async def _leave(self, patience: Seconds, deadline: Seconds) -> None:
        driver = self._open_driver
        if self._leaving.begun:
            await self._leaving.done.wait()
            return
        if driver is None:
            return
        try:
            self._registering.leave(driver)
            await self._registering.left(await self._leaving.end_calls(driver, patience, deadline))
        finally:
            for call in list(self._calls.values()):
                self._over(call)
            self._incoming.clear()
            self._log.close()
            self._leaving.release()
            # What still lingers of its sessions goes with it.
            self._open_driver = None
            try:
                await driver.close()
            finally:
                self._leaving.done.set()

    # What it is.

    @property
    def address(self) -> Address:
        """Where SIP is received: the port that was picked when `bind` asked for any."""
        return self._driver.bound

    @property
    def contact(self) -> str:
        """A URI under which this user agent can be called directly."""
        return f"sip:{SipUri.parse(self.uri).user or 'anybody'}@{written(self._driver.reached_at)}"

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that are not over."""
        return tuple(self._calls.values())

    @property
    def counters(self) -> Mapping[str, int]:
        """What was dropped, rejected or refused, and how often."""
        return self._driver.coordinator.counters

    # Calls.

    def make_call(
        self,
        target: str,
        *,
        direction: MediaDirection = MediaDirection.SENDRECV,
        offer: bool = True,
        next_hop: str | Address | None = None,
        headers: Sequence[tuple[str, str]] = (),
        no_answer: Seconds | None = None,
    ) -> Call:
        """Call this URI. The INVITE leaves at once; use the call as `async with`, or await what it tells.

        Without `offer` the other side makes the offer. `next_hop` is a proxy to send through. `no_answer` is how long
        it may ring. Raises Malformed for a URI that is none, TransportError when no RTP port is left.
        """
        driver = self._driver
        if self._leaving.begun:
            raise SessionFsmError(CLOSED)
        uri, direction = sip_uri(target), direction_of(direction)
        hop = parse_address(next_hop) if next_hop is not None else None
        stream, said = driver.open_media(hop or uri.address, direction)

        def place(now: Seconds) -> Call:
            session_id = driver.coordinator.make_call(
                target, media=said, now=now, next_hop=hop, offer=offer, headers=headers, no_answer=no_answer
            )
            call = self._keep(session_id)
            assert call is not None  # it was made just now
            call._own(stream)
            return call

        try:
            return driver.command(place)
        except BaseException:
            driver.media.discard(stream)
            raise

    async def incoming_calls(self) -> AsyncIterator[IncomingInvite]:
        """Each call that comes in, until the user agent is left. One whose caller gave up meanwhile is passed over."""
        while True:
            while (invite := self._incoming.take()) is not None:
                if not invite.is_over:
                    yield invite
            if self._leaving.begun:
                return
            self._leaving.changed.clear()
            await self._leaving.changed.wait()

    async def serve(self, handler: Callable[[IncomingInvite], Awaitable[None]]) -> None:
        """Run `handler` for each call that comes in, several at a time, until the user agent is left.

        When it returns, its call is hung up, or refused if it was not answered: with 500 when it raised.
        """
        async with asyncio.TaskGroup() as running:
            async for invite in self.incoming_calls():
                running.create_task(serve_one(handler, invite), name=f"serve {invite.session_id}")

    # Inside.

    @property
    def _driver(self) -> Driver:
        if self._open_driver is None and self._leaving.begun:
            raise SessionFsmError(CLOSED)
        if self._open_driver is None:
            raise SessionFsmError("the user agent is not open: use it as `async with UserAgent(...)`, or await start()")
        return self._open_driver

    def _keep(self, session_id: SessionId) -> Call | None:
        session = self._driver.coordinator.session(session_id)
        if session is None:
            return None
        call = self._calls[session_id] = Call(self._driver, session)
        return call

    def _publish(self, told: list[News]) -> None:
        """What a call tells of one turn. Nothing here gives commands: they come in turns of their own."""
        if LOG.isEnabledFor(logging.INFO):
            for news in told:
                LOG.info("[%s] Event: %s, Media State: %s", news.role, news.kind.__name__, news.media_state)
        call = self._calls.get(told[0].session_id) or self._begun(told)
        self._log.extend(told)
        if call is not None:
            call._log.extend(told)
        for news in told:
            react = self._reactions.get(news.kind)
            if react is not None:
                react(news, call)

    def _begun(self, told: list[News]) -> Call | None:
        """The call, if somebody calls us now. Our own calls are kept as soon as they are made."""
        first = told[0]
        is_new = first.role is Role.UAS and any(news.kind is SessionCreated for news in told)
        return self._keep(first.session_id) if is_new else None

    def _note_registration(self, news: News, call: Call | None) -> None:
        self._registering.note(news)

    def _queue(self, news: News, call: Call | None) -> None:
        event = news.event
        if call is None or not isinstance(event, IncomingCall):
            return
        invite = IncomingInvite(self._driver, call, caller=event.caller, target=event.target)
        self._incoming.put(invite)
        call._invite = invite
        self._leaving.changed.set()

    def _end(self, news: News, call: Call | None) -> None:
        """A call has ended. Its log has all events of this turn, so whoever waits for another one gets it."""
        if call is not None:
            self._over(call)

    def _over(self, call: Call) -> None:
        if self._calls.pop(call.id, None) is not None:
            if call._invite is not None:
                self._incoming.forget(call._invite)
                call._invite = None
            media = self._driver.media
            if media.stream(call.id) is not None:
                # The session has not ended it, as when the user agent is left before the peer has answered.
                media.release(call.id, call.failure())
            call._log.close()
            self._leaving.call_over()
