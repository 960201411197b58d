"""RTP on an even port, RTCP on the odd one above it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from session_fsm.errors import TransportError
from session_fsm.runtime.ports import RtpPorts
from session_fsm.runtime.transport import bound_socket


class Port:
    """A bound socket, and nothing else."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = bound_socket(address)
        self.address = self.socket.getsockname()
        self.close = self.socket.close
        opened.append(self)


opened: list[Port] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    while opened:
        opened.pop().close()


def free_range(pairs: int) -> tuple[int, int]:
    """A range of ports that are free just now."""
    for first in range(30000, 60000, 2 * pairs + 2):
        try:
            taken = [bound_socket(("127.0.0.1", port)) for port in range(first, first + 2 * pairs)]
        except TransportError:
            continue
        for each in taken:
            each.close()
        return first, first + 2 * pairs - 1
    raise AssertionError("no free ports")


def test_without_a_range_the_pair_is_even_and_odd():
    """Whatever the system gives first."""
    for _ in range(20):
        rtp, rtcp = RtpPorts().open_pair("127.0.0.1", Port)
        assert (0, rtp.address[1] + 1) == (rtp.address[1] % 2, rtcp.address[1])


def test_a_range_is_used_to_its_end_and_then_named():
    """The error says which ports are all in use."""
    first, last = free_range(3)
    ports = RtpPorts(first, last)

    pairs = [ports.open_pair("127.0.0.1", Port) for _ in range(3)]

    assert [first, first + 2, first + 4] == [rtp.address[1] for rtp, _ in pairs]
    with pytest.raises(TransportError, match=f"every RTP port from {first} to {last} on 127.0.0.1 is in use"):
        ports.open_pair("127.0.0.1", Port)


def test_half_a_pair_is_given_back():
    """An even port whose odd neighbour is taken is left open by nobody."""
    first, last = free_range(2)
    neighbour = Port(("127.0.0.1", first + 1))

    rtp, rtcp = RtpPorts(first, last).open_pair("127.0.0.1", Port)

    assert [neighbour, rtp, rtcp] == [port for port in opened if port.socket.fileno() != -1]


def test_a_port_rests_before_it_is_used_again():
    """The range is walked round, so that late packets of a call do not reach the next one."""
    first, last = free_range(3)
    ports = RtpPorts(first, last)
    rtp, rtcp = ports.open_pair("127.0.0.1", Port)
    rtp.close()
    rtcp.close()

    again, _ = ports.open_pair("127.0.0.1", Port)

    assert first + 2 == again.address[1]


@pytest.mark.parametrize("ports", [(10, 10), (20, 10), (0, 10), (5001, 5002), (60000, 70000)])
def test_a_range_without_a_pair_is_refused(ports):
    """Before any call needs it."""
    with pytest.raises(TransportError, match=f"rtp_ports {ports[0]} to {ports[1]}"):
        RtpPorts(*ports)


def test_the_module_needs_no_loop():
    """Ports are found synchronously."""
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    RtpPorts().open_pair("127.0.0.1", Port)
