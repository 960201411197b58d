"""Hold, resume and UPDATE against baresip and SIPp: what each side is told, and whether tones stop and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from answering import next_call, over, taking
from baresip_peer import Baresip, baresip_playing
from programs import require
from sipp_peer import SippBench

from session_fsm import (
    Call,
    CallFailedError,
    CallState,
    IncomingInvite,
    MediaDirection,
    RefusedError,
    Settings,
    UserAgent,
)
from session_fsm.audio.tone import goertzel
from session_fsm.session.events import (
    AckReceived,
    CallAnswered,
    CallHeld,
    CallResumed,
    RemoteHold,
    RemoteResume,
    SdpEvent,
    SessionEvent,
)

pytestmark = pytest.mark.wire

THEIRS = 880.0
AUDIBLE = 1e4  # power; a tone of baresip's has a thousand times as much, silence none
WITHIN = 10.0  # seconds that anything may take on a busy machine
HOLDS = (CallHeld, CallResumed, RemoteHold, RemoteResume)


@pytest.fixture
async def baresip(tmp_path: Path) -> AsyncIterator[Baresip]:
    """One that plays 880 Hz."""
    async with baresip_playing(require("baresip", "baresip-core"), tmp_path, THEIRS) as peer:
        yield peer


@pytest.fixture
async def updater() -> AsyncIterator[UserAgent]:
    """A user agent of ours that offers changes by UPDATE."""
    settings = Settings(reoffer="UPDATE")
    async with UserAgent("sip:agent@127.0.0.1", bind="127.0.0.1:0", settings=settings) as ours:
        yield ours


def holds(call: Call) -> list[type[SessionEvent]]:
    """What its application was told of holds."""
    return [type(event) for event in call.event_log if isinstance(event, HOLDS)]


async def until_heard(call: Call) -> None:
    """Return once the peer's tone is heard."""
    _, receiver = await call.audio_channels(timeout=WITHIN)
    heard: list[np.ndarray] = []
    async with asyncio.timeout(WITHIN):
        while not heard or goertzel(np.concatenate(heard[-10:]), THEIRS) < AUDIBLE:
            heard.append((await anext(receiver)).samples)


async def until_no_more_arrives(call: Call) -> None:
    """Return once no packet has come for five turns of a fifth of a second."""
    before, same = -1, 0
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(WITHIN):
        while same < 5:
            turn = loop.create_future()
            loop.call_later(0.2, turn.set_result, None)
            await turn
            now = call.media.statistics.packets
            same = same + 1 if now == before else 0
            before = now


async def test_we_hold_baresip_and_take_it_back(baresip: Baresip, agent: UserAgent):
    """Its tone stops, and comes back."""
    async with agent.make_call(baresip.uri) as call:
        await until_heard(call)
        await call.hold()
        direction, state = call.media.direction, call.state
        await until_no_more_arrives(call)
        await call.resume()
        await until_heard(call)

    assert (MediaDirection.SENDONLY, CallState.ON_HOLD) == (direction, state)
    assert [CallHeld, CallResumed] == holds(call)


async def test_a_baresip_that_called_us_is_held_too(baresip: Baresip, agent: UserAgent):
    """By the callee."""
    await baresip.command("dial", agent.contact)
    call = await (await next_call(agent)).accept()
    await until_heard(call)
    await call.hold()
    await until_no_more_arrives(call)
    await call.resume()
    await until_heard(call)
    await call.hang_up()
    await over(call)

    assert [CallHeld, CallResumed] == holds(call)


async def test_baresip_holds_us_and_takes_us_back(baresip: Baresip, agent: UserAgent):
    """We are told; it is heard again afterwards."""
    async with agent.make_call(baresip.uri) as call:
        await until_heard(call)
        await baresip.command("hold")
        await call.wait_for_event(RemoteHold, timeout=WITHIN)
        transmitting = call.media.transmitting
        await baresip.command("resume")
        await call.wait_for_event(RemoteResume, timeout=WITHIN)
        await until_heard(call)

    assert (False, [RemoteHold, RemoteResume]) == (transmitting, holds(call))


