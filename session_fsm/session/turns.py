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


def receive(endpoint: Endpoint, data: bytes, source: Address, now: Seconds) -> None:
    """A datagram arrived."""
    endpoint.mailbox.now = now
    arrive(endpoint, data, source)
    run(endpoint, now)


def command(endpoint: Endpoint, machine: Machine, event: str, payload: object, now: Seconds) -> None:
    """The user asks for something. Raises LocalProtocolError when it is not possible now."""
    try:
        machine.feed(event, payload, now)
    finally:
        settle(endpoint)


def expire(endpoint: Endpoint, now: Seconds) -> None:
    """Time has passed."""
    endpoint.mailbox.expire(now)
    settle(endpoint)


def run(endpoint: Endpoint, now: Seconds) -> None:
    """Take what was posted."""
    endpoint.mailbox.run(now)
    settle(endpoint)
