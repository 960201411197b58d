"""Telephone events between the audio packets of one stream: what is sent in place of audio, and what is heard.

Values only: packets in and out. Which packets are one event decides `dtmf_receiver.toml`.
"""

from __future__ import annotations

from collections import defaultdict, deque

from session_fsm.errors import Malformed
from session_fsm.rtp import OutgoingStream, RtpPacket
from session_fsm.rtp.telephone_event import DIGITS, EventPayload, HeardEvent, event_payloads, parse_events
from session_fsm.sdp import TelephoneEvents

Seconds = float

EVENTS_A_SECOND = 100  # a packet every 10 ms; RFC 4733 §2.5.1.2 recommends one every 50 ms
EVENTS_AT_ONCE = 100  # what the network may hold back, and let go in a burst


class EventSender:
    """The packets of one event, in place of audio. They have the timestamp of its beginning, or of their segment's."""

    __slots__ = ("_outgoing", "_payload_type", "_started_at", "payloads")

    def __init__(self, outgoing: OutgoingStream) -> None:
        self._outgoing = outgoing
        self._payload_type = 0
        self.payloads: deque[EventPayload] = deque()
        "What is still to be sent of the event; empty when there is none."
        self._started_at: int | None = None

    def begin(self, events: TelephoneEvents, code: int, duration: int, step: int) -> None:
        """Send this event for so many ticks, a packet every `step`; what was left of another one is dropped."""
        self._payload_type = events.send_payload_type
        self.payloads = deque(event_payloads(code, duration, step))
        self._started_at = None

    def drop(self) -> bool:
        """Send no more of it. Whether anything was left."""
        cut = bool(self.payloads)
        self.payloads.clear()
        return cut

    def packet(self, ticks: int) -> bytes:
        """The next packet, which takes the place of so many ticks of audio."""
        is_first = self._started_at is None
        if self._started_at is None:
            self._started_at = self._outgoing.timestamp
        begun, octets = self.payloads.popleft()
        at = self._started_at + begun & 0xFFFFFFFF
        return self._outgoing.event(self._payload_type, octets, at, ticks, marker=is_first)


class EventListener:
    """What the peer's event packets say, no more of them than a telephone sends."""

    __slots__ = ("_allowance", "_counters", "_lasted", "_refilled_at", "_timestamp")

    def __init__(self, counters: defaultdict[str, int]) -> None:
        self._counters = counters
        self._allowance = float(EVENTS_AT_ONCE)
        self._refilled_at: Seconds = 0.0
        self._timestamp = self._lasted = 0

    def hear(self, packet: RtpPacket, now: Seconds) -> tuple[list[HeardEvent], RtpPacket]:
        """The events of a packet that are handled, and what it is to the audio: nothing, in its place and time."""
        try:
            told = parse_events(packet.payload)
        except Malformed:
            self._counters["malformed_event"] += 1
            told = []
        heard = []
        at = packet.timestamp
        for event in told if self._may_pass(now) else ():
            if event.code < len(DIGITS):
                heard.append(HeardEvent(packet.ssrc, at, event.code, event.duration, event.is_last))
            else:
                self._counters["unknown_event"] += 1
            at = at + event.duration & 0xFFFFFFFF
        # To the figures it is a packet of the stretch of time that it adds, as an audio packet would be.
        before = self._lasted if packet.timestamp == self._timestamp else 0
        self._timestamp, self._lasted = packet.timestamp, max(before, sum([event.duration for event in told]))
        return heard, packet._replace(timestamp=packet.timestamp + before & 0xFFFFFFFF, payload=b"")

    def _may_pass(self, now: Seconds) -> bool:
        gained = (now - self._refilled_at) * EVENTS_A_SECOND
        self._allowance = min(self._allowance + gained, float(EVENTS_AT_ONCE))
        self._refilled_at = now
        if self._allowance < 1:
            self._counters["event_flood"] += 1
            return False
        self._allowance -= 1
        return True
