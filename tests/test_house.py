"""The house keeps its floors and its laws: a page of `ast`. Design §2 and §4."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from session_fsm.chart import Chart, shipped
from session_fsm.session import events

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "session_fsm"
FILES = sorted(PACKAGE.rglob("*.py"))
EVERYWHERE = [*FILES, *sorted((ROOT / "examples").rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py"))]

# Imports go down, or stay in the room; siblings on one floor do not see each other.
FLOORS = {
    "errors": 0,
    "frozen": 0,
    **dict.fromkeys(("chart", "sip", "sdp", "rtp", "audio"), 1),
    "machine": 2,
    "session": 3,
    "runtime": 4,
    "__init__": 5,
    "__main__": 6,
    "command": 6,
}
WINGS = ("render", "explore", "testing", "diagnose", "inspect")
# Whatever else stands beside the packages belongs to the async API.
API, ROOF = 5, 6
ALONE = (1, 2, 3, 4)
BELOW_RUNTIME = ("errors", "frozen", "chart", "sip", "sdp", "rtp", "audio", "machine", "session")
FORBIDDEN = {
    "asyncio", "threading", "socket", "select", "selectors", "ssl", "time", "datetime", "random", "secrets",
    "uuid", "subprocess", "signal",
}  # fmt: skip


def room_of(file: Path) -> str:
    """The top package, or the module, that a file of the package belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor_of(room: str) -> int:
    return FLOORS.get(room, API)


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


@cache
def nodes_of(file: Path) -> tuple[ast.AST, ...]:
    """Every node of a file, walked once for all tests."""
    return tuple(ast.walk(tree_of(file)))


