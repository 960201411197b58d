"""What the network does to calls over real sockets: silence, refusal, loss, repetition, disorder."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from answering import over, ring, taking
from programs import free_ports
from relay import Faults, Relay
from schedule import HASTY_T1, off_schedule
from udp_peer import UdpPeer, description, request, response

from session_fsm import Call, CallFailedError, CallState, IncomingInvite, Settings, UserAgent


async def test_an_invite_to_a_silent_peer_is_repeated_until_it_is_given_up(hasty: UserAgent):
    """RFC 3261 §17.1.1.2: timer A doubles from T1, timer B ends it after 64·T1 with 408."""
    with UdpPeer() as silent:
        call = hasty.make_call(silent.uri)
        invites = await silent.hear_all(6)  # a seventh leaves just before the end, on a machine that is not late
        with pytest.raises(CallFailedError) as failed:
            await call.wait_for_media()
        given_up = asyncio.get_running_loop().time()

    times = [*(invite.time for invite in invites), given_up]
    assert [] == off_schedule(times, [0, 1, 3, 7, 15, 31, 64], HASTY_T1)
    assert 1 == len({invite.data for invite in invites})
    assert 408 == failed.value.status


async def test_a_silent_peer_gets_its_first_repetition_after_half_a_second(agent: UserAgent):
    """RFC 3261 §17.1.1.1: T1 is 500 ms unless an application knows better."""
    with UdpPeer() as silent:
        agent.make_call(silent.uri)
        first, second = await silent.hear_all(2)

    assert [] == off_schedule([first.time, second.time], [0, 1], 0.5)


async def test_an_unreachable_port_is_known_at_once():
    """The ICMP message ends the call, not a timer: none would fire in the time of this test."""
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", t1=60.0) as agent:
        call = agent.make_call(f"sip:nobody@127.0.0.1:{free_ports(1)}")

        with pytest.raises(CallFailedError) as failed:
            await call.wait_for_media()

    assert 503 == failed.value.status


async def test_a_repeated_invite_gets_the_last_provisional_response_again(agent: UserAgent):
    """RFC 3261 §17.2.1: in Proceeding; the application is asked once."""
    with UdpPeer() as peer:
        async with taking(agent, ring) as calls:
            invite = request("INVITE", peer, agent.address, branch="twin", call_id="twin", body=description())
            cancel = request("CANCEL", peer, agent.address, branch="twin", call_id="twin")
            peer.send(invite, agent.address)
            answers = [await peer.hear()]
            for _ in range(2):
                peer.send(invite, agent.address)
                answers.append(await peer.hear())
            peer.send(cancel, agent.address)
            await peer.hear_all(2)

    assert ["SIP/2.0 180 Ringing"] == sorted({answer.start_line for answer in answers})
    assert 1 == len({answer.data for answer in answers})
    assert 1 == len(calls)


async def test_a_repeated_invite_gets_the_same_refusal(agent: UserAgent):
    """RFC 3261 §17.2.1: in Completed, to the last octet."""
    with UdpPeer() as peer:
        async with taking(agent, refuse):
            invite = request("INVITE", peer, agent.address, branch="twin", call_id="twin", body=description())
            answers = []
            for _ in range(3):
                peer.send(invite, agent.address)
                answers.append(await peer.hear())

    assert ["SIP/2.0 486 Busy Here"] == sorted({answer.start_line for answer in answers})
    assert 1 == len({answer.data for answer in answers})


async def test_a_repeated_refusal_gets_its_ack_again(agent: UserAgent):
    """RFC 3261 §17.1.1.2: in Completed every copy of the failure is acknowledged, with the INVITE's branch."""
    with UdpPeer() as peer:
        call = agent.make_call(peer.uri)
        invite = await peer.hear()
        acks = []
        for _ in range(3):
            peer.send(response("486 Busy Here", invite), agent.address)
            acks.append(await peer.hear())
        await over(call)

    assert ["ACK"] == sorted({ack.start_line.partition(" ")[0] for ack in acks})
    assert {invite.branch} == {ack.branch for ack in acks}


async def test_an_invite_that_is_repeated_after_the_200_is_absorbed(agent: UserAgent):
    """RFC 6026 §7.1: in Accepted it gets no answer, least of all 481; what comes next is the answer to OPTIONS."""
    with UdpPeer() as peer:
        async with taking(agent, at_once):
            invite = request("INVITE", peer, agent.address, branch="twin", call_id="twin", body=description())
            peer.send(invite, agent.address)
            tag = (await peer.hear()).to_tag
            peer.send(invite, agent.address)
            peer.send(request("OPTIONS", peer, agent.address, branch="next", call_id="next"), agent.address)
            answer = await peer.hear()
            bye = request("BYE", peer, agent.address, branch="bye", call_id="twin", to_tag=tag, cseq=2)
            peer.send(bye, agent.address)

    assert b"CSeq: 1 OPTIONS" in answer.data


