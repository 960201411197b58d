"""A turn of a user agent: something happens, all that follows from it does too, and then it is told.

The coordinator's doors lead here. A room of its own, because it can be compiled: the doors hear what users give them.
"""

from __future__ import annotations

from session_fsm.machine import Machine
from session_fsm.session.arrivals import arrive
from session_fsm.session.endpoint import Endpoint
from session_fsm.session.events import Address
from session_fsm.session.publishing import settle
from session_fsm.session.settings import Seconds


class Turns:
    """The turns of one user agent."""

    __slots__ = ("_endpoint",)

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def receive(self, data: bytes, source: Address, now: Seconds) -> None:
        """A datagram arrived."""
        self._endpoint.mailbox.now = now
        arrive(self._endpoint, data, source)
        self.run(now)

    def command(self, machine: Machine, event: str, payload: object, now: Seconds) -> None:
        """The user asks for something. Raises LocalProtocolError when it is not possible now."""
        try:
            machine.feed(event, payload, now)
        finally:
            settle(self._endpoint)

    def expire(self, now: Seconds) -> None:
        """Time has passed."""
        self._endpoint.mailbox.expire(now)
        settle(self._endpoint)

    def run(self, now: Seconds) -> None:
        """Take what was posted."""
        self._endpoint.mailbox.run(now)
        settle(self._endpoint)

    def next_deadline(self) -> Seconds | None:
        """When time next leads on, or None when no timer runs."""
        return self._endpoint.mailbox.next_deadline()
