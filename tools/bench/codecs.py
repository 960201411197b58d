"""What SDP, RTP and G.711 cost, beside whatever is installed of aiortp (RTP) and audioop (G.711, until Python 3.12)."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np

from session_fsm.audio import Tone, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from session_fsm.rtp import (
    IncomingStream,
    OutgoingStream,
    ReceiverReport,
    ReportBlock,
    RtpPacket,
    Sdes,
    encode_rtcp,
    pack_header,
    parse_rtcp,
    parse_rtp,
)
from session_fsm.sdp import Answer, LocalMedia, SessionDescription, answer, conclude, offer
from tools.bench.measure import Measure, Table, interleaved, microseconds
from tools.bench.others import Aiosipua

CALLS = 100  # frames in a batch: one tick of so many calls
TIMES = 100  # how often a single operation is repeated in a round

Contestant = tuple[str, int, Callable[[], object]]
"Name, operations in one run, and the run."


def optional(name: str) -> ModuleType | None:
    """A module that may be missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def sdp_contestants() -> Iterator[Contestant]:
    """A call's descriptions, from offer to agreement."""
    alice, bob = LocalMedia(("192.0.2.1", 4000)), LocalMedia(("192.0.2.2", 5000))
    offered = offer(alice)
    wire = offered.encode()
    answered = answer(offered, bob)
    assert isinstance(answered, Answer)
    reply = answered.description
    yield "SDP offer", 1, lambda: offer(alice)
    yield "SDP encode", 1, offered.encode
    yield "SDP parse", 1, lambda: SessionDescription.parse(wire)
    yield "SDP answer", 1, lambda: answer(offered, bob)
    yield "SDP answer again, version compared", 1, lambda: answer(offered, bob, reply)
    yield "SDP conclude", 1, lambda: conclude(offered, reply, alice)


def rtp_contestants() -> Iterator[Contestant]:
    """The way of one packet, apart and together."""
    payload = bytes(160)
    packets = [RtpPacket(0, number & 0xFFFF, 160 * number, 7, payload) for number in range(1000)]
    wire = packets[0].encode()
    outgoing = OutgoingStream(ssrc=7, payload_type=0, sequence=0, timestamp=0)
    report = encode_rtcp([ReceiverReport(7, (ReportBlock(9, 0, 0, 1, 2),)), Sdes.naming(7, "alice@192.0.2.1")])

    def receive_all() -> None:
        receive = IncomingStream().receive
        for number, packet in enumerate(packets):
            receive(packet, 0.02 * number)

    yield "RTP parse", 1, lambda: parse_rtp(wire)
    yield "RTP pack a header", 1, lambda: pack_header(0, 1, 2, 3)
    yield "RTP next packet out", 1, lambda: outgoing.packet(payload)
    yield "RTP reception and playout", len(packets), receive_all
    yield "RTCP parse RR and SDES", 1, lambda: parse_rtcp(report)
    if aiortp := optional("aiortp.packet"):
        yield "  aiortp parse", 1, lambda: aiortp.RtpPacket.parse(wire)


def g711_contestants() -> Iterator[Contestant]:
    """One frame alone, and the frames of every call at once."""
    frame = Tone(440).take()
    batch = np.stack([Tone(300 + 20 * call).take() for call in range(CALLS)])
    for law, encode, decode in (("µ-law", encode_ulaw, decode_ulaw), ("A-law", encode_alaw, decode_alaw)):
        octets, octets_of_all = encode(frame), encode(batch)
        yield f"G.711 {law} encode, one frame", 1, lambda encode=encode: encode(frame)  # type: ignore[misc]
        yield f"G.711 {law} decode, one frame", 1, lambda decode=decode, octets=octets: decode(octets)  # type: ignore[misc]
        yield f"G.711 {law} encode, in a batch", CALLS, lambda encode=encode: encode(batch)  # type: ignore[misc]
        yield (
            f"G.711 {law} decode, in a batch",
            CALLS,
            lambda decode=decode, octets=octets_of_all: decode(octets),  # type: ignore[misc]
        )
    if audioop := optional("audioop"):
        linear = frame.tobytes()
        companded = audioop.lin2ulaw(linear, 2)
        yield "  audioop µ-law encode", 1, lambda: audioop.lin2ulaw(linear, 2)
        yield "  audioop µ-law decode", 1, lambda: audioop.ulaw2lin(companded, 2)


def run(other: Aiosipua) -> Table:
    contestants = [*sdp_contestants(), *rtp_contestants(), *g711_contestants()]
    table = Table(name="codecs", title="SDP, RTP and G.711", unit="µs")
    table.rows = interleaved({name: _one(operations, run) for name, operations, run in contestants}, rounds=7)
    return table


def _one(operations: int, run: Callable[[], object]) -> Measure:
    measure = microseconds(run, max(TIMES // operations, 3))
    return lambda: measure() / operations
