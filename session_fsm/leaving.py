"""How a user agent ends: no new calls, time for those that are up to end by themselves, then BYE.

What decides is in `statecharts/leaving.toml`; here is what it does, and who waits for the end.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache

from session_fsm.call import Call, Seconds
from session_fsm.chart import Chart
from session_fsm.incoming_queue import IncomingQueue
from session_fsm.machine import Binding, Machine
from session_fsm.runtime.alarm import Alarm
from session_fsm.runtime.driver import Driver
from session_fsm.session.admission import RETRY_AFTER
from session_fsm.session.events import SessionId

LOG = logging.getLogger("session_fsm")

UNAVAILABLE = 503
LEAVE_TIMEOUT: Seconds = 4.0
"How long a user agent that is left waits for its BYEs to be answered: three copies by timer E (RFC 3261 §17.1.2.2)."


class Leaving:
    """Of one user agent, once. Its calls and its queue are looked at, and emptied by what is said here."""

    def __init__(
        self,
        calls: Mapping[SessionId, Call],
        incoming: IncomingQueue,
        chart: Chart | None = None,
        engine: str = "table",
    ) -> None:
        """`chart` is another one of the same name."""
        self.machine = Machine(_bound(chart or _shipped(), engine), context=self)
        self.changed = asyncio.Event()
        "A call came, or nothing more will come."
        self.gone = asyncio.Event()
        "No call is waited for any more."
        self.done = asyncio.Event()
        "Everything is released."
        self.calls = calls
        self.incoming = incoming
        self.driver: Driver | None = None
        self.until: Seconds = 0.0
        "When everything has to be gone, by the clock of the event loop."
        self._alarm: Alarm | None = None
        self._signals: list[signal.Signals] = []
        self._draining: asyncio.Task[None] | None = None

    @property
    def begun(self) -> bool:
        """Whether no new call is placed or taken any more."""
        return self.machine.state != "Serving"

    async def end_calls(self, driver: Driver, patience: Seconds, deadline: Seconds) -> Seconds:
        """Wait so long for calls to end, hang up what is left, and wait for the answers. Both in seconds from now.

        Returns when everything has to be gone, by the clock of the event loop: the deadline, or sooner in a hurry.
        """
        loop = asyncio.get_running_loop()
        self.driver, self.until = driver, loop.time() + deadline
        self._alarm = Alarm(loop, loop.time, self._expire)
        self.machine.set_parameter("PATIENCE", patience)
        self.machine.set_parameter("DEADLINE", deadline)
        self._feed("leave")
        self.call_over()
        await self.gone.wait()
        return self.until

    def call_over(self) -> None:
        """A call is over: once we leave, whoever waits for one has to look again."""
        if self.begun:
            self.changed.set()
            if not self.calls:
                # What the machine itself does may have ended the last one.
                self.machine.mailbox.post(self.machine, "calls_over")
                self.machine.mailbox.run(asyncio.get_running_loop().time())
                self._wind()

    def begin_on(self, signals: tuple[signal.Signals, ...], drain: Callable[[], Coroutine[None, None, None]]) -> None:
        """Drain when one of these comes; hang up when one comes again."""
        for number in signals:
            asyncio.get_running_loop().add_signal_handler(number, self._signalled, drain)
            self._signals.append(number)

    def release(self) -> None:
        """Signals mean again what they meant before, and no timer runs any more."""
        for number in self._signals:
            asyncio.get_running_loop().remove_signal_handler(number)
        self._signals.clear()
        if self._alarm is not None:
            self._alarm.cancel()
        # They lead back to here: without them no cycle is left for the collector.
        self._alarm = self.driver = self.machine.context = None

    def _signalled(self, drain: Callable[[], Coroutine[None, None, None]]) -> None:
        if self._draining is None and not self.begun:
            self._draining = asyncio.get_running_loop().create_task(drain(), name="drain")
        else:
            self._feed("signalled")

    def _feed(self, event: str) -> None:
        self.machine.feed(event, now=asyncio.get_running_loop().time())
        self._wind()

    def _expire(self, now: Seconds) -> None:
        self.machine.expire(now)
        self._wind()

    def _wind(self) -> None:
        if self._alarm is not None:
            self._alarm.set(self.machine.next_deadline())


# What the chart does.


def _refuse_callers(at: Leaving, _: object) -> None:
    assert at.driver is not None  # it is there as soon as somebody may leave
    at.driver.coordinator.take_no_more_calls("we are leaving")
    while (invite := at.incoming.take()) is not None:
        if not invite.is_over:
            _refuse(at.driver, invite.session_id)


def _refuse(driver: Driver, caller: SessionId) -> None:
    at = driver.coordinator
    driver.command(lambda now: at.reject(caller, UNAVAILABLE, now=now, headers=[RETRY_AFTER]))


def _hang_up_calls(at: Leaving, _: object) -> None:
    for call in list(at.calls.values()):
        call._hang_up()


def _shorten(at: Leaving, _: object) -> None:
    machine = at.machine
    at.until = min(at.until, machine.mailbox.now + machine.binding.parameters["HURRY"])


def _count_left(at: Leaving, _: object) -> None:
    LOG.warning("calls left, whose other side did not answer the BYE: %d", len(at.calls))


def _tell_gone(at: Leaving, _: object) -> None:
    at.gone.set()


LEAVING = "leaving"
"The name of the chart."


@lru_cache(maxsize=1)
def _shipped() -> Chart:
    return Chart.load(LEAVING)


@lru_cache(maxsize=16)
def _bound(chart: Chart, engine: str) -> Binding:
    return Binding(
        chart,
        engine=engine,
        effects={
            "refuse_callers": _refuse_callers,
            "hang_up_calls": _hang_up_calls,
            "shorten": _shorten,
            "count_left": _count_left,
            "tell_gone": _tell_gone,
        },
    )
