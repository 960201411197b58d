"""The short forms of `make soak`: the same runs, a hundredth as long or less."""

from __future__ import annotations

import pytest

from tools.soak.endurance import udp_calls, virtual_calls
from tools.soak.loss import calls_over_a_bad_network
from tools.soak.mutated import mutated_rtp, mutated_sdp, mutated_sip, over_a_socket

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("loss", [0.10, 0.20])
def test_calls_complete_over_a_bad_network(loss):
    """With 5 % doubled and 5 % reordered too; nothing is stuck."""
    found = calls_over_a_bad_network(100, loss, quiet=True)

    assert (100, 0) == (found.completed, found.stuck)


def test_many_calls_in_virtual_time_leave_nothing():
    """Every timer of every call fires; the process holds what it held before."""
    found = virtual_calls(500, quiet=True)

    assert (500, {}) == (found.completed, found.objects_left)


async def test_many_calls_over_udp_leave_nothing():
    """No object, task or file descriptor."""
    found = await udp_calls(100, quiet=True)

    assert (100, {}, 0, 0) == (found.completed, found.objects_left, found.files_left, found.tasks_left)


@pytest.mark.parametrize("run", [mutated_sip, mutated_sdp, mutated_rtp])
def test_mutated_datagrams_break_nothing(run):
    """No exception, and whoever got them still works."""
    assert run(5000, quiet=True).alive


async def test_mutated_datagrams_over_a_socket_break_nothing():
    """A call that goes on meanwhile goes on afterwards."""
    found = await over_a_socket(1000, quiet=True)

    assert found.alive
