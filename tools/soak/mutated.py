"""Real datagrams, spoilt at random: no exception, none that takes long, and whoever got them is still alive."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from session_fsm import Call, CallFailedError, IncomingInvite, LocalProtocolError, UserAgent
from session_fsm.errors import Malformed
from session_fsm.rtp import IncomingStream, OutgoingStream, parse_rtcp, parse_rtp
from session_fsm.runtime.addresses import Address
from session_fsm.runtime.media_stream import MediaStream
from session_fsm.runtime.transport import UdpSocket
from session_fsm.sdp import LocalMedia, Refusal, SessionDescription, answer, offer
from session_fsm.session.coordinator import SessionCoordinator
from session_fsm.session.events import CallEnded, IncomingCall
from session_fsm.session.settings import Settings
from session_fsm.testing.spoiling import SPOILS, spoilt, spoken
from tools.soak.progress import counted

LIMIT = 0.05  # seconds of CPU for one datagram
STEP = 0.01  # seconds of virtual time from one datagram to the next
SOMEBODY = ("10.0.0.1", 5060)
BATCH = 50  # datagrams between two questions whether anybody is alive
TELLING = (
    *(b"\r\n", b"\r\n\r\n", b" ", b":", b";", b",", b"<", b">", b'"', b"=", b"%", b"@", b"\x00", b"\xff", b"9" * 100),
    *(b"sip:", b"tag=", b";lr", b"INVITE", b"[::1]", b"0.0.0.0", b"65536", b"-1", b"a=", b"m=audio 0 RTP/AVP 0"),
)


@dataclass(frozen=True, slots=True)
class MutationFigures:
    """What became of many spoilt datagrams of one kind."""

    kind: str
    datagrams: int
    slowest: float
    "CPU seconds of the one that took longest, with whatever the garbage collector did meanwhile."
    alive: bool

    @property
    def holds(self) -> bool:
        """Whether none took long and whoever got them still works. An exception ends the run."""
        return self.alive and self.slowest <= LIMIT


def mangled(data: bytes, dice: Random) -> bytes:
    """A few octets changed, cut, doubled or put in."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        at, length = dice.randrange(len(data) + 1), dice.choice((0, 1, 4, 40))
        how = dice.randrange(4)
        filling = (
            dice.randbytes(length) if how == 0 else dice.choice(TELLING) if how == 1 else data[at : at + length] * how
        )
        data = data[:at] + filling + data[at + length :]
    return data


def sip_messages(dice: Random) -> Iterator[bytes]:
    """Of real calls, in any order, each spoilt in what a state machine looks at, or anywhere."""
    corpus = [datagram.data for datagram in spoken()]
    names = list(SPOILS)
    while True:
        data = dice.choice(corpus)
        yield spoilt(data, dice.choice(names)) if dice.random() < 0.2 else mangled(data, dice)


