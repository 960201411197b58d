"""tshark agrees: loss and jitter of the same packets are the same figures."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from tshark_peer import captured, datagrams, rtp_streams, write_capture

from session_fsm import UserAgent
from session_fsm.audio import Tone
from session_fsm.rtp import IncomingStream, RtpPacket, parse_rtp
from session_fsm.session.events import CallEnded

pytestmark = pytest.mark.wire

PORT = 40000
TOLERANCE_MS = 0.05  # tshark prints microseconds, and rounds on its way there


class Figures(NamedTuple):
    """What is compared."""

    packets: int
    lost: int
    mean_jitter_ms: float
    max_jitter_ms: float


def ours(packets: Iterable[tuple[float, bytes]]) -> Figures:
    """Our figures for packets that arrived at these times; the jitter after each but the first, as tshark has it."""
    stream = IncomingStream()
    jitter = []
    for at, data in packets:
        stream.receive(parse_rtp(data), at)
        jitter.append(stream.reception.jitter / 8)
    return Figures(stream.packets, stream.reception.lost, float(np.mean(jitter[1:])), max(jitter))


def theirs(capture: Path, port: int) -> Figures:
    """tshark's, for the one stream to this port."""
    (found,) = [stream for stream in rtp_streams(capture, port) if stream.destination_port == port]
    return Figures(found.packets, found.lost, found.mean_jitter_ms, found.max_jitter_ms)


def check_agreement(mine: Figures, other: Figures) -> None:
    """Counts are equal, jitter nearly so."""
    assert mine[:2] == other[:2]
    assert other[2:] == pytest.approx(mine[2:], abs=TOLERANCE_MS)


def network(seed: int, *, loss: float, jitter: float, copies: float = 0.0) -> list[tuple[float, bytes]]:
    """Three hundred packets, across the wrap of their numbers, as such a network delivers them."""
    dice = random.Random(seed)
    packets = []
    for n in range(300):
        data = RtpPacket(0, 65400 + n & 0xFFFF, 2**32 - 16000 + 160 * n & 0xFFFFFFFF, 7, bytes(160)).encode()
        for _ in range(1 + (dice.random() < copies)):
            if n in (0, 299) or dice.random() >= loss:
                packets.append((round(1000.0 + 0.02 * n + dice.uniform(0, jitter), 6), data))
    return sorted(packets)


@pytest.mark.parametrize(
    "packets",
    [
        network(1, loss=0.0, jitter=0.0),
        network(2, loss=0.05, jitter=0.0),
        network(3, loss=0.0, jitter=0.015),
        network(4, loss=0.1, jitter=0.01),
        network(5, loss=0.02, jitter=0.07),
    ],
    ids=["perfect", "lossy", "uneven", "lossy and uneven", "out of order"],
)
def test_the_same_packets_give_the_same_figures(tmp_path, packets):
    """Loss exactly, jitter to a twentieth of a millisecond."""
    write_capture(tmp_path / "stream.pcap", packets, PORT)

    check_agreement(ours(packets), theirs(tmp_path / "stream.pcap", PORT))


async def test_a_call_on_the_wire_gives_the_same_figures(tmp_path):
    """Every tenth packet of a real call is lost: the capture, our counters and tshark say so alike."""
    async with (
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
    ):
        calling = alice.make_call(bob.contact)
        port = calling.media.local[1]
        async with captured(tmp_path / "call.pcap", port):
            answering = await (await anext(bob.incoming_calls())).accept()
            audio = await answering.audio_channels()
            lose_every_tenth(answering.media._stream)
            tone = iter(Tone(440))
            for _ in range(100):
                await audio.send(next(tone))
            await audio.drain()
            # Who sends hangs up, so that nothing is on its way when the other side stops counting.
            await answering.hang_up()
            await calling.wait_for_event(CallEnded)
        statistics = calling.media.statistics

    found = theirs(tmp_path / "call.pcap", port)
    check_agreement(ours(datagrams(tmp_path / "call.pcap", port)), found)
    assert (statistics.packets, statistics.lost) == found[:2]
    assert found.lost >= 9


def lose_every_tenth(stream) -> None:
    """The network's doing: the packet has its number, and never arrives."""
    numbers, send = count(1), stream.transmit
    stream.transmit = lambda payload: send(payload) if next(numbers) % 10 else stream.outgoing.packet(payload)
