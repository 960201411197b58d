"""What a stream hears: whose packets count, in which order they are handed out, and what of them is worth telling.

Every packet that is received is handled here and nowhere else. Knows no sockets; the clock is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from session_fsm.audio.timeline import RecordMode
from session_fsm.errors import Malformed
from session_fsm.rtp import Frame, IncomingStream, RtpPacket, parse_rtp
from session_fsm.runtime.addresses import Address
from session_fsm.runtime.channels import AudioReceiver
from session_fsm.runtime.coding import STATIC_DECODERS, coding_of
from session_fsm.runtime.figures import Refusals
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.runtime.noticed import Noticed
from session_fsm.runtime.recording import CallRecording
from session_fsm.runtime.sources import Packet, Sources
from session_fsm.runtime.telephone_events import EventListener
from session_fsm.sdp import PCMU
from session_fsm.session.orders import Edge, EdgeFacts

Seconds = float
Clock = Callable[[], Seconds]
Tell = Callable[[Edge, EdgeFacts], None]

# Octets; RFC 3551 §4.2 asks receivers to accept packets of up to 200 ms, which G.711 fills so.
LONGEST_PAYLOAD: Final = 1600

USUAL: Final = coding_of(PCMU)
"What is spoken as long as nothing else was agreed."

AWAITED: Final = frozenset(
    {
        Edge.PATH_OPENED,
        Edge.PATH_FAILED,
        Edge.RTCP_RECEIVED,
        Edge.REPORT_RECEIVED,
        Edge.STALLED,
        Edge.TIMED_OUT,
    }
)
"What a path that is opened is to tell, once, beside its first frame."


class Hearing:
    """The receiving half of a media stream: from a datagram to a frame that its reader can have."""

    def __init__(self, clock: Clock, settings: MediaSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._receiver: AudioReceiver | None = None
        self._is_over = False
        self.sources = Sources()
        self.incoming = IncomingStream(playout=settings.make_playout())
        self.playout = self.incoming.playout
        self.coding = USUAL
        self._decoders = STATIC_DECODERS
        self.destination: Address = ("", 0)
        "Where our packets go, and so where the peer's come from."
        self.counters: defaultdict[str, int] = defaultdict(int)
        "What was dropped, by reason."
        self.noticed = Noticed()
        self.recordings: list[CallRecording] = []
        self._events = EventListener(self.counters)
        self._event_type: int | None = None
        self.heard_at: Seconds = 0.0
        "When the last packet of the peer came, or the path was opened."
        self.next_frame: Edge | None = None
        "What the peer's next packet is to be told as, if anybody wants to know: the first, or the end of a silence."
        self.awaited: set[Edge] = set()
        "What else is to be told, once: whoever wants to know again asks for it."
        self.named: Address | None = None
        "Where the peer says that it is; None until it has."
        self.others_on_probation: bool | None = None
        "Whether other sources are on probation, or strangers, as `source.toml` has it; None until it is said."
        self._refusals = Refusals()
        self._edges: Collection[object] = ()
        self._tell: Tell = _tell_nobody
        self._told: Callable[[], None] = _nobody_is_told

    @property
    def receiver(self) -> AudioReceiver:
        """What the application hears. Made when it asks, or the first packet comes: many a call is over before that."""
        if self._receiver is None:
            self._receiver = AudioReceiver(self._settings.make_concealment())
            if self._is_over:
                self._receiver.end()
        return self._receiver

    @property
    def conceals(self) -> bool:
        """Whether the lost are concealed."""
        return self._settings.jitter is not None

    @property
    def now(self) -> Seconds:
        """The time by the clock that everything here is measured with."""
        return self._clock()

    @property
    def silent_for(self) -> Seconds:
        """How long no packet of the peer's has come, since the path was opened."""
        return self._clock() - self.heard_at

    @property
    def is_refused(self) -> bool:
        """Whether a packet of ours was refused since the peer was heard last."""
        return self._refusals.any

    @property
    def payload_types(self) -> Collection[int]:
        """What the peer may send."""
        return self._decoders.keys()

    def record(self, path: str | Path, mode: RecordMode, rate: int) -> CallRecording:
        """Record what is heard and sent from now on. Raises OSError when the file cannot be made."""
        recording = CallRecording(path, mode, self._clock, rate)
        self.recordings = [each for each in self.recordings if not each.closed] + [recording]
        return recording

    def belong(self, tell: Tell, edges: Collection[object], told: Callable[[], None]) -> None:
        """From now on its edges are told to a session: each one to `tell`, which fills `edges`; then `told`."""
        self._tell, self._edges, self._told = tell, edges, told

    def _hear_no_more(self) -> None:
        """The call is over: what waits is handed out, and nobody is told anything."""
        self._hand_out(self.incoming.flush())
        for recording in self.recordings:
            recording.close()
        self._is_over = True
        if self._receiver is not None:
            self._receiver.end()
        # They lead back to the plane and the session.
        self.belong(_tell_nobody, (), _nobody_is_told)

    def hand_out_due(self, now: Seconds) -> None:
        """What the jitter buffer has held back for long enough."""
        self._hand_out(self.incoming.due(now))

    def _hand_out(self, frames: Sequence[Frame]) -> None:
        if not frames:
            return
        decode_of, usual, receiver = self._decoders.get, self.coding.decode, self.receiver
        for frame in frames:
            decode = decode_of(frame.payload_type, usual) if isinstance(frame, RtpPacket) else usual
            receiver.put(decode, frame)
            for recording in self.recordings:
                recording.hear(decode, frame)

    def _hear(self, data: bytes, source: Address) -> None:
        # Once the path is open, packets come from where ours go.
        if source == self.destination:
            self._take(data, source, self._clock())
        else:
            self._hear_other((data, source, self._clock()))
        if self._edges:
            self._told()

    def _take(self, data: bytes, source: Address, now: Seconds) -> None:
        """A packet of the peer's."""
        try:
            packet = parse_rtp(data)
        except Malformed:
            self.counters["malformed"] += 1
            return
        if len(packet.payload) > LONGEST_PAYLOAD:
            self.counters["too_long"] += 1
            return
        if packet.payload_type not in self._decoders:
            self.counters["unknown_payload"] += 1
            return
        if packet.ssrc != self.incoming.ssrc and not self._meet(packet, source, now):
            return
        if packet.payload_type == self._event_type:
            packet = self._hear_event(packet, source, now)
        elif self.recordings:
            for recording in self.recordings:
                recording.note_arrival(packet.timestamp)
        self._hand_out(self.incoming.receive(packet, now))
        self.heard_at = now
        self.noticed.payload = packet.payload or self.noticed.payload
        if self.next_frame is not None or self._refusals.any:
            self._note_frame(packet, source, now)

    def _hear_event(self, packet: RtpPacket, source: Address, now: Seconds) -> RtpPacket:
        """A packet of a telephone event; what is left of it for the audio."""
        heard, rest = self._events.hear(packet, now)
        for event in heard:
            self._tell(Edge.EVENT_HEARD, EdgeFacts(source=source, ssrc=packet.ssrc, arrival=now, extra=event))
        return rest

    def _hear_other(self, packet: Packet) -> None:
        """A packet from an address that is not the peer's, or not yet."""
        _, source, now = packet
        if self.others_on_probation is None:
            # Nobody knows yet who the peer is. RFC 3264 §5.1: who offered must be ready to hear it already.
            self.counters["early"] += 1
            self.sources.keep(packet)
        elif source == self.named:
            self.sources.keep(packet)
            self._tell(Edge.NAMED_HEARD, EdgeFacts(source=source, arrival=now))
        elif self.others_on_probation:
            self._probe(packet)
        else:
            self.counters["stranger"] += 1
            self.noticed.stranger = source

    def _probe(self, packet: Packet) -> None:
        data, source, now = packet
        try:
            rtp = parse_rtp(data)
        except Malformed:
            self.counters["malformed"] += 1
            return
        if rtp.payload_type in self._decoders and self.sources.probe(packet, rtp.ssrc, rtp.sequence):
            self._tell(Edge.SOURCE_PROVEN, EdgeFacts(source=source, ssrc=rtp.ssrc, arrival=now))
        else:
            self.counters["probation"] += 1

    def hear_others(self, on_probation: bool) -> None:
        """From now on other sources are on probation, or strangers. What was kept of them is looked at again."""
        self.others_on_probation = on_probation
        self.sources.forget()
        self._take_kept()

    def follow(self, source: Address) -> None:
        """This source counts from now on, with what was kept of it, and ours go there."""
        self.destination = source
        now = self._clock()
        self._tell(Edge.SOURCE_CHANGED, EdgeFacts(source=source, arrival=now, detail="another address"))
        for packet in self.sources.packets_of(source):
            self._take(*packet)
        self._take_kept()

    def _meet(self, packet: RtpPacket, source: Address, now: Seconds) -> bool:
        """Whether a synchronization source that was not heard just now may take over (RFC 3550 §8.2)."""
        if not self.sources.may_follow(self.incoming.ssrc, now):
            self.counters["old_source"] += 1
            return False
        if self.incoming.ssrc is not None:
            facts = EdgeFacts(source=source, ssrc=packet.ssrc, arrival=now, detail="another SSRC")
            self._tell(Edge.SOURCE_CHANGED, facts)
        return True

    def _note_frame(self, packet: RtpPacket, source: Address, now: Seconds) -> None:
        """A frame that is worth an edge: the first of the path, or the first after silence."""
        if self._refusals.any:
            # Somebody is there after all: that the path fails is worth telling again.
            self._refusals.clear()
            self.awaited.add(Edge.PATH_FAILED)
        edge, self.next_frame = self.next_frame, None
        if edge is not None:
            self._tell(edge, EdgeFacts(source=source, ssrc=packet.ssrc, arrival=now, rtp_flowing=True))

    def _tell_once(self, edge: Edge, facts: EdgeFacts) -> None:
        """Tell it, if anybody has asked since it was told last."""
        if edge in self.awaited:
            self.awaited.remove(edge)
            self._tell(edge, facts)

    def _take_kept(self) -> None:
        """What came before anybody could say whose it is. As long as nobody says so of others, only the peer's own."""
        for packet in self.sources.kept():
            if packet[1] == self.destination:
                self._take(*packet)
            elif self.others_on_probation is None:
                self.sources.keep(packet)
            else:
                self._hear_other(packet)


def _tell_nobody(edge: Edge, facts: EdgeFacts) -> None:
    """Who hears of edges as long as the stream is nobody's."""


def _nobody_is_told() -> None:
    """The same of the end of a turn."""
