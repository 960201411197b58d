"""RTP and RTCP of somebody else, and RTP that is not what it says: not heard, not answered, counted."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator

import pytest
from udp_stranger import Stranger, rtp

from session_fsm import Call, MediaState, UserAgent
from session_fsm.session.events import FirstAudioFrameReceived, MediaEvent, RemoteMediaConfirmed

SSRC = 0xC0FFEE


def report(*, count: int = 0, words: int = 6) -> bytes:
    """A sender report of RTCP; `count` and `words` are what it says of itself."""
    return struct.pack("!BBHI", 0x80 | count, 200, words, SSRC) + bytes(20)


STORM = 300

INVITE = """\
INVITE {uri} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKpeer
Max-Forwards: 70
From: <sip:peer@127.0.0.1>;tag=peer
To: <sip:bob@127.0.0.1>
Call-ID: peer
CSeq: 1 INVITE
Contact: <sip:peer@127.0.0.1:{port}>
Content-Type: application/sdp

v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP 0
a=rtcp:{port}
"""


class Answered:
    """Bob has answered a call of a peer that is a bare socket, which has sent no audio yet."""

    def __init__(self, call: Call, peer: Stranger) -> None:
        self.call = call
        self.peer = peer
        self.port = call.media.local
        self.stream = call.media._stream

    async def hear(self, sequence: int, ssrc: int = SSRC) -> None:
        """The peer sends one packet, and it is counted; so is everything that was sent before."""
        before = self.stream.incoming.packets
        self.peer.send(rtp(sequence, ssrc), self.port)
        while self.stream.incoming.packets == before:
            await next_turn()


async def next_turn() -> None:
    """Let the event loop look at its sockets once."""
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turn.set_result, None)
    await turn


@pytest.fixture
async def answered() -> AsyncIterator[Answered]:
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        with Stranger() as peer:
            text = INVITE.format(uri=bob.contact, port=peer.address[1])
            peer.send(text.replace("\n", "\r\n").encode(), bob.address)
            call = await (await anext(bob.incoming_calls())).accept()
            await call.wait_for_state(MediaState.ESTABLISHED)
            yield Answered(call, peer)
            # The peer answers no BYE.
            await bob.drain(0.01)


async def test_a_strangers_audio_before_the_peers_is_not_heard(answered):
    """It confirms nothing, nothing goes back, and every packet is counted."""
    with Stranger() as stranger:
        for n in range(20):
            stranger.send(rtp(n, 666), answered.port)
        await answered.hear(1)

        assert ([], 20, 1) == (
            stranger.heard,
            answered.stream.counters["stranger"],
            answered.stream.incoming.packets,
        )
    first = await answered.call.wait_for_event(FirstAudioFrameReceived)
    assert SSRC == first.ssrc


async def test_a_strangers_audio_after_the_peers_is_not_heard(answered):
    """Also with the peer's SSRC and the numbers that come next."""
    await answered.hear(1)
    with Stranger() as stranger:
        for n in range(2, 22):
            stranger.send(rtp(n, SSRC), answered.port)
        await answered.hear(2)

        assert ([], 20, 2) == (
            stranger.heard,
            answered.stream.counters["stranger"],
            answered.stream.incoming.packets,
        )
    assert MediaState.ACTIVE is answered.call.media.state


async def test_a_strangers_rtcp_is_not_heard(answered):
    """A BYE of RTCP ends nothing, a report confirms nothing."""
    bye = bytes.fromhex("80c90001") + SSRC.to_bytes(4, "big") + bytes.fromhex("81cb0001") + SSRC.to_bytes(4, "big")
    with Stranger() as stranger:
        for _ in range(5):
            stranger.send(bye, (answered.port[0], answered.stream.rtcp_port))
        while answered.stream.counters["stranger_rtcp"] < 5:
            await next_turn()

        assert ([], MediaState.ESTABLISHED) == (stranger.heard, answered.call.media.state)
    told = [event for event in answered.call.event_log if isinstance(event, RemoteMediaConfirmed)]
    assert ([], 0) == (told, answered.stream.reports.received)


async def test_a_storm_of_ssrcs_is_bounded(answered):
    """The peer's own address, another source each time: no event for each, and the peer is heard again."""
    await answered.hear(1)
    before = len(answered.call.event_log)
    dice = random.Random(1)
    for _ in range(STORM):
        answered.peer.send(rtp(dice.getrandbits(16), dice.getrandbits(32)), answered.port)
        await next_turn()
    answered.stream.sources._rests_until = 0.0  # as if a second had passed
    await answered.hear(5000)

    assert len(answered.call.event_log) - before < STORM / 10
    assert (SSRC, MediaState.ACTIVE) == (answered.stream.incoming.ssrc, answered.call.media.state)


