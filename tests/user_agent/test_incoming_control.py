"""What can be done with a call that comes in, before it is answered."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from calling import connected, next_call

from session_fsm import CallFailedError, CallState, IncomingInvite, LocalProtocolError, MediaState, UserAgent
from session_fsm.audio import Tone, goertzel
from session_fsm.session.events import CallAnswered, CallEnded, CallFailed, StateChanged


async def test_a_deferred_call_waits_for_a_later_decision(alice, bob):
    """182 Queued, and whoever keeps the invite may still accept it."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    await invite.defer(60)
    await calling.wait_for_state(CallState.PROCEEDING)

    assert CallState.QUEUED is invite.state
    await invite.accept()
    await calling.wait_for_media()


async def test_a_deferred_call_that_nobody_decides_gets_480(alice, bob):
    """After the time that was given, whatever `Settings.unanswered` says."""
    calling = alice.make_call(bob.contact)
    await (await next_call(bob)).defer(0.05)

    failed = await calling.wait_for_event(CallFailed)

    assert 480 == failed.status


async def test_a_handler_that_defers_may_return(alice, bob):
    """Its call is not hung up: somebody else decides."""
    kept = asyncio.Queue()

    async def defer(invite: IncomingInvite) -> None:
        await invite.defer(60)
        await kept.put(invite)

    serving = asyncio.create_task(bob.serve(defer))
    calling = alice.make_call(bob.contact)
    await (await kept.get()).accept()
    await calling.wait_for_media()
    await bob.close()
    await serving


async def test_a_call_that_was_answered_cannot_be_deferred(alice, bob):
    """One sentence says what is possible."""
    _, answering = await connected(alice, bob)

    with pytest.raises(LocalProtocolError, match="cannot defer"):
        bob._driver.command(lambda now: bob._driver.coordinator.defer(answering.id, 5.0, now=now))


async def test_a_handler_that_raises_gives_500_and_ends_its_call_alone(alice, bob, caplog):
    """The other call, and the serving, go on."""

    async def answer(invite: IncomingInvite) -> None:
        if "fault" in invite.target:
            raise RuntimeError("a fault of the application's")
        call = await invite.accept()
        await call.wait_for_event(CallEnded)

    serving = asyncio.create_task(bob.serve(answer))
    good = alice.make_call(bob.contact)
    await good.wait_for_media()
    bad = alice.make_call(bob.contact.replace("bob@", "fault@"))
    failed = await bad.wait_for_event(CallFailed)

    assert (500, CallState.ACTIVE, False) == (failed.status, good.state, serving.done())
    assert "a fault of the application's" in caplog.text
    await bob.close()
    await serving
    caplog.clear()


async def test_a_handler_that_raises_after_the_answer_hangs_up(alice, bob, caplog):
    async def answer(invite: IncomingInvite) -> None:
        await invite.accept()
        raise RuntimeError("a fault of the application's")

    serving = asyncio.create_task(bob.serve(answer))
    ended = await alice.make_call(bob.contact).wait_for_event(CallEnded)

    assert "the peer hung up" == ended.reason
    await bob.close()
    await serving
    caplog.clear()


async def test_a_handler_whose_own_call_fails_gives_500_too(alice, bob, caplog):
    """CallFailedError of a call that it has placed says nothing of the one that it was to answer."""

    async def forward(invite: IncomingInvite) -> None:
        await bob.make_call("sip:nobody@127.0.0.1:9").wait_for_event(CallAnswered)

    serving = asyncio.create_task(bob.serve(forward))
    failed = await alice.make_call(bob.contact).wait_for_event(CallFailed)

    assert 500 == failed.status
    await bob.close()
    await serving
    caplog.clear()


async def test_a_redirection_may_name_any_uri(alice, bob):
    """RFC 3261 §20.10: `tel:` too; a caller of ours that can call none of them says so."""
    calling = alice.make_call(bob.contact)
    await (await next_call(bob)).redirect("tel:+15551234", "sips:bob@example.com")
    failed = await calling.wait_for_event(CallFailed)

    assert 302 == failed.status


async def test_a_source_that_fails_costs_its_own_sound_only(alice, bob, caplog):
    """The call can be accepted all the same, and the log says what became of the source."""

    def broken():
        yield next(iter(Tone(425)))
        raise RuntimeError("a fault of the source's")

    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    await invite.progress(source=broken())
    await asyncio.wait([invite._playing])
    await invite.accept()
    await calling.wait_for_media()

    assert "a fault of the source's" in caplog.text
    caplog.clear()


async def test_what_is_no_source_is_said_before_anything_is_sent(alice, bob):
    """One sentence, and the call is as it was."""
    alice.make_call(bob.contact)
    invite = await next_call(bob)

    for source in (5, "tone:440"):
        with pytest.raises(ValueError, match="it can give frames"):
            await invite.progress(source=source)
    assert CallState.INITIATING is invite.state


async def test_the_caller_hears_early_media_of_a_source(alice, bob):
    """183, and a tone until the call is accepted."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    await invite.progress(source=Tone(425))
    await calling.wait_for_media()
    _, rx = await calling.audio_channels()
    frames = [await anext(rx) for _ in range(20)]
    heard = np.concatenate([frame.samples for frame in frames])

    assert not [event for event in calling.event_log if isinstance(event, CallAnswered)]
    assert goertzel(heard, 425, 8000) > 100 * goertzel(heard, 1000, 8000)
    await invite.accept()
    await calling.wait_for_event(CallAnswered)


async def test_a_source_ends_with_the_answer(alice, bob):
    """What it has not said by then is not heard any more: the channels are the application's."""
    alice.make_call(bob.contact)
    invite = await next_call(bob)
    await invite.progress(source=Tone(425))
    playing = invite._playing
    await invite.accept()
    await asyncio.wait([playing], timeout=10)

    assert playing.cancelled()


async def test_early_media_goes_both_ways(alice, bob):
    """`progress` gives the channels: what the caller says before the answer is heard."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    _, rx = await invite.progress()
    await anext(rx)

    assert MediaState.ACTIVE is invite.call.media.state
    await invite.reject(486)
    with pytest.raises(CallFailedError):
        await calling.wait_for_event(CallAnswered)


async def test_nothing_plays_on_when_the_caller_gives_up(alice):
    """The task of an endless source ends with its call."""
    before = asyncio.all_tasks()
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        calling = alice.make_call(bob.contact)
        invite = await next_call(bob)
        await invite.progress(source=Tone(425))
        await calling.wait_for_event(StateChanged, new_state=CallState.PROCEEDING)
        await calling.hang_up()
        await invite.call.wait_for_event(CallEnded)
        playing = invite._playing
        await asyncio.wait([playing])

    assert before == asyncio.all_tasks()
