"""INVITEs that came once while room was short: what counts as the same one again, and how they are forgotten."""

from __future__ import annotations

from random import Random

import pytest

from session_fsm.session import seen_once
from session_fsm.session.matching import Identity
from session_fsm.session.seen_once import SeenOnce

T1 = 0.5
HERE = ("10.0.0.3", 5060)


def invite(**changed: object) -> Identity:
    """An INVITE outside any dialog."""
    usual = {"is_request": True, "method": "INVITE", "branch": "z9hG4bK-1", "sent_by": ("10.0.0.3", 5060)}
    usual |= {"call_id": "call", "local_tag": None, "remote_tag": "tag", "cseq": 1}
    return Identity(**usual | changed)


@pytest.fixture
def seen() -> SeenOnce:
    """It was told of one INVITE, at the time 0."""
    made = SeenOnce(Random(1), T1)
    assert not made.repeats(invite(), HERE, 0.0)
    return made


def test_the_same_after_t1_is_its_repetition(seen):
    """RFC 3261 §17.1.1.2: timer A."""
    assert seen.repeats(invite(), HERE, T1)


def test_the_same_at_once_is_a_doubled_datagram(seen):
    """What a network does proves nothing; and it does not put off what counts."""
    assert [False, False, True] == [seen.repeats(invite(), HERE, after) for after in (0.0, 0.04, 0.06)]


@pytest.mark.parametrize(
    "changed",
    [{"branch": "z9hG4bK-2"}, {"sent_by": ("10.0.0.4", 5060)}, {"call_id": "2"}, {"remote_tag": "2"}, {"cseq": 2}],
)
def test_another_invite_is_no_repetition(seen, changed):
    """Everything that a caller repeats has to be the same."""
    assert not seen.repeats(invite(**changed), HERE, T1)


def test_the_same_from_another_address_is_no_repetition(seen):
    """Or else who is there could speak for who is not."""
    assert not seen.repeats(invite(), ("10.0.0.4", 5060), T1)


def test_the_same_from_another_port_is_a_repetition(seen):
    """A NAT may have given it another one."""
    assert seen.repeats(invite(), ("10.0.0.3", 40_000), T1)


def test_the_same_from_an_ipv6_network_is_a_repetition():
    """A host has all addresses of 64 bits."""
    seen = SeenOnce(Random(1), T1)
    seen.repeats(invite(), ("2001:db8:1::1", 5060), 0.0)

    assert seen.repeats(invite(), ("2001:db8:1::2", 5060), T1)
    assert not seen.repeats(invite(), ("2001:db8:2::1", 5060), T1)


@pytest.mark.parametrize("after", [1.5, 3.5])
def test_repetitions_may_be_lost(seen, after):
    """Timer A fires at 0.5, 1.5 and 3.5 s; others that come meanwhile do not matter."""
    for n in range(40):
        seen.repeats(invite(call_id=f"flood-{n}"), HERE, n * after / 40)

    assert seen.repeats(invite(), HERE, after)


def test_what_came_long_ago_is_forgotten(seen):
    """After 16*T1 at most."""
    assert not seen.repeats(invite(), HERE, 16 * T1)
    assert 1 == len(seen)


def test_an_older_generation_goes_when_the_newer_one_is_old(seen):
    """Each lasts 8*T1."""
    seen.repeats(invite(call_id="2"), HERE, 8 * T1)
    held = [len(seen)]
    seen.forget(16 * T1)

    assert [2, 1] == [*held, len(seen)]


def test_a_repetition_counts_though_the_first_was_read_late(seen):
    """Time is told when a datagram is read, and under a flood the first may have waited for it longer."""
    assert seen.repeats(invite(), HERE, 0.2 * T1)


def test_as_many_as_there_may_be_push_out_the_oldest(monkeypatch):
    """Two generations; of what came last at least one whole one is known."""
    monkeypatch.setattr(seen_once, "MOST", 10)
    seen = SeenOnce(Random(1), T1)
    for n in range(100):
        seen.repeats(invite(call_id=f"flood-{n}"), HERE, n / 1000)

    assert len(seen) <= 20
    assert all(seen.repeats(invite(call_id=f"flood-{n}"), HERE, 1.0) for n in range(90, 100))
    assert not seen.repeats(invite(call_id="flood-0"), HERE, 1.0)


def test_the_key_is_rolled_for_each_user_agent_and_not_before_it_is_needed():
    """Whoever could tell a fingerprint could send one that takes another's place."""
    dice = Random(1)
    seen, before = SeenOnce(dice, T1), dice.getstate()
    untouched = SeenOnce(dice, T1)

    assert before == dice.getstate()
    assert seen._fingerprint(invite(), HERE) != untouched._fingerprint(invite(), HERE)


@pytest.mark.parametrize(("t1", "too_soon", "soon"), [(0.1, 0.005, 0.02), (2.0, 0.04, 0.06)])
def test_where_our_t1_is_unusual_callers_with_theirs_come_in(t1, too_soon, soon):
    """A closed network may have a smaller one; that ours is larger says nothing of a caller's."""
    seen = SeenOnce(Random(1), t1)

    assert [False, False, True] == [seen.repeats(invite(), HERE, after) for after in (0.0, too_soon, soon)]


def test_any_text_has_a_fingerprint():
    """Octets that are no text are read as lone surrogates."""
    seen = SeenOnce(Random(1), T1)

    assert [False, True] == [seen.repeats(invite(call_id="\udcff\x00'"), HERE, after) for after in (0.0, T1)]
