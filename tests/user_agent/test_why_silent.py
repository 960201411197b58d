"""`call.why_silent()`: each sentence in the situation that it is for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import numpy as np
import pytest
from calling import connected, next_call

from session_fsm import Call, CallFailedError, MediaSettings, MediaState, UserAgent, WaitTimeout
from session_fsm.rtp import ReceiverReport, ReportBlock, RtpPacket, Sdes, encode_rtcp
from session_fsm.runtime.channels import AudioChannels
from session_fsm.session.events import CallAnswered, CallEnded, MediaChange, MediaEvent, StateChanged


@pytest.fixture
async def alice() -> AsyncIterator[UserAgent]:
    """Who calls, and soon calls silence a stall."""
    settings = MediaSettings(stall_after=0.3)
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", media=settings) as agent:
        yield agent


async def talking(alice: UserAgent, bob: UserAgent) -> tuple[Call, Call]:
    """A call in which everything is well: both sides write and read."""
    calling, answering = await connected(alice, bob)
    for call in (calling, answering):
        audio = await call.audio_channels()
        await audio.send(np.full(160, 1000, np.int16))
        await anext(audio.receiver)
    return calling, answering


async def heard_sound(audio: AudioChannels) -> None:
    """Read until there was something to hear."""
    async for frame in audio:
        if np.any(frame.samples):
            return


def deafen(call: Call) -> None:
    """The network brings this call nothing any more."""
    call.media._stream._rtp.on_datagram = lambda data, source: None


def later(call: Call, seconds: float) -> None:
    """By this call's clock it is so much later."""
    stream = call.media._stream
    clock = stream._clock
    stream._clock = lambda: clock() + seconds


async def test_both_directions_flow(alice, bob):
    """Then there is nothing to say."""
    calling, answering = await talking(alice, bob)

    assert (None, None) == (calling.why_silent(), answering.why_silent())
    await calling.hang_up()
    await answering.wait_for_event(CallEnded)
    assert (None, None) == (calling.summary().why_silent, answering.summary().why_silent)


async def test_nothing_comes_back(alice):
    """The callee's machine is there, and nobody in it speaks SIP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        target = f"sip:bob@127.0.0.1:{silent.getsockname()[1]}"
        calling = alice.make_call(target)

        assert calling.why_silent() == (
            f"we are Initiating and media is Negotiating: nothing has come back from {target}, "
            "and no SDP answer has come"
        )


async def test_it_rings(alice, bob):
    calling = alice.make_call(bob.contact)
    incoming = await next_call(bob)
    await incoming.ring()
    await calling.wait_for_event(StateChanged, new_state="Ringing")

    assert calling.why_silent() == (
        f"we are Ringing and media is Negotiating: {bob.contact} rings and has not answered, and no SDP answer has come"
    )
    assert bob.calls[0].why_silent() == "we are Ringing and media is Negotiating: this side has not answered the call"


async def test_it_was_refused(alice, bob):
    calling = alice.make_call(bob.contact)
    await (await next_call(bob)).reject(486)
    with pytest.raises(CallFailedError):
        await calling.wait_for_media()

    assert "the call ended before there was audio: 486 Busy Here; media got to Negotiating" == calling.why_silent()
    assert calling.summary().why_silent is None


async def test_nothing_is_heard_but_a_stranger(alice, bob):
    """The sentence that finds most firewalls: what was sent where, what came from where."""
    calling = alice.make_call(bob.contact)
    stream = calling.media._stream
    hear = stream._rtp.on_datagram
    deafen(calling)
    await (await next_call(bob)).accept()
    await calling.wait_for_state(MediaState.ESTABLISHED)
    for _ in range(57):
        hear(RtpPacket(0, 1, 160, 7, bytes(160)).encode(), ("192.0.2.7", 4000))

    host, port = stream.destination
    said = calling.why_silent()
    assert said.startswith("we are Established: ")
    assert f" sent to {host}:{port}, nothing received from there; " in said
    assert said.endswith("; 57 packets from 192.0.2.7:4000 were dropped as a stranger's")
    with pytest.raises(WaitTimeout, match=r"; we are Established: .* nothing received from there"):
        await calling.wait_for_media(timeout=0.05)
    await calling.hang_up()
    assert calling.summary().why_silent.startswith("media got to Established: ")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (RtpPacket(97, 1, 160, 7, bytes(160)).encode(), "2 packets of a payload type that was not agreed were dropped"),
        (b"GET / HTTP/1.1", "2 datagrams were no RTP"),
        (RtpPacket(0, 1, 160, 7, bytes(5000)).encode(), "2 packets were longer than any audio"),
    ],
)
async def test_what_comes_does_not_count(alice, bob, data, said):
    """The peer sends, but not what was agreed."""
    calling = alice.make_call(bob.contact)
    stream = calling.media._stream
    hear = stream._rtp.on_datagram
    deafen(calling)
    await (await next_call(bob)).accept()
    await calling.wait_for_state(MediaState.ESTABLISHED)
    for _ in range(2):
        hear(data, stream.destination)

    assert said in calling.why_silent()


async def test_it_stopped(alice, bob):
    """The time since the last packet, and how many there were."""
    calling, _ = await talking(alice, bob)
    deafen(calling)
    await calling.wait_for_state(MediaState.STALLED)

    said = calling.why_silent()
    assert said.startswith("we are Stalled: ")
    assert " received, the last 0." in said


async def test_it_paused(alice, bob):
    """Not long enough for a stall, too long for a network."""
    calling, answering = await talking(bob, alice)
    deafen(calling)
    later(calling, 5.0)

    host, port = answering.media.local
    assert calling.why_silent().startswith(f"we are Active: nothing has come from {host}:{port} for 5.")


async def test_our_packets_are_refused(alice, bob):
    """The peer's port is closed, by ICMP."""
    calling, answering = await talking(bob, alice)
    answering.media._stream.close(CallFailedError(None, "its ports are gone"))
    await calling.wait_for_event(MediaEvent, event=MediaChange.PATH_FAILED)

    assert " our packets do not arrive; they are refused: " in calling.why_silent()


