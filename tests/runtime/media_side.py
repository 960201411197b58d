"""One media stream whose clock is turned by hand, and the packets of its peer."""

from __future__ import annotations

import asyncio
import random

from session_fsm.rtp import OutgoingStream
from session_fsm.runtime.framing import FRAME_SAMPLES
from session_fsm.runtime.media_plane import MediaPlane
from session_fsm.runtime.media_settings import MediaSettings
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.runtime.poller import EpollPoller
from session_fsm.sdp import CODECS, PCMU, Agreement, Codec, MediaDirection
from session_fsm.session.orders import Edge, EdgeFacts, OpenPath

# Below the ports that the kernel gives away: a peer of another test that echoes is never found there.
PEER = ("127.0.0.1", 20000)
STRANGER = ("127.0.0.1", 21000)
PEER_RTCP = ("127.0.0.1", 20001)


class Peer:
    """Makes the packets of one source."""

    def __init__(self, ssrc: int = 7, sequence: int = 10) -> None:
        self.stream = OutgoingStream(ssrc=ssrc, payload_type=0, sequence=sequence, timestamp=0)

    def packet(self, octet: int = 0x55, payload_type: int = 0) -> bytes:
        """The next one."""
        self.stream.payload_type = payload_type
        return self.stream.packet(bytes([octet]) * FRAME_SAMPLES)


class Side:
    """A media plane with one stream. What it sends to PEER goes nowhere."""

    def __init__(self, **settings: object) -> None:
        self.now = 1000.0
        self.poller = EpollPoller(asyncio.get_running_loop())
        self.passed_on = 0
        self.plane = MediaPlane(
            asyncio.get_running_loop(),
            self.poller,
            clock=lambda: self.now,
            wall_minus_monotonic=1.7e9,
            dice=random.Random(1),
            on_edges=self._count,
            settings=MediaSettings(**settings),
        )
        self.stream: MediaStream = self.plane.open_stream("127.0.0.1")
        self.plane.attach("s", self.stream)

    def _count(self) -> None:
        self.passed_on += 1

    def open(
        self,
        direction: MediaDirection = MediaDirection.SENDRECV,
        *,
        proven: bool = True,
        remote: tuple[str, int] = PEER,
        codec: Codec = PCMU,
        ptime_ms: int = 20,
    ) -> None:
        """Offer and answer agree."""
        number, rtcp = codec.payload_type, (remote[0], remote[1] + 1)
        agreement = Agreement(codec, number, number, remote, rtcp, direction, ptime_ms, CODECS)
        self.plane.obey(OpenPath(session_id="s", agreement=agreement, learn_source=False, proven=proven))

    def hear(self, data: bytes, source: tuple[str, int] = PEER) -> None:
        """A datagram arrives on the RTP port."""
        self.stream._hear(data, source)

    def look(self, after: float = 0.0) -> None:
        """Time passes, and the stream looks around."""
        self.now += after
        self.stream.look_around(self.now)

    @property
    def edges(self) -> list[Edge]:
        """What was told so far."""
        return [edge for _, edge, _ in self.plane.edges]

    @property
    def facts(self) -> EdgeFacts:
        """Of the last edge."""
        return self.plane.edges[-1][2]

    @property
    def packets(self) -> int:
        """How many counted."""
        return self.stream.incoming.packets
