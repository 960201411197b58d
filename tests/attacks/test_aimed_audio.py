"""Audio aimed at somebody by an INVITE in anybody's name, whose offer names the victim: it is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from udp_stranger import Stranger, rtp

from session_fsm import Call, MediaSettings, MediaState, UserAgent
from session_fsm.session.events import MediaChange, MediaEvent

UNPROVEN = 0.3  # seconds
LOOK = 0.2  # seconds between two looks of a stream at what is rarely due
PACKETS_A_SECOND = 50

INVITE = """\
INVITE {uri} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKmallory
Max-Forwards: 70
From: <sip:mallory@127.0.0.1>;tag=mallory
To: <sip:bob@127.0.0.1>
Call-ID: aimed
CSeq: 1 INVITE
Contact: <sip:mallory@127.0.0.1:{port}>
Content-Type: application/sdp

v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {victim} RTP/AVP 0
"""

ACK = """\
ACK {uri} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKmallory2
Max-Forwards: 70
From: <sip:mallory@127.0.0.1>;tag=mallory
To: <sip:bob@127.0.0.1>;tag={tag}
Call-ID: aimed
CSeq: 1 ACK

"""


class Aimed:
    """Bob has answered an INVITE of somebody who may be anybody; its offer names the victim."""

    def __init__(self, bob: UserAgent, mallory: Stranger, victim: Stranger) -> None:
        self.bob = bob
        self.mallory = mallory
        self.victim = victim
        self.call: Call

    def say(self, text: str, **values: object) -> None:
        """Mallory sends this."""
        port, victim = self.mallory.address[1], self.victim.address[1]
        said = text.format(uri=self.bob.contact, port=port, victim=victim, **values)
        self.mallory.send(said.replace("\n", "\r\n").encode(), self.bob.address)

    async def told(self, change: MediaChange) -> None:
        """Bob's application hears of it."""
        await self.call.wait_for_event(MediaEvent, event=change, timeout=10)

    async def turns(self, count: int) -> int:
        """Let so many packet times pass; how many packets the victim gets meanwhile."""
        _ = self.victim.heard
        stream = self.call.media._stream
        until = stream.turns + count
        while stream.turns < until:
            turn = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(turn.set_result, None)
            await turn
        return len(self.victim.heard)


@pytest.fixture
async def aimed() -> AsyncIterator[Aimed]:
    media = MediaSettings(unproven=UNPROVEN)
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", media=media) as bob:
        with Stranger() as mallory, Stranger() as victim:
            made = Aimed(bob, mallory, victim)
            made.say(INVITE)
            made.call = await (await anext(bob.incoming_calls())).accept()
            yield made
            await bob.drain(0.01)


async def test_a_victim_gets_the_first_moments_and_no_more(aimed):
    """The 200 goes to Mallory, audio to the victim; neither ACK nor RTP nor RTCP comes, so it ends."""
    await aimed.told(MediaChange.WITHHELD)
    got = len(aimed.victim.heard)

    assert 0 < got <= aimed.call.media._stream.outgoing.packets
    assert MediaState.ESTABLISHED is aimed.call.media.state
    assert 0 == await aimed.turns(10)


async def test_what_leaves_is_bounded_by_its_time_and_not_by_luck(aimed):
    """The packets of the time that was allowed, and of the look that finds it over."""
    await aimed.told(MediaChange.WITHHELD)
    stream = aimed.call.media._stream

    # Media time has the ticker's pace even where the machine is slow: it makes up for what it missed.
    most = (UNPROVEN + LOOK) * PACKETS_A_SECOND + 12
    assert stream.outgoing.packets <= most


@pytest.mark.parametrize("proof", ["ack", "rtp"])
async def test_audio_goes_on_when_somebody_is_there_after_all(aimed, proof):
    """A caller whose ACK was lost, and comes with the next 200; or one that speaks up."""
    await aimed.told(MediaChange.WITHHELD)
    if proof == "rtp":
        aimed.victim.send(rtp(1, 7), aimed.call.media.local)
    else:
        aimed.say(ACK, tag=aimed.call._session.local_tag)
    await aimed.told(MediaChange.RELEASED)

    assert await aimed.turns(5) >= 3


async def test_why_it_is_silent_names_what_is_missing(aimed):
    await aimed.told(MediaChange.WITHHELD)

    said = aimed.call.why_silent()
    assert said is not None
    assert said.startswith("we are Established: ")
    assert said.endswith("; no more leaves, because the caller has sent neither ACK nor RTP nor RTCP")


async def test_a_caller_that_acknowledges_is_sent_to_without_a_word_of_its_own(aimed):
    """It may listen only."""
    aimed.say(ACK, tag=aimed.call._session.local_tag)
    await aimed.turns(40)

    assert await aimed.turns(5) >= 3
    assert not [event for event in aimed.call.event_log if isinstance(event, MediaEvent)]