async def test_our_hold_and_its_end_are_agreed_by_sipp(sipp: SippBench, agent: UserAgent):
    callee = await sipp.callee("uas_reinvited")
    call = agent.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=WITHIN)
    await call.hold()
    await call.resume()
    await call.hang_up()
    await callee.done()

    assert [CallHeld, CallResumed] == holds(call)


async def test_holds_of_sipp_are_told(sipp: SippBench, agent: UserAgent):
    """As caller: sendonly, inactive, and back; the scenario looks at each of our answers."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac_reinvite", agent.address)).done()

    assert [RemoteHold, RemoteResume] == holds(calls[0])[:2]


async def test_holds_of_a_callee_are_told(sipp: SippBench, agent: UserAgent):
    callee = await sipp.callee("uas_reinvites")
    call = agent.make_call(callee.uri)
    await over(call)
    await callee.done()

    assert [RemoteHold, RemoteResume] == holds(call)[:2]


@pytest.mark.parametrize("status", [488, 500])
async def test_a_refused_hold_is_one_sentence_and_the_call_goes_on(sipp: SippBench, agent: UserAgent, status: int):
    callee = await sipp.callee(f"uas_refuses_hold_{status}")
    call = agent.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=WITHIN)
    with pytest.raises(
        RefusedError, match=f"the peer refused to be held: {status} Refused; the call goes on"
    ) as refused:
        await call.hold()
    direction, state = call.media.direction, call.state
    await call.hang_up()
    await callee.done()

    assert (status, MediaDirection.SENDRECV, CallState.ACTIVE, []) == (
        refused.value.status,
        direction,
        state,
        holds(call),
    )


async def test_a_hold_that_meets_491_is_tried_again(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §14.1: we chose the Call-ID, so after 2.1 to 4 s."""
    callee = await sipp.callee("uas_glares_at_hold")
    call = agent.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=WITHIN)
    await call.hold()
    await call.hang_up()
    await callee.done()

    assert [CallHeld] == holds(call)


async def test_a_hold_that_is_never_decided_is_withdrawn(sipp: SippBench, hasty: UserAgent):
    """CANCEL and 487; nothing has changed."""
    callee = await sipp.callee("uas_never_decides_hold")
    call = hasty.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=WITHIN)
    with pytest.raises(RefusedError, match="487 Request Terminated"):
        await call.hold()
    state = call.state
    await call.hang_up()
    await callee.done()

    assert (CallState.ACTIVE, []) == (state, holds(call))


async def test_a_hold_that_nobody_answers_ends_the_call(sipp: SippBench, hasty: UserAgent):
    """RFC 3261 §14.1: as 408."""
    callee = await sipp.callee("uas_silent_to_hold")
    call = hasty.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=WITHIN)
    with pytest.raises(CallFailedError):
        await call.hold()
    await over(call)
    await callee.done()

    assert (CallState.TERMINATED, 408, []) == (call.state, call.status, holds(call))


async def test_we_hold_and_resume_by_update(sipp: SippBench, updater: UserAgent):
    """RFC 3311: SIPp allows it."""
    callee = await sipp.callee("uas_updated")
    call = updater.make_call(callee.uri)
    await call.wait_for_event(CallAnswered, timeout=WITHIN)
    await call.hold()
    await call.resume()
    await call.hang_up()
    await callee.done()

    assert [CallHeld, CallResumed] == holds(call)


async def test_updates_of_sipp_are_answered(sipp: SippBench, agent: UserAgent):
    """A hold, a refresh, 488, and the end of the hold."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac_updates", agent.address)).done()

    assert [RemoteHold, RemoteResume] == holds(calls[0])


async def test_updates_before_the_answer_are_answered(sipp: SippBench, agent: UserAgent):
    """RFC 3311 §5.2: an offer comes too soon, a refresh does not."""
    asked = asyncio.Event()

    async def late(invite: IncomingInvite) -> None:
        await invite.ring()
        await asked.wait()
        call = await invite.accept()
        await call.wait_for_event(AckReceived, timeout=WITHIN)
        await over(call)

    async with taking(agent, late) as calls:
        caller = await sipp.caller("uac_updates_early", agent.address)
        await caller.until_received("SIP/2.0 200")
        asked.set()
        await caller.done()

    assert ([], 2) == (holds(calls[0]), len([event for event in calls[0].event_log if isinstance(event, SdpEvent)]))
