"""How much laborious reading there may be: a bound on the processor's time that a flood of monstrous messages takes.

A message of ten thousand Vias, parameters or lines takes ten milliseconds to read, two hundred times as long as another
one. RFC 3261 §18.1.1 wants messages of any size to be read, so one is; but not a thousand in a second. What is over is
not read at all: for SIP it is a datagram that was lost. Ordinary messages are never counted, whatever their rate.

No chart: figures of what came in the last second, of no message in particular.
"""

from __future__ import annotations

from session_fsm.session.settings import Seconds

ORDINARY = 2048  # octets; shorter ones are not looked at, as each takes a third of a millisecond at most
MARKS = 250  # commas, semicolons and lines; an INVITE of a telephone has a hundred, of a browser four hundred
A_SECOND = 1_500_000  # octets of laborious messages: about a quarter of a second of a processor's time
AT_ONCE = 2 * A_SECOND


class ReadingAllowance:
    """A bucket of octets that fills by and by."""

    __slots__ = ("_filled_at", "_left")

    def __init__(self) -> None:
        self._left: float = AT_ONCE
        self._filled_at: Seconds = 0.0

    def covers(self, datagram: bytes, now: Seconds) -> bool:
        """Whether this one is to be read."""
        if len(datagram) <= ORDINARY:
            return True
        if datagram.count(b",") + datagram.count(b";") + datagram.count(b"\n") <= MARKS:
            return True
        self._left = min(AT_ONCE, self._left + (now - self._filled_at) * A_SECOND)
        self._filled_at = now
        if self._left < len(datagram):
            return False
        self._left -= len(datagram)
        return True
