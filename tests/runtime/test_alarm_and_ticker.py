"""Deadlines are absolute and never met too early; one ticker gives each stream a turn every 20 ms."""

from __future__ import annotations

import asyncio
import time

import pytest
import uvloop

from session_fsm.runtime.alarm import Alarm
from session_fsm.runtime.ticker import FRAME, SLOT, Ticker

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Bell:
    """Hears an alarm."""

    def __init__(self) -> None:
        self.rung: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.alarm = Alarm(asyncio.get_running_loop(), time.monotonic, self.rung.set_result)


@pytest.mark.parametrize("loop", LOOPS)
def test_an_alarm_is_never_early(loop):
    """uvloop's timers round to whole milliseconds; the alarm does not ring before its time for that."""

    async def main() -> None:
        for wait in (0.0, 0.0003, 0.0014, 0.0107):
            bell = Bell()
            deadline = time.monotonic() + wait
            bell.alarm.set(deadline)
            assert deadline <= await asyncio.wait_for(bell.rung, 20)

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main())


async def test_an_alarm_keeps_the_earlier_of_two_deadlines():
    """Whoever moves its deadline later is rung at the old one, and asks again."""
    bell = Bell()
    now = time.monotonic()
    bell.alarm.set(now + 0.02)
    bell.alarm.set(now + 10)
    bell.alarm.set(None)

    assert await asyncio.wait_for(bell.rung, 20) < now + 10


async def test_a_cancelled_alarm_does_not_ring():
    """And leaves no timer on the loop."""
    bell = Bell()
    bell.alarm.set(time.monotonic() + 0.01)
    bell.alarm.cancel()

    assert all(timer.cancelled() for timer in asyncio.get_running_loop()._scheduled)


class Pulse:
    """A ticker whose clock and timers are turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.turns: list[tuple[str, float]] = []
        self.ticker: Ticker[str] = Ticker(asyncio.get_running_loop(), lambda: self.now, self._tick)

    def _tick(self, streams, now: float) -> None:
        self.turns += [(stream, now) for stream in streams]

    def until(self, end: float, step: float = 0.001) -> None:
        """Let time pass in steps; the ticker wakes at each."""
        while self.now < end - step / 2:
            self.now += step
            self.ticker._wake(self.now)

    def times(self, stream: str) -> list[float]:
        """When this stream had its turns."""
        return [now for each, now in self.turns if each == stream]


async def test_turns_come_every_twenty_milliseconds_and_do_not_drift():
    """The hundredth turn is not later than the first: deadlines are absolute."""
    pulse = Pulse()
    pulse.ticker.join("a", 100.0)

    pulse.until(102.0105)

    times = pulse.times("a")
    assert 100 == len(times)
    assert times[0] >= 100.0 + FRAME
    assert max(abs(now - times[0] - n * FRAME) for n, now in enumerate(times)) < 0.0011
    pulse.ticker.close()


async def test_the_first_turn_is_a_frame_after_joining():
    """The first frame leaves at once, the next one not sooner than its 20 ms, wherever the slots stand."""
    pulse = Pulse()
    pulse.ticker.join("first", 100.0)
    for n in range(25):
        pulse.until(100.0 + 0.0033 * (n + 1))
        pulse.ticker.join(f"s{n}", pulse.now)
        joined = pulse.now
        pulse.until(joined + 2 * FRAME + 0.002)
        assert joined + FRAME - 1e-9 <= pulse.times(f"s{n}")[0] <= joined + 2 * FRAME + 0.001
    pulse.ticker.close()


async def test_each_stream_has_the_turns_of_its_own_packet_time():
    """Streams of 10, 20, 30, 40 and 60 ms beside each other: every turn comes when it is due, and none drifts."""
    pulse = Pulse()
    packet_times = (0.010, 0.020, 0.030, 0.040, 0.060)
    for every in packet_times:
        pulse.ticker.join(f"{every}", 100.0, every)

    pulse.until(101.2105)

    for every in packet_times:
        times = pulse.times(f"{every}")
        assert times[0] >= 100.0 + every
        assert max(abs(now - times[0] - n * every) for n, now in enumerate(times)) < 0.0011
        assert len(times) >= 1.2 / every - 1
    pulse.ticker.close()


async def test_a_new_packet_time_takes_the_place_of_the_old_one():
    """A re-INVITE may change it: the stream is in once, with its new turns."""
    pulse = Pulse()
    pulse.ticker.join("a", 100.0, 0.020)
    pulse.until(100.1)
    pulse.ticker.join("a", pulse.now, 0.060)
    before = len(pulse.turns)
    pulse.until(100.8)

    assert 1 == len(pulse.ticker)
    assert 11 <= len(pulse.turns) - before <= 12
    pulse.ticker.close()


async def test_the_turns_of_many_streams_are_spread():
    """A hundred calls that begin at the same moment do not all send at the same moment."""
    pulse = Pulse()
    for n in range(100):
        pulse.ticker.join(f"s{n}", 100.0)

    pulse.until(100.0 + 2 * FRAME)

    at_once = [sum(now == moment for _, now in pulse.turns) for moment in {now for _, now in pulse.turns}]
    slots = round(FRAME / SLOT)
    assert max(at_once) <= 100 // slots + slots
    pulse.ticker.close()


async def test_a_stream_that_left_has_no_turns():
    """Also when it leaves before its first one."""
    pulse = Pulse()
    pulse.ticker.join("stays", 100.0)
    pulse.ticker.join("leaves", 100.0)
    pulse.ticker.join("never", 100.0)
    pulse.ticker.leave("never")
    pulse.until(100.05)
    pulse.ticker.leave("leaves")
    before = len(pulse.times("leaves"))

    pulse.until(100.2)

    assert before == len(pulse.times("leaves"))
    assert [] == pulse.times("never")
    assert 1 == len(pulse.ticker)
    pulse.ticker.close()


async def test_a_late_loop_makes_up_for_what_it_missed_but_not_for_minutes():
    """A tenth of a second late, its five frames leave in a burst; after a suspended minute only those of 0.2 s."""
    pulse = Pulse()
    pulse.ticker.join("a", 100.0)
    pulse.until(100.05)
    before = len(pulse.turns)

    pulse.now += 0.1
    pulse.ticker._wake(pulse.now)
    assert 5 == len(pulse.turns) - before
    pulse.now += 60
    pulse.ticker._wake(pulse.now)

    assert 15 <= len(pulse.turns) - before <= 17
    pulse.ticker.close()


async def test_the_ticker_rests_when_nobody_is_in():
    """Its next pulse finds nobody, and sets no timer."""
    pulse = Pulse()
    pulse.ticker.join("a", 100.0)
    pulse.ticker.leave("a")
    pulse.now = 101.0
    pulse.ticker._alarm._wake()

    assert ([], None) == (pulse.turns, pulse.ticker._alarm._timer)
