"""`UserAgent(registrar=…)`, `registered()`, and what a call and a callee see of credentials."""

from __future__ import annotations

import asyncio

import pytest
from udp_registrar import udp_registrar

from session_fsm import (
    CallFailedError,
    Credentials,
    DigestPolicy,
    RegistrationFailedError,
    SessionFsmError,
    UserAgent,
    WaitTimeout,
)
from session_fsm.errors import Malformed
from session_fsm.session.events import CallState, RegistrationFailed, Unregistered
from session_fsm.session.settings import Settings

ALICE = "sip:alice@127.0.0.1"
SECRET = Credentials("alice", "secret")
BIND = "127.0.0.1:0"


async def test_it_is_registered_while_it_is_open():
    """From `async with` to its end: 401, the answer, the binding, and its removal."""
    async with udp_registrar("secret") as registrar:
        async with UserAgent(ALICE, bind=BIND, registrar=registrar.address, credentials=SECRET) as alice:
            told = await alice.registered()
            kept = dict(registrar.bindings)

        assert {told.contact: "600"} == kept
        assert ({}, ["600", "600", "0"]) == (registrar.bindings, [r.get("Expires") for r in registrar.requests])


async def test_a_registrar_by_name_is_our_registrar_by_address_too():
    """What it asks for is answered, whatever it is called."""
    async with (
        udp_registrar("secret", realm="home") as registrar,
        UserAgent(ALICE, bind=BIND, registrar=f"localhost:{registrar.address[1]}", credentials=SECRET) as alice,
    ):
        await alice.registered()

        assert 0 == alice.counters["digest.foreign"]


async def test_registered_returns_at_once_when_it_is():
    """A second wait gets the same."""
    async with (
        udp_registrar() as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address) as alice,
    ):
        assert await alice.registered() is await alice.registered()


async def test_wrong_credentials_are_one_sentence():
    """With the registrar, the status and what was wrong."""
    async with (
        udp_registrar("other") as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address, credentials=SECRET) as alice,
    ):
        with pytest.raises(RegistrationFailedError, match=r"401 Unauthorized .the credentials were not accepted.$"):
            await alice.registered()


async def test_a_failed_try_is_waited_through_when_the_next_one_is_due_in_time():
    """The event tells of the failure; whoever waits gets the binding."""
    settings = Settings(register_retry=0.001)
    async with (
        udp_registrar(status=503) as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address, settings=settings) as alice,
    ):
        waiting = asyncio.create_task(alice.registered())
        await alice.wait_for_event(RegistrationFailed, status=503)
        registrar.status = 200

        assert await waiting is await alice.registered()


async def test_a_failed_try_is_raised_when_the_next_one_is_not_due_in_time():
    """To wait for the time-out would tell nothing more; the error says when it is tried again."""
    async with (
        udp_registrar(status=503) as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address) as alice,
    ):
        for _ in range(2):
            with pytest.raises(RegistrationFailedError, match="503 Service Unavailable; the next try is in"):
                await alice.registered(timeout=20)


async def test_a_time_out_names_what_the_last_try_came_to():
    """With the state: it is tried again, and there is no answer."""
    settings = Settings(register_retry=0.001, register_retry_most=0.002)
    async with (
        udp_registrar(status=503) as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address, settings=settings) as alice,
    ):
        await alice.wait_for_event(RegistrationFailed)
        registrar.status = 0
        with pytest.raises(WaitTimeout, match=r"not registered within 0.1 s: .* Registering; .*register us: 503"):
            await alice.registered(timeout=0.1)
        registrar.status = 200  # so that leaving need not wait


async def test_a_binding_is_asked_for_as_long_as_it_is_wanted():
    """RFC 3261 §10.2.1.1."""
    async with (
        udp_registrar() as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address, expires=120) as alice,
    ):
        assert 120 == (await alice.registered()).expires
    with pytest.raises(ValueError, match="expires is 0; it can be 1 to 604800 seconds"):
        UserAgent(ALICE, registrar="127.0.0.1:5060", expires=0)


async def test_a_registrar_that_is_not_there_is_told_at_once():
    """ICMP: nobody listens on its port."""
    async with udp_registrar() as registrar:
        gone = registrar.address
    async with UserAgent(ALICE, bind=BIND, registrar=gone) as alice:
        with pytest.raises(RegistrationFailedError, match="503"):
            await alice.registered(timeout=20)


async def test_an_unknown_registrar_is_told():
    """Its name has no address (RFC 6761: .invalid never has one)."""
    async with UserAgent(ALICE, bind=BIND, registrar="registrar.invalid") as alice:
        with pytest.raises(RegistrationFailedError, match=r"the host registrar\.invalid is unknown"):
            await alice.registered(timeout=20)


