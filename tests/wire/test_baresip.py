"""Calls with baresip, which nobody here wrote: each side hears the other's tone, whoever calls and whoever hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from answering import next_call, over
from baresip_peer import Baresip, baresip_playing
from programs import require

from session_fsm import PCMA, Call, CallFailedError, CallState, MediaDirection, MediaState, UserAgent
from session_fsm.audio import Tone
from session_fsm.audio.g711 import Samples
from session_fsm.audio.tone import hears
from session_fsm.session.events import StateChanged

pytestmark = pytest.mark.wire

OURS, THEIRS = 440.0, 880.0
FRAMES = 50  # a second


@pytest.fixture
async def baresip(tmp_path: Path) -> AsyncIterator[Baresip]:
    """One that plays 880 Hz."""
    async with baresip_playing(require("baresip", "baresip-core"), tmp_path, THEIRS) as peer:
        yield peer


async def converse(call: Call) -> Samples:
    """Play our tone while we listen; what was heard after the first frames."""
    tx, rx = await call.audio_channels_when_ready()
    tone = iter(Tone(OURS))

    async def play() -> None:
        try:
            while True:
                await tx.send(next(tone))
        except CallFailedError:
            return

    playing = asyncio.create_task(play())
    heard = []
    async for frame in rx:
        heard.append(frame.samples)
        if len(heard) == FRAMES:
            break
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    return np.concatenate(heard[20:])


def steady(samples: Samples) -> Samples:
    """The middle half."""
    return samples[len(samples) // 4 : -len(samples) // 4]


async def test_we_call_and_hang_up(baresip: Baresip, agent: UserAgent):
    """Audio in both directions; baresip is told that the call is over."""
    async with agent.make_call(baresip.uri) as call:
        heard = await converse(call)
    await baresip.event("CALL_CLOSED")
    await over(call)
    await baresip.stop()

    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5
    assert hears(steady(baresip.heard()), own_hz=THEIRS, peer_hz=OURS) > 5
    assert CallState.TERMINATED is call.state


async def test_we_call_and_baresip_hangs_up(baresip: Baresip, agent: UserAgent):
    """Its BYE ends our call and our audio."""
    call = agent.make_call(baresip.uri)
    heard = await converse(call)
    await baresip.command("hangup")
    await over(call)

    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5
    assert CallState.TERMINATED is call.state


async def test_baresip_calls_and_hangs_up(baresip: Baresip, agent: UserAgent):
    """Audio in both directions."""
    await baresip.command("dial", agent.contact)
    call = await (await next_call(agent)).accept()
    heard = await converse(call)
    await baresip.command("hangup")
    await over(call)
    await baresip.stop()

    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5
    assert hears(steady(baresip.heard()), own_hz=THEIRS, peer_hz=OURS) > 5
    assert CallState.TERMINATED is call.state


async def test_baresip_calls_and_we_hang_up(baresip: Baresip, agent: UserAgent):
    """baresip is told that the call is over."""
    await baresip.command("dial", agent.contact)
    call = await (await next_call(agent)).accept()
    heard = await converse(call)
    await call.hang_up()
    await baresip.event("CALL_CLOSED")
    await over(call)

    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5
    assert CallState.TERMINATED is call.state


async def test_no_frame_is_lost(baresip: Baresip, agent: UserAgent):
    """On loopback every frame that baresip sends is heard, in order."""
    async with agent.make_call(baresip.uri) as call:
        await converse(call)
    await over(call)

    summary = call.summary()
    assert 0 == summary.frames_lost
    assert (MediaState.IDLE, MediaState.NEGOTIATING, MediaState.READY, MediaState.ESTABLISHED, MediaState.ACTIVE) == (
        summary.media_path[:5]
    )


async def test_a_refusal_closes_baresips_call(baresip: Baresip, agent: UserAgent):
    """It hears our 486, with its reason."""
    await baresip.command("dial", agent.contact)
    await (await next_call(agent)).reject(486)
    closed = await baresip.event("CALL_CLOSED")

    assert "486 Busy Here" == closed["param"]


async def test_baresip_holds_and_resumes(baresip: Baresip, agent: UserAgent):
    """RFC 3264 §8.4: its re-INVITE puts us on hold, the next one takes us back, and we hear it again."""
    async with agent.make_call(baresip.uri) as call:
        await call.wait_for_media(timeout=20)
        await baresip.command("hold")
        await call.wait_for_state(CallState.ON_HOLD, timeout=20)
        held = await call.wait_for_event(StateChanged, new_state=CallState.ON_HOLD, timeout=20)
        await baresip.command("resume")
        await call.wait_for_event(StateChanged, new_state=CallState.ACTIVE, after=held, timeout=20)
        heard = await converse(call)

    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5


async def test_we_hold_and_resume(baresip: Baresip, agent: UserAgent):
    """baresip answers our re-INVITEs; afterwards it is heard again."""
    async with agent.make_call(baresip.uri) as call:
        await call.wait_for_media(timeout=20)
        await call.reinvite(MediaDirection.INACTIVE)
        await call.wait_for_state(MediaState.HELD, timeout=20)
        await call.reinvite(MediaDirection.SENDRECV)
        await call.wait_for_state(MediaState.ACTIVE, timeout=20)
        heard = await converse(call)

    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5


async def test_baresip_gives_up_while_we_ring(baresip: Baresip, agent: UserAgent):
    """Its CANCEL is told at once."""
    await baresip.command("dial", agent.contact)
    invite = await next_call(agent)
    await invite.ring()
    await baresip.event("CALL_RINGING")
    await baresip.command("hangup")
    await over(invite.call)

    assert (CallState.CANCELLED, 487) == (invite.call.state, invite.call.status)


async def test_a_law(baresip: Baresip):
    """RFC 3551 §4.5.14: the other codec of G.711, both ways."""
    async with UserAgent("sip:agent@127.0.0.1", bind="127.0.0.1:0", codecs=(PCMA,)) as agent:
        async with agent.make_call(baresip.uri) as call:
            heard = await converse(call)
            codec = call.media.codec
        await over(call)
    await baresip.stop()

    assert "PCMA" == codec
    assert hears(heard, own_hz=OURS, peer_hz=THEIRS) > 5
    assert hears(steady(baresip.heard()), own_hz=THEIRS, peer_hz=OURS) > 5
