"""A pytest plugin: pairs of user agents, a clock, SIPp, and failures that show the ladder. Installed with the package.

Whatever it needs is imported when a test uses it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pytest

if TYPE_CHECKING:
    from session_fsm.testing.clock import VirtualClock
    from session_fsm.testing.pairs import UdpPair, VirtualPair
    from session_fsm.testing.sipp import SippRunner


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--fsm-seed` and `--fsm-replay`."""
    group = parser.getgroup("session_fsm", "calls and state machines (session_fsm)")
    group.addoption("--fsm-seed", type=int, metavar="N", help="seed of virtual networks and of Hypothesis")
    group.addoption(
        "--fsm-replay", metavar="FILE", help="run nothing but this counterexample (.json), or this trace (.jsonl)"
    )


@pytest.fixture
def fsm_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run: `--fsm-seed`, else 0."""
    return int(request.config.getoption("--fsm-seed") or 0)


@pytest.fixture
def virtual_pair(fsm_seed: int) -> VirtualPair:
    """Two phones on a virtual network with virtual time: `virtual_pair.alice`, `.bob`, `.net`."""
    from session_fsm.testing.pairs import VirtualPair

    return VirtualPair(seed=fsm_seed)


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A clock that a test moves, for machines of any chart."""
    from session_fsm.testing.clock import VirtualClock

    return VirtualClock()


@pytest.fixture
def udp_pair() -> UdpPair:
    """Two user agents on the loopback interface: `async with udp_pair as (alice, bob): …`."""
    from session_fsm.testing.pairs import UdpPair

    return UdpPair()


@pytest.fixture
def sipp_runner(tmp_path: Path) -> SippRunner:
    """Runs SIPp; the test is skipped where it is not installed."""
    from session_fsm.testing.sipp import SippRunner

    program = shutil.which("sipp")
    if program is None:
        pytest.skip("sipp is not installed (Debian: apt-get install sip-tester)")
    return SippRunner(program, tmp_path)


# What a failure shows.


@runtime_checkable
class Teller(Protocol):
    """A fixture that knows what has happened."""

    def story(self) -> str:
        """Where both stand, what has not happened, and the ladder."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test of calls shows what happened to the call; `--full-trace` shows Python's traceback instead."""
    report = yield
    if report.when != "call" or not report.failed or item.config.getoption("fulltrace"):
        return report
    tellers = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Teller)]
    if tellers:
        seed = item.config.getoption("--fsm-seed") or 0
        told = [line for teller in tellers for line in ("", teller.story())]
        report.longrepr = "\n".join([*_where(item, call), *told, "", f"again: --fsm-seed {seed}"])
    return report


def _where(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[str]:
    """The line of the test that failed, and what it says."""
    assert call.excinfo is not None  # it failed
    entries = [entry for entry in call.excinfo.traceback if Path(entry.path) == item.path]
    for entry in entries[-1:]:
        yield f"{item.location[0]}:{entry.lineno + 1}: in {item.name}"
        yield f">   {str(entry.statement).strip()}"
    # What a failed assertion of ours says of the call is in the story.
    said = call.excinfo.exconly().removeprefix(f"{call.excinfo.type.__module__}.")
    for line in said.splitlines():
        if not line.strip():
            break
        yield f"E   {line}"


# Seeds and replays.


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Seed Hypothesis, or put the replay in the place of everything else."""
    replay = config.getoption("--fsm-replay")
    if replay is not None:
        config.hook.pytest_deselected(items=list(items))
        items[:] = [Replay.from_parent(session, name=str(replay), path=Path(replay))]
        return
    seed = config.getoption("--fsm-seed")
    functions = filter(None, map(_function, items))
    drawn = [function for function in functions if getattr(function, "is_hypothesis_test", False)]
    if seed is not None and drawn:
        from hypothesis import seed as seeded

        for function in drawn:
            seeded(seed)(function)


def _function(item: pytest.Item) -> Callable[..., None] | None:
    found = getattr(item, "obj", None)
    return getattr(found, "__func__", found)


class ReplayError(Exception):
    """A replay that does not hold; the message is all there is to see."""


class Replay(pytest.Item):
    """One counterexample or trace as a test."""

    def runtest(self) -> None:
        """Make the run again, or step the charts over the trace."""
        wrong = _replayed_trace(self.path) if self.path.suffix == ".jsonl" else _replayed_moves(self.path)
        if wrong is not None:
            raise ReplayError(wrong)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """What is wrong, without a traceback."""
        if isinstance(excinfo.value, ReplayError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it comes from."""
        return self.path, 0, f"replay of {self.path.name}"


def pytest_configure(config: pytest.Config) -> None:
    """Complain about a file that cannot be replayed before anything runs."""
    replay = config.getoption("--fsm-replay")
    if replay is None:
        return
    path = Path(replay)
    if path.suffix not in (".json", ".jsonl"):
        raise pytest.UsageError(f"--fsm-replay: {path} is neither a counterexample (.json) nor a trace (.jsonl)")
    try:
        _rows(path) if path.suffix == ".jsonl" else _counterexample(path)
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"--fsm-replay: {error}") from None


def _rows(path: Path) -> list[object]:
    from session_fsm.machine import read_jsonl

    try:
        with path.open(encoding="utf-8") as file:
            return list(read_jsonl(file))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _counterexample(path: Path) -> object:
    from session_fsm.testing.counterexample import read

    return read(path)


def _replayed_trace(path: Path) -> str | None:
    from session_fsm.chart import read_folder, recalled
    from session_fsm.machine import head_of, other_charts, read_jsonl, replay
    from session_fsm.session.building import shipped_charts

    with path.open(encoding="utf-8") as file:
        head = head_of(file.readline())
        file.seek(0)
        rows = list(read_jsonl(file))
    charts = {**shipped_charts(), **(read_folder(recalled(head.charts, path)) if head.charts else {})}
    for complaint in other_charts(head, [(row.chart, row.version) for row in rows], charts):
        return f"{path}: {complaint}"
    difference = replay(rows, charts.values())
    return None if difference is None else str(difference)


def _replayed_moves(path: Path) -> str | None:
    from session_fsm.testing.counterexample import read, told

    example = read(path)
    return None if example.wrong() is None else told(example)
