"""SIPp as a registrar, as a callee and as a caller that asks or is asked for a digest: 401, 407, 423, 503."""

from __future__ import annotations

import pytest
from answering import over, taking
from sipp_peer import SippBench

from session_fsm import CallState, Credentials, DigestPolicy, Settings, UserAgent
from session_fsm.session.events import CallAnswered, Registered, RegistrationFailed

pytestmark = pytest.mark.wire

PATIENCE = 20.0  # seconds
ALICE = "sip:alice@127.0.0.1"
SECRET = Credentials("alice", "secret", "sipp")


async def test_a_registrar_that_is_busy_asks_and_finds_it_too_brief(sipp: SippBench):
    """503 with Retry-After, 401, 423 with Min-Expires, 200; then the removal. SIPp checks the digest itself."""
    registrar = await sipp.callee("uas_registrar")
    settings = Settings(register_retry=0.01)
    async with UserAgent(
        ALICE, bind="127.0.0.1:0", registrar=registrar.address, credentials=SECRET, settings=settings
    ) as alice:
        failed = await alice.wait_for_event(RegistrationFailed, timeout=PATIENCE)
        told = await alice.wait_for_event(Registered, timeout=PATIENCE)
    await registrar.done()

    assert (503, 1.0, 1800) == (failed.status, failed.retry_in, told.expires)
    assert 1.0 <= told.time - failed.time


async def test_a_call_is_proven_and_so_is_its_end(sipp: SippBench):
    """401 to the INVITE, whose answer the ACK repeats; 407 to the BYE. SIPp checks the first digest itself."""
    callee = await sipp.callee("uas_proven")
    async with UserAgent(ALICE, bind="127.0.0.1:0", credentials=SECRET) as alice:
        async with alice.make_call(callee.uri) as call:
            await call.wait_for_event(CallAnswered, timeout=PATIENCE)
        await over(call)
        await callee.done()

    assert CallState.TERMINATED is call.state


async def test_a_caller_proves_itself_to_us(sipp: SippBench):
    """SIPp computes the digest itself; one MD5 challenge, as it knows no other."""
    policy = DigestPolicy("ours", {"alice": "secret"}.get, algorithms=("MD5",))
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", challenge=policy) as bob:
        async with taking(bob) as calls:
            await (await sipp.caller("uac_proven", bob.address)).done()

        assert 1 == bob.counters["digest.unanswered"]

    assert [CallState.TERMINATED] == [call.state for call in calls]
