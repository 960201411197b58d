"""One queue of events, and the timers, for any number of machines, run to completion.

The order is gen_statem's: what a machine posts to itself while it steps goes first; what it had postponed comes back
next, oldest first, when its state has changed; then come all others in the order in which they were posted.
Source: Erlang/OTP gen_statem, "Postponing Events" and "Inserted Events".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from session_fsm.chart import Seconds
from session_fsm.errors import LocalProtocolError
from session_fsm.machine.timers import Timers

if TYPE_CHECKING:
    from session_fsm.machine.machine import Machine

# (machine, event, payload, the number of the trace row that caused it)
Posted = tuple["Machine", str, object, int | None]

OnFailure = Callable[["Machine", str, Exception], object]
"Told which effect of which machine failed, and how."


class Mailbox:
    """Shared by the machines that post to each other.

    `now` is in seconds of one monotonic clock, as whoever fed it last said. `impossible` counts the events that a chart
    had declared impossible. A failed effect whose chart has no event `effect_failed` goes to `on_failure(machine,
    effect, exception)`; without one it is raised when the queue is empty.
    """

    __slots__ = (
        "ahead",
        "cause",
        "failures",
        "impossible",
        "now",
        "on_failure",
        "own",
        "queue",
        "row",
        "running",
        "stepping",
        "timers",
    )

    def __init__(self, *, on_failure: OnFailure | None = None, now: Seconds = 0.0) -> None:
        self.now = now
        self.on_failure = on_failure
        self.queue: list[Posted] = []
        # What goes before the queue; the last of it goes first.
        self.ahead: list[Posted] = []
        self.timers = Timers()
        self.row = 0
        self.impossible = 0
        self.running = False
        # What the machine that steps now has posted to itself, and the trace row that is the cause of all it posts.
        self.stepping: Machine | None = None
        self.cause: int | None = None
        self.own: list[Posted] = []
        self.failures: list[Exception] = []

    def post(self, machine: Machine, event: str, payload: object = None) -> None:
        """Queue an event. From inside an effect it runs when this step is done, before `run` or `feed` returns."""
        if machine.mailbox is not self:
            raise ValueError(f"{machine.label} has another mailbox; post {event} there")
        if machine is self.stepping:
            self.own.append((machine, event, payload, self.cause))
        else:
            self.queue.append((machine, event, payload, self.cause))

    def run(self, now: Seconds | None = None) -> None:
        """Take events until none is left. Does nothing inside an effect: whoever runs already will take them."""
        if self.running:
            return
        if now is not None:
            self.now = now
        self.running = True
        try:
            self.drain()
        finally:
            self.running = False
        if self.failures:
            self.raise_failures()

    def drain(self) -> None:
        """Take events until none is left; the caller has set `running`."""
        queue, ahead, done = self.queue, self.ahead, 0
        try:
            while ahead or done < len(queue):
                if ahead:
                    machine, event, payload, cause = ahead.pop()
                else:
                    machine, event, payload, cause = queue[done]
                    done += 1
                try:
                    machine.take(event, payload, cause)
                except LocalProtocolError as error:
                    self.failed(machine, event, error)
        finally:
            if done == len(queue):
                queue.clear()
            else:
                del queue[:done]

    def forget(self) -> None:
        """Nothing will happen any more: drop every event and every timer."""
        self.queue.clear()
        self.ahead.clear()
        self.timers.clear()

    def expire(self, now: Seconds) -> None:
        """Fire the timers that are due, each with all that follows from it before the next.

        A timer that is started meanwhile waits for the next call, even when it is due at once.
        """
        self.run(now)
        timers = self.timers
        mark = timers.mark()
        while (due := timers.pop_due(now, mark)) is not None:
            due.ring()
            self.run()

    def next_deadline(self) -> Seconds | None:
        """When to call `expire` next, or None when no timer runs."""
        return self.timers.next_deadline()

    def settle(self) -> None:
        """Put what a machine posted to itself in front of the queue."""
        self.ahead.extend(reversed(self.own))
        self.own.clear()

    def failed(self, machine: Machine, name: str, error: Exception) -> None:
        """Pass a failure on, or keep it until the queue is empty."""
        if self.on_failure is not None:
            self.on_failure(machine, name, error)
        else:
            self.failures.append(error)

    def raise_failures(self) -> None:
        """Raise what failed: the one exception, or all of them as a group."""
        failures, self.failures = self.failures, []
        if len(failures) == 1:
            raise failures[0]
        raise ExceptionGroup("several effects failed", failures)
