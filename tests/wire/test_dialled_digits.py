"""Digits to and from programs that nobody here wrote: baresip, SIPp, and tshark, which reads what we send."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from answering import next_call, over, taking
from baresip_peer import Baresip, baresip_playing
from programs import require
from sipp_peer import SippBench
from tshark import read, write_pcap
from udp_peer import Datagram, UdpPeer, response

from session_fsm import Call, CallState, IncomingInvite, MediaState, RefusedError, UserAgent
from session_fsm.session.events import DtmfReceived

pytestmark = pytest.mark.wire

PATIENCE = 20.0
CAPTURES = Path("/usr/share/sip-tester")
HEADERS = 14 + 20 + 8  # octets of Ethernet, IPv4 and UDP before the RTP of those captures
RECORD = struct.Struct("<IIII")  # of a pcap file: seconds, microseconds, octets kept, octets there were


@pytest.fixture
async def baresip(tmp_path: Path) -> AsyncIterator[Baresip]:
    """One that plays 880 Hz."""
    async with baresip_playing(require("baresip", "baresip-core"), tmp_path, 880.0) as peer:
        yield peer


def digits(call: Call) -> list[tuple[str, str]]:
    """What was dialled, and how it came."""
    return [(event.digit, str(event.method)) for event in call.event_log if isinstance(event, DtmfReceived)]


captured = pytest.mark.skipif(
    not (CAPTURES / "dtmf_2833_1.pcap").exists(),
    reason="the captures that come with Debian's sip-tester are not there",
)


@pytest.mark.parametrize("we_call", [True, False])
async def test_baresip_hears_our_digits_and_we_hear_its(baresip: Baresip, agent: UserAgent, we_call: bool):
    """RFC 4733 both ways, whoever called: each key once, and no audio is lost for it."""
    if we_call:
        call = agent.make_call(baresip.uri)
    else:
        await baresip.command("dial", agent.contact)
        call = await (await next_call(agent)).accept()
    await call.wait_for_media(timeout=PATIENCE)
    await call.send_dtmf("1*#")
    await baresip.events("CALL_DTMF_END", 3)
    await baresip.command("sndcode", "5")
    await call.wait_for_event(DtmfReceived, digit="5", timeout=PATIENCE)
    await call.hang_up()
    await over(call)

    assert ["1", "*", "#"] == [event["param"] for event in await baresip.events("CALL_DTMF_START", 3)]
    assert [("5", "rtp")] == digits(call)
    assert 0 == call.summary().frames_lost


async def test_baresip_takes_digits_by_info(baresip: Baresip, agent: UserAgent):
    """It answers each with 200, and says which one it was."""
    async with agent.make_call(baresip.uri) as call:
        await call.wait_for_media(timeout=PATIENCE)
        await call.send_dtmf("7#", via="info")
        await baresip.says("received DTMF: '7' (duration=160)")
        await baresip.says("received DTMF: '#'")


async def test_sipp_sends_digits_by_info(sipp: SippBench, agent: UserAgent):
    """In both forms; what is no digit is refused with what is possible, and the call goes on."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac_info", agent.address)).done()

    assert [[("5", "info"), ("#", "info")]] == [digits(call) for call in calls]


async def test_sipp_takes_digits_by_info_and_refuses_one(sipp: SippBench, agent: UserAgent):
    """It offers no telephone events, so digits go by INFO; its refusal is an exception, and the call goes on."""
    callee = await sipp.callee("uas_info", rtp_echo=True)

    async with agent.make_call(callee.uri) as call:
        await call.wait_for_media(timeout=PATIENCE)
        await call.send_dtmf("1#", duration_ms=100)
        with pytest.raises(RefusedError, match="take the digit 3: Unsupported Media Type"):
            await call.send_dtmf("3", duration_ms=100)
        state = call.state
    await callee.done()

    assert CallState.ACTIVE is state


@pytest.mark.skipif(os.geteuid() != 0, reason="SIPp plays captures through a raw socket, which needs root")
@captured
async def test_sipp_plays_digits_that_were_recorded_elsewhere(sipp: SippBench, agent: UserAgent):
    """Captures of RFC 2833 events that come with SIPp: 1, * and #."""
    heard = []

    async def listen(invite: IncomingInvite) -> None:
        call = await invite.accept()
        await over(call)
        heard.append(digits(call))

    async with taking(agent, listen):
        await (await sipp.caller("uac_dtmf", agent.address)).done()

    assert [[("1", "rtp"), ("*", "rtp"), ("#", "rtp")]] == heard