async def test_a_registrar_that_does_not_answer_runs_out_of_time():
    """The message names the state."""
    async with (
        udp_registrar(status=0) as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address, t1=0.1) as alice,
    ):
        with pytest.raises(WaitTimeout, match="the registration is Registering"):
            await alice.registered(timeout=0.01)
        registrar.status = 200  # so that leaving need not wait


async def test_leaving_does_not_wait_for_a_registrar_that_is_gone():
    """Not longer than for its calls; here the transaction gives up before that."""
    async with (
        udp_registrar() as registrar,
        UserAgent(ALICE, bind=BIND, registrar=registrar.address, t1=0.01) as alice,
    ):
        await alice.registered()
        registrar.status = 0
        async with asyncio.timeout(30):
            await alice.close()


async def test_without_a_registrar_there_is_nothing_to_wait_for():
    async with UserAgent(ALICE, bind=BIND) as alice:
        with pytest.raises(SessionFsmError, match="has no registrar"):
            await alice.registered()


async def test_leaving_is_told():
    """The last event of a registration."""
    async with udp_registrar() as registrar:
        alice = UserAgent(ALICE, bind=BIND, registrar=registrar.address)
        await alice.start()
        await alice.registered()
        await alice.close()

        assert "unregistered" == [event async for event in alice.events() if isinstance(event, Unregistered)][-1].reason


async def test_who_is_asked_and_knows_the_password_gets_through():
    """`challenge=` on one side, `credentials=` on the other."""
    policy = DigestPolicy("bob", {"alice": "secret"}.get)
    knowing = Credentials("alice", "secret", "bob")
    async with (
        UserAgent("sip:bob@127.0.0.1", bind=BIND, challenge=policy) as bob,
        UserAgent(ALICE, bind=BIND, credentials=knowing) as alice,
    ):
        call = alice.make_call(bob.contact)
        invite = await anext(bob.incoming_calls())
        await invite.accept()
        await call.wait_for_state(CallState.ACTIVE)

        assert ("alice", 1) == (invite.user, bob.counters["digest.unanswered"])


async def test_who_does_not_know_it_does_not_ring():
    """The callee's application never hears of it."""
    policy = DigestPolicy("bob", {"alice": "secret"}.get)
    async with (
        UserAgent("sip:bob@127.0.0.1", bind=BIND, challenge=policy) as bob,
        UserAgent(ALICE, bind=BIND, credentials=Credentials("alice", "wrong", "bob")) as alice,
    ):
        call = alice.make_call(bob.contact)
        with pytest.raises(CallFailedError, match="401 Unauthorized"):
            await call.wait_for_media()

        assert ((), 1) == (bob.calls, bob.counters["digest.wrong"])


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ({"registrar": ""}, ValueError, "registrar is ''; it can be HOST:PORT"),
        ({"registrar": 5}, ValueError, "registrar is 5; it can be"),
        ({"registrar": "a b"}, Malformed, "registrar is no server"),
        ({"registrar": "sip:alice@host"}, Malformed, "registrar has a user"),
        ({"registrar": "sips:host"}, Malformed, "only sip: over UDP is built"),
        ({"proxy": "host:99999"}, Malformed, "proxy is no server"),
        ({"credentials": ("alice", "secret")}, TypeError, "credentials can be a Credentials"),
        ({"challenge": "realm"}, TypeError, "it can be a DigestPolicy"),
    ],
)
def test_what_is_not_possible_is_said_when_it_is_given(given, error, match):
    """One sentence each."""
    with pytest.raises(error, match=match):
        UserAgent(ALICE, bind=BIND, **given)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"realm": ""}, "realm is ''"),
        ({"realm": 'a"b'}, "without quotes"),
        ({"lookup": None}, "lookup can be a function"),
        ({"algorithms": ("CRC",)}, "algorithms is 'CRC'; it can be"),
        ({"methods": ("ACK",)}, "methods is 'ACK'; it can be"),
        ({"methods": ()}, "it can be a tuple of"),
        ({"lifetime": 0}, "lifetime is 0"),
    ],
)
def test_a_policy_that_is_not_possible_is_refused(given, match):
    """One sentence each."""
    with pytest.raises(ValueError, match=match):
        DigestPolicy(**{"realm": "r", "lookup": {}.get, **given})


def test_a_password_is_not_shown():
    """Not in a log, not in a traceback."""
    assert "secret" not in repr(SECRET)
