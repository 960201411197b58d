"""Turns the world into steps of the coordinator, one at a time, and carries out what it asks for.

Feed one thing, drain everything, arm one timer. This is the only file that reads the clock and rolls the dice.
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TypeVar

from session_fsm.chart import Chart
from session_fsm.errors import SessionFsmError
from session_fsm.machine import TraceRow
from session_fsm.runtime.addresses import Address, family_of, is_ip
from session_fsm.runtime.alarm import Alarm, Seconds
from session_fsm.runtime.files import fitting
from session_fsm.runtime.homes import Homes
from session_fsm.runtime.media_plane import MediaPlane
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.runtime.poller import make_poller
from session_fsm.runtime.resolver import Resolver
from session_fsm.runtime.transport import SIGNALLING_AT_ONCE, SIGNALLING_BUFFER, UdpSocket
from session_fsm.sdp import LocalMedia, MediaDirection, why_no_peer
from session_fsm.sdp.agreement import made_local_media
from session_fsm.session.account import NO_ACCOUNT, Account
from session_fsm.session.challenger import DigestPolicy
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.news import News
from session_fsm.session.settings import Settings
from session_fsm.session.transmit import Transmit

Result = TypeVar("Result")


class Driver:
    """One coordinator with its sockets, its timer and its media, on the running event loop.

    `on_news` is called with what one session tells of one turn: at least one event, to be made when it is looked at.
    It must not come back here: that waits for its own turn of the loop.
    """

    def __init__(
        self,
        uri: str,
        bind: Address,
        *,
        on_news: Callable[[list[News]], None],
        advertise: Address | None = None,
        settings: Settings | None = None,
        media: MediaSettings | None = None,
        charts: Mapping[str, Chart] | None = None,
        on_trace: Callable[[TraceRow], None] | None = None,
        account: Account = NO_ACCOUNT,
        challenge: DigestPolicy | None = None,
    ) -> None:
        self.clock: Callable[[], Seconds] = time.monotonic
        self._loop = asyncio.get_running_loop()
        self._on_news = on_news
        # Tags and branches must not be guessed (RFC 3261 §19.3), so the system's own dice.
        dice = random.SystemRandom()
        self._settings = fitting(settings or Settings())
        self._event_number = self._settings.telephone_event
        self._dice = dice
        self._alarm = Alarm(self._loop, self.clock, self._expire)
        self._unresolved: dict[str, deque[Transmit]] = {}
        self._failures: deque[tuple[Address, str]] = deque()
        self._is_feeding = False
        self.closed = False
        # A port in use, or a chart of the application's that does not hold: what is open already must not stay so.
        with ExitStack() as opened:
            self._poller = make_poller(self._loop)
            opened.callback(self._poller.close)
            self._socket = self._listening(bind)
            opened.callback(self._socket.close)
            self.bound = self._socket.address
            self._advertise = (advertise[0], advertise[1] or self.bound[1]) if advertise else None
            # Bound to every address of both families, a name may lead to either.
            family = socket.AF_UNSPEC if self.bound[0] == "::" else family_of(self.bound[0])
            self._resolver = Resolver(self._loop, family, self.clock)
            self._homes = Homes(self.bound, self._advertise, known=self._resolver.known, clock=self.clock)
            self.media = self._media_plane(media or MediaSettings())
            self.reached_at = self._homes.told(None)
            self.coordinator = SessionCoordinator(
                uri,
                self.reached_at,
                dice=dice,
                settings=self._settings,
                charts=charts,
                on_trace=on_trace,
                home=self._homes.told if self._homes.many else None,
                account=account,
                challenge=challenge,
            )
            opened.pop_all()
        self._turns = self.coordinator.turns
        self._transmits, self._orders = self.coordinator.transmits, self.coordinator.orders
        self._told, self._over = self.coordinator.told, self.coordinator.over

    def _listening(self, bind: Address) -> UdpSocket:
        return UdpSocket(
            bind,
            poller=self._poller,
            on_datagram=self._received,
            on_unreachable=self._unreachable,
            at_once=SIGNALLING_AT_ONCE,
            receive_buffer=SIGNALLING_BUFFER,
        )

    def _media_plane(self, settings: MediaSettings) -> MediaPlane:
        return MediaPlane(
            self._loop,
            self._poller,
            clock=self.clock,
            # RFC 3550 §4: the NTP timestamp is wall time; read once, so that it never jumps.
            wall_minus_monotonic=time.time() - time.monotonic(),
            dice=self._dice,
            on_edges=self._media_edges,
            settings=settings,
        )

    def command(self, step: Callable[[Seconds], Result]) -> Result:
        """Run one of the coordinator's commands, given the time, and carry out what comes of it."""
        self.check_loop()
        if self._is_feeding:
            raise RuntimeError("an event's receiver must not give commands; a task of its own may")
        return self._feed(step)

    def check_loop(self) -> None:
        """Nothing here is safe to use from another thread, and a wait in another event loop would never end."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is not self._loop:
            raise SessionFsmError(
                "this user agent belongs to another event loop: asyncio.run_coroutine_threadsafe gets there"
            )

    def open_media(
        self, peer: Address | None, direction: MediaDirection = MediaDirection.SENDRECV
    ) -> tuple[MediaStream, LocalMedia]:
        """Open the ports of a call with this peer, and what our description will say of them. Never a wildcard."""
        stream = self.media.open_stream(self._homes.bound_for(peer))
        said = made_local_media(
            address=(self._homes.told(peer)[0], stream.address[1]),
            codecs=self._settings.codecs,
            direction=direction,
            ptime_ms=self._settings.ptime_ms,
            session_id=self._dice.getrandbits(62),  # RFC 8866 §5.2: a number that nobody else uses
            version=1,
            rtcp_port=stream.rtcp_port,
            telephone_event=self._event_number,
        )
        return stream, said

    async def close(self) -> None:
        """Release every socket, task and timer. Nothing is sent any more."""
        self.closed = True
        self.media.close()
        self._socket.close()
        self._alarm.cancel()
        self._poller.close()
        # Whoever keeps a call keeps this: it must not lead back to the user agent and to all its other calls.
        self._on_news = _nobody
        self.coordinator.close()
        await self._resolver.close()

    def _received(self, data: bytes, source: Address) -> None:
        now = self.clock()
        self._is_feeding = True
        try:
            self._turns.receive(data, source, now)
        finally:
            self._carry_out(now)

    def _unreachable(self, destination: Address, reason: str) -> None:
        # Whoever sent there by name knows it only by that name.
        for known_as in (destination, *self._resolver.names_of(destination)):
            self._failures.append((known_as, reason))
        self._feed(_nothing)

    def _expire(self, now: Seconds) -> None:
        self._feed(self._turns.expire)

    def _media_edges(self) -> None:
        if not self._is_feeding:
            self._feed(_nothing)

    def _feed(self, step: Callable[[Seconds], Result]) -> Result:
        """Let the coordinator do one thing, and carry out what comes of it."""
        now = self.clock()
        self._is_feeding = True
        try:
            return step(now)
        finally:
            self._carry_out(now)

    def _carry_out(self, now: Seconds) -> None:
        try:
            self._drain(now)
        finally:
            self._is_feeding = False
            self._alarm.set(self._turns.next_deadline())

    def _drain(self, now: Seconds) -> None:
        """Carry out everything, then feed what that has led to, until all is quiet."""
        coordinator, media = self.coordinator, self.media
        transmits, orders, told, over = self._transmits, self._orders, self._told, self._over
        while True:
            while transmits:
                self._transmit(transmits.popleft())
            while orders:
                media.obey(orders.popleft())
            while told:
                self._on_news(told.popleft())
            if over:
                coordinator.let_go()
            if media.edges:
                session_id, edge, facts = media.edges.popleft()
                coordinator.media_edge(session_id, edge, facts, now)
            elif self._failures:
                destination, reason = self._failures.popleft()
                coordinator.transport_failed(destination, reason, now)
            else:
                return

    def _transmit(self, transmit: Transmit) -> None:
        host, port = transmit.destination
        address = host if is_ip(host) else self._resolver.known(host)
        if address is None:
            waiting = self._unresolved.setdefault(host, deque())
            waiting.append(transmit)
            self._resolver.ask(host, self._resolved)
            return
        failure = why_no_peer(address) or self._socket.send(transmit.data, (address, port))
        if failure is not None:
            self._failures.append((transmit.destination, failure))

    def _resolved(self, name: str, address: str | None) -> None:
        waiting = self._unresolved.pop(name, deque())
        for transmit in waiting:
            if address is None:
                self._failures.append((transmit.destination, f"the host {name} is unknown"))
            else:
                self._transmit(transmit)
        self._feed(_nothing)


def _nothing(now: Seconds) -> None:
    """What is fed when something waits to be carried out."""


def _nobody(news: list[News]) -> None:
    """Who hears events once the user agent is closed."""