def mutated_sip(datagrams: int, *, seed: int = 1, quiet: bool = False) -> MutationFigures:
    """Through all that a user agent is without its sockets, while it takes, refuses and places calls."""
    dice, now, slowest = Random(seed), 0.0, 0.0
    at = SessionCoordinator(
        "sip:bob@10.0.0.2", ("10.0.0.2", 5060), dice=dice, settings=Settings(trace_rows=0, max_waiting=200)
    )
    source = sip_messages(dice)
    media = LocalMedia(("10.0.0.2", 40_000))
    with settled():
        for n in counted("SIP", datagrams, quiet=quiet):
            data = next(source)
            now += STEP
            began = time.thread_time()
            at.receive(data, SOMEBODY, now)
            slowest = max(slowest, time.thread_time() - began)
            at.expire(now)
            if n % 1000 == 0:
                at.make_call("sip:alice@10.0.0.1", media=media, now=now)
            _react(at, media, dice, now)
    alive = _answers_options(at, now)
    for session_id in list(at.sessions):
        at.hang_up(session_id, now=now)
    while (due := at.next_deadline()) is not None:
        at.expire(due)
        _react(at, media, dice, due)
    return MutationFigures(
        "SIP", datagrams, slowest, alive and not at.sessions and not any(at.open_machines().values())
    )


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """The collector as `session-fsm answer` has it: it runs, but looks only at what was made from now on."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _react(at: SessionCoordinator, media: LocalMedia, dice: Random, now: float) -> None:
    """As an application might: some calls are taken, some refused, some left alone."""
    while at.poll_transmit() is not None or at.poll_media() is not None:
        pass
    while (event := at.poll_event()) is not None:
        if isinstance(event, IncomingCall):
            with contextlib.suppress(LocalProtocolError):
                if dice.random() < 0.5:
                    at.accept(event.session_id, media=media, now=now)
                elif dice.random() < 0.5:
                    at.reject(event.session_id, 486, now=now)


def _answers_options(at: SessionCoordinator, now: float) -> bool:
    text = (
        "OPTIONS sip:bob@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKalive\r\nMax-Forwards: 70\r\n"
        "From: <sip:a@b>;tag=a\r\nTo: <sip:bob@10.0.0.2>\r\nCall-ID: alive\r\nCSeq: 1 OPTIONS\r\n\r\n"
    )
    at.receive(text.encode(), ("10.0.0.9", 5060), now)
    sent = list(iter(at.poll_transmit, None))
    return any(each.data.startswith(b"SIP/2.0 200") for each in sent)


def mutated_sdp(datagrams: int, *, seed: int = 1, quiet: bool = False) -> MutationFigures:
    """Read, answered and written again."""
    ours = LocalMedia(("10.0.0.2", 40_000))
    real = offer(LocalMedia(("10.0.0.1", 40_000))).encode()

    def take(data: bytes) -> None:
        try:
            theirs = SessionDescription.parse(data)
        except Malformed:
            return
        judged = answer(theirs, ours)
        if not isinstance(judged, Refusal):
            SessionDescription.parse(judged.description.encode())

    return _taken("SDP", real, take, datagrams, seed, quiet, lambda: not isinstance(_answered(real, ours), Refusal))


def _answered(data: bytes, ours: LocalMedia) -> object:
    return answer(SessionDescription.parse(data), ours)


def mutated_rtp(datagrams: int, *, seed: int = 1, quiet: bool = False) -> MutationFigures:
    """Read as RTP, given to a stream, and read as RTCP."""
    stream, now = IncomingStream(), 0.0
    real = OutgoingStream(ssrc=7, payload_type=0, sequence=10, timestamp=0)

    def take(data: bytes) -> None:
        nonlocal now
        now += 0.02
        with contextlib.suppress(Malformed):
            parse_rtcp(data)
        try:
            packet = parse_rtp(data)
        except Malformed:
            return
        for _ in stream.receive(packet, now):
            pass

    packet = real.packet(bytes(160))
    return _taken("RTP", packet, take, datagrams, seed, quiet, lambda: parse_rtp(packet).ssrc == 7)


def _taken(
    kind: str,
    real: bytes,
    take: Callable[[bytes], None],
    datagrams: int,
    seed: int,
    quiet: bool,
    alive: Callable[[], bool],
) -> MutationFigures:
    dice, slowest = Random(seed), 0.0
    for _ in counted(kind, datagrams, quiet=quiet):
        data = mangled(real, dice)
        began = time.thread_time()
        take(data)
        slowest = max(slowest, time.thread_time() - began)
    return MutationFigures(kind, datagrams, slowest, alive())


async def over_a_socket(datagrams: int, *, seed: int = 1, quiet: bool = False) -> MutationFigures:
    """SIP of a stranger, RTP of the peer of a call that goes on; every few of them it is asked whether it lives."""
    dice = Random(seed)
    source = sip_messages(dice)
    packet = OutgoingStream(ssrc=7, payload_type=0, sequence=10, timestamp=0).packet(bytes(160))
    loop, watch = asyncio.get_running_loop(), Stopwatch()
    async with (
        UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0", settings=Settings(max_waiting=200)) as bob,
        UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice,
    ):
        serving = asyncio.create_task(bob.serve(_take))
        talking = alice.make_call(bob.contact)
        await talking.wait_for_media()
        watch.over(bob._driver._socket)
        ours, (theirs,) = _stream(talking), map(_stream, bob.calls)
        watch.over(theirs._rtp)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.bind(("127.0.0.1", 0))
            out.setblocking(False)
            with settled():
                for n in counted("socket", max(1, datagrams // BATCH), quiet=quiet):
                    for _ in range(BATCH // 2):
                        out.sendto(next(source), bob.address)
                        ours._rtp.send(mangled(packet, dice), ours.destination)
                    await _answers_over_udp(loop, out, bob, n)
        alive = str(talking.state) == "Active"
        await bob.drain(0.5)
        await serving
    return MutationFigures("over a socket", datagrams, watch.slowest, alive)


def _stream(call: Call) -> MediaStream:
    found = call._driver.media.stream(call.id)
    assert found is not None  # it talks
    return found


class Stopwatch:
    """How long a socket's owner takes for one datagram, at most."""

    def __init__(self) -> None:
        self.slowest = 0.0

    def over(self, one: UdpSocket) -> None:
        """From now on this one's datagrams are timed."""
        take = one.on_datagram

        def timed(data: bytes, source: Address) -> None:
            began = time.thread_time()
            take(data, source)
            self.slowest = max(self.slowest, time.thread_time() - began)

        one.on_datagram = timed


async def _take(invite: IncomingInvite) -> None:
    """Every call is answered, and left alone."""
    with contextlib.suppress(CallFailedError, LocalProtocolError):
        call = await invite.accept()
        await call.wait_for_event(CallEnded, timeout=None)


async def _answers_over_udp(loop: asyncio.AbstractEventLoop, out: socket.socket, bob: UserAgent, n: int) -> None:
    """Ask by OPTIONS, and again if the question or its answer was lost among all the others."""
    host, port = out.getsockname()
    text = (
        f"OPTIONS {bob.contact} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKalive{n}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=a\r\nTo: <sip:bob@127.0.0.1>\r\nCall-ID: alive{n}\r\n"
        "CSeq: 1 OPTIONS\r\n\r\n"
    )
    for _ in range(10):
        out.sendto(text.encode(), bob.address)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3.0):
                while b"alive%d\r\n" % n not in await loop.sock_recv(out, 65536):
                    pass
                return
    raise AssertionError("the user agent does not answer any more")
