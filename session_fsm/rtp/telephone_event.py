"""Telephone events, DTMF digits above all, as RTP payloads (RFC 4733 §2.3): octets to values and back.

Durations are in ticks of the stream's clock, 8000 a second. Which packets make one event is for `dtmf_receiver.toml`.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from session_fsm.errors import Malformed

DIGITS = "0123456789*#ABCD!"
"Event codes 0 to 16 (RFC 4733 §3.2, table 3); `!` is the hook flash."
LONGEST = 0xFFFF  # ticks in one packet; RFC 4733 §2.3.5
FINAL_PACKETS = 3  # RFC 4733 §2.5.1.4: the final packet is sent three times in all
VOLUME = 10  # -10 dBm0, a usual level for a digit; RFC 4733 §2.3.4

_EVENT = Struct("!BBH")
_END, _VOLUME_BITS = 0x80, 0x3F


class TelephoneEvent(NamedTuple):
    """One event as one packet tells of it."""

    code: int
    "Which one: an index into DIGITS, or a code that is not handled here."
    duration: int
    "How long it has lasted so far, from the packet's RTP timestamp on."
    is_last: bool = False
    "The E bit: it has ended."
    volume: int = VOLUME
    "dBm0 below 0; for DTMF only."

    def encode(self) -> bytes:
        """The four octets of the payload."""
        return _EVENT.pack(self.code, self.volume | (_END if self.is_last else 0), self.duration)


class HeardEvent(NamedTuple):
    """One event as one packet of a certain source told of it, with its place in time."""

    ssrc: int
    timestamp: int
    "RTP timestamp of its beginning, or of the beginning of this segment."
    code: int
    duration: int
    is_last: bool

    def summary(self) -> dict[str, object]:
        """What a trace says of it."""
        return {"digit": DIGITS[self.code], "timestamp": self.timestamp, "duration": self.duration, "end": self.is_last}


def parse_events(payload: bytes) -> list[TelephoneEvent]:
    """The events of a payload: one, or several that follow on each other (RFC 4733 §2.5.1.5). Raises Malformed."""
    if not payload or len(payload) % _EVENT.size:
        raise Malformed("telephone event of four octets, RFC 4733 §2.3", payload)
    return [
        TelephoneEvent(code, duration, flags & _END != 0, flags & _VOLUME_BITS)
        for code, flags, duration in _EVENT.iter_unpack(payload)
    ]


class EventPayload(NamedTuple):
    """What one packet of an event carries."""

    begun: int
    "Ticks from the beginning of the event to that of its segment, whose RTP timestamp the packet has."
    octets: bytes


def event_payloads(code: int, duration: int, step: int) -> list[EventPayload]:
    """The payloads of one event of this duration, one for every `step` ticks, the final one three times.

    RFC 4733 §2.5.1.3: what lasts longer than one packet can say is told in segments. The packet that a full segment
    ends with has no E bit, and is sent three times as well (§2.5.1.4), while the next segment lasts already.
    """
    told = [_update(code, so_far, step) for so_far in range(step, duration, step)]
    begun = (duration - 1) // LONGEST * LONGEST
    return told + FINAL_PACKETS * [EventPayload(begun, TelephoneEvent(code, duration - begun, is_last=True).encode())]


def _update(code: int, so_far: int, step: int) -> EventPayload:
    begun = (so_far - 1) // LONGEST * LONGEST
    if begun and so_far - begun <= FINAL_PACKETS * step:
        return EventPayload(begun - LONGEST, TelephoneEvent(code, LONGEST).encode())
    return EventPayload(begun, TelephoneEvent(code, so_far - begun).encode())