async def refuse(invite: IncomingInvite) -> None:
    """Busy."""
    await invite.reject(486)


async def at_once(invite: IncomingInvite) -> None:
    """Take it without ringing."""
    await over(await invite.accept())


@pytest.mark.parametrize(
    "faults",
    [
        Faults(loss=0.15),
        Faults(duplication=0.3),
        Faults(reordering=0.3),
        Faults(loss=0.1, duplication=0.1, reordering=0.1),
    ],
    ids=["loss", "duplication", "reordering", "all"],
)
async def test_twenty_calls_of_twenty_complete(faults: Faults):
    """RFC 3261 §17: the transactions make up for what the network does."""
    settings = Settings(t1=HASTY_T1)
    with Relay(faults, seed=20) as relay:
        async with (
            UserAgent(
                "sip:a@127.0.0.1", bind="127.0.0.1:0", advertise=relay.caller_seen_at, settings=settings
            ) as alice,
            UserAgent("sip:b@127.0.0.1", bind="127.0.0.1:0", advertise=relay.callee_seen_at, settings=settings) as bob,
        ):
            relay.join(alice.address, bob.address)
            async with taking(bob) as answered:
                calls = [await completed(alice, bob.contact) for _ in range(20)]

    assert 20 * [CallState.TERMINATED] == [call.state for call in calls]
    assert 20 * [CallState.TERMINATED] == [call.state for call in answered]
    assert len(relay.lost) + relay.counts.doubled + relay.counts.overtaken > 10


async def completed(agent: UserAgent, target: str) -> Call:
    """A call that is answered, heard in both directions, and hung up."""
    async with agent.make_call(target) as call:
        await call.wait_for_media(timeout=20)
    await over(call)
    return call


async def test_lost_frames_are_marked_and_none_is_invented():
    """Audio with a tenth lost, some doubled and some overtaken: what is heard is in order,
    and marked as lost is what the relay lost, to the frame.

    The relay stands on 127.0.0.2 with the ports of the user agents on 127.0.0.1, so that media passes it too.
    """
    (sip_a, sip_b), (rtp_a, rtp_b) = (free_ports(1), free_ports(1)), (even_ports(), even_ports())
    faults = Faults(loss=0.1, duplication=0.05, reordering=0.05, patience=0.03)
    with (
        standing_between(sip_a, sip_b, Faults()),
        standing_between(rtp_a, rtp_b, faults) as media,
        standing_between(rtp_a + 1, rtp_b + 1, Faults()),
    ):
        async with user_agent("alice", sip_a, rtp_a) as alice, user_agent("bob", sip_b, rtp_b) as bob, taking(bob):
            async with alice.make_call(bob.contact) as call:
                _, rx = await call.audio_channels_when_ready()
                heard = [await anext(aiter(rx)) for _ in range(150)]
            await over(call)

    assert {1} == {(later.sequence - frame.sequence) % 65536 for frame, later in pairwise(heard)}
    assert {160} == {len(frame.samples) for frame in heard}
    ours = {frame.sequence for frame in heard}
    lost = {int.from_bytes(data[2:4]) for peer, data in media.lost if peer == ("127.0.0.1", rtp_a)}
    assert lost & ours == {frame.sequence for frame in heard if frame.lost}
    assert len(lost & ours) > 5
    assert 0 < media.counts.doubled
    assert 0 < media.counts.overtaken


def standing_between(caller_port: int, callee_port: int, faults: Faults) -> Relay:
    """A relay on 127.0.0.2 that has, for each of the two, the other's port."""
    relay = Relay(faults, seed=3550, near=("127.0.0.2", callee_port), far=("127.0.0.2", caller_port))
    relay.join(("127.0.0.1", caller_port), ("127.0.0.1", callee_port))
    return relay


def user_agent(name: str, sip_port: int, rtp_port: int) -> UserAgent:
    """One on 127.0.0.1 that everybody else sees at 127.0.0.2."""
    return UserAgent(
        f"sip:{name}@127.0.0.2",
        bind=("127.0.0.1", sip_port),
        advertise=("127.0.0.2", sip_port),
        rtp_ports=(rtp_port, rtp_port + 1),
    )


def even_ports() -> int:
    """The first of two ports for RTP and RTCP."""
    return free_ports(3) + 1 & ~1
