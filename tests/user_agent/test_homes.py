"""A user agent with many addresses tells each peer the one that this peer reaches, in both families."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from calling import connected, next_call

from session_fsm import Call, TransportError, UserAgent
from session_fsm.runtime.addresses import SOMEWHERE, route_from
from session_fsm.session.events import CallFailed, SdpEvent, SdpKind

INTERFACES = Path("/proc/net/if_inet6")


def link_local() -> str | None:
    """A link-local address of this machine with its zone."""
    rows = [line.split() for line in INTERFACES.read_text().splitlines()] if INTERFACES.exists() else []
    for digits, *_, name in rows:
        if digits.startswith("fe80"):
            return f"{':'.join(digits[at : at + 4] for at in range(0, 32, 4))}%{name}"
    return None


@contextlib.asynccontextmanager
async def listening(uri: str, bind: str):
    """A user agent, or a skip where this machine has no such address."""
    agent = UserAgent(uri, bind=bind)
    try:
        await agent.start()
    except TransportError as why:
        pytest.skip(str(why))
    async with agent:
        yield agent


def said(call: Call, kind: SdpKind) -> str:
    """The address in a description of this call."""
    sdp = next(event.sdp for event in call.event_log if isinstance(event, SdpEvent) and event.event_type is kind)
    return next(line for line in sdp.splitlines() if line.startswith("c=")).split()[-1]


@pytest.mark.parametrize(("host", "told"), [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")])
async def test_both_families_reach_one_that_listens_to_all(host, told):
    """Bound to `[::]` it is called by IPv4 and by IPv6, and answers each with an address of its family."""
    async with listening("sip:bob@localhost", "[::]:0") as bob, listening("sip:alice@localhost", f"{host}:0") as alice:
        calling = alice.make_call(f"sip:bob@{host}:{bob.address[1]}")
        answering = await (await next_call(bob)).accept()
        await asyncio.gather(calling.wait_for_media(), answering.wait_for_media())

        assert (told, told) == (said(answering, SdpKind.ANSWER_SENT), calling._session.dialog.remote_target.host)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_one_that_listens_to_all_calls_both_families(host):
    """Via, Contact and SDP of its INVITE are those of the callee's family."""
    async with listening("sip:alice@localhost", "[::]:0") as alice, listening("sip:bob@localhost", f"{host}:0") as bob:
        calling, answering = await connected(alice, bob)

        invite = answering._session.invite
        plain = host.strip("[]")
        assert [plain] * 3 == [invite.via.host, invite.contact.uri.host, said(answering, SdpKind.OFFER_RECEIVED)]
        await calling.hang_up()


async def test_two_peers_on_two_networks_are_told_two_addresses():
    """The route to each decides, not the first address that was found."""
    outside = route_from((SOMEWHERE[2], 9))
    if outside is None or outside.startswith("127."):
        pytest.skip("this machine has one network")
    async with (
        listening("sip:bob@localhost", "0.0.0.0:0") as bob,
        listening("sip:alice@localhost", "127.0.0.1:0") as alice,
        listening("sip:carol@localhost", f"{outside}:0") as carol,
    ):
        near, far = bob.make_call(alice.contact), bob.make_call(carol.contact)
        contacts = [(await next_call(agent)).request.contact.uri.host for agent in (alice, carol)]

        assert ["127.0.0.1", outside] == contacts
        assert ["127.0.0.1", outside] == [said(call, SdpKind.OFFER_SENT) for call in (near, far)]


async def test_an_icmp_error_reaches_one_that_listens_to_all():
    """A refused port of either family ends the call at once."""
    async with listening("sip:bob@localhost", "[::]:0") as bob:
        calls = [bob.make_call(f"sip:nobody@{host}:9") for host in ("127.0.0.1", "[::1]")]
        failures = [(await call.wait_for_event(CallFailed)).reason for call in calls]

        assert ["port unreachable", "port unreachable"] == failures


async def test_link_local_addresses_carry_a_call_and_are_told_without_their_zone():
    """RFC 4007 §11: a zone means nothing to another machine."""
    address = link_local()
    if address is None:
        pytest.skip("this machine has no link-local address")
    async with (
        listening("sip:bob@localhost", f"[{address}]:0") as bob,
        listening("sip:alice@localhost", f"[{address}]:0") as alice,
    ):
        calling, answering = await connected(alice, bob)

        assert "%" not in str(answering._session.invite.encode())
        assert calling.media.remote == answering.media.local
        await calling.hang_up()
