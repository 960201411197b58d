"""How well a call is heard: what was measured here, what the peer's reports say, and what people would say of it.

Only looks; nothing here is kept up to date while the call goes on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from session_fsm.rtp import MediaQuality, ReportBlock, classify
from session_fsm.rtp.mos import G711, G711_CONCEALED, mos_of, r_factor
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.session.quality import TOLD
from session_fsm.session.session import Session

Seconds = float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerQuality:
    """What the peer says of our audio, from its last RTCP report about it (RFC 3550 §6.4.1)."""

    mos: float
    "Estimated as for ours, with loss concealed, and without the delay of the peer's own buffer, which nobody tells."
    loss: float
    "Lost packets as a fraction of those expected since its report before, 0.0 to 1.0."
    lost: int
    "Lost packets since the beginning; negative when duplicates outnumber them."
    jitter_ms: float
    "Interarrival jitter there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How well the peer is heard here, over the last interval that was measured."""

    mos: float
    "Mean opinion score, 1.0 to 4.5, estimated by the E-model (ITU-T G.107, simplified) from loss, delay and codec."
    r: float
    "The E-model's rating behind it, 0 to 93.2."
    band: MediaQuality
    "What `MediaQualityChange` told last: a better band counts only when it has lasted."
    loss: float
    "Packets that never came, as a fraction of those expected, 0.0 to 1.0."
    discarded: float
    "Packets that came too late to be heard, as a fraction of those expected."
    jitter_ms: float
    "Interarrival jitter (RFC 3550 §6.4.1)."
    rtt_ms: float | None
    "Round trip, from RTCP; None until a report of the peer's could tell."
    delay_ms: float
    "From mouth to ear, as far as it is known: a packet's length, half the round trip, and the jitter buffer."
    seconds: Seconds
    "How long the interval was."
    peer: PeerQuality | None
    "The other direction; None until the peer has reported on our audio."

    def as_dict(self) -> dict[str, object]:
        """Plain data, for JSON."""
        return asdict(self) | {"band": str(self.band)}


def quality_of(session: Session, stream: MediaStream) -> Quality | None:
    """The quality of a call, or None as long as loss and jitter were not measured."""
    metrics = stream.figures.heard
    if metrics is None or metrics.packet_loss is None or metrics.jitter_ms is None:
        return None
    found = TOLD.get(session.quality.state) if session.quality is not None else None
    band = found or classify(metrics) or MediaQuality.FAILED
    rtt = stream.reports.round_trip
    delay = stream.packet_time + (rtt or 0.0) / 2 + stream.playout.delay
    discarded = metrics.discarded or 0.0
    codec = G711_CONCEALED if stream.conceals else G711
    r = r_factor(min(metrics.packet_loss + discarded, 1.0), delay, codec)
    return Quality(
        mos=round(mos_of(r), 2),
        r=round(r, 1),
        band=band,
        loss=metrics.packet_loss,
        discarded=discarded,
        jitter_ms=metrics.jitter_ms,
        rtt_ms=None if rtt is None else rtt * 1000,
        delay_ms=round(delay * 1000, 1),
        seconds=stream.figures.heard_for,
        peer=_peer(stream, stream.reports.about_us),
    )


def _peer(stream: MediaStream, report: ReportBlock | None) -> PeerQuality | None:
    if report is None:
        return None
    loss = report.fraction_lost / 256
    delay = stream.packet_time + (stream.reports.round_trip or 0.0) / 2
    return PeerQuality(
        mos=round(mos_of(r_factor(loss, delay)), 2),
        loss=loss,
        lost=report.cumulative_lost,
        jitter_ms=report.jitter * 1000 / stream.outgoing.clock_rate,
    )