def recorded(name: str) -> list[bytes]:
    """The RTP packets of one of SIPp's captures."""
    data = (CAPTURES / f"dtmf_2833_{name}.pcap").read_bytes()
    found, at = [], 24  # octets of the file's own header
    while at < len(data):
        size = RECORD.unpack_from(data, at)[2]
        at += RECORD.size
        found.append(data[at + HEADERS : at + size])
        at += size
    return found


@captured
async def test_digits_that_were_recorded_elsewhere_are_heard(agent: UserAgent):
    """The same captures from a socket of ours, which needs no root: each key once."""
    with UdpPeer() as peer, UdpPeer() as media:
        call = agent.make_call(peer.uri)
        await answered(peer, media, "a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15")
        await call.wait_for_state(MediaState.ESTABLISHED, timeout=PATIENCE)
        names = {**{key: key for key in "12580"}, "*": "star", "#": "pound"}
        # One recording, cut into keys: their timestamps rise in the order in which they were pressed.
        names = dict(sorted(names.items(), key=lambda item: recorded(item[1])[0][4:8]))
        for key, name in names.items():
            for packet in recorded(name):
                media.send(packet, call.media.local)
            await call.wait_for_event(DtmfReceived, digit=key, timeout=PATIENCE)
        await hang_up(call, peer)

    assert [(key, "rtp") for key in names] == digits(call)


def offering(port: int, *lines: str) -> bytes:
    """A description with these lines below its m= line."""
    text = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", f"m=audio {port} RTP/AVP 0 96")
    return "\r\n".join((*text, *lines, "")).encode()


async def answered(peer: UdpPeer, media: UdpPeer, *lines: str) -> None:
    """Take the call that comes, with media to another socket."""
    invite = await peer.hear()
    body = offering(media.address[1], *lines)
    contact = f"Contact: <{peer.uri}>\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
    head = response("200 OK", invite).replace(b"Content-Length: 0\r\n\r\n", contact.encode())
    peer.send(head + body, invite.source)


async def hang_up(call: Call, peer: UdpPeer) -> None:
    """Let the other side agree to the end."""
    await call.hang_up()
    while not (datagram := await peer.hear()).start_line.startswith("BYE"):
        pass
    # The To of a request within the dialog has its tag already.
    peer.send(response("200 OK", datagram).replace(b";tag=peer;tag=peer", b";tag=peer"), datagram.source)
    await over(call)


async def caught(media: UdpPeer, until: asyncio.Task[None]) -> list[Datagram]:
    """Everything that arrives until a task is done."""
    found = []
    while not until.done():
        found.append(await media.hear())
    await until
    return found


async def test_tshark_reads_our_events_as_the_rfc_has_them(agent: UserAgent, tmp_path: Path):
    """RFC 4733 §2.5.1: one marker, one timestamp, rising durations, three final packets; no number is missing."""
    program = require("tshark", "tshark")
    with UdpPeer() as peer, UdpPeer() as media:
        call = agent.make_call(peer.uri)
        await answered(peer, media, "a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15")
        await call.wait_for_state(MediaState.ESTABLISHED, timeout=PATIENCE)
        datagrams = await caught(media, asyncio.create_task(call.send_dtmf("9#", duration_ms=100)))
        await hang_up(call, peer)
    write_pcap(tmp_path / "digits.pcap", datagrams, media.address)
    decode = ("-d", f"udp.port=={media.address[1]},rtp", "-d", "rtp.pt==96,rtpevent")
    names = ("rtpevent.event_id", "rtp.marker", "rtp.timestamp", "rtpevent.duration", "rtpevent.end_of_event")
    fields = [part for name in names for part in ("-e", name)]
    file = tmp_path / "digits.pcap"
    said = await read(program, file, *decode, "-Y", "rtpevent", "-T", "fields", *fields)
    streams = await read(program, file, *decode, "-q", "-z", "rtp,streams")

    rows = [line.split("\t") for line in said.splitlines()]
    for code in ("9", "11"):
        events = [row for row in rows if row[0] == code]
        assert ["160", "320", "480", "640", "800", "800", "800"] == [row[3] for row in events]
        assert [*["0"] * 4, "1", "1", "1"] == [_flag(row[4]) for row in events]
        assert ["1", *["0"] * 6] == [_flag(row[1]) for row in events]
        assert 1 == len({row[2] for row in events})
    assert 14 == len(rows)
    assert " 0 (0.0%)" in streams


def _flag(text: str) -> str:
    """tshark writes a flag as 1 or True, by its version."""
    return "1" if text in ("1", "True") else "0"
