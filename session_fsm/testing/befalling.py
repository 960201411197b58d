"""Who can be on a virtual network, and what befalls the datagrams between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from session_fsm.session.events import Address
from session_fsm.session.settings import Seconds
from session_fsm.testing.datagram import Datagram, Match, What, matcher

if TYPE_CHECKING:
    from session_fsm.testing.network import Network


class Reachable(Protocol):
    """Whoever can be on a network: a Phone or a ScriptedPeer."""

    name: str
    uri: str
    address: Address

    def attach(self, network: Network) -> None:
        """Become a part of this network."""

    def receive(self, datagram: Datagram) -> None:
        """A datagram arrives."""

    def unreachable(self, destination: Address, reason: str) -> None:
        """A datagram could not be delivered."""

    def next_deadline(self) -> Seconds | None:
        """When its next timer fires."""

    def expire(self, now: Seconds) -> None:
        """Fire its timers."""

    def drain(self) -> None:
        """Carry out what is waiting."""


class Rule:
    """What befalls the datagrams that match, `count` times or for ever."""

    def __init__(self, verb: str, matches: Match, count: int | None, seconds: Seconds = 0.0) -> None:
        self.verb = verb
        self.matches = matches
        self.left = count
        self.seconds = seconds

    def applies(self, datagram: Datagram) -> bool:
        """Whether it is meant; if so, one time is used up."""
        if self.left == 0 or not self.matches(datagram):
            return False
        if self.left is not None:
            self.left -= 1
        return True


def matching(
    what: What, method: str | None, status: int | None, sender: Reachable | None, receiver: Reachable | None
) -> Match:
    """What a fault is meant for, by the sides that a test names."""
    return matcher(
        what,
        method=method,
        status=status,
        sender=sender.address if sender else None,
        receiver=receiver.address if receiver else None,
    )
