"""Packets as long as the other side wishes: baresip, SIPp, and tshark, which measures what leaves."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from answering import over
from baresip_peer import baresip_playing
from programs import require
from sipp_peer import SippBench
from test_baresip import OURS, THEIRS, converse, steady
from test_dialled_digits import answered, hang_up
from tshark import read, write_pcap
from udp_peer import UdpPeer

from session_fsm import UserAgent
from session_fsm.audio.tone import hears
from session_fsm.session.settings import Settings

pytestmark = pytest.mark.wire


@pytest.mark.parametrize("milliseconds", [10, 30, 40])
async def test_baresip_wishes_a_packet_time(tmp_path: Path, milliseconds: int):
    """Both sides send packets of that length, and hear each other's tone without a gap."""
    settings = Settings(ptime_ms=milliseconds)
    program = require("baresip", "baresip-core")
    async with (
        baresip_playing(program, tmp_path, THEIRS, ptime_ms=milliseconds) as baresip,
        UserAgent("sip:agent@127.0.0.1", bind="127.0.0.1:0", settings=settings) as agent,
    ):
        async with agent.make_call(baresip.uri) as call:
            heard = await converse(call)
            stream = call.media._stream
        await over(call)
        await baresip.stop()

    octets = 8 * milliseconds
    assert octets * stream.outgoing.packets == stream.outgoing.octets
    assert octets * stream.incoming.packets == stream.incoming.octets
    assert 0 == call.summary().frames_lost
    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5
    assert hears(steady(baresip.heard()), own_hz=THEIRS, peer_hz=OURS) > 5


async def test_sipp_wishes_thirty_milliseconds(sipp: SippBench, agent: UserAgent):
    """Its SDP has a=ptime:30: what it echoes are packets of 240 samples, and the application gets frames of 160."""
    callee = await sipp.callee("uas_packet_time", rtp_echo=True)

    async with agent.make_call(callee.uri) as call:
        _, rx = await call.audio_channels_when_ready()
        frames = []
        async for frame in rx:
            frames.append(frame)
            if len(frames) == 60:
                break
        stream = call.media._stream
        sizes = stream.incoming.octets / stream.incoming.packets
    await callee.done()

    assert 240 == sizes
    assert {160} == {len(frame.samples) for frame in frames}
    assert {160} == {later.timestamp - frame.timestamp & 0xFFFFFFFF for frame, later in pairwise(frames)}


@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 60])
async def test_tshark_measures_the_spacing(agent: UserAgent, tmp_path: Path, milliseconds: int):
    """The RTP timestamps advance by the packet time from packet to packet, and nothing is lost."""
    program = require("tshark", "tshark")
    with UdpPeer() as peer, UdpPeer() as media:
        call = agent.make_call(peer.uri)
        await answered(peer, media, f"a=ptime:{milliseconds}", "a=rtpmap:96 telephone-event/8000")
        datagrams = await media.hear_all(30, timeout=20)
        await hang_up(call, peer)
    file = tmp_path / "audio.pcap"
    write_pcap(file, datagrams, media.address)
    decode = ("-d", f"udp.port=={media.address[1]},rtp")
    said = await read(program, file, *decode, "-T", "fields", "-e", "rtp.timestamp")
    streams = await read(program, file, *decode, "-q", "-z", "rtp,streams")

    timestamps = map(int, said.split())
    assert {8 * milliseconds} == {later - earlier & 0xFFFFFFFF for earlier, later in pairwise(timestamps)}
    assert re.search(r"\b30 +0 \(0\.0%\)", streams)
