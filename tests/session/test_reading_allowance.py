"""Monstrous messages: a few are read, whatever they are; a flood of them is not."""

from __future__ import annotations

import pytest

from session_fsm.session.reading_allowance import A_SECOND, AT_ONCE, ReadingAllowance

MONSTROUS = b"Via: SIP/2.0/UDP a\r\n" * 3000


def read_of(datagram: bytes, count: int, now: float, allowance: ReadingAllowance) -> int:
    """How many of so many are read."""
    return sum(allowance.covers(datagram, now) for _ in range(count))


@pytest.mark.parametrize("datagram", [b";" * 2048, b"a" * 60_000, b"a=rtpmap:0 PCMU/8000\r\n" * 100])
def test_ordinary_messages_are_read_whatever_their_rate(datagram):
    """Small ones, large ones that are quickly read, and long descriptions."""
    assert 10_000 == read_of(datagram, 10_000, 0.0, ReadingAllowance())


@pytest.mark.parametrize("mark", [b",", b";", b"\n"])
def test_a_flood_of_monstrous_messages_is_not_read(mark):
    datagram = mark * 60_000

    assert AT_ONCE // 60_000 == read_of(datagram, 1000, 0.0, ReadingAllowance())


def test_a_second_later_some_are_read_again():
    """As many as a second allows; after an hour no more than at once."""
    allowance = ReadingAllowance()
    read_of(MONSTROUS, 1000, 0.0, allowance)

    assert A_SECOND // len(MONSTROUS) == read_of(MONSTROUS, 1000, 1.0, allowance)
    assert AT_ONCE // len(MONSTROUS) == read_of(MONSTROUS, 1000, 3600.0, allowance)
