"""Two of our user agents with a proxy between them that nobody here wrote: route sets, CANCEL, forking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from answering import next_call, over, ring, taking
from kamailio_peer import Kamailio, kamailio_running
from programs import require

from session_fsm import Call, CallFailedError, CallState, IncomingInvite, MediaDirection, UserAgent
from session_fsm.session.events import AckReceived, CallAnswered

pytestmark = pytest.mark.wire


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[Kamailio]:
    """Kamailio, with a port of its own."""
    async with kamailio_running(require("kamailio", "kamailio"), tmp_path) as running:
        yield running


@pytest.fixture
async def alice() -> AsyncIterator[UserAgent]:
    """Who calls."""
    async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as agent:
        yield agent


@pytest.fixture
async def bob() -> AsyncIterator[UserAgent]:
    """Who is called."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as agent:
        yield agent


@pytest.fixture
async def carol() -> AsyncIterator[UserAgent]:
    """Who is called too."""
    async with UserAgent("sip:carol@127.0.0.1", bind="127.0.0.1:0") as agent:
        yield agent


async def connected(proxy: Kamailio, alice: UserAgent, bob: UserAgent) -> tuple[Call, Call]:
    """A call through the proxy, with audio both ways, from both sides."""
    calling = alice.make_call(bob.contact, next_hop=proxy.address)
    answering = await (await next_call(bob)).accept()
    await calling.wait_for_media(timeout=20)
    await answering.wait_for_media(timeout=20)
    return calling, answering


async def test_the_caller_follows_the_route_set(proxy: Kamailio, alice: UserAgent, bob: UserAgent):
    """RFC 3261 §12.1.2: ACK, re-INVITE and BYE pass the proxy."""
    calling, answering = await connected(proxy, alice, bob)

    await calling.reinvite(MediaDirection.SENDONLY)
    await answering.wait_for_state(CallState.ON_HOLD, timeout=20)
    await calling.hang_up()
    await over(calling)
    await over(answering)

    passed = ["INVITE", "ACK", "INVITE", "ACK", "BYE"]
    assert (True, passed) == (await proxy.has_seen(*passed), proxy.seen)
    assert (CallState.TERMINATED, CallState.TERMINATED) == (calling.state, answering.state)


async def test_the_callee_follows_the_route_set(proxy: Kamailio, alice: UserAgent, bob: UserAgent):
    """RFC 3261 §12.1.1: the same requests from the other side."""
    calling, answering = await connected(proxy, alice, bob)

    # Before the ACK it would be an UPDATE (RFC 3311 §5.1).
    await answering.wait_for_event(AckReceived)
    await answering.reinvite(MediaDirection.SENDONLY)
    await calling.wait_for_state(CallState.ON_HOLD, timeout=20)
    await answering.hang_up()
    await over(calling)
    await over(answering)

    passed = ["INVITE", "ACK", "INVITE", "ACK", "BYE"]
    assert (True, passed) == (await proxy.has_seen(*passed), proxy.seen)
    assert (CallState.TERMINATED, CallState.TERMINATED) == (calling.state, answering.state)


async def test_a_cancel_passes_the_proxy(proxy: Kamailio, alice: UserAgent, bob: UserAgent):
    """RFC 3261 §9.1: it follows the INVITE hop by hop."""
    async with taking(bob, ring) as calls:
        call = alice.make_call(bob.contact, next_hop=proxy.address)
        await call.wait_for_state(CallState.RINGING, timeout=20)
        await call.hang_up()
        await over(call)

    assert [CallState.CANCELLED, CallState.CANCELLED] == [call.state, calls[0].state]


async def test_a_refusal_passes_the_proxy(proxy: Kamailio, alice: UserAgent, bob: UserAgent):
    """The caller hears the callee's own status."""

    async def gone(invite: IncomingInvite) -> None:
        await invite.reject(410)

    async with taking(bob, gone):
        with pytest.raises(CallFailedError) as failed:
            await alice.make_call(bob.contact, next_hop=proxy.address).wait_for_media(timeout=20)

    assert 410 == failed.value.status


async def test_the_first_of_two_forks_that_answers_wins(
    proxy: Kamailio, alice: UserAgent, bob: UserAgent, carol: UserAgent
):
    """RFC 3261 §13.2.2.4: both ring; the proxy cancels the one that did not answer, and the call is with the other."""
    headers = [("X-Also", carol.contact)]
    async with taking(bob, ring) as ringing, taking(carol) as answering:
        call = alice.make_call(bob.contact, next_hop=proxy.address, headers=headers)
        await call.wait_for_event(CallAnswered, timeout=20)
        await call.wait_for_media(timeout=20)
        await call.hang_up()
        await over(call)

    assert [CallState.CANCELLED] == [other.state for other in ringing]
    assert [CallState.TERMINATED] == [other.state for other in answering]
    assert 1 == len([event for event in call.event_log if isinstance(event, CallAnswered)])
