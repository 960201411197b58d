"""`call.why_silent()` of a call that we answered, and whose caller owes us something: a socket that says little."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from session_fsm import Call, MediaState, UserAgent
from session_fsm.rtp import ReceiverReport, Sdes, encode_rtcp
from session_fsm.session.building import shipped_charts
from session_fsm.session.events import CallState
from tools.mutants.historical import ESTABLISHES_ON_ACK, historical

HEAD = """\
{method} {uri} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK{method}
Max-Forwards: 70
From: <sip:peer@127.0.0.1>;tag=peer
To: <sip:bob@127.0.0.1>{tag}
Call-ID: owed
CSeq: 1 {method}
Contact: <sip:peer@127.0.0.1:{port}>
"""
OFFER = """\
Content-Type: application/sdp

v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 {host}
t=0 0
m=audio {port} RTP/AVP 0
a={direction}
"""
PEER = "sip:peer@127.0.0.1"


class Caller:
    """A socket. Says what it is told to; hears nothing."""

    def __init__(self, bob: UserAgent) -> None:
        self.bob = bob
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def say(self, method: str, *, tag: str = "", offer: str = "") -> None:
        """Send a request."""
        text = HEAD.format(method=method, uri=self.bob.contact, port=self.port, tag=tag) + (offer or "\n")
        self.socket.sendto(text.replace("\n", "\r\n").encode(), self.bob.address)

    async def calls(self, host: str = "127.0.0.1", direction: str = "sendrecv", *, offer: bool = True) -> Call:
        """Call, and be answered."""
        self.say("INVITE", offer=OFFER.format(host=host, port=self.port, direction=direction) if offer else "")
        return await (await anext(self.bob.incoming_calls())).accept()

    def acknowledges(self, call: Call) -> None:
        """Send the ACK, without a body."""
        self.say("ACK", tag=f";tag={call._session.local_tag}")


@asynccontextmanager
async def called(**settings: object) -> AsyncIterator[Caller]:
    """Bob, and somebody who is about to call."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", **settings) as bob:
        caller = Caller(bob)
        with caller.socket:
            yield caller
            await bob.drain(0.01)


async def test_the_historical_fault_names_the_ack():
    """A callee that establishes on ACK only, and the ACK is lost: which side, in which states, and what is missing."""
    mutant = next(each for each in historical(shipped_charts()) if each.change == ESTABLISHES_ON_ACK)
    async with called(charts={mutant.chart.id: mutant.chart}) as caller:
        call = await caller.calls()

        assert call.why_silent() == (
            f"we are Active and media is Negotiating: our SDP answer has left, and the ACK of {PEER} has not come"
        )


async def test_an_offer_of_ours_that_nobody_answered():
    """RFC 3264 §5: the INVITE had none, so the 200 offered; the ACK with the answer is lost."""
    async with called() as caller:
        call = await caller.calls(offer=False)

        assert call.why_silent() == (
            f"we are Active and media is Negotiating: our SDP offer has left, and the ACK of {PEER}, "
            "which is to bring its SDP answer, has not come"
        )


async def test_an_answer_that_nobody_acknowledged():
    """Audio leaves all the same."""
    async with called() as caller:
        call = await caller.calls()
        await call.wait_for_state(MediaState.ESTABLISHED)

        said = call.why_silent()
        assert said.startswith("we are Established: ")
        assert said.endswith(", nothing received from there; our answer was not acknowledged")


async def test_an_ack_without_the_answer_ends_the_call():
    async with called() as caller:
        call = await caller.calls(offer=False)
        caller.acknowledges(call)
        await call.wait_for_state(CallState.TERMINATING)

        assert "the ACK of sip:peer@127.0.0.1 brought no SDP answer" in call.why_silent()


async def test_what_may_come_and_does_not():
    """Where only the peer may send, that is what is missing."""
    async with called() as caller:
        call = await caller.calls(direction="sendonly")
        host, port = call.media.remote

        assert call.why_silent() == (
            "we are Established: recvonly was agreed, so the peer may send, and we are not to: "
            f"nothing received from {host}:{port}"
        )


async def test_an_old_hold_names_no_address():
    """RFC 3264 §8.4: 0.0.0.0 is nobody's."""
    async with called() as caller:
        call = await caller.calls("0.0.0.0")

        assert call.why_silent().endswith("the peer may send, and we are not to: nothing received")


async def test_reports_that_do_not_mention_us():
    """A firewall that lets through one way: the peer sends, and hears nothing, so it has nothing to report."""
    async with called() as caller:
        call = await caller.calls()
        caller.acknowledges(call)
        stream = call.media._stream
        for sequence in range(2):
            stream._hear(bytes([0x80, 0, 0, sequence, *bytes(8)]) + bytes(160), stream.destination)
        await call.wait_for_state(MediaState.ACTIVE)
        while stream.outgoing.packets < 50:
            await call.wait_for_state(MediaState.ACTIVE)
            stream.transmit(stream.silent_payload)
        empty = encode_rtcp([ReceiverReport(7), Sdes.naming(7, "peer")])
        stream._hear_rtcp(empty, stream.agreement.remote_rtcp)
        before = call.why_silent()
        stream._hear_rtcp(empty, stream.agreement.remote_rtcp)

        assert before is None
        assert call.why_silent().startswith(
            "we are Active: we hear the peer, but its last 2 RTCP reports say nothing of the 5"
        )
