"""SIPp calls us: its stock scenario, and ours for what it does not do by itself."""

from __future__ import annotations

import asyncio

import pytest
from answering import accept, busy, over, ring, taking
from schedule import HASTY_T1, off_schedule
from sipp_peer import SippBench

from session_fsm import CallState, IncomingInvite, MediaDirection, MediaState, UserAgent
from session_fsm.machine import TraceRow
from session_fsm.session.events import (
    AckReceived,
    CallEnded,
    CallFailed,
    IncomingCall,
    MediaChange,
    MediaEvent,
    RemoteMediaConfirmed,
    StateChanged,
)
from session_fsm.session.settings import Settings

pytestmark = pytest.mark.wire


async def test_the_stock_caller_completes_its_call(sipp: SippBench, agent: UserAgent):
    """SIPp's own `uac`: INVITE, 180, 200, ACK, BYE, 200."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac", agent.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_a_caller_in_haste_is_answered_with_one_message_each(sipp: SippBench, agent: UserAgent):
    """Nothing is repeated that was answered in time."""
    async with taking(agent):
        caller = await sipp.caller("uac_plain", agent.address)
        messages = await caller.done()

    assert ["180 Ringing", "200 OK", "200 OK"] == [
        seen.start_line.removeprefix("SIP/2.0 ") for seen in messages if not seen.sent
    ]


async def test_busy(sipp: SippBench, agent: UserAgent):
    """A refusal is acknowledged, and the call has failed with its status."""
    async with taking(agent, busy) as calls:
        await (await sipp.caller("uac_refused_486", agent.address)).done()

    assert [(CallState.FAILED, 486)] == [(call.state, call.status) for call in calls]


async def test_redirected(sipp: SippBench, agent: UserAgent):
    """The 302 names where to call instead."""

    async def elsewhere(invite: IncomingInvite) -> None:
        await invite.redirect("sip:elsewhere@192.0.2.1")

    async with taking(agent, elsewhere):
        caller = await sipp.caller("uac_refused_302", agent.address)
        await caller.done()

    assert ["<sip:elsewhere@192.0.2.1>"] == [seen.header("Contact") for seen in caller.received("SIP/2.0 302")]


async def test_a_call_that_nobody_takes_is_refused(sipp: SippBench):
    """After `unanswered` the caller hears 480."""
    settings = Settings(unanswered=0.1)
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=settings) as bob, taking(bob, ring) as calls:
        await (await sipp.caller("uac_refused_480", bob.address)).done()

        assert [480] == [call.status for call in calls]


async def test_an_offer_without_a_codec_of_ours_is_refused(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §13.3.1.3: 488, and the application is not asked."""
    caller = await sipp.caller("uac_refused_488", agent.address)
    await caller.done()
    failed = await agent.wait_for_event(CallFailed, timeout=20)

    assert 488 == failed.status
    assert [] == [event for event in agent._log if isinstance(event, IncomingCall)]


