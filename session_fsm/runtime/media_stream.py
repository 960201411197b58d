"""One call's audio on the wire: its two sockets, what is sent, its reports, and what is worth telling.

What is heard is the business of `hearing`. The coordinator hears of edges only. The clock is given.
"""

from __future__ import annotations

import logging
import random
from typing import Final

from session_fsm.errors import CallFailedError
from session_fsm.rtp import OutgoingStream
from session_fsm.runtime.addresses import Address, is_wildcard, without_zone
from session_fsm.runtime.channels import AudioChannels, AudioSender
from session_fsm.runtime.coding import coding_of, decoders_of
from session_fsm.runtime.figures import Figures
from session_fsm.runtime.framing import FRAME_SAMPLES
from session_fsm.runtime.hearing import AWAITED, Clock, Hearing
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.runtime.poller import Poller
from session_fsm.runtime.ports import RtpPorts
from session_fsm.runtime.reports import Reports
from session_fsm.runtime.telephone_events import EventSender
from session_fsm.runtime.transport import UdpSocket, nobody_hears
from session_fsm.sdp import PCMU, Agreement
from session_fsm.session.orders import Edge, EdgeFacts, OpenPath, SoundEvent, made_facts

Seconds = float

LOG: Final = logging.getLogger("session_fsm.media")

LOOK_EVERY: Final = 0.2  # seconds between two looks at what is rarely due


