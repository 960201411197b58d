"""The pytest plugin, as the tests of other people see it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from chart_samples import DOOR_FILE as SAMPLE

# A pytest inside a pytest forgets what it imports, and numpy cannot be imported twice.
import session_fsm.user_agent  # noqa: F401
from session_fsm.testing import Move
from session_fsm.testing.counterexample import Counterexample, keep

pytest_plugins = ["pytester"]


@pytest.fixture
def outcome(pytester):
    """Runs one test file in a pytest of its own, without the plugins of this one."""

    def run(text: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(text)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio", *options)

    return run


def test_the_plugin_costs_nothing_at_start():
    """Neither Hypothesis nor numpy nor our own runtime is imported by it."""
    script = (
        "import sys, pytest\nbefore = set(sys.modules)\nimport session_fsm.testing.plugin\n"
        "print([name for name in set(sys.modules) - before if name.partition('.')[0] in ('hypothesis', 'numpy')"
        " or name.count('.') == 1 and name.startswith('session_fsm.') and name != 'session_fsm.testing'])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "[]\n" == ended.stdout


def test_it_is_found_by_its_entry_point(pytester):
    """Installed with the package: nothing has to be declared."""
    result = pytester.runpytest_inprocess("--fixtures", "-q", "-p", "no:asyncio")

    result.stdout.fnmatch_lines(["*virtual_pair*", "*virtual_clock*", "*udp_pair*", "*sipp_runner*"])


def test_a_virtual_pair_talks(outcome):
    """In no time, and both hear each other."""
    result = outcome(
        """
        from session_fsm.testing import assert_media

        def test_call(virtual_pair):
            line, _ = virtual_pair.talk()
            assert_media(line, both_ways=True, within=0.5)
        """
    )

    result.assert_outcomes(passed=1)


def test_a_failed_call_shows_what_has_not_happened_and_the_ladder(outcome):
    """In place of a traceback: the line that failed, both sides, the transition, the messages."""
    result = outcome(
        """
        from session_fsm.testing import Method, assert_media

        def test_call(virtual_pair):
            virtual_pair.net.drop(status=200)
            line, _ = virtual_pair.talk()
            assert_media(line)
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*.py:6: in test_call",
            ">   assert_media(line)",
            "E   NoMediaError: no audio both ways within 0.5 s: <Line of alice: UAC, call Initiating, *",
            "alice: call Initiating, media Negotiating",
            "bob: call Active, media Established",
            "has not happened:",
            "    alice: call Initiating → Active on answered",
            "    alice: media Negotiating → Ready on agreed",
            "    bob: media Established → Active on first_frame [[]expects_rtp[]]",
            "*ms  UAC*UAS",
            "*--- INVITE (offer) ---*>|*",
            "*x 200 OK (answer) ---|",
            "again: --fsm-seed 0",
        ]
    )
    result.stdout.no_fnmatch_line("*asserting.py*")


def test_one_way_audio_is_not_both_ways(outcome):
    """It says what was negotiated."""
    result = outcome(
        """
        from session_fsm import MediaDirection
        from session_fsm.testing import assert_media

        def test_call(virtual_pair):
            line = virtual_pair.alice.call(virtual_pair.bob)
            virtual_pair.net.deliver()
            virtual_pair.bob.line.accept(MediaDirection.SENDONLY)
            assert_media(line, both_ways=False)
            assert_media(line)
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">   assert_media(line)", "E   *; recvonly was negotiated"])


def test_any_failure_of_a_test_with_a_pair_shows_it(outcome):
    """Also a plain assertion; and with --full-trace Python's own traceback."""
    text = """
        def test_call(virtual_pair):
            virtual_pair.talk()
            assert 1 == 2
        """

    outcome(text).stdout.fnmatch_lines(["E   AssertionError: assert 1 == 2", "alice: call Active, media Active"])
    outcome(text, "--full-trace").stdout.no_fnmatch_line("*alice: call Active*")


def test_a_failure_of_another_test_is_left_alone(outcome):
    """The plugin changes nothing that is not about calls."""
    result = outcome("def test_sum():\n    assert 1 == 2\n")

    result.stdout.fnmatch_lines(["*def test_sum*", "E*assert 1 == 2"])


def test_a_real_pair_talks_over_udp(outcome):
    """Two user agents on the loopback interface, with any asyncio plugin, or none."""
    result = outcome(
        """
        import asyncio
        from session_fsm.testing import assert_media

        def test_call(udp_pair):
            async def talk():
                async with udp_pair as (alice, bob):
                    calling, answering = await udp_pair.talk()
                    await assert_media(calling, within=5)
                    await assert_media(answering, within=5)
            asyncio.run(talk())
        """
    )

    result.assert_outcomes(passed=1)


def test_a_failed_real_call_shows_its_ladder(outcome):
    """The callee never answers."""
    result = outcome(
        """
        import asyncio
        from session_fsm.testing import assert_media

        def test_call(udp_pair):
            async def talk():
                async with udp_pair as (alice, bob):
                    call = alice.make_call(bob.contact)
                    await anext(bob.incoming_calls())
                    await assert_media(call, within=0.01)
            asyncio.run(talk())
        """
    )

    result.stdout.fnmatch_lines(
        [
            "E   NoMediaError: no audio both ways within 0.01 s*",
            "alice: call *",
            "bob: call *",
            "*--- INVITE (offer) *",
        ]
    )


def test_a_clock_moves_the_timers_of_a_chart(outcome):
    """The door of the examples shuts by itself after five seconds."""
    result = outcome(
        f"""
        from session_fsm.chart import Chart
        from session_fsm.machine import Machine

        def test_door(virtual_clock):
            chart = Chart.load({str(SAMPLE)!r})
            door = Machine(chart, guards={{"invited": lambda *_: True}}, effects={{"greet": print}})
            virtual_clock.move(door)
            door.feed("knock", now=virtual_clock.now)
            virtual_clock.advance(4.9)
            assert "Open" == door.state
            virtual_clock.advance(0.1)
            assert ("Shut", 5.0) == (door.state, virtual_clock.now)
        """
    )

    result.assert_outcomes(passed=1)


@pytest.mark.wire
def test_sipp_calls_and_answers(outcome):
    """In both directions; without SIPp it is skipped with the reason."""
    result = outcome(
        """
        import asyncio
        from session_fsm import CallState, UserAgent

        def test_sipp_calls_us(sipp_runner):
            async def answer(agent):
                async for incoming in agent.incoming_calls():
                    await incoming.accept()

            async def main():
                async with UserAgent("sip:bob@127.0.0.1", bind="127.0.0.1:0") as bob:
                    answering = asyncio.create_task(answer(bob))
                    assert "200 OK" in await sipp_runner.call(bob.address)
                    answering.cancel()
            asyncio.run(main())

        def test_we_call_sipp(sipp_runner):
            async def main():
                async with UserAgent("sip:alice@127.0.0.1", bind="127.0.0.1:0") as alice, sipp_runner.answer() as uri:
                    async with alice.make_call(uri) as call:
                        await call.wait_for_state(CallState.ACTIVE)
            asyncio.run(main())
        """,
        "-rs",
    )

    assert 0 == result.ret
    assert 2 == sum(result.parseoutcomes().get(name, 0) for name in ("passed", "skipped"))


def test_without_sipp_the_test_is_skipped_with_the_reason(outcome, monkeypatch):
    """And says what to install."""
    monkeypatch.setenv("PATH", "")
    result = outcome("def test_sipp(sipp_runner):\n    pass\n", "-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*sipp is not installed (Debian: apt-get install sip-tester)"])


