"""The fault that the reference documents describe: a callee that opens its media only when the ACK comes."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pytest
from conversation import Side, assert_heard, converse
from udp_relay import Relay, is_ack

from session_fsm.chart import shipped

pytestmark = pytest.mark.slow

FRAMES = 50
AGREED = '{ event = "agreed", to = "Ready", emit = ["MediaSessionReady", "MediaNegotiated"]'
# As UAS the agreement is passed over, and the ACK takes its place.
MUTATIONS = [
    (
        'renegotiated    = { machine = "offer_answer.renegotiated" }',
        'acknowledged = { machine = "answer.acknowledged", of = "INVITE", role = "uas" }\n'
        'renegotiated    = { machine = "offer_answer.renegotiated" }',
    ),
    (
        f"  {AGREED} }},",
        f'  {AGREED}, role = "uac" }},\n{AGREED.replace("agreed", "acknowledged", 1)}, role = "uas" }},',
    ),
    (
        "[states.Negotiating.ignored]",
        '[states.Negotiating.ignored]\nagreed = { reason = "the mutant waits for the ACK", role = "uas" }',
    ),
    (
        '[groups.Everywhere]\nstates = ["*"]',
        '[groups.Everywhere.ignored]\nacknowledged = "it counts in Negotiating alone"\n'
        '[groups.Everywhere]\nstates = ["*"]',
    ),
]


@pytest.fixture
def mutant(tmp_path: Path) -> Path:
    """A folder with a media chart whose UAS establishes on ACK only."""
    text = shipped()["media"].read_text()
    for old, new in MUTATIONS:
        assert 1 == text.count(old)
        text = text.replace(old, new)
    folder = tmp_path / "charts"
    folder.mkdir()
    (folder / "media.toml").write_text(text)
    return folder


@contextmanager
def without_ack():
    """Maps a callee's URI to one of a relay before it that loses every ACK."""
    relays: list[Relay] = []

    def via(uri: str) -> str:
        user, _, address = uri.partition("@")
        host, port = address.split(":")
        relays.append(Relay((host, int(port)), is_ack).__enter__())
        return f"{user}@{host}:{relays[0].port}"

    try:
        yield via, relays
    finally:
        for relay in relays:
            relay.__exit__(None, None, None)


def assert_both_heard(sides: tuple[Side, Side]) -> None:
    """The same for the mutant and for what is shipped."""
    for side in sides:
        assert_heard(side, FRAMES)


def test_a_lost_ack_keeps_nobody_from_hearing(tmp_path: Path):
    """With the offer in the INVITE, the callee is Established when it has sent its answer."""
    with without_ack() as (via, relays):
        sides = converse(tmp_path, FRAMES / 50, via=via)

    assert_both_heard(sides)
    assert relays[0].lost >= 1
    assert [] == sides[1].program.of_type("AckReceived")


def test_a_callee_that_waits_for_the_ack_is_found_out(tmp_path: Path, mutant: Path):
    """The same assertions fail: it never sends, so nobody becomes Active."""
    with without_ack() as (via, _):
        sides = converse(tmp_path, FRAMES / 50, callee=("--charts", mutant), via=via)

    with pytest.raises(AssertionError):
        assert_both_heard(sides)
    assert ["Idle", "Negotiating", "Closed"] == sides[1].summary["media_path"]
    assert 0 == sides[0].summary["frames_received"]


def test_the_mutant_works_while_no_ack_is_lost(tmp_path: Path, mutant: Path):
    """So it is the lost ACK that the test above finds, and not a broken chart."""
    assert_both_heard(converse(tmp_path, FRAMES / 50, callee=("--charts", mutant)))
