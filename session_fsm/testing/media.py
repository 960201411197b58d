"""A virtual media plane: who sends RTP where, reduced to its edges.

A stream that sends would send a frame every 20 ms. Of those only the ones that change something are made: the first to
arrive on a path, and the first after silence. Frames go to the address in the peer's SDP and are taken only from there,
so that a path that was opened at the wrong time, or to the wrong place, is heard as silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from session_fsm.rtp.telephone_event import HeardEvent
from session_fsm.sdp import Agreement
from session_fsm.session.events import Address, SessionId
from session_fsm.session.orders import ClosePath, Edge, EdgeFacts, MediaOrder, OpenPath, PausePath, SendOn, SoundEvent
from session_fsm.session.settings import Seconds

FRAME = 0.020
RTCP_AFTER = 2.5  # seconds from opening a path to its first report; RFC 3550 §6.2 halves the minimum of 5 s at first
STALL_AFTER = 30.0  # seconds without a frame, as the real media plane counts them

Tell = Callable[[SessionId, Edge, EdgeFacts], None]


@dataclass(eq=False)
class Stream:
    """One session's RTP port, from the moment that it stands in a description."""

    address: Address
    tell: Tell
    ssrc: int
    session_id: SessionId = ""
    agreement: Agreement | None = None
    is_muted: bool = False
    began: Seconds = 0.0
    "When it began to send; its frames leave at this time plus multiples of 20 ms."
    sends: bool = False
    held: bool = False
    "Whether neither side is to send."
    early: set[Address] = field(default_factory=set)
    "Who was heard before anybody knew the peer."
    heard: set[Address] = field(default_factory=set)
    "Who was heard on this path."
    awaits_frame: bool = False
    awaits_rtcp: bool = False
    awaits_report: bool = False
    is_stalled: bool = False
    silent_since: Seconds | None = None
    sounding: SoundEvent | None = None
    "The telephone event that is being sent."
    asked: list[MediaOrder] = field(default_factory=list)
    "What it was told to do about other sources and silence, which there is little of in this network."
    strangers: int = 0
    "Frames from an address that is not the peer's."

    @property
    def flows(self) -> bool:
        """Whether frames leave."""
        return self.sends and not self.is_muted

    @property
    def destination(self) -> Address | None:
        """Where they go."""
        return self.agreement.remote if self.agreement else None

    @property
    def expects(self) -> bool:
        """Whether the peer may send."""
        return self.agreement is not None and self.agreement.direction.receives and not self.held


