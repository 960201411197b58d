"""One SIP datagram on its way out: what the coordinator hands to whoever has the sockets."""

from __future__ import annotations

from session_fsm.session.events import Address


class Transmit:
    """One SIP datagram to send. The host may be a name: then the runtime resolves it first."""

    __slots__ = ("data", "destination")

    def __init__(self, data: bytes, destination: Address) -> None:
        self.data = data
        self.destination = destination

    def __repr__(self) -> str:
        return f"<Transmit {len(self.data)} octets to {self.destination[0]}:{self.destination[1]}>"
