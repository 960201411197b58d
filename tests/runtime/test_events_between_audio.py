"""Telephone events between the audio packets: what leaves, what is told, and that the audio keeps its place."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from session_fsm.rtp import OutgoingStream, RtpPacket, parse_rtp
from session_fsm.rtp.telephone_event import LONGEST, TelephoneEvent, parse_events
from session_fsm.runtime.framing import FRAME_SAMPLES
from session_fsm.runtime.media_plane import MediaPlane
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.runtime.poller import EpollPoller
from session_fsm.runtime.telephone_events import EVENTS_AT_ONCE
from session_fsm.sdp import CODECS, PCMU, Agreement, MediaDirection, TelephoneEvents
from session_fsm.session.orders import ClosePath, Edge, OpenPath, PausePath, SoundEvent

EVENTS = TelephoneEvents(101, 96, frozenset(range(17)))


class Side:
    """A stream in a plane whose clock is turned by hand; what it sends is kept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.poller = EpollPoller(asyncio.get_running_loop())
        self.plane = MediaPlane(
            asyncio.get_running_loop(),
            self.poller,
            clock=lambda: self.now,
            wall_minus_monotonic=1.7e9,
            dice=random.Random(1),
            on_edges=lambda: None,
            settings=MediaSettings(),
        )
        self.stream = self.plane.open_stream("127.0.0.1")
        self.plane.attach("s", self.stream)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.peer = self._socket.getsockname()
        self._sent: list[RtpPacket] = []

    @property
    def sent(self) -> list[RtpPacket]:
        """What has left since the path was opened."""
        with suppress(BlockingIOError):
            while True:
                self._sent.append(parse_rtp(self._socket.recv(2048)))
        return self._sent

    def hear(self, data: bytes) -> None:
        """A datagram of the peer arrives."""
        self.stream._hear(data, self.peer)

    def close(self) -> None:
        """Release everything."""
        self.plane.close()
        self.poller.close()
        self._socket.close()

    def open(self, *, events: TelephoneEvents | None = EVENTS, ptime_ms: int = 20, direction: str = "sendrecv") -> None:
        """Offer and answer agree; the first packet leaves."""
        agreement = Agreement(
            PCMU, 0, 0, self.peer, None, MediaDirection(direction), ptime_ms, events=events, receivable=CODECS
        )
        self.plane.obey(OpenPath(session_id="s", agreement=agreement, learn_source=False))
        self.plane.edges.clear()
        self.sent.clear()

    def sound(self, code: int = 5, milliseconds: int = 100) -> None:
        """The coordinator orders an event."""
        self.plane.obey(SoundEvent(session_id="s", code=code, milliseconds=milliseconds))

    def tick(self, count: int = 1) -> None:
        """So many packet times pass."""
        for _ in range(count):
            self.now += self.stream.packet_time
            self.plane._tick([self.stream], self.now)

    @property
    def edges(self) -> list[Edge]:
        """What was told."""
        return [edge for _, edge, _ in self.plane.edges]


@pytest.fixture
async def side() -> Iterator[Side]:
    made = Side()
    yield made
    made.close()


@pytest.mark.parametrize(("ptime_ms", "updates"), [(20, 4), (10, 9), (30, 3), (60, 1)])
async def test_an_event_takes_the_place_of_audio(side, ptime_ms, updates):
    """RFC 4733 §2.5.1: marker, one timestamp, rising durations, three final packets; then audio goes on."""
    side.open(ptime_ms=ptime_ms)
    side.sound(milliseconds=100)
    side.tick(updates + 3 + 2)

    events, audio = side.sent[:-2], side.sent[-2:]
    told = [parse_events(packet.payload)[0] for packet in events]
    ticks = 8 * ptime_ms
    assert {96} == {packet.payload_type for packet in events}
    assert [True, *[False] * (updates + 2)] == [packet.marker for packet in events]
    assert [*(ticks * n for n in range(1, updates + 1)), 800, 800, 800] == [event.duration for event in told]
    assert [*[False] * updates, True, True, True] == [event.is_last for event in told]
    assert [(0, ticks), (0, ticks)] == [(packet.payload_type, len(packet.payload)) for packet in audio]
    start = events[0].timestamp
    assert [start + ticks * len(events), start + ticks * (len(events) + 1)] == [p.timestamp for p in audio]
    first = events[0].sequence
    assert [first + n for n in range(len(side.sent))] == [packet.sequence for packet in side.sent]


async def test_its_end_is_told(side):
    """When the last of the final packets has left, once."""
    side.open()
    side.sound(milliseconds=40)
    side.tick(3)
    before = side.edges
    side.tick(5)

    assert ([], [Edge.DIGIT_SENT]) == (before, side.edges)


async def test_audio_that_was_queued_passes(side):
    """As time does: what follows the digit is heard when it would have been."""
    side.open()
    for n in range(10):
        side.stream.sender.frames.append(np.full(FRAME_SAMPLES, 1000 * n, np.int16))
    side.sound(milliseconds=40)
    side.tick(5)

    assert 5 == len(side.stream.sender.frames)
    assert side.stream.coding.encode(np.full(1, 4000, np.int16)).tobytes() * FRAME_SAMPLES == side.sent[-1].payload