def test_a_seed_reaches_the_network_and_hypothesis(outcome):
    """The same seed draws the same."""
    text = """
        from hypothesis import given, settings, strategies as st
        drawn = []

        def test_network(virtual_pair):
            assert (77, 77) == (virtual_pair.seed, virtual_pair.seed)

        @settings(max_examples=5, database=None)
        @given(st.integers())
        def test_drawn(number):
            drawn.append(number)

        def test_told():
            print("drew", drawn)
        """
    told = [re.findall("drew .*", outcome(text, "--fsm-seed", "77", "-s").stdout.str()) for _ in range(2)]

    assert 1 == len(told[0])
    assert told[0] == told[1]


@pytest.fixture
def broken(tmp_path):
    """A counterexample that holds with the charts as they are, and a trace of it."""
    moves = (Move("call", "alice"), Move("deliver", "bob", "INVITE"), Move("accept", "bob", "sendrecv"))
    example = Counterexample(target="pair", breaks="both-end", message="left over", moves=moves)
    return keep(example, tmp_path)


def test_a_counterexample_is_replayed_in_place_of_all_tests(outcome, broken):
    """Without Hypothesis, and nothing else runs."""
    result = outcome("def test_other():\n    assert False\n", "--fsm-replay", str(broken.with_suffix(".json")))

    result.assert_outcomes(passed=1, deselected=1)


def test_a_trace_is_replayed(outcome, broken):
    """Over the charts as they are."""
    outcome("", "--fsm-replay", str(broken)).assert_outcomes(passed=1)


def test_a_trace_that_goes_another_way_fails_with_the_difference(outcome, broken):
    """No traceback."""
    broken.write_text(broken.read_text().replace('"to": "Active"', '"to": "OnHold"'))
    result = outcome("", "--fsm-replay", str(broken))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["row * (call): to was 'OnHold' and is 'Active' in the replay"])


def test_a_counterexample_that_still_breaks_is_told(outcome, tmp_path):
    """Step by step."""
    door = tmp_path / "door.toml"
    claim = '[properties]\nshut = { never = ["Locked"] }\n[states.Shut]'
    door.write_text(SAMPLE.read_text().replace("[states.Shut]", claim, 1))
    example = Counterexample(target=str(door), breaks="shut", message="it is Locked", moves=(Move("lock"),))
    trace = keep(example, tmp_path / "kept")
    result = outcome("", "--fsm-replay", str(trace.with_suffix(".json")))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["shut: it is Locked", "  1. lock", "       door: Shut → Locked on lock"])


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("x.json", None, "*--fsm-replay: *x.json: No such file or directory"),
        ("x.jsonl", "nonsense", "*--fsm-replay: *x.jsonl: line 1 is no trace row of schema 1: *"),
        ("x.txt", "", "*--fsm-replay: *x.txt is neither a counterexample (.json) nor a trace (.jsonl)"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_wrong_usage(outcome, tmp_path, name, text, complaint):
    """What, where, what is possible; nothing runs."""
    if text is not None:
        (tmp_path / name).write_text(text)
    result = outcome("def test_other():\n    pass\n", "--fsm-replay", str(tmp_path / name))

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([complaint])