async def test_jumps_of_the_sequence_invent_nothing(answered):
    """Numbers all over the place: what is handed out is never more than what came and what was lost in reach."""
    dice = random.Random(2)
    await answered.hear(1)
    for _ in range(STORM):
        answered.peer.send(rtp(dice.getrandbits(16), SSRC), answered.port)
    for n in range(3):
        await answered.hear(30_000 + n)

    waiting = len(answered.stream.receiver._heard) + len(answered.stream.receiver._ready)
    assert waiting <= 2 * STORM
    assert not [event for event in answered.call.event_log if isinstance(event, MediaEvent) and "stall" in str(event)]


FOREIGN = {
    "SIP": b"OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(190),
    "DTLS": bytes.fromhex("16fefd0000000000000000007e0100007200000000000072fefd") + bytes(96),
    "STUN": bytes.fromhex("000100002112a442") + bytes(12),
    "TURN data": bytes.fromhex("4000001000000000") + bytes(8),
    "a report of RTCP": report(),
    "DNS": bytes.fromhex("abcd01000001000000000000") + b"\x07example\x03com\x00\x00\x01\x00\x01",
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "version 1": b"\x40" + rtp(1, 1)[1:],
    "a cut header": rtp(1, 1)[:11],
    "too many sources": b"\x8f" + rtp(1, 1)[1:20],
    "too much padding": b"\xa0" + rtp(1, 1)[1:-1] + b"\xff",
    "fewer sources than said": b"\x8f" + rtp(1, 1)[1:12] + bytes(4 * 14),
    "an extension that is cut": b"\x90" + rtp(1, 1)[1:12] + b"\xbe\xde\xff\xff",
    "an extension longer than the packet": b"\x90" + rtp(1, 1)[1:12] + b"\xbe\xde\x00\x29" + bytes(160),
    "an extension and padding that overlap": b"\xb0" + rtp(1, 1)[1:12] + b"\xbe\xde\x00\x28" + bytes(159) + b"\x08",
    "padding of nothing": b"\xa0" + rtp(1, 1)[1:-1] + b"\x00",
    "eight seconds in a packet": rtp(1, 1) + bytes(64_000),
    "another payload type": rtp(1, 1, payload_type=77),
    "nothing": b"",
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
async def test_nothing_foreign_is_heard_on_the_rtp_port(answered, data):
    """Not even from the peer's own address; the call goes on."""
    answered.peer.send(data, answered.port)
    answered.peer.send(data, (answered.port[0], answered.stream.rtcp_port))
    await answered.hear(1)

    heard = answered.stream.incoming
    assert (1, SSRC, MediaState.ACTIVE) == (heard.packets, heard.ssrc, answered.call.media.state)


async def test_a_packet_with_all_the_sources_and_an_extension_is_heard(answered):
    """RFC 3550 §5.1: fifteen contributing sources and an extension are legal, and the audio stands behind them."""
    head = b"\x9f" + rtp(1, SSRC)[1:12] + bytes(4 * 15) + b"\xbe\xde\x00\x01abcd"
    answered.peer.send(head + bytes(160), answered.port)
    while not answered.stream.incoming.packets:
        await next_turn()

    assert {} == dict(answered.stream.counters)


LIES = {
    "31 blocks that are not there": report(count=31),
    "more words than there are": report(words=0xFFFF),
    "no words": report(words=0),
    "a name without its end": report() + bytes.fromhex("81ca0002") + bytes(4) + b"\x01\xffab",
    "a reason longer than the packet": report() + bytes.fromhex("81cb0002") + bytes(4) + b"\xffabc",
    "31 sources that leave": report() + bytes.fromhex("9fcb0001") + bytes(4),
    "more padding than packet": report() + bytes.fromhex("a0cb0001000000ff"),
    "padding in the first": b"\xa0" + report()[1:],
    "version 1": b"\x40" + report()[1:],
    "64 kB of nothing": report() + bytes.fromhex("80cb0000") * 16_000,
    "64 kB of applications": report() + (bytes.fromhex("80cc0002") + b"AAAABBBB") * 5000,
}


@pytest.mark.parametrize("data", LIES.values(), ids=LIES)
async def test_rtcp_that_lies_of_itself_is_counted_and_no_more(answered, data):
    """From the peer's own address, by RFC 3550 A.2: it confirms nothing."""
    answered.peer.send(data, (answered.port[0], answered.stream.rtcp_port))
    while not answered.stream.counters["malformed_rtcp"]:
        await next_turn()

    assert (0, MediaState.ESTABLISHED) == (answered.stream.reports.received, answered.call.media.state)
