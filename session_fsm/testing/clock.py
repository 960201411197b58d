"""Time as a number that a test moves."""

from __future__ import annotations

from typing import Protocol

from session_fsm.chart import Seconds


class Timed(Protocol):
    """Whatever has timers: a Machine, a Mailbox, a SessionCoordinator."""

    def next_deadline(self) -> Seconds | None:
        """When its next timer fires."""

    def expire(self, now: Seconds) -> object:
        """Fire what is due."""


class VirtualClock:
    """Stands still until it is moved, and then jumps from one timer of those that it moves to the next."""

    def __init__(self, *timed: Timed) -> None:
        self.now: Seconds = 0.0
        self.timed: list[Timed] = list(timed)

    def move(self, timed: Timed) -> VirtualClock:
        """Let it move one more."""
        self.timed.append(timed)
        return self

    def advance(self, seconds: Seconds) -> VirtualClock:
        """Let so much time pass; each timer fires at its own time."""
        until = self.now + seconds
        while (due := self.next_deadline()) is not None and due <= until:
            self._fire(due)
        self.now = until
        for timed in self.timed:
            timed.expire(self.now)
        return self

    def next_deadline(self) -> Seconds | None:
        """When the next timer fires."""
        return min((due for timed in self.timed if (due := timed.next_deadline()) is not None), default=None)

    def _fire(self, due: Seconds) -> None:
        self.now = max(self.now, due)
        for timed in self.timed:
            timed.expire(self.now)
