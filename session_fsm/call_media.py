"""The media of a call as an application looks at it: addresses, direction, figures. Only looks; `Call` acts."""

from __future__ import annotations

from session_fsm.rtp import MediaMetrics, MediaQuality, StreamStatistics
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.sdp import LocalMedia, MediaDirection
from session_fsm.session.events import Address, MediaState
from session_fsm.session.quality import TOLD
from session_fsm.session.session import Session


class CallMedia:
    """The media of a call, as it is now."""

    __slots__ = ("_said", "_session", "_stream")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream: MediaStream | None = None
        self._said: LocalMedia | None = None

    @property
    def state(self) -> MediaState:
        """The state of the media chart."""
        return self._session.media_state

    @property
    def local(self) -> Address | None:
        """Where this side receives RTP; None before it has opened a port."""
        return self._stream.address if self._stream else None

    @property
    def remote(self) -> Address | None:
        """Where our RTP goes: the negotiated address, or the one that was learnt. None before Ready."""
        return self._stream.destination if self._stream and self._stream.agreement else None

    @property
    def codec(self) -> str | None:
        """The name of the codec that we send; None before Ready."""
        agreement = self._session.negotiation.agreement
        return agreement.codec.name if agreement else None

    @property
    def direction(self) -> MediaDirection | None:
        """What was negotiated, seen from this side; None before Ready."""
        agreement = self._session.negotiation.agreement
        return agreement.direction if agreement else None

    @property
    def transmitting(self) -> bool:
        """Whether paced audio leaves."""
        return self._stream is not None and self._stream.sends

    @property
    def quality(self) -> MediaQuality | None:
        """The band that counts, which was told last; None before a measurement, and when the call is over."""
        machine = self._session.quality
        return TOLD.get(machine.state) if machine is not None else None

    @property
    def metrics(self) -> MediaMetrics | None:
        """Loss, jitter, round trip and bit rate as measured last; each is None if it was not."""
        return self._stream.figures.metrics if self._stream else None

    @property
    def statistics(self) -> StreamStatistics | None:
        """What was received since the beginning; None before a port was open."""
        return self._stream.incoming.statistics() if self._stream else None

    @property
    def frames_sent(self) -> int:
        """RTP packets that have left, silent ones included."""
        return self._stream.outgoing.packets if self._stream else 0

    @property
    def frames_unread(self) -> int:
        """Frames that were received but not read: the reader was too slow, or closed its channel."""
        return self._stream.receiver.dropped if self._stream else 0

    @property
    def dropped(self) -> dict[str, int]:
        """Packets that did not count, by reason: strangers, malformed ones, unknown payloads."""
        return dict(self._stream.counters) if self._stream else {}