class MediaPlane:
    """All RTP ports of one virtual network. Whoever runs it asks for `next_due` and calls `expire`."""

    def __init__(self, *, delay: Seconds = 0.0) -> None:
        self.delay = delay
        self.streams: dict[Address, Stream] = {}
        self._due: dict[tuple[str, Address, Address], Seconds] = {}
        "(kind, from, to) -> when: at most one of each kind is on its way."

    def add(self, stream: Stream) -> None:
        """Open a port."""
        self.streams[stream.address] = stream

    def remove(self, stream: Stream) -> None:
        """Close a port."""
        self.streams.pop(stream.address, None)

    def obey(self, stream: Stream, order: MediaOrder, now: Seconds) -> None:
        """Carry out what a coordinator asks."""
        if isinstance(order, OpenPath):
            self._open(stream, order.agreement, now)
        elif isinstance(order, ClosePath):
            self.remove(stream)
        elif isinstance(order, SoundEvent):
            self._sound(stream, order, now)
        elif isinstance(order, PausePath):
            stream.sends, stream.held = False, order.held
        else:
            _note(stream, order)
        self.look(now)

    def _open(self, stream: Stream, agreement: Agreement, now: Seconds) -> None:
        if agreement.direction.sends and not stream.sends:
            stream.began = now
        stream.agreement = agreement
        stream.sends, stream.held = agreement.direction.sends, False
        stream.awaits_frame = stream.awaits_rtcp = stream.awaits_report = True
        stream.is_stalled = False
        stream.heard = set()
        stream.silent_since = now
        for kind, source, destination in list(self._due):
            if kind == "rtcp" and source == stream.address:
                del self._due[kind, source, destination]
        stream.tell(stream.session_id, Edge.PATH_OPENED, EdgeFacts(source=agreement.remote, arrival=now))
        early, stream.early = stream.early, set()
        if agreement.remote in early:
            self._hear(stream, self.streams.get(agreement.remote), agreement.remote, now)

    def look(self, now: Seconds) -> None:
        """Send on its way whatever would change something where it arrives."""
        for sender in self.streams.values():
            receiver = self.streams.get(sender.destination) if sender.destination else None
            if receiver is None:
                continue
            pair = (sender.address, receiver.address)
            if sender.flows and self._matters(sender, receiver):
                steps = math.ceil((now - sender.began) / FRAME - 1e-6)
                self._due.setdefault(("frame", *pair), sender.began + steps * FRAME + self.delay)
            about_them = receiver.address in sender.heard and receiver.awaits_report
            if receiver.agreement is not None and (receiver.awaits_rtcp or about_them):
                self._due.setdefault(("rtcp", *pair), now + RTCP_AFTER + self.delay)
        for stream in self.streams.values():
            self._watch(stream, now)

    def _matters(self, sender: Stream, receiver: Stream) -> bool:
        if receiver.agreement is None:
            return sender.address not in receiver.early
        if sender.address != receiver.destination:
            return sender.address not in receiver.early and receiver.strangers == 0
        return receiver.awaits_frame or receiver.is_stalled

    def _watch(self, stream: Stream, now: Seconds) -> None:
        """Count the silence of whoever should hear something and does not."""
        peer = self.streams.get(stream.destination) if stream.destination else None
        reached = peer is not None and peer.flows and peer.destination == stream.address
        key = ("silence", stream.address, stream.address)
        if not stream.expects or stream.is_stalled or reached:
            self._due.pop(key, None)
            stream.silent_since = None
        elif key not in self._due:
            self._due[key] = (stream.silent_since or now) + STALL_AFTER

    def next_due(self, *, frames_only: bool = False) -> Seconds | None:
        """When the next packet arrives; with `frames_only`, reports and silence are not waited for."""
        times = [due for (kind, _, _), due in self._due.items() if kind == "frame" or not frames_only]
        return min(times, default=None)

    def expire(self, now: Seconds) -> None:
        """Let everything arrive that is due."""
        for key in sorted((key for key, due in self._due.items() if due <= now), key=lambda key: self._due[key]):
            if self._due.pop(key, None) is not None:
                self._arrive(*key, now)
        self.look(now)

    def _arrive(self, kind: str, source: Address, destination: Address, now: Seconds) -> None:
        receiver = self.streams.get(destination)
        if kind == "digit" and source in self.streams:
            self._end_digit(self.streams[source], receiver, now)
        if receiver is None or kind == "digit":
            return
        if kind == "silence":
            receiver.is_stalled = True
            receiver.tell(receiver.session_id, Edge.STALLED, EdgeFacts(arrival=now, detail="no frame for 30 s"))
        elif kind == "frame":
            self._hear(receiver, self.streams.get(source), source, now)
        elif receiver.destination == source:
            self._report(receiver, self.streams.get(source), source, now)

    def _sound(self, stream: Stream, order: SoundEvent, now: Seconds) -> None:
        """Send a telephone event: of its packets only the last is made, when it has ended."""
        if not stream.flows or stream.destination not in self.streams:
            stream.tell(stream.session_id, Edge.DIGIT_CUT, EdgeFacts(arrival=now))
            return
        stream.sounding = order
        self._due["digit", stream.address, stream.destination] = now + order.milliseconds / 1000

    def _end_digit(self, sender: Stream, receiver: Stream | None, now: Seconds) -> None:
        order, sender.sounding = sender.sounding, None
        if order is None or not sender.flows:
            sender.tell(sender.session_id, Edge.DIGIT_CUT, EdgeFacts(arrival=now))
            return
        sender.tell(sender.session_id, Edge.DIGIT_SENT, EdgeFacts(arrival=now))
        if receiver is not None and receiver.destination == sender.address:
            ended = round(now * 8000) & 0xFFFFFFFF
            heard = HeardEvent(sender.ssrc, ended, order.code, order.milliseconds * 8, is_last=True)
            receiver.tell(receiver.session_id, Edge.EVENT_HEARD, EdgeFacts(source=sender.address, extra=heard))

    def _hear(self, receiver: Stream, sender: Stream | None, source: Address, now: Seconds) -> None:
        if receiver.agreement is None:
            receiver.early.add(source)
            return
        if source != receiver.destination:
            receiver.strangers += 1
            return
        receiver.heard.add(source)
        facts = EdgeFacts(source=source, ssrc=sender.ssrc if sender else 0, arrival=now, rtp_flowing=True)
        if receiver.awaits_frame:
            receiver.awaits_frame = receiver.is_stalled = False
            receiver.tell(receiver.session_id, Edge.FIRST_FRAME, facts)
        elif receiver.is_stalled:
            receiver.is_stalled = False
            receiver.tell(receiver.session_id, Edge.FLOW_RESUMED, facts)

    def _report(self, receiver: Stream, sender: Stream | None, source: Address, now: Seconds) -> None:
        facts = EdgeFacts(source=source, arrival=now, rtcp_received=True)
        if receiver.awaits_rtcp:
            receiver.awaits_rtcp = False
            receiver.tell(receiver.session_id, Edge.RTCP_RECEIVED, facts)
        if receiver.awaits_report and sender is not None and receiver.address in sender.heard:
            receiver.awaits_report = False
            receiver.tell(receiver.session_id, Edge.REPORT_RECEIVED, facts)


def _note(stream: Stream, order: MediaOrder) -> None:
    stream.asked.append(order)
    if isinstance(order, SendOn):
        stream.sends = stream.agreement is not None and stream.agreement.direction.sends
