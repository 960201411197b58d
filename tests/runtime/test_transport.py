"""UDP sockets on the loop: what arrives, what cannot be delivered, and what cannot be opened."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterator

import pytest
import uvloop

from session_fsm.errors import TransportError
from session_fsm.runtime.poller import AT_ONCE, EpollPoller, LoopPoller, Poller
from session_fsm.runtime.transport import UdpSocket

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Ear:
    """A socket that keeps what it hears."""

    def __init__(self, poller: Poller, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.heard: list[tuple[bytes, tuple[str, int]]] = []
        self.unreachable: list[tuple[tuple[str, int], str]] = []
        self.something = asyncio.Event()
        self.socket = UdpSocket(
            address,
            poller=poller,
            on_datagram=lambda data, source: self._note(self.heard, (data, source)),
            on_unreachable=lambda destination, why: self._note(self.unreachable, (destination, why)),
        )

    def _note(self, kept: list, what: tuple) -> None:
        kept.append(what)
        self.something.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait for it, at most a second."""
        async with asyncio.timeout(1):
            while not enough():
                self.something.clear()
                await self.something.wait()


def run(loop: str, main: Coroutine[None, None, None]) -> None:
    """Run on this kind of loop."""
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main)


@contextlib.contextmanager
def two_ears(poller_kind: type = EpollPoller) -> Iterator[tuple[Ear, Ear]]:
    """Two sockets with one poller."""
    poller = poller_kind(asyncio.get_running_loop())
    one, other = Ear(poller), Ear(poller)
    yield one, other
    one.socket.close()
    other.socket.close()
    poller.close()


def nobody() -> tuple[str, int]:
    """An address where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("poller", [EpollPoller, LoopPoller])
def test_datagrams_arrive_with_their_source(loop, poller):
    """Both loops, both pollers."""

    async def main() -> None:
        with two_ears(poller) as (one, other):
            assert one.socket.send(b"hello", other.socket.address) is None
            await other.until(lambda: len(other.heard) == 1)
            assert [(b"hello", one.socket.address)] == other.heard

    run(loop, main())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_port_unreachable_is_told_and_the_socket_lives_on(loop):
    """An ICMP error names the destination. uvloop forgets a socket that has one; our epoll does not."""

    async def main() -> None:
        with two_ears() as (one, other):
            dead = nobody()
            one.socket.send(b"into the void", dead)
            await one.until(lambda: len(one.unreachable) == 1)
            assert [(dead, "port unreachable")] == one.unreachable
            other.socket.send(b"still there?", one.socket.address)
            await one.until(lambda: len(one.heard) == 1)

    run(loop, main())


async def test_an_earlier_error_does_not_swallow_the_next_datagram():
    """The kernel tells a pending ICMP error at the next send instead of sending: it is sent again."""
    with two_ears() as (one, other):
        for _ in range(3):
            one.socket.send(b"void", nobody())
            assert one.socket.send(b"hello", other.socket.address) is None

        await other.until(lambda: len(other.heard) == 3)


async def test_a_burst_is_drained_in_portions():
    """More datagrams than one wake-up reads all arrive."""
    with two_ears() as (one, other):
        for _ in range(3 * AT_ONCE):
            one.socket.send(b"x", other.socket.address)

        await other.until(lambda: len(other.heard) == 3 * AT_ONCE)


async def test_what_few_datagrams_wait_for_is_not_behind_what_many_do():
    """In a crowd a socket reads as many at once as it may, and the others one in each turn."""
    poller, order, everything = EpollPoller(asyncio.get_running_loop()), [], asyncio.Event()

    def note(who: str) -> None:
        order.append(who)
        if len(order) == 20:
            everything.set()

    media, signalling = (
        UdpSocket(
            ("127.0.0.1", 0),
            poller=poller,
            on_datagram=lambda data, source, who=who: note(who),
            on_unreachable=lambda destination, why: None,
            at_once=at_once,
        )
        for who, at_once in (("media", 1), ("signalling", 64))
    )
    for _ in range(10):
        media.send(b"x", media.address)
        media.send(b"x", signalling.address)
    async with asyncio.timeout(1):
        await everything.wait()
    media.close()
    signalling.close()
    poller.close()

    assert (["media"] + ["signalling"] * 10 + ["media"] * 9) == order


async def test_what_the_kernel_cannot_take_is_sent_later():
    """A full send buffer keeps datagrams until there is room."""
    with two_ears() as (one, other):
        one.socket._keep(b"first", other.socket.address)
        one.socket.send(b"second", other.socket.address)

        await other.until(lambda: len(other.heard) == 2)
        assert [b"first", b"second"] == [data for data, _ in other.heard]


async def test_a_datagram_that_is_too_large_says_so():
    """The send returns the reason."""
    with two_ears() as (one, other):
        assert "the datagram is too large" == one.socket.send(bytes(70_000), other.socket.address)


async def test_ipv6_works_the_same():
    """Addresses have no brackets and no scope numbers."""
    poller = EpollPoller(asyncio.get_running_loop())
    try:
        one, other = Ear(poller, ("::1", 0)), Ear(poller, ("::1", 0))
    except TransportError:
        pytest.skip("this machine has no IPv6")

    one.socket.send(b"hello", other.socket.address)
    await other.until(lambda: len(other.heard) == 1)

    assert [(b"hello", one.socket.address)] == other.heard
    one.socket.close()
    other.socket.close()
    poller.close()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (("192.0.2.1", 5060), "cannot listen on 192.0.2.1:5060: the address is not one of this machine's"),
        (("2001:db8::1", 5060), r"cannot listen on \[2001:db8::1\]:5060: "),
        (("nonsense", 5060), "cannot listen on 'nonsense': it is no IP address"),
    ],
)
async def test_an_address_that_is_not_ours_is_refused_in_one_sentence(address, why):
    """The sentence names the address."""
    poller = EpollPoller(asyncio.get_running_loop())

    with pytest.raises(TransportError, match=f"^{why}"):
        Ear(poller, address)

    poller.close()


async def test_a_port_in_use_is_refused_in_one_sentence():
    """And the first owner keeps it."""
    with two_ears() as (one, _), pytest.raises(TransportError, match=r"the port is in use$"):
        Ear(one.socket._poller, one.socket.address)
