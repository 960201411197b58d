"""Every way in which a call can end is seen at once, with status and reason."""

from __future__ import annotations

import asyncio
import socket

import pytest
from calling import connected, next_call

from session_fsm import CallFailedError, CallState, LocalProtocolError, Malformed, MediaState, TransportError, UserAgent
from session_fsm.session.events import CallEnded, CallFailed, IncomingCall
from session_fsm.session.settings import Settings

AT_ONCE = 0.5  # seconds: below every timer of RFC 3261


@pytest.mark.parametrize(("status", "reason"), [(486, "Busy Here"), (603, "Decline"), (404, "Not Found")])
async def test_a_refusal_reaches_the_caller_at_once(alice, bob, status, reason):
    """The wait for audio ends with the status of the refusal."""
    calling = alice.make_call(bob.contact)
    await (await next_call(bob)).reject(status)

    with pytest.raises(CallFailedError) as failure:
        await calling.wait_for_media(timeout=AT_ONCE)

    assert (status, reason) == (failure.value.status, failure.value.reason)
    assert CallState.FAILED is calling.state
    assert not calling.summary().ok


@pytest.mark.parametrize(("host", "limit"), [("127.0.0.1", AT_ONCE), ("localhost", 20)])  # the system looks names up
async def test_a_port_where_nobody_listens_is_noticed_at_once(alice, host, limit):
    """The kernel's error queue tells of the ICMP message; no timer has to run out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with pytest.raises(CallFailedError, match="unreachable"):
        await alice.make_call(f"sip:nobody@{host}:{port}").wait_for_media(timeout=limit)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("[::1]:5", "another family"),
        ("127.0.0.1:0", "cannot be reached"),
        ("192.0.2.1", "cannot be reached"),
    ],
)
async def test_an_address_that_cannot_be_sent_to_says_why(alice, where, says):
    """In words; the kernel's and the resolver's numbers say nothing to anybody."""
    with pytest.raises(CallFailedError, match=says):
        await alice.make_call(f"sip:bob@{where}").wait_for_media(timeout=AT_ONCE)


@pytest.mark.parametrize("host", ["255.255.255.255", "224.0.0.1", "0.0.0.0", "[::]", "[ff02::1]", "[::ffff:224.0.0.1]"])
async def test_only_a_single_host_can_be_called(alice, host):
    """One sentence says so before anything is sent; a group or a wildcard is nobody's address."""
    with pytest.raises(Malformed, match="only a single host can be called"):
        alice.make_call(f"sip:bob@{host}")


async def test_a_host_that_does_not_exist_is_named(alice):
    """The resolver's answer ends the call."""
    with pytest.raises(CallFailedError, match=r"no-such-host\.invalid"):
        await alice.make_call("sip:bob@no-such-host.invalid").wait_for_media(timeout=10)


async def test_a_host_is_found_by_its_name(alice, bob):
    """A URI with a name is as good as one with an address."""
    calling = alice.make_call(f"sip:bob@localhost:{bob.address[1]}")
    answering = await (await next_call(bob)).accept()

    await asyncio.gather(calling.wait_for_media(timeout=20), answering.wait_for_media(timeout=20))


async def test_hanging_up_while_it_rings_cancels(alice, bob):
    """The callee sees the end of the call, the caller that it was cancelled."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    await invite.ring()
    await calling.wait_for_state(CallState.RINGING, timeout=AT_ONCE)

    await calling.hang_up()

    await invite.call.wait_for_event(CallEnded, timeout=AT_ONCE)
    await calling.wait_for_event(CallEnded, timeout=AT_ONCE)
    assert CallState.CANCELLED is calling.state
    with pytest.raises(CallFailedError):
        await invite.accept()


async def test_leaving_before_any_answer_does_not_wait(alice):
    """`async with` returns at once although nobody ever answers; the session finishes behind."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        async with asyncio.timeout(AT_ONCE), alice.make_call(f"sip:s@127.0.0.1:{silent.getsockname()[1]}"):
            pass
    assert 1 == len(alice.calls)


async def test_a_redirection_leads_the_caller_on(alice, bob):
    """The Contact of a 302 is called next; here it is the same user agent under another name."""
    calling = alice.make_call(bob.contact)
    await (await next_call(bob)).redirect(bob.contact.replace("bob", "carol"))

    second = await next_call(bob)
    await second.accept()

    assert "carol" in second.target
    await calling.wait_for_media(timeout=20)


async def test_a_call_that_rings_too_long_is_given_up():
    """`no_answer` ends it with a CANCEL."""
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
    ):
        calling = alice.make_call(bob.contact, no_answer=0.1)
        await (await next_call(bob)).ring()

        with pytest.raises(CallFailedError):
            await calling.wait_for_media(timeout=20)


