"""Kamailio as registrar and proxy with digest: two of ours and a baresip register there and call through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from answering import next_call, over
from baresip_peer import Baresip, baresip_playing
from kamailio_peer import Kamailio, kamailio_running, registrar_asking
from programs import require

from session_fsm import (
    CallFailedError,
    CallState,
    Credentials,
    MediaDirection,
    RegistrationFailedError,
    Settings,
    UserAgent,
)
from session_fsm.session.events import Registered, RegistrationFailed

pytestmark = pytest.mark.wire

PATIENCE = 20.0  # seconds


@pytest.fixture
async def kamailio(tmp_path: Path) -> AsyncIterator[Kamailio]:
    """Asks for MD5, as most do."""
    async with running(tmp_path, "MD5") as found:
        yield found


def running(folder: Path, algorithm: str):
    return kamailio_running(require("kamailio", "kamailio"), folder, registrar_asking(algorithm))


def user(kamailio: Kamailio, name: str, password: str | None = None, *, settings: Settings | None = None) -> UserAgent:
    """One of ours, with kamailio as its registrar and proxy."""
    host, port = kamailio.address
    return UserAgent(
        f"sip:{name}@{host}:{port}",
        bind="127.0.0.1:0",
        registrar=kamailio.address,
        proxy=kamailio.address,
        credentials=Credentials(name, password or f"pw-{name}"),
        settings=settings,
    )


def uri_of(kamailio: Kamailio, name: str) -> str:
    return f"sip:{name}@{kamailio.address[0]}:{kamailio.address[1]}"


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_ours_registers_and_leaves(tmp_path: Path, algorithm: str):
    """RFC 3261 §10.2: asked once, answered once, and gone at the end."""
    async with running(tmp_path, algorithm) as kamailio:
        async with user(kamailio, "alice") as alice:
            told = await alice.registered(timeout=PATIENCE)

        assert (5, (told.contact,)) == (told.expires, told.bindings)
        async with user(kamailio, "bob") as bob:
            await bob.registered(timeout=PATIENCE)
            with pytest.raises(CallFailedError, match="404"):
                await bob.make_call(uri_of(kamailio, "alice")).wait_for_media(timeout=PATIENCE)


async def test_a_wrong_password_is_refused(kamailio: Kamailio):
    """Two tries, and no more."""
    async with user(kamailio, "alice", "guess") as alice:
        with pytest.raises(RegistrationFailedError, match="the credentials were not accepted"):
            await alice.registered(timeout=PATIENCE)

    assert await kamailio.has_seen("REGISTER", "REGISTER")


async def test_a_binding_outlives_its_nonce_and_its_time(kamailio: Kamailio):
    """It is refreshed before five seconds are over, with a nonce that has been stale for four."""
    async with user(kamailio, "alice") as alice:
        first = await alice.registered(timeout=PATIENCE)
        second = await alice.wait_for_event(Registered, after=first, timeout=PATIENCE)
        failed = [event async for event in _until(alice, second) if isinstance(event, RegistrationFailed)]

    assert ([], True) == (failed, 3.5 <= second.time - first.time)


async def _until(agent: UserAgent, last: object) -> AsyncIterator[object]:
    async for event in agent.events():
        yield event
        if event is last:
            return


async def test_a_registrar_that_restarts_is_told_again(tmp_path: Path):
    """It knows neither our binding nor its own nonce any more; nobody has to do anything."""
    async with running(tmp_path, "MD5") as kamailio:
        async with user(kamailio, "alice", settings=Settings(register_retry=0.05)) as alice:
            first = await alice.registered(timeout=PATIENCE)
            await kamailio.stop()
            failed = await alice.wait_for_event(RegistrationFailed, after=first, timeout=PATIENCE)
            await kamailio.start(require("kamailio", "kamailio"))
            again = await alice.wait_for_event(Registered, after=failed, timeout=PATIENCE)

        assert (first.contact, 503) == (again.contact, failed.status)


async def test_two_of_ours_call_through_it(kamailio: Kamailio):
    """407, Record-Route, a hold and a BYE from the other side."""
    async with user(kamailio, "alice") as alice, user(kamailio, "bob") as bob:
        await alice.registered(timeout=PATIENCE)
        await bob.registered(timeout=PATIENCE)
        calling = alice.make_call(uri_of(kamailio, "bob"))
        answering = await (await next_call(bob, PATIENCE)).accept()
        await calling.wait_for_media(timeout=PATIENCE)
        await answering.wait_for_media(timeout=PATIENCE)

        await calling.reinvite(MediaDirection.SENDONLY)
        await answering.wait_for_state(CallState.ON_HOLD, timeout=PATIENCE)
        await answering.hang_up()
        await over(calling)
        await over(answering)
        passed = ["INVITE", "INVITE", "ACK", "INVITE", "ACK", "BYE"]

        assert await kamailio.has_seen(*["REGISTER"] * 4, *passed)
    assert (CallState.TERMINATED, CallState.TERMINATED) == (calling.state, answering.state)


async def test_who_cannot_prove_it_calls_nobody(kamailio: Kamailio):
    """407 twice, and the callee does not ring."""
    async with user(kamailio, "bob") as bob, user(kamailio, "alice", "guess") as alice:
        await bob.registered(timeout=PATIENCE)

        with pytest.raises(CallFailedError, match="407 Proxy Authentication Required"):
            await alice.make_call(uri_of(kamailio, "bob")).wait_for_media(timeout=PATIENCE)

        assert () == bob.calls


@pytest.fixture
async def carol(kamailio: Kamailio, tmp_path: Path) -> AsyncIterator[Baresip]:
    """A baresip that is registered there, and calls through it."""
    folder = tmp_path / "carol"
    folder.mkdir()
    proxy = f'"sip:{kamailio.address[0]}:{kamailio.address[1]}"'
    account = f"<{uri_of(kamailio, 'carol')}>;auth_user=carol;auth_pass=pw-carol;regint=60;outbound={proxy}"
    async with baresip_playing(require("baresip", "baresip-core"), folder, 880.0, account=account) as found:
        await found.event("REGISTER_OK")
        yield found


async def test_ours_calls_a_baresip_through_it(kamailio: Kamailio, carol: Baresip):
    """Ours hangs up."""
    async with user(kamailio, "alice") as alice:
        await alice.registered(timeout=PATIENCE)
        call = alice.make_call(uri_of(kamailio, "carol"))
        await call.wait_for_media(timeout=PATIENCE)

        await call.hang_up()
        await over(call)
        await carol.event("CALL_CLOSED")

    assert CallState.TERMINATED == call.state


async def test_a_baresip_calls_ours_through_it(kamailio: Kamailio, carol: Baresip):
    """It hangs up."""
    async with user(kamailio, "bob") as bob:
        await bob.registered(timeout=PATIENCE)
        await carol.command("dial", uri_of(kamailio, "bob"))
        call = await (await next_call(bob, PATIENCE)).accept()
        await call.wait_for_media(timeout=PATIENCE)

        await carol.command("hangup")
        async with asyncio.timeout(PATIENCE):
            await over(call)

    assert CallState.TERMINATED == call.state