async def test_cancel(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §9.2: 200 to the CANCEL, 487 to the INVITE; the application is told at once."""
    async with taking(agent, ring) as calls:
        await (await sipp.caller("uac_cancel", agent.address)).done()

    assert [(CallState.CANCELLED, 487)] == [(call.state, call.status) for call in calls]


async def test_three_identical_invites_ring_once(sipp: SippBench):
    """RFC 3261 §17.2.1: repetitions are the transaction's business, and every answer comes from one dialog."""
    repeated = asyncio.Event()
    rows: list[TraceRow] = []

    def note(row: TraceRow) -> None:
        if (row.chart, row.event) == ("invite_server", "invite_received"):
            rows.append(row)
            if len(rows) == 2:
                repeated.set()

    async def once_repeated(invite: IncomingInvite) -> None:
        await repeated.wait()
        await accept(invite)

    bob = UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", on_trace=note)
    async with bob, taking(bob, once_repeated) as calls:
        messages = await (await sipp.caller("uac_duplicates", bob.address)).done()

    assert 3 == len([seen for seen in messages if seen.sent and seen.start_line.startswith("INVITE")])
    assert [CallState.TERMINATED] == [call.state for call in calls]
    assert 1 == len({seen.to_tag for seen in messages if not seen.sent})


async def test_without_an_ack_the_200_is_repeated_and_the_call_ends(sipp: SippBench, hasty: UserAgent):
    """RFC 3261 §13.3.1.4: again after T1, 2·T1, 4·T1 … and a BYE after 64·T1."""
    async with taking(hasty) as calls:
        caller = await sipp.caller("uac_no_ack", hasty.address)
        await caller.done()

    answers = [seen.time for seen in caller.received("SIP/2.0 200") if "INVITE" in (seen.header("CSeq") or "")]
    (bye,) = (seen.time for seen in caller.received("BYE"))
    # A seventh leaves just before the end, on a machine that is not late.
    assert [] == off_schedule([*answers[:6], bye], [0, 1, 3, 7, 15, 31, 64], HASTY_T1)
    assert CallState.TERMINATED is calls[0].state
    assert "ACK" in calls[0].reason


async def test_we_hang_up(sipp: SippBench, agent: UserAgent):
    """Our BYE is answered by the caller."""

    async def brief(invite: IncomingInvite) -> None:
        call = await invite.accept()
        await call.wait_for_event(AckReceived, timeout=20)
        await call.hang_up()

    async with taking(agent, brief) as calls:
        await (await sipp.caller("uac_held_open", agent.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_a_bye_that_waits_for_its_ack_leaves_with_it(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §15: the callee sends no BYE before the ACK of its 200."""

    async def at_once(invite: IncomingInvite) -> None:
        call = await invite.accept()
        await call.hang_up()

    async with taking(agent, at_once):
        caller = await sipp.caller("uac_held_open", agent.address)
        messages = await caller.done()

    methods = [seen.start_line.partition(" ")[0] for seen in messages]
    assert methods.index("ACK") < methods.index("BYE")


async def test_reinvites_of_the_caller_change_the_direction(sipp: SippBench, agent: UserAgent):
    """RFC 3264 §6.1: recvonly answers sendonly, and so on; the scenario looks at each answer."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac_reinvite", agent.address)).done()

    states = [event.new_state for event in calls[0].event_log if isinstance(event, StateChanged)]
    assert [CallState.ACTIVE, CallState.ON_HOLD, CallState.ACTIVE, CallState.TERMINATED] == states[-4:]
    assert MediaState.HELD in calls[0].summary().media_path


async def test_a_reinvite_that_cannot_be_accepted_changes_nothing(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §14.2: 488, and the call goes on until its BYE."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac_bad_reinvite", agent.address)).done()

    assert CallState.ON_HOLD not in [event.call_state for event in calls[0].event_log]
    assert [CallState.TERMINATED] == [call.state for call in calls]


async def holding(invite: IncomingInvite) -> None:
    """Take it, offer sendonly, and hang up once that is agreed."""
    call = await invite.accept()
    await call.wait_for_event(AckReceived, timeout=20)
    await call.reinvite(MediaDirection.SENDONLY)
    await call.wait_for_state(CallState.ON_HOLD, timeout=20)
    await call.hang_up()


async def test_our_reinvite_is_answered(sipp: SippBench, agent: UserAgent):
    """The callee may offer another direction too."""
    async with taking(agent, holding) as calls:
        await (await sipp.caller("uac_reinvited", agent.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_our_reinvite_is_tried_again_after_a_glare(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §14.1: a 491 is not the end. How long each side waits is proven in virtual time."""
    async with taking(agent, holding):
        caller = await sipp.caller("uac_glare", agent.address)
        await caller.done()

    assert 2 == len(caller.received("INVITE"))


async def test_an_invite_without_an_offer_gets_one(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §13.2.1: the 200 offers, and media is ready with the ACK's answer."""

    async def until_ready(invite: IncomingInvite) -> None:
        call = await invite.accept()
        await call.wait_for_state(MediaState.ESTABLISHED, timeout=20)
        await call.hang_up()

    async with taking(agent, until_ready) as calls:
        caller = await sipp.caller("uac_delayed_offer", agent.address)
        await caller.done()

    kinds = [type(event).__name__ for event in calls[0].event_log]
    assert kinds.index("AckReceived") < kinds.index("MediaSessionReady")


async def test_a_reinvite_without_an_offer_gets_one(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §14.2: our 200 offers again; the answer in the ACK puts us on hold."""

    async def until_held(invite: IncomingInvite) -> None:
        call = await invite.accept()
        await call.wait_for_state(CallState.ON_HOLD, timeout=20)
        await call.hang_up()

    async with taking(agent, until_held) as calls:
        await (await sipp.caller("uac_offerless_reinvite", agent.address)).done()

    assert MediaDirection.RECVONLY is calls[0].media.direction


async def test_media_follows_the_address_of_a_reinvite(sipp: SippBench, agent: UserAgent):
    """RFC 3264 §8.3.1: from the answer on audio goes to the new port, and is heard from there."""
    moved = []

    async def until_moved(invite: IncomingInvite) -> None:
        call = await invite.accept()
        await call.wait_for_media(timeout=20)
        renegotiated = await call.wait_for_event(MediaEvent, event=MediaChange.RENEGOTIATED, timeout=20)
        first = await call.wait_for_event(RemoteMediaConfirmed, after=renegotiated, timeout=20)
        moved.append((call.media.remote, first.remote_addr))
        await call.hang_up()

    async with taking(agent, until_moved):
        caller = await sipp.caller("uac_moves_media", agent.address, rtp_echo=True)
        await caller.done()

    host, port = caller.media_address
    assert [((host, port + 2), (host, port + 2))] == moved


async def test_other_requests_within_the_dialog(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §11, §8.2.1, §12.2.2: OPTIONS 200, MESSAGE 405, an old CSeq 500, and after the BYE 481."""
    async with taking(agent) as calls:
        await (await sipp.caller("uac_in_dialog", agent.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_a_user_agent_on_every_interface_names_one(sipp: SippBench):
    """The description says where the caller can reach us, and nothing says the wildcard."""
    async with UserAgent("sip:bob@127.0.0.1", bind="0.0.0.0:0") as bob, taking(bob):
        caller = await sipp.caller("uac_plain", ("127.0.0.1", bob.address[1]))
        messages = await caller.done()

    answer = next(seen for seen in messages if not seen.sent and seen.body)
    assert "0.0.0.0" not in answer.text
    assert "c=IN IP4 127.0.0.1" in answer.body


async def test_ipv4_reaches_one_that_listens_to_both_families(sipp: SippBench):
    """Bound to `[::]`: what is said to an IPv4 peer is IPv4."""
    async with UserAgent("sip:bob@localhost", bind="[::]:0") as bob, taking(bob) as calls:
        messages = await (await sipp.caller("uac_plain", ("127.0.0.1", bob.address[1]))).done()

    answer = next(seen for seen in messages if not seen.sent and seen.body)
    assert "c=IN IP4 127.0.0.1" in answer.body
    assert [CallState.TERMINATED] == [call.state for call in calls]


@pytest.mark.parametrize("bind", ["[::1]:0", "[::]:0"])
async def test_ipv6(sipp: SippBench, bind: str):
    """The same call with addresses of the other family, in SIP and in the descriptions."""
    async with UserAgent("sip:bob@[::1]", bind=bind) as bob, taking(bob) as calls:
        await (await sipp.caller("uac_ipv6", ("::1", bob.address[1]), host="::1")).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_early_media_is_answered_in_a_183(sipp: SippBench, agent: UserAgent):
    """The 183 has our description; media is established before the call is answered."""

    async def early(invite: IncomingInvite) -> None:
        await invite.progress()
        assert MediaState.ESTABLISHED is invite.call.media.state
        await accept_quietly(invite)

    async def accept_quietly(invite: IncomingInvite) -> None:
        await over(await invite.accept())

    async with taking(agent, early) as calls:
        await (await sipp.caller("uac_early_media", agent.address)).done()

    assert [CallState.TERMINATED] == [call.state for call in calls]


async def test_options(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §11.2: what we can do, without a call."""
    await (await sipp.caller("uac_options", agent.address)).done()

    assert () == agent.calls


async def test_requests_for_what_does_not_exist(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §12.2.2 and §9.2: 481."""
    await (await sipp.caller("uac_outside_dialog", agent.address)).done()

    assert 3 == agent.counters["refused.481"]


async def test_what_we_do_not_handle_is_refused_by_name(sipp: SippBench, agent: UserAgent):
    """RFC 3261 §8.2: 405, 501, 420, 416 and 415, each with what would be possible."""
    await (await sipp.caller("uac_inspected", agent.address)).done()

    assert [1, 1, 1, 1, 1] == [agent.counters[f"refused.{status}"] for status in (405, 501, 420, 416, 415)]


async def test_an_answered_call_ends_with_one_event(sipp: SippBench, agent: UserAgent):
    """However it ends, the application is told once."""
    async with taking(agent, accept) as calls:
        await (await sipp.caller("uac_plain", agent.address)).done()

    assert 1 == len([event for event in calls[0].event_log if isinstance(event, CallEnded | CallFailed)])