async def test_more_calls_than_may_wait_are_refused(alice):
    """The calls that nobody has taken are bounded: the next caller is asked to come again later."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=Settings(max_waiting=3)) as bob:
        calls = [alice.make_call(bob.contact) for _ in range(4)]

        failed = await alice.wait_for_event(CallFailed)

        assert (calls[-1].id, 503) == (failed.session_id, failed.status)


async def test_a_caller_need_not_wait_behind_the_many_calls_of_another(alice):
    """Each source has its turn: the second call that is taken is the other's, though it came last."""
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob,
        UserAgent("sip:carol@127.0.0.1", bind="127.0.0.2:0") as carol,
    ):
        for _ in range(5):
            alice.make_call(bob.contact)
        await bob.wait_for_event(IncomingCall, where=lambda event: len(bob.calls) == 5)
        carol.make_call(bob.contact)
        await bob.wait_for_event(IncomingCall, where=lambda event: event.caller == carol.uri)

        callers = [(await next_call(bob)).caller for _ in range(3)]

        assert [alice.uri, carol.uri, alice.uri] == callers


async def test_a_caller_that_gave_up_is_passed_over(alice, bob):
    """Whoever takes calls late does not get one that is over."""
    first = alice.make_call(bob.contact)
    await bob.wait_for_event(IncomingCall, timeout=AT_ONCE)
    await first.hang_up()
    await bob.wait_for_event(CallEnded, timeout=AT_ONCE)
    second = alice.make_call(bob.contact)

    invite = await next_call(bob)

    assert second.call_id == invite.call.call_id


async def test_answering_twice_says_what_is_possible(alice, bob):
    """A command that is not possible now raises, and the call goes on."""
    _, answering = await connected(alice, bob)

    with pytest.raises(LocalProtocolError, match="possible now"):
        bob._driver.command(lambda now: bob._driver.coordinator.ring(answering.id, now=now))

    assert MediaState.ACTIVE is answering.media.state


async def test_leaving_the_user_agent_hangs_up(alice):
    """The other side sees a BYE, and the user agent waits until it is answered."""
    async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
        calling, _ = await connected(alice, bob)

    assert await calling.wait_for_event(CallEnded, timeout=AT_ONCE)
    assert () == bob.calls


@pytest.mark.parametrize("uri", ["bob", "tel:+4930", "sip:"])
async def test_a_bad_uri_is_refused_at_once(alice, uri):
    """Nothing is sent, and no port stays open."""
    with pytest.raises(Malformed):
        alice.make_call(uri)

    assert 0 == len(alice._driver.media)


async def test_a_port_in_use_is_named(alice):
    """One sentence says which address and why."""
    host, port = alice.address

    with pytest.raises(TransportError, match=f"^cannot listen on {host}:{port}: the port is in use$"):
        await UserAgent("sip:eve@127.0.0.1", bind=(host, port)).start()


async def test_a_call_that_cannot_be_accepted_leaves_no_port_open(alice, bob):
    """The caller has given up while we were about to answer."""
    calling = alice.make_call(bob.contact)
    invite = await next_call(bob)
    await calling.hang_up()
    await invite.call.wait_for_event(CallEnded, timeout=AT_ONCE)

    with pytest.raises(CallFailedError):
        await invite.accept()
    with pytest.raises(CallFailedError):
        await invite.reject()

    assert 0 == len(bob._driver.media)


async def test_a_handler_that_fails_costs_its_own_call_only(alice, bob, caplog):
    """`serve` logs the fault, ends that call and goes on with the others."""

    async def handler(invite):
        if "bad" in invite.caller:
            raise RuntimeError("a fault of the application")
        await (await invite.accept()).wait_for_event(CallEnded)

    serving = asyncio.create_task(bob.serve(handler))
    async with UserAgent("sip:bad@127.0.0.1", bind="127.0.0.1:0") as bad:
        with pytest.raises(CallFailedError) as failure:
            await bad.make_call(bob.contact).wait_for_media(timeout=AT_ONCE)
    assert 500 == failure.value.status
    async with alice.make_call(bob.contact) as calling:
        await calling.wait_for_media(timeout=20)
    await bob.wait_for_event(CallEnded, timeout=AT_ONCE)
    serving.cancel()

    assert "a fault of the application" in caplog.text
    caplog.clear()  # it was the application's, not ours
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_a_handler_that_returns_without_answering_refuses(alice, bob):
    """No caller is left ringing by an application that has forgotten it."""

    async def forget(invite):
        return None

    serving = asyncio.create_task(bob.serve(forget))
    with pytest.raises(CallFailedError) as failure:
        await alice.make_call(bob.contact).wait_for_media(timeout=AT_ONCE)
    serving.cancel()

    assert 603 == failure.value.status
