"""`call.quality()`: unknown until measured, then what was measured here and what the peer says of us."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest
from calling import connected

from session_fsm import Call, MediaQuality, MediaSettings, UserAgent
from session_fsm.rtp import ReceiverReport, ReportBlock, Sdes, encode_rtcp
from session_fsm.session.events import MediaQualityChange


@pytest.fixture
async def alice() -> AsyncIterator[UserAgent]:
    """Who calls, and measures often."""
    settings = MediaSettings(quality_every=0.3)
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", media=settings) as agent:
        yield agent


async def test_nothing_is_known_before_it_was_measured(alice, bob):
    """Not zero, and not perfect: None."""
    calling, answering = await connected(alice, bob)

    assert (None, None) == (calling.quality(), answering.media.quality)
    await calling.hang_up()


async def test_what_was_lost_is_in_the_figures(alice, bob):
    """A tenth of the packets is missing: the band is Poor at least, and people would complain."""
    calling, _ = await connected(alice, bob)
    _lose_every_tenth(calling)

    await calling.wait_for_event(MediaQualityChange, where=lambda event: event.quality is not MediaQuality.GOOD)

    quality = calling.quality()
    assert quality is not None
    assert quality.band in (MediaQuality.DEGRADED, MediaQuality.POOR, MediaQuality.FAILED)
    assert quality.band == calling.media.quality == quality.as_dict()["band"]
    assert 0.01 < quality.loss < 0.2
    assert 1.0 < quality.mos < 4.3
    assert quality.seconds > 0.0
    assert quality.delay_ms >= 20.0
    await calling.hang_up()


async def test_what_the_peer_reports_is_told_apart(alice, bob):
    """Its loss is ours to mend, not what we hear: the other direction has figures of its own."""
    calling, _ = await connected(alice, bob)
    await calling.wait_for_event(MediaQualityChange)
    before = calling.quality()
    stream = calling.media._stream
    block = ReportBlock(stream.outgoing.ssrc, 64, 50, 1, 80)
    stream._hear_rtcp(
        encode_rtcp([ReceiverReport(stream.incoming.ssrc, (block,)), Sdes.naming(7, "peer")]),
        stream.agreement.remote_rtcp,
    )

    peer = calling.quality().peer

    assert before is not None
    assert (0.25, 50, 10.0) == (peer.loss, peer.lost, peer.jitter_ms)
    assert 1.0 < peer.mos < 3.0
    await calling.hang_up()


async def test_the_figures_outlive_the_call(alice, bob):
    """What was measured last can still be asked for."""
    calling, _ = await connected(alice, bob)
    await calling.wait_for_event(MediaQualityChange)
    await calling.hang_up()
    await bob.close()

    assert calling.quality() is not None


def _lose_every_tenth(call: Call) -> None:
    """From now on one packet in ten never comes."""
    stream = call.media._stream
    numbers = count()

    def hear(data: bytes, source: tuple[str, int]) -> None:
        if next(numbers) % 10:
            stream._hear(data, source)

    stream._rtp.on_datagram = hear
