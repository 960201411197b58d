"""SIGTERM whatever a call is doing, with a peer that answers nothing more: gone by the deadline, nothing is left."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import pytest

from session_fsm import Call, CallFailedError, CallState, IncomingInvite, MediaState, UserAgent
from session_fsm.audio.tone import Tone
from session_fsm.session.events import AckReceived, IncomingCall, RegistrationFailed

ANY = "127.0.0.1:0"
DEADLINE = 0.2  # seconds
MORE = 10.0  # seconds that a busy machine may take beside it; every timer of SIP takes longer


class Peer:
    """A telephone that says what a test has it say, and is dead otherwise."""

    def __init__(self) -> None:
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.bind(("127.0.0.1", 0))
        self._sip.setblocking(False)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self.address = self._sip.getsockname()
        self.uri = f"sip:peer@127.0.0.1:{self.address[1]}"
        self.description = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self._rtp.getsockname()[1]} RTP/AVP 0\r\n"
        )

    def close(self) -> None:
        self._sip.close()
        self._rtp.close()

    async def hear(self, what: bytes) -> str:
        """The next message whose first line has this."""
        while True:
            data = await asyncio.get_running_loop().sock_recv(self._sip, 65536)
            if what in data.split(b"\r\n")[0]:
                return data.decode()

    def answer(self, agent: UserAgent, request: str, status: int, body: str = "") -> None:
        fields = dict(re.findall(r"^(\S+): (.*)\r$", request, re.MULTILINE))
        tag = "" if ";tag=" in fields["To"] else ";tag=peer"
        kept = "".join(f"{name}: {fields[name]}\r\n" for name in ("Via", "From", "Call-ID", "CSeq"))
        typed = "Content-Type: application/sdp\r\n" if body else ""
        head = f"SIP/2.0 {status} Said\r\n{kept}To: {fields['To']}{tag}\r\nContact: <{self.uri}>\r\n{typed}"
        self._sip.sendto(f"{head}\r\n{body}".encode(), agent.address)

    def send(self, agent: UserAgent, method: str, to_tag: str = "", body: str = "") -> None:
        typed = "Content-Type: application/sdp\r\n" if body else ""
        head = (
            f"{method} {agent.contact} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.address[1]};branch=z9hG4bK{method}"
            f"\r\nMax-Forwards: 70\r\nFrom: <{self.uri}>;tag=peer\r\nTo: <sip:bob@127.0.0.1>{to_tag}\r\n"
            f"Call-ID: one\r\nCSeq: 1 {method}\r\nContact: <{self.uri}>\r\n{typed}"
        )
        self._sip.sendto(f"{head}\r\n{body}".encode(), agent.address)


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


async def calling(bob: UserAgent, peer: Peer) -> tuple[Call, str]:
    call = bob.make_call(peer.uri)
    return call, await peer.hear(b"INVITE")


async def ringing(bob: UserAgent, peer: Peer) -> Call:
    call, invite = await calling(bob, peer)
    peer.answer(bob, invite, 180)
    await call.wait_for_state(CallState.RINGING)
    return call


async def early_media(bob: UserAgent, peer: Peer) -> None:
    call, invite = await calling(bob, peer)
    peer.answer(bob, invite, 183, peer.description)
    await call.wait_for_state(MediaState.ESTABLISHED)


async def cancelling(bob: UserAgent, peer: Peer) -> None:
    await (await ringing(bob, peer)).hang_up()
    await peer.hear(b"CANCEL")


async def hung_up_before_any_answer(bob: UserAgent, peer: Peer) -> None:
    await (await calling(bob, peer))[0].hang_up()


async def up(bob: UserAgent, peer: Peer) -> Call:
    call, invite = await calling(bob, peer)
    peer.answer(bob, invite, 200, peer.description)
    await peer.hear(b"ACK")
    return call


async def asking_to_hold(bob: UserAgent, peer: Peer) -> asyncio.Task[None]:
    holding = asyncio.create_task((await up(bob, peer)).hold())
    await peer.hear(b"INVITE")
    return holding


async def on_hold(bob: UserAgent, peer: Peer) -> None:
    holding = asyncio.create_task((await up(bob, peer)).hold())
    peer.answer(bob, await peer.hear(b"INVITE"), 200, f"{peer.description}a=recvonly\r\n")
    await holding


async def sending_digits(bob: UserAgent, peer: Peer) -> asyncio.Task[None]:
    sending = asyncio.create_task((await up(bob, peer)).send_dtmf("123456789", via="info"))
    await peer.hear(b"INFO")
    return sending


async def hanging_up(bob: UserAgent, peer: Peer) -> None:
    await (await up(bob, peer)).hang_up()
    await peer.hear(b"BYE")


async def not_taken(bob: UserAgent, peer: Peer) -> None:
    peer.send(bob, "INVITE", body=peer.description)
    await bob.wait_for_event(IncomingCall)


async def called(bob: UserAgent, peer: Peer) -> IncomingInvite:
    peer.send(bob, "INVITE", body=peer.description)
    return await anext(bob.incoming_calls())


async def ringing_here(bob: UserAgent, peer: Peer) -> None:
    await (await called(bob, peer)).ring()


async def playing_early(bob: UserAgent, peer: Peer) -> None:
    await (await called(bob, peer)).progress(source=iter(Tone(425)))


async def queued(bob: UserAgent, peer: Peer) -> None:
    await (await called(bob, peer)).defer(100)


async def not_acknowledged(bob: UserAgent, peer: Peer) -> None:
    await (await called(bob, peer)).accept()


async def answered_here(bob: UserAgent, peer: Peer) -> None:
    await (await called(bob, peer)).accept()
    answer = await peer.hear(b"200")
    peer.send(bob, "ACK", to_tag=re.search(r"^To: [^;]*(;tag=\w+)", answer, re.MULTILINE)[1])
    await bob.wait_for_event(AckReceived)


async def resolving(bob: UserAgent, peer: Peer) -> None:
    bob.make_call("sip:nobody@no-such-host.invalid")


Doing = Callable[[UserAgent, Peer], Awaitable[object]]
DOING: tuple[Doing, ...] = (
    *(calling, ringing, early_media, cancelling, hung_up_before_any_answer, up, asking_to_hold, on_hold),
    *(sending_digits, hanging_up, not_taken, ringing_here, playing_early, queued, not_acknowledged, answered_here),
    resolving,
)


@pytest.mark.parametrize("doing", DOING, ids=[each.__name__ for each in DOING])
async def test_sigterm_ends_it_by_the_deadline(peer, doing):
    """No task, no socket, no exception that nobody hears of; whoever waited in the call is told."""
    loop, unheard = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, said: unheard.append(said))
    before = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
    async with asyncio.timeout(60), UserAgent("sip:bob@127.0.0.1", bind=ANY) as bob:
        bob.drain_on(signal.SIGUSR1, deadline=DEADLINE)
        waiting = await doing(bob, peer)
        began = loop.time()
        signal.raise_signal(signal.SIGUSR1)
        await bob._leaving.done.wait()
        took = loop.time() - began
    if isinstance(waiting, asyncio.Task):
        with pytest.raises(CallFailedError):
            await waiting
    del waiting
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))

    assert (before, []) == ((len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())), unheard)
    assert took <= DEADLINE + MORE


@pytest.mark.parametrize("status", [0, 200, 503])
async def test_sigterm_ends_a_registration_by_the_deadline(peer, status):
    """Asked for, granted, or waiting for the next try: the registrar answers nothing more."""
    loop = asyncio.get_running_loop()
    async with UserAgent("sip:bob@127.0.0.1", bind=ANY, registrar=peer.address) as bob:
        bob.drain_on(signal.SIGUSR1, deadline=DEADLINE)
        asked = await peer.hear(b"REGISTER")
        if status == 200:
            contact = re.search(r"^Contact: (.*)\r$", asked, re.MULTILINE)[1]
            peer.answer(bob, asked.replace("CSeq:", f"Contact: {contact}\r\nCSeq:"), 200)
        elif status:
            peer.answer(bob, asked, status)
            await bob.wait_for_event(RegistrationFailed)
        began = loop.time()
        signal.raise_signal(signal.SIGUSR1)
        await bob._leaving.done.wait()

    assert loop.time() - began <= DEADLINE + MORE


async def next_turn() -> None:
    """Let the event loop run once."""
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turn.set_result, None)
    await turn


@pytest.mark.parametrize("times", [2, 3])
async def test_who_is_in_a_hurry_waits_for_no_deadline(monkeypatch, peer, times):
    """The second signal hangs up and gives the peer what `close` gives it, the third gives it nothing."""
    monkeypatch.setattr("session_fsm.leaving.LEAVE_TIMEOUT", 0.2 if times == 2 else 1000)
    # With this T1 the BYE's transaction waits for ten minutes.
    async with asyncio.timeout(60), UserAgent("sip:bob@127.0.0.1", bind=ANY, t1=10) as bob:
        bob.drain_on(signal.SIGUSR1, deadline=1000)
        await up(bob, peer)
        signal.raise_signal(signal.SIGUSR1)
        while not bob._leaving.begun:
            await next_turn()
        signal.raise_signal(signal.SIGUSR1)
        await peer.hear(b"BYE")
        if times == 3:
            signal.raise_signal(signal.SIGUSR1)
        await bob._leaving.done.wait()