@pytest.mark.parametrize("order", [PausePath(session_id="s"), ClosePath(session_id="s")])
async def test_a_path_that_stops_cuts_it(side, order):
    """Held, or a BYE on its way: nothing more of it leaves."""
    side.open()
    side.sound()
    side.tick(2)
    side.plane.obey(order)
    side.tick(5)

    assert 2 == len(side.sent)
    assert ([Edge.DIGIT_CUT] if isinstance(order, PausePath) else []) == side.edges


async def test_the_segments_of_a_long_event_have_timestamps_of_their_own(side):
    """RFC 4733 §2.5.1.3: the next one begins where a full one ended, and has no marker."""
    side.open()
    side.sound(milliseconds=8500)
    for _ in range(4):
        side.tick(107)
        assert side.sent  # a socket holds some 200 packets

    events = side.sent[:-1]
    first = events[0].timestamp
    assert [first, first + LONGEST & 0xFFFFFFFF] == list(dict.fromkeys(packet.timestamp for packet in events))
    assert [0] == [place for place, packet in enumerate(events) if packet.marker]
    assert (first + 427 * 160 & 0xFFFFFFFF, [Edge.DIGIT_SENT]) == (side.sent[-1].timestamp, side.edges)


@pytest.mark.parametrize("how", [{"events": None}, {"direction": "recvonly"}])
async def test_where_none_can_be_sent_it_is_cut_at_once(side, how):
    """Events were not agreed, or we may not send."""
    side.open(**how)
    side.sound()

    assert [Edge.DIGIT_CUT] == side.edges


async def test_a_new_agreement_that_sends_on_lets_it_end(side):
    """A re-INVITE to the same direction: the digit goes on."""
    side.open()
    side.sound(milliseconds=100)
    side.tick(2)
    sounding = len(side.stream.sounding.payloads)
    side.open()
    side.tick(sounding)

    assert [Edge.DIGIT_SENT] == side.edges


class Peer:
    """Sends audio and events."""

    def __init__(self) -> None:
        self.stream = OutgoingStream(ssrc=7, payload_type=0, sequence=10, timestamp=5000)

    def audio(self) -> bytes:
        return self.stream.packet(b"\x55" * FRAME_SAMPLES)

    def press(self, code: int, *, start: int, duration: int, last: bool = False) -> bytes:
        event = TelephoneEvent(code, duration, is_last=last)
        return self.stream.event(101, event.encode(), start, FRAME_SAMPLES, marker=False)


async def test_an_event_is_heard_and_makes_no_hole_in_the_audio(side):
    """Its packets have their places in the order; the audio behind it has its own time, and nothing counts as lost."""
    side.open()
    peer = Peer()
    start = 5000 + 2 * FRAME_SAMPLES
    packets = [peer.audio(), peer.audio()]
    packets += [peer.press(3, start=start, duration=160 * n, last=n == 3) for n in (1, 2, 3)]
    packets += [peer.audio(), peer.audio()]
    for data in packets:
        side.hear(data)
        side.now += 0.02
    side.plane.obey(ClosePath(session_id="s"))
    frames = [frame async for frame in side.stream.receiver]

    heard = [facts.extra for _, edge, facts in side.plane.edges if edge is Edge.EVENT_HEARD]
    statistics = side.stream.incoming.statistics()
    assert [(3, start, 160, False), (3, start, 320, False), (3, start, 480, True)] == [
        (event.code, event.timestamp, event.duration, event.is_last) for event in heard
    ]
    assert [5000, 5160, start + 480, start + 640] == [frame.timestamp for frame in frames]
    assert (0, 7, 0) == (statistics.lost, statistics.packets, statistics.longest_gap_ms)
    assert statistics.jitter_ms < 0.01


@pytest.mark.parametrize(
    ("payload", "payload_type", "counter"),
    [
        (b"\x05\x8a\x03", 101, "malformed_event"),
        (TelephoneEvent(32, 800).encode(), 101, "unknown_event"),
        (TelephoneEvent(5, 800).encode(), 96, "unknown_payload"),
    ],
)
async def test_what_is_no_digit_is_counted(side, payload, payload_type, counter):
    """Half an event, a modem's tone, and a digit under a number that was not agreed: ours is 101, theirs 96."""
    side.open()
    side.hear(RtpPacket(payload_type, 1, 1, 7, payload).encode())

    assert 1 == side.stream.counters[counter]
    assert Edge.EVENT_HEARD not in side.edges


async def test_a_flood_of_events_is_bounded(side):
    """More than a telephone can send is counted, and costs no step of a machine."""
    side.open()
    for n in range(5000):
        side.hear(RtpPacket(101, n, n, 7, TelephoneEvent(5, 800).encode()).encode())

    assert EVENTS_AT_ONCE == side.edges.count(Edge.EVENT_HEARD)
    assert 5000 - EVENTS_AT_ONCE == side.stream.counters["event_flood"]


async def test_muted_audio_is_silence_and_passes(side):
    """Packets go on, with the same numbers; what was queued is not heard later."""
    side.open()
    loud = np.full(FRAME_SAMPLES, 8000, np.int16)
    for _ in range(4):
        side.stream.sender.frames.append(loud)
    side.stream.muted = True
    side.tick(2)
    side.stream.muted = False
    side.tick(2)

    silence = side.stream.silent_payload
    assert [True, True, False, False] == [packet.payload == silence for packet in side.sent]
    assert 0 == len(side.stream.sender.frames)
