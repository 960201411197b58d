"""All audio of a user agent: opens streams, obeys the coordinator's orders, paces and encodes for all calls at once."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final

import numpy as np

from session_fsm.errors import CallFailedError
from session_fsm.runtime.coding import Coding
from session_fsm.runtime.framing import Samples
from session_fsm.runtime.hearing import Clock, Seconds
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.runtime.poller import Poller
from session_fsm.runtime.ports import RtpPorts
from session_fsm.runtime.ticker import Ticker
from session_fsm.session.events import SessionId
from session_fsm.session.orders import (
    AwaitEdge,
    ClosePath,
    Edge,
    EdgeFacts,
    FollowSource,
    FurtherOrder,
    HearOthers,
    MediaOrder,
    OpenPath,
    PausePath,
    SendSilence,
    SoundEvent,
)

HAS_ENDED: Final = CallFailedError(None, "the call has ended")


class MediaPlane:
    """Owns every stream from its opening to its end. `edges` fills up; `on_edges` says that it has."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        poller: Poller,
        *,
        clock: Clock,
        wall_minus_monotonic: Seconds,
        dice: random.Random,
        on_edges: Callable[[], None],
        settings: MediaSettings,
    ) -> None:
        self.edges: deque[tuple[SessionId, Edge, EdgeFacts]] = deque()
        self._poller = poller
        self._clock = clock
        self._wall_minus_monotonic = wall_minus_monotonic
        self._dice = dice
        # For what nobody gains by guessing: the system's dice cost a call of the kernel each time.
        self._luck = random.Random(dice.getrandbits(64))
        self._on_edges = on_edges
        self._settings = settings
        self._ports = RtpPorts(*settings.rtp_ports)
        self._streams: dict[SessionId, MediaStream] = {}
        self._unowned: set[MediaStream] = set()
        self._ticker: Ticker[MediaStream] = Ticker(loop, clock, self._tick)

    def __len__(self) -> int:
        return len(self._streams) + len(self._unowned)

    def open_stream(self, host: str) -> MediaStream:
        """Two ports for a call that is about to begin: it hears at once, and belongs to a session by `attach`."""
        stream = MediaStream(
            host,
            self._ports,
            poller=self._poller,
            clock=self._clock,
            dice=self._dice,
            luck=self._luck,
            wall_minus_monotonic=self._wall_minus_monotonic,
            settings=self._settings,
        )
        self._unowned.add(stream)
        return stream

    def attach(self, session_id: SessionId, stream: MediaStream) -> None:
        """This stream is that session's; must come before the coordinator orders anything for it."""
        self._unowned.discard(stream)
        self._streams[session_id] = stream
        stream.belong(partial(self._tell, session_id), self.edges, self._pass_on)

    def stream(self, session_id: SessionId) -> MediaStream | None:
        """The stream of a session that has not ended."""
        return self._streams.get(session_id)

    def obey(self, order: MediaOrder) -> None:
        """Carry out one order. What comes of it is in `edges`."""
        stream = self._streams.get(order.session_id)
        if stream is None:
            return
        if isinstance(order, OpenPath):
            now = self._clock()
            if stream.open(order, now):
                # A packet has just left; the next one is not due before its time, whatever slot it had.
                self._ticker.leave(stream)
            self._ticker.join(stream, now, stream.packet_time)
        elif isinstance(order, ClosePath):
            self.release(order.session_id)
        elif isinstance(order, PausePath):
            stream.pause()
            stream.held = order.held
        else:
            self._obey_further(stream, order)

    def _obey_further(self, stream: MediaStream, order: FurtherOrder) -> None:
        """What few calls need."""
        if isinstance(order, SoundEvent):
            stream.sound(order)
        elif isinstance(order, HearOthers):
            stream.hear_others(order.on_probation)
        elif isinstance(order, FollowSource):
            stream.follow(order.source)
        elif isinstance(order, AwaitEdge):
            stream.look_for(order.edge)
        elif isinstance(order, SendSilence):
            stream.muted = order.muted
        elif stream.send_on(now := self._clock()):
            self._ticker.leave(stream)
            self._ticker.join(stream, now, stream.packet_time)

    def release(self, session_id: SessionId, why: CallFailedError = HAS_ENDED) -> None:
        """End a session's stream."""
        stream = self._streams.pop(session_id, None)
        if stream is not None:
            self._end(stream, why)

    def discard(self, stream: MediaStream) -> None:
        """End a stream whose call never began."""
        self._unowned.discard(stream)
        self._end(stream)

    def close(self) -> None:
        """End every stream and the ticker."""
        for session_id in list(self._streams):
            self.release(session_id)
        for stream in list(self._unowned):
            self.discard(stream)
        self._ticker.close()

    def _end(self, stream: MediaStream, why: CallFailedError = HAS_ENDED) -> None:
        self._ticker.leave(stream)
        stream.close(why)

    def _tell(self, session_id: SessionId, edge: Edge, facts: EdgeFacts) -> None:
        self.edges.append((session_id, edge, facts))

    def _pass_on(self) -> None:
        if self.edges:
            self._on_edges()

    def _tick(self, streams: Collection[MediaStream], now: Seconds) -> None:
        """One slot: a frame from each of these streams, those with audio encoded together."""
        voiced: dict[Coding, tuple[list[MediaStream], list[Samples]]] = {}
        looking: list[MediaStream] = []
        for stream in streams:
            writer, samples = stream.writer, None
            # Audio that may not be sent passes as time does: a held call is a muted one, not a late one.
            if writer is not None:
                if writer.frames:
                    samples = writer.frames.popleft()
                if writer.waiting and len(writer.frames) <= writer.low:
                    writer.make_room()
            if not stream.sends:
                pass
            elif stream.sounding.payloads:
                stream.transmit_event()
            elif samples is None or stream.silent or stream.muted:
                stream.transmit(stream.silent_payload)
            else:
                batch = voiced.get(stream.coding)
                if batch is None:
                    batch = voiced[stream.coding] = ([], [])
                batch[0].append(stream)
                batch[1].append(samples)
                stream.noticed.written_at = now
            if stream.playout.waits:
                stream.hand_out_due(now)
            stream.turns += 1
            if not stream.turns % stream.looks_every:
                looking.append(stream)
        for coding, (speakers, audio) in voiced.items():
            _speak(coding, speakers, audio)
        for stream in looking:
            stream.look_around(now)
        self._pass_on()


def _speak(coding: Coding, speakers: Sequence[MediaStream], audio: Sequence[Samples]) -> None:
    """Encode all of this audio at once, and let each stream send its part."""
    payloads = coding.encode(np.concatenate(audio)).tobytes()
    at = 0
    for stream, samples in zip(speakers, audio, strict=True):
        stream.transmit(payloads[at : at + len(samples)])
        at += len(samples)
