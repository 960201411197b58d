"""Audio in one direction, before the answer, and negotiated the other way round."""

from __future__ import annotations

import asyncio

import pytest
from calling import connected, next_call, play

from session_fsm import CallState, MediaDirection, MediaState
from session_fsm.session.events import AudioChannelsReady, CallAnswered, FlowDirection, MediaFlowEstablished

REPORT_WITHIN = 5  # seconds: the first RTCP report leaves within 3.1 (RFC 3550 §6.2 and A.7)


async def test_audio_before_the_answer(alice, bob):
    """183 with an answer: both sides are Active while the call still rings."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    await invite.progress()

    await asyncio.gather(calling.wait_for_media(timeout=20), invite.call.wait_for_media(timeout=20))
    assert CallState.ACTIVE is not calling.state
    tx, _ = await invite.call.audio_channels()
    await play(tx, 440, 3)

    assert await invite.accept() is invite.call
    await calling.wait_for_event(CallAnswered, timeout=20)
    assert MediaState.ACTIVE is calling.media.state is invite.call.media.state
    assert 0 == calling.media.statistics.lost


async def test_an_invite_without_an_offer(alice, bob):
    """The 200 makes the offer, the ACK answers it; then audio flows as ever."""
    calling = alice.make_call(bob.contact, offer=False)
    answering = await (await next_call(bob)).accept()

    await asyncio.gather(calling.wait_for_media(timeout=20), answering.wait_for_media(timeout=20))
    assert (calling.media.local, calling.media.remote) == (answering.media.remote, answering.media.local)


async def test_who_only_sends_knows_by_a_report_that_it_is_heard(alice, bob):
    """Sendonly is Active with the first RTCP report about our stream, recvonly with the first packet."""
    calling = alice.make_call(bob.contact, direction=MediaDirection.SENDONLY)
    answering = await (await next_call(bob)).accept()

    await answering.wait_for_media(timeout=20)
    assert MediaState.ESTABLISHED is calling.media.state
    await calling.wait_for_media(timeout=REPORT_WITHIN)

    heard = await answering.wait_for_event(MediaFlowEstablished, timeout=0.1)
    ready = await calling.wait_for_event(AudioChannelsReady, timeout=0.1)
    assert FlowDirection.INBOUND is heard.direction
    assert (True, False) == (ready.can_send, ready.can_receive)
    assert (True, False) == (calling.media.transmitting, answering.media.transmitting)
    assert 0 == answering.media.frames_sent


@pytest.mark.parametrize("direction", [MediaDirection.SENDONLY, MediaDirection.INACTIVE])
async def test_hold_silences_the_other_side_until_it_is_freed(alice, bob, direction):
    """`reinvite` returns when the answer is in force; only the side that holds can free the call again."""
    calling, answering = await connected(alice, bob)

    assert await calling.reinvite(direction)
    assert not answering.media.transmitting
    assert direction is calling.media.direction

    assert await answering.reinvite(MediaDirection.SENDRECV)
    assert not answering.media.transmitting
    assert await calling.reinvite(MediaDirection.SENDRECV)
    await asyncio.gather(calling.wait_for_media(timeout=20), answering.wait_for_media(timeout=20))
    assert answering.media.transmitting
    assert calling.media.transmitting


async def test_directions_that_are_asked_for_at_once_are_offered_one_by_one(alice, bob):
    """Each caller hears of its own offer, and the last one is in force."""
    calling, answering = await connected(alice, bob)
    offered = [MediaDirection.SENDONLY, MediaDirection.INACTIVE, MediaDirection.SENDRECV]
    in_force = []

    async def ask(direction: MediaDirection) -> None:
        assert await calling.reinvite(direction, timeout=20)
        in_force.append(calling.media.direction)

    await asyncio.gather(*map(ask, offered))

    assert offered == in_force
    await asyncio.gather(calling.wait_for_media(timeout=20), answering.wait_for_media(timeout=20))
