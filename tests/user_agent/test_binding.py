"""Where a user agent is reached: what peers are told is always an address that they can send to."""

from __future__ import annotations

import asyncio

import pytest
from calling import connected, next_call

from session_fsm import MediaSettings, Settings, TransportError, UserAgent
from session_fsm.session.events import SdpEvent


async def test_the_wildcard_is_never_told():
    """Bound to every address, Contact and SDP say the one that leads to the peer."""
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="0.0.0.0:0") as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
    ):
        assert "0.0.0.0" not in bob.contact
        calling = alice.make_call(f"sip:bob@127.0.0.1:{bob.address[1]}")
        answering = await (await next_call(bob)).accept()
        await asyncio.gather(calling.wait_for_media(timeout=20), answering.wait_for_media(timeout=20))

        assert "127.0.0.1" == answering.media.local[0]
        assert all("0.0.0.0" not in event.sdp for event in answering.event_log if isinstance(event, SdpEvent))
        await calling.hang_up()


async def test_an_advertised_address_is_told_instead():
    """Behind a NAT: the description names the address outside, the sockets stay inside."""
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", advertise="192.0.2.7:5062") as alice,
    ):
        alice.make_call(bob.contact)
        invite = await next_call(bob)

        assert "sip:alice@192.0.2.7:5062" == alice.contact
        assert ("192.0.2.7", 5062) == invite.request.contact.uri.address
        assert b"c=IN IP4 192.0.2.7" in invite.request.body
        await invite.reject()


async def test_ipv6_carries_a_call():
    """With brackets where SIP has them, and IP6 in the description."""
    try:
        bob = UserAgent("sip:bob@[::1]", bind="[::1]:0")
        await bob.start()
    except TransportError:
        pytest.skip("this machine has no IPv6")
    async with bob, UserAgent("sip:alice@[::1]", bind="[::1]:0") as alice:
        calling, answering = await connected(alice, bob)

        assert "::1" == calling.media.remote[0] == answering.media.remote[0]
        await calling.hang_up()


async def test_media_uses_the_ports_that_it_may():
    """A range of two pairs serves two calls; the third says which ports are in use."""
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0", rtp_ports=(28000, 28003)) as alice,
    ):
        calls = [alice.make_call(bob.contact) for _ in range(2)]

        assert {28000, 28002} == {call.media.local[1] for call in calls}
        with pytest.raises(TransportError, match="every RTP port from 28000 to 28003"):
            alice.make_call(bob.contact)


async def test_settings_reach_the_charts_and_the_media():
    """`t1` and `codecs` by name, everything else in the two settings objects."""
    agent = UserAgent(
        "sip:a@127.0.0.1", bind="127.0.0.1:0", t1=0.1, settings=Settings(t2=1.0), media=MediaSettings(stall_after=3)
    )
    async with agent:
        assert (0.1, 1.0) == (agent._settings.t1, agent._settings.t2)
        assert 3 == agent._media.stall_after


async def test_a_user_agent_that_is_not_open_says_how_to_open_it():
    """Instead of an attribute error."""
    with pytest.raises(Exception, match="async with UserAgent"):
        UserAgent("sip:a@127.0.0.1").make_call("sip:b@127.0.0.1")