class MediaStream(Hearing):
    """One symmetric RTP socket with RTCP beside it, both directions of a call's audio.

    Exists before the call does, because its port stands in the description; it hears from then on.
    """

    def __init__(
        self,
        host: str,
        ports: RtpPorts,
        *,
        poller: Poller,
        clock: Clock,
        dice: random.Random,
        luck: random.Random,
        wall_minus_monotonic: Seconds,
        settings: MediaSettings,
    ) -> None:
        super().__init__(clock, settings)
        self._poller = poller
        self._rtp, self._rtcp = ports.open_pair(host, self._open_socket)
        self._rtp.on_datagram = self._hear
        self._rtcp.on_datagram = self._hear_rtcp
        self.writer: AudioSender | None = None
        "What the application writes into, once it has asked for it."
        self.frame_samples = FRAME_SAMPLES
        "How much audio a packet of ours holds."
        self._ended: CallFailedError | None = None
        self._channels: AudioChannels | None = None
        # All dice of a call at once: the system's own cost a call of the kernel each time.
        cast = dice.getrandbits(32 + 32 + 15 + 96)
        self.outgoing = OutgoingStream(
            ssrc=cast & 0xFFFFFFFF,
            payload_type=PCMU.payload_type,
            sequence=cast >> 64 & 0x7FFF,  # RFC 3711 §3.3.1 asks for the lower half, so that nothing wraps at once
            timestamp=cast >> 32 & 0xFFFFFFFF,
        )
        self.reports = Reports(
            self.outgoing,
            self.incoming,
            cname=f"{cast >> 79:024x}",  # RFC 7022 §4.2, short-term persistent
            dice=luck,
            wall_minus_monotonic=wall_minus_monotonic,
        )
        self.agreement: Agreement | None = None
        self.sends = False
        "Whether paced audio leaves."
        self.silent = False
        "Whether silence leaves in its place: the peer is held without music."
        self.held = False
        "Whether neither side is to send, so that nothing is missed."
        self.muted = False
        "The same, because the application has muted itself, as `microphone.toml` has it."
        self._reported_at: Seconds = 0.0
        "When the last RTCP of the peer came, or the path was opened."
        self.packet_time: Seconds = 0.020
        "How much audio a packet of ours holds, and so how often one leaves."
        self.looks_every = 10
        "Turns between two looks at what is rarely due."
        self.silent_payload = b""
        self.turns = 0
        self.figures = Figures(self.incoming, settings.quality_every)
        self.opened_at: Seconds = 0.0
        "When the path was opened last."
        self.sounding = EventSender(self.outgoing)
        "The telephone event that is sent in place of audio."
        self._paused_at: Seconds | None = None

    @property
    def address(self) -> Address:
        """Where this side receives RTP, as a peer may be told it."""
        return without_zone(self._rtp.address[0]), self._rtp.address[1]

    @property
    def rtcp_port(self) -> int:
        """Where this side receives RTCP."""
        return self._rtcp.address[1]

    @property
    def sender(self) -> AudioSender:
        """What the application writes into."""
        if self.writer is None:
            self.writer = AudioSender()
            self.writer.cut_to(self.frame_samples)
            if self._ended is not None:
                self.writer.end(self._ended)
        return self.writer

    @property
    def channels(self) -> AudioChannels:
        """Both ends of its audio, for the application."""
        if self._channels is None:
            self._channels = AudioChannels(self.sender, self.receiver)
        return self._channels

    @property
    def closed(self) -> bool:
        """Whether its sockets are released."""
        return self._rtp.closed

    def open(self, order: OpenPath, now: Seconds) -> bool:
        """Send to the negotiated address and hear it; evidence starts anew. Whether a first frame has left just now."""
        agreement = order.agreement
        # A pause of the peer's is no hole in what it says; what waits still has its old meaning.
        self._hand_out(self.incoming.interrupt())
        begins = agreement.direction.sends and not self.sends
        self.agreement = agreement
        self.coding = coding_of(agreement.codec)
        self._event_type = agreement.events.payload_type if agreement.events else None
        self._decoders = decoders_of(agreement.receivable, self._event_type)
        self.outgoing.payload_type = agreement.send_payload_type
        self._pack(agreement.ptime_ms)
        self._lead_to(agreement.remote, order.learn_source)
        self.next_frame, self.awaited = Edge.FIRST_FRAME, set(AWAITED)
        if not order.proven:
            self.awaited.add(Edge.UNPROVEN)
        self._refusals.clear()
        self.heard_at = self._reported_at = self.opened_at = now
        self.figures.begin(now)
        self.reports.begin(now)
        if self.sends and not agreement.direction.sends:
            self.pause()
        self.sends, self.silent, self.held = agreement.direction.sends, order.silent, False
        failure = self._send_first(now) if begins else None
        self._tell_once(Edge.PATH_FAILED if failure else Edge.PATH_OPENED, self._facts(now, failure or ""))
        self._take_kept()
        return begins

    def _lead_to(self, remote: Address, learn: bool) -> None:
        """The peer says that it is there. Whom it was found to be stays, as long as it says the same."""
        if remote != self.named:
            self.named = self.destination = remote
        if not learn:
            self.others_on_probation = False

    def send_on(self, now: Seconds) -> bool:
        """Send again after a pause, if we may. Whether a first frame has left just now."""
        begins = self.agreement is not None and self.agreement.direction.sends and not self.sends
        if begins:
            self.sends = True
            self._send_first(now)
        return begins

    def look_for(self, edge: Edge) -> None:
        """Tell of this, once, when it comes."""
        if edge is not Edge.FLOW_RESUMED:
            self.awaited.add(edge)
        elif self.next_frame is None:
            self.next_frame = edge

    def pause(self) -> None:
        """Send no more. What arrives is counted and can be read."""
        self.sends, self._paused_at = False, self._clock()
        if self.sounding.drop():
            self._tell(Edge.DIGIT_CUT, self._facts(self._paused_at, ""))

    def close(self, why: CallFailedError) -> None:
        """The call is over: say so to the peer, end the channels, release the sockets."""
        if self.closed:
            return
        self.sends = False
        # RFC 3550 §6.3.7: who never sent anything says no BYE.
        if (destination := self._rtcp_destination) is not None and (self.outgoing.packets or self.reports.sent):
            self._rtcp.send(self.reports.farewell(self._clock()), destination)
        self._hear_no_more()
        self._ended = why
        if self.writer is not None:
            self.writer.end(why)
        self._rtp.close()
        self._rtcp.close()

    def transmit(self, payload: bytes) -> None:
        """Send one frame, encoded."""
        failure = self._rtp.send(self.outgoing.packet(payload), self.destination)
        if failure is not None:
            self.outgoing.take_back(len(payload))
            self._refused(failure, self._clock())
            return
        for recording in self.recordings:
            recording.say(self.coding.decode, self.outgoing.timestamp - len(payload), payload)
        if Edge.PATH_OPENED in self.awaited:
            self._tell_once(Edge.PATH_OPENED, self._facts(self._clock(), ""))

    def sound(self, order: SoundEvent) -> None:
        """Send this telephone event in place of audio, from the next packet on; its end is told."""
        events = self.agreement.events if self.agreement else None
        if events is None or not self.sends:
            self._tell(Edge.DIGIT_CUT, self._facts(self._clock(), ""))
            return
        ticks = order.milliseconds * self.outgoing.clock_rate // 1000
        self.sounding.begin(events, order.code, ticks, self.frame_samples)

    def transmit_event(self) -> None:
        """Send the next packet of the telephone event."""
        now = self._clock()
        failure = self._rtp.send(self.sounding.packet(self.frame_samples), self.destination)
        if failure is not None:
            self._refused(failure, now)
        if not self.sounding.payloads:
            self._tell(Edge.DIGIT_SENT, self._facts(now, ""))

    def look_around(self, now: Seconds) -> None:
        """What is due now and then: a report, the quality, a look at the silence."""
        if self._refusals.any:
            self._rtp.hear_errors(True)
        self.noticed.listen(self.agreement.codec.name if self.agreement else "", now)
        if now >= self.reports.due_at:
            self._report(now)
        if self.figures.entered_band(now, self.reports.round_trip):
            extra = (self.figures.band, self.figures.metrics)
            self._tell(Edge.MEASURED, EdgeFacts(source=self.destination, arrival=now, extra=extra))
        if self._expects:
            self._miss(now)
        if Edge.UNPROVEN in self.awaited and self.sends and now - self.opened_at >= self._settings.unproven:
            if self.next_frame is not Edge.FIRST_FRAME or Edge.RTCP_RECEIVED not in self.awaited:
                self.awaited.remove(Edge.UNPROVEN)
            self._tell_once(Edge.UNPROVEN, self._facts(now, f"nothing came for {now - self.opened_at:.1f} s"))

    def _miss(self, now: Seconds) -> None:
        """The peer may send: for how long has nothing come?"""
        silence, most = now - self.heard_at, self._settings.give_up_after
        if silence >= self._settings.stall_after and Edge.STALLED in self.awaited:
            LOG.warning("No frame from %s for %.0f s; reception goes on.", self.destination, silence)
            self._tell_once(Edge.STALLED, self._facts(now, f"no frame for {silence:.0f} s"))
        if most is not None and now - max(self.heard_at, self._reported_at) >= most:
            self._tell_once(Edge.TIMED_OUT, self._facts(now, "nothing was heard for too long"))

    @property
    def _expects(self) -> bool:
        return self.agreement is not None and self.agreement.direction.receives and not self.held

    def _open_socket(self, address: Address) -> UdpSocket:
        # Which of the two it becomes is known later: the pair is found by trial.
        return UdpSocket(
            address,
            poller=self._poller,
            on_datagram=nobody_hears,
            on_unreachable=self._unreachable,
        )

    def _pack(self, milliseconds: int) -> None:
        """From now on packets hold so much audio."""
        self.packet_time = self.reports.packet_time = milliseconds / 1000
        self.frame_samples = milliseconds * self.outgoing.clock_rate // 1000
        if self.writer is not None:
            self.writer.cut_to(self.frame_samples)
        self.looks_every = round(LOOK_EVERY / self.packet_time)
        self.silent_payload = self.coding.quiet * self.frame_samples

    def _send_first(self, now: Seconds) -> str | None:
        if self._paused_at is not None:
            # RFC 3550 §5.1: media time goes on while nothing is sent.
            self.outgoing.skip(round((now - self._paused_at) * self.outgoing.clock_rate))
        frames = self.writer.frames if self.writer is not None and not (self.silent or self.muted) else None
        payload = self.coding.encode(frames.popleft()).tobytes() if frames else self.silent_payload
        failure = self._rtp.send(self.outgoing.packet(payload), self.destination)
        if failure is not None:
            self.outgoing.take_back(len(payload))
        return failure

    # RTCP and trouble.

    def _hear_rtcp(self, data: bytes, source: Address) -> None:
        now = self._clock()
        remote = self.agreement.remote_rtcp if self.agreement else None
        # A learnt peer is behind a NAT, which gives its RTCP some port of the same address.
        if source != remote and not (self._is_learnt and source[0] == self.destination[0]):
            self.counters["stranger_rtcp"] += 1
            return
        hears_us = self.reports.receive(data, now)
        if hears_us is None:
            self.counters["malformed_rtcp"] += 1
            return
        self._reported_at = now
        facts = EdgeFacts(source=source, ssrc=self.incoming.ssrc or 0, arrival=now, rtcp_received=True)
        self._tell_once(Edge.RTCP_RECEIVED, facts)
        if hears_us:
            self._tell_once(Edge.REPORT_RECEIVED, facts)
        self._told()

    @property
    def _is_learnt(self) -> bool:
        """Whether the peer is elsewhere than it says."""
        return self.named is not None and self.destination != self.named

    @property
    def _rtcp_destination(self) -> Address | None:
        remote = self.agreement.remote_rtcp if self.agreement else None
        # RFC 3264 §8.4: the unspecified address means that nothing is to be sent; to the kernel it means ourselves.
        if remote is None or is_wildcard(remote[0]):
            return None
        return (self.destination[0], remote[1]) if self._is_learnt else remote

    def _report(self, now: Seconds) -> None:
        data = self.reports.compound(now)
        if (destination := self._rtcp_destination) is not None:
            self._rtcp.send(data, destination)

    def _unreachable(self, destination: Address, reason: str) -> None:
        # Fifty times a second the same answer tells no more than five times, when this stream looks around.
        self._rtp.hear_errors(False)
        if destination == self.destination:
            self._refused(reason, self._clock())
            self._told()

    def _refused(self, reason: str, now: Seconds) -> None:
        self.noticed.refusal = reason
        if self.sends and self._refusals.go_on(now):
            self._tell_once(Edge.PATH_FAILED, self._facts(now, reason))

    def _facts(self, now: Seconds, detail: str) -> EdgeFacts:
        return made_facts(self.destination, self.incoming.ssrc or 0, now, False, False, detail, None)
