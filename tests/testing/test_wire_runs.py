"""Fuzzed calls over real UDP: two processes, and a relay that delivers what a move says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from session_fsm.machine import replay
from session_fsm.session.building import shipped_charts
from session_fsm.testing.counterexample import Counterexample
from session_fsm.testing.runs import Move, make_all
from session_fsm.testing.wire_bench import WireBench
from session_fsm.testing.wire_run import WireRun, both_end

CALL = (
    Move("call", "alice"),
    Move("deliver", "bob", "INVITE"),
    Move("accept", "bob", "sendrecv"),
    Move("deliver", "alice", "200 INVITE"),
    Move("deliver", "bob", "ACK"),
)


@pytest.fixture(scope="module")
def bench() -> Iterator[WireBench]:
    """Both processes, once for all tests."""
    made = WireBench()
    yield made
    made.close()


def test_a_call_goes_its_way_delivery_by_delivery(bench):
    """Both sides answer for what they did: call states, a trace that replays, an end."""
    run = make_all(WireRun(bench), CALL)

    assert (list(CALL), None) == (run.made, run.fault)
    assert ["Active", "Active"] == [state.partition(" ")[0] for state in run.states()]
    assert [None, None] == [replay(rows, shipped_charts().values()) for rows in run.traces()]
    assert None is both_end(run)


def test_nothing_passes_that_no_move_delivers(bench):
    """The callee knows of no call; what is lost does not come again under its number."""
    run = make_all(WireRun(bench), (Move("call", "alice"), Move("lose", "bob", "INVITE")))

    assert 1 == len(run.states())
    assert not run.make(Move("deliver", "bob", "INVITE"))


def test_a_move_that_cannot_be_made_is_passed_over(bench):
    """As when a run is made again and the times are others."""
    run = make_all(WireRun(bench), (Move("call", "alice"), Move("deliver", "alice", "200 INVITE")))

    assert [Move("call", "alice")] == run.made


def test_copies_arrive_twice_and_change_nothing(bench):
    """The INVITE again is the same INVITE."""
    moves = (Move("call", "alice"), Move("copy", "bob", "INVITE"), Move("deliver", "bob", "INVITE"))
    run = make_all(WireRun(bench), moves)
    begun = [row for row in run.traces()[1] if row.chart == "call" and row.event == "invite_received"]

    assert (3, 1) == (len(run.made), len(begun))


def test_what_an_earlier_call_still_sends_is_not_taken_for_the_new_one(bench):
    """Its INVITE was lost, so it is sent again and again until 64*T1."""
    make_all(WireRun(bench), (Move("call", "alice"), Move("lose", "bob", "INVITE")))
    moves = (Move("wait", seconds=2.0), Move("call", "alice"), Move("deliver", "bob", "INVITE"))

    run = make_all(WireRun(bench), moves)

    sessions = {row.session for row in run.traces()[1] if row.event == "invite_received"}
    assert (list(moves), 1) == (run.made, len(sessions))


@pytest.mark.slow
def test_both_processes_read_the_charts_of_a_folder(tmp_path):
    """A counterexample that names one is made again with its charts."""
    text = Path(shipped_charts()["media"].file).read_text(encoding="utf-8")
    (tmp_path / "media.toml").write_text(text.replace("version = 1", "version = 7"), encoding="utf-8")
    example = Counterexample(target="pair:wire", breaks="media-paths", message="", moves=CALL[:3], folder=tmp_path)
    versions = [{row.version for row in rows if row.chart == "media"} for rows in example.run().traces()]

    assert [{7}, {7}] == versions


def test_a_refused_port_ends_the_call_at_once(bench):
    """The INVITE again meets nobody, and the kernel says so."""
    run = make_all(WireRun(bench), (Move("call", "alice"), Move("refuse", "alice", seconds=4.0)))

    assert ("Failed / Closed", None) == (run.states()[0], run.fault)


def test_a_process_that_was_stopped_goes_on(bench):
    """What was due meanwhile is overdue at once: the INVITE comes again."""
    run = make_all(WireRun(bench), (Move("call", "alice"), Move("jump", "alice", seconds=10.0)))

    assert (True, None) == (len(run.bench.log) > 1, run.fault)


def test_a_message_is_spoilt_on_its_way(bench):
    """Where lies are allowed; the message itself is still on its way."""
    moves = (Move("call", "alice"), Move("spoil:no Via", "bob", "INVITE"))

    honest, lying = (make_all(WireRun(bench, unrestricted=lies), moves) for lies in (False, True))

    assert (1, 2, None) == (len(honest.made), len(lying.made), lying.fault)