def imports_of(file: Path, *, inside_functions: bool = True) -> Iterator[str]:
    """Every module that a file imports; imports for the type checker count too."""
    functions = [node for node in nodes_of(file) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = set() if inside_functions else {id(node) for function in functions for node in ast.walk(function)}
    for node in nodes_of(file):
        if id(node) in inner:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            yield node.module or ""
            if node.module == "session_fsm":
                yield from (f"session_fsm.{alias.name}" for alias in node.names)


def rooms_imported(file: Path, *, inside_functions: bool = True) -> set[str]:
    modules = (name.split(".") for name in imports_of(file, inside_functions=inside_functions))
    return {parts[1] for parts in modules if parts[0] == "session_fsm" and len(parts) > 1}


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_imports_go_down():
    """Down, or within the room; on the floors of codecs, machine, session and runtime nobody sees a sibling."""
    upward = {}
    for file in FILES:
        room, floor = room_of(file), floor_of(room_of(file))
        others = rooms_imported(file) - {room, *WINGS}
        above = {other for other in others if floor_of(other) > floor or (floor_of(other) == floor and floor in ALONE)}
        if room not in WINGS and above:
            upward[name_of(file)] = above

    assert {} == upward


def test_nobody_imports_a_wing():
    """But the command line, and displays when they are called."""
    below = [file for file in FILES if room_of(file) not in WINGS and floor_of(room_of(file)) < ROOF]
    wings = {name_of(file): rooms_imported(file, inside_functions=False) & set(WINGS) for file in below}

    assert {} == {file: found for file, found in wings.items() if found}


def test_nothing_below_the_runtime_touches_the_world():
    """Law 4: no socket, no clock, no dice. `random.Random` may be named as the type of dice that are given."""
    touching = {}
    for file in FILES:
        worldly = {name for name in imports_of(file) if name.split(".")[0] in FORBIDDEN}
        if room_of(file) in BELOW_RUNTIME and worldly and not (worldly == {"random"} and only_names_dice(file)):
            touching[name_of(file)] = worldly

    assert {} == touching


def only_names_dice(file: Path) -> bool:
    """Whether `random` gives nothing but the name `Random`, and nobody makes one."""
    named = [
        alias.name
        for node in nodes_of(file)
        if isinstance(node, ast.ImportFrom) and node.module == "random"
        for alias in node.names
    ]
    made = any(isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Random" for node in nodes_of(file))
    return named == ["Random"] and not made


def test_nobody_sleeps():
    """Law 9: nothing waits for time that could wait for an event."""
    sleeps = [
        f"{name_of(file)}:{node.lineno}"
        for file in EVERYWHERE
        for node in nodes_of(file)
        if isinstance(node, ast.Call) and "sleep" in (getattr(node.func, "attr", ""), getattr(node.func, "id", ""))
    ]

    assert [] == sleeps


def assignments_of_state(file: Path) -> Iterator[str]:
    """The functions of a file that assign `.state` or `._state`."""
    for function in nodes_of(file):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and any(
                isinstance(target, ast.Attribute) and target.attr in ("state", "_state") for target in targets
            ):
                yield f"{name_of(file)}:{function.name}"


def test_one_function_steps_a_machine():
    """Law 1: `Machine.take` commits the state; otherwise it is only set when a machine is made or restored."""
    # An error may carry the state in which it happened.
    rooms = {room_of(file) for file in FILES} - {*WINGS, "errors"}
    places = {place for file in FILES if room_of(file) in rooms for place in assignments_of_state(file)}
    made = {f"session_fsm/machine/machine.py:{function}" for function in ("__init__", "_begin", "_take_back")}

    assert {"session_fsm/machine/machine.py:take"} == places - made


def test_no_decision_looks_at_a_state_outside_the_charts():
    """Law 1: no `if self.state` in the rooms that decide."""
    looks = [
        f"{name_of(file)}:{node.lineno}"
        for file in FILES
        if room_of(file) == "session"
        for node in nodes_of(file)
        if isinstance(node, ast.If | ast.IfExp | ast.While)
        and any(isinstance(part, ast.Attribute) and part.attr in ("state", "_state") for part in ast.walk(node.test))
    ]

    assert [] == looks


@pytest.mark.parametrize(
    ("chart", "states"), [("call", events.CallState), ("media", events.MediaState), ("dialog", events.DialogState)]
)
def test_what_the_application_is_told_are_the_charts_states(chart: str, states: type[StrEnum]):
    """In the chart's order of mention or not, but the same."""
    assert set(Chart.load(chart).states) == {state.value for state in states}


@pytest.mark.parametrize("name", shipped())
def test_every_camelcase_emission_is_a_class_of_events(name):
    """Design §5."""
    told = {emission.partition(":")[0] for emission in Chart.load(name).emits if emission[0].isupper()}

    assert [] == [event for event in told if not issubclass(getattr(events, event, object), events.SessionEvent)]


def test_every_variant_of_an_emission_is_a_value_of_its_event():
    """`MediaEvent:held`, `SdpEvent:offer_sent`."""
    variants: dict[str, set[str]] = {}
    for name in shipped():
        for emission in Chart.load(name).emits:
            event, _, variant = emission.partition(":")
            variants.setdefault(event, set()).add(variant)

    assert {change.value for change in events.MediaChange} == variants["MediaEvent"]
    assert {kind.value for kind in events.SdpKind} == variants["SdpEvent"]


# What Debian 12 calls python3 is 3.11.2: two of its faults, which later versions have no more, are kept away from.
POSSESSIVE_GROUP = re.compile(r"\)(?:[?*+]|\{[0-9,]+\})\+")


def test_no_group_of_a_pattern_is_possessive():
    """gh-106052: `a(?:=b)?+` matches `a=` there. An atomic group, `(?>(?:=b)?)`, does not."""
    found = [
        f"{name_of(file)}:{node.lineno}"
        for file in FILES
        for node in nodes_of(file)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and POSSESSIVE_GROUP.search(node.value)
    ]

    assert [] == found


def test_nothing_new_is_raised_where_a_group_is_caught():
    """gh-103590: what `except*` raises comes out in a group there, SystemExit too. A bare `raise` is no new one."""
    found = [
        f"{name_of(file)}:{node.lineno}"
        for file in FILES
        for tried in nodes_of(file)
        if isinstance(tried, ast.TryStar)
        for handler in tried.handlers
        for node in ast.walk(handler)
        if (isinstance(node, ast.Raise) and node.exc is not None)
        or (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "exit")
    ]

    assert [] == found


def test_every_module_says_what_lives_in_it():
    assert [] == [name_of(file) for file in FILES if not ast.get_docstring(tree_of(file))]


def test_no_two_test_files_bear_one_name():
    """Tests are imported by their file's name alone: the second of two would be taken for the first."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("*.py") if file.name != "conftest.py")

    assert {} == {name: count for name, count in names.items() if count > 1}