async def test_the_peer_reports_that_it_hears_nothing(alice, bob):
    calling, _ = await talking(alice, bob)
    stream = calling.media._stream
    report = ReceiverReport(stream.incoming.ssrc, (ReportBlock(stream.outgoing.ssrc, 255, 50, 1, 0),))
    stream._hear_rtcp(encode_rtcp([report, Sdes.naming(7, "peer")]), stream.agreement.remote_rtcp)

    assert "we are Active: we hear the peer, but it reports that 100% of ours are lost" == calling.why_silent()


async def test_somebody_holds(alice, bob):
    """Both sides know who it is."""
    calling, answering = await talking(alice, bob)
    await calling.hold()
    await answering.wait_for_event(MediaEvent, event=MediaChange.RENEGOTIATED)

    host, port = answering.media.local
    said = f"we are {calling.media.state}: we hold the peer, so we send, and the peer is not to: "
    assert calling.why_silent().startswith(said)
    assert calling.why_silent().endswith(f" sent to {host}:{port}")
    said = f"we are {answering.media.state}: the peer holds us, so the peer may send, and we are not to: "
    assert answering.why_silent().startswith(said)


async def test_both_hold(alice, bob):
    """What was agreed counts, though the path that it stopped still has the agreement before."""
    calling, answering = await talking(alice, bob)
    await calling.hold()
    await answering.hold()

    assert "we are Held: both sides hold, so neither side is to send" == calling.why_silent() == answering.why_silent()


async def test_nobody_was_to_send(alice, bob):
    """The direction that was agreed at once."""
    calling, answering = await talking(alice, bob)
    await calling.reinvite("inactive")

    assert "we are Held: we hold the peer, so neither side is to send" == calling.why_silent()
    assert "we are Held: the peer holds us, so neither side is to send" == answering.why_silent()


async def test_a_call_that_ended_on_hold(alice, bob):
    """Why the peer was not heard at the end."""
    calling, _ = await talking(alice, bob)
    await calling.hold()
    await calling.hang_up()
    await calling.wait_for_event(CallEnded)

    said = "media got to Established: sendonly was agreed, so we send, and the peer is not to: "
    assert calling.why_unheard().startswith(said)


async def test_nobody_reads(alice, bob):
    """A second's worth of packets waits."""
    calling, _ = await talking(alice, bob)
    stream = calling.media._stream
    for number in range(60):
        stream.receiver.put(stream.coding.decode, RtpPacket(0, number, 160 * number, 7, bytes(160)))

    assert "Active and hear the peer, but the application does not read: " in calling.why_silent()
    calling.media._stream.receiver.close()
    assert "we are Active and hear the peer, but the application has closed its receiver" == calling.why_silent()


async def test_the_peer_says_nothing(alice, bob):
    """Packets with digital silence from the beginning, and after a sound."""
    calling, answering = await connected(alice, bob)
    later(calling, 4.0)
    calling.media._stream.heard_at += 4.0

    assert "but what it sends is digital silence from the beginning: " in calling.why_silent()
    audio = await answering.audio_channels()
    playing = asyncio.create_task(_play_on(audio))
    await heard_sound(await calling.audio_channels())
    while calling.media._stream.noticed.sound_at is None:
        await anext((await calling.audio_channels()).receiver)
    playing.cancel()
    later(calling, 30.0)
    calling.media._stream.heard_at += 30.0

    assert "but what it sends is digital silence for 3" in calling.why_silent()


async def test_we_are_muted(alice, bob):
    calling, _ = await talking(alice, bob)
    calling.mute()

    assert "we are Active and the peer hears silence: this side is muted" == calling.why_silent()


async def test_the_application_says_nothing(alice, bob):
    """We hear the peer; what leaves is the library's own silence."""
    calling, answering = await connected(alice, bob)
    playing = asyncio.create_task(_play_on(await answering.audio_channels()))
    audio = await calling.audio_channels()
    stream = calling.media._stream
    while stream.noticed.sound_at is None:
        await anext(audio.receiver)
    playing.cancel()
    stream.opened_at -= 4.0

    said = "we are Active and the peer hears silence: the application has written nothing from the beginning"
    assert said == calling.why_silent()


async def _play_on(audio: AudioChannels) -> None:
    while True:
        await audio.send(np.full(160, 1000, np.int16))


async def test_a_wait_for_an_answer_says_who_is_waited_for(alice, bob):
    """The message of a wait that ran out ends with the sentence."""
    calling = alice.make_call(bob.contact)
    await next_call(bob)

    with pytest.raises(WaitTimeout, match="and no SDP answer has come"):
        await calling.wait_for_event(CallAnswered, timeout=0.05)
