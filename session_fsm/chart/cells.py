"""What follows from a chart's file: cells with groups expanded, timers that may run, states that can be reached.

Everything here is a plain walk over the declared rows. Guards are not looked at: a row counts as possible, so what
is said to be unreachable is so whatever the guards say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from session_fsm.chart.model import Cell, Chart, Decisions, Effect, Group, Row

Key = tuple[str, str]
"(state, event)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything that is worked out once for a chart."""

    cells: Mapping[Key, Cell]
    "(state, event) -> the decision; an undecided cell is missing."
    conflicts: Mapping[Key, tuple[str, ...]]
    "Cells that several groups decide, with their names."
    running: Mapping[str, frozenset[str]]
    "State -> the timers that may be running there."
    arriving: Mapping[str, tuple[str, ...]]
    "State -> the timers that may still be running when it is entered."
    onward: Mapping[str, frozenset[str]]
    "State -> the states that can be reached from it by at least one row with a target."
    reachable: frozenset[str]
    "The states that can be reached from the initial one, itself included."


def analyse(chart: Chart) -> Analysis:
    """Work out everything that follows from the file. Names that are not declared are passed over."""
    cells, conflicts = _expand(chart)
    steps = {name: _targets(chart, cells, name) for name in chart.states}
    onward = {name: _closure(steps, name) for name in chart.states}
    reachable = frozenset({chart.initial} | onward.get(chart.initial, frozenset()))
    postponed = {event for (_, event), cell in cells.items() if cell.verdict == "postponed"}
    running, arriving = _running(chart, cells, postponed)
    _derive_impossible(chart, cells, running, onward)
    return Analysis(
        cells=cells,
        conflicts=conflicts,
        running={name: frozenset(timers) for name, timers in running.items()},
        arriving={name: tuple(t for t in chart.timers if t in timers) for name, timers in arriving.items()},
        onward=onward,
        reachable=reachable,
    )


def _expand(chart: Chart) -> tuple[dict[Key, Cell], dict[Key, tuple[str, ...]]]:
    """A state's own decision, else its group's, else that of the groups of every state."""
    cells: dict[Key, Cell] = {}
    conflicts: dict[Key, tuple[str, ...]] = {}
    for state in chart.states.values():
        mine = [group for group in chart.groups.values() if state.name in group.states]
        named = [group for group in mine if not group.everywhere]
        everywhere = [group for group in mine if group.everywhere]
        for event in chart.events:
            own = _decision(state.name, state.decisions, event)
            for groups in (named, everywhere):
                if own is None:
                    own = _of_groups(groups, event, (state.name, event), conflicts)
            if own is not None:
                cells[state.name, event] = own
    return cells, conflicts


def _of_groups(groups: Iterable[Group], event: str, key: Key, conflicts: dict[Key, tuple[str, ...]]) -> Cell | None:
    found = [cell for group in groups if (cell := _decision(group.name, group.decisions, event))]
    if len(found) > 1:
        conflicts[key] = tuple(cell.origin for cell in found)
    return found[0] if found else None


def _decision(origin: str, decisions: Decisions, event: str) -> Cell | None:
    rows = decisions.rows_for(event)
    rulings = decisions.verdicts.get(event, ())
    if not rows and not rulings:
        return None
    if not rulings:
        return Cell(rows=rows, origin=origin)
    # There are several only in a chart of both roles, which never runs; each role's own chart has one.
    return Cell(rows=rows, verdict=rulings[0].verdict, reason=rulings[0].reason, origin=origin)


def _targets(chart: Chart, cells: Mapping[Key, Cell], state: str) -> frozenset[str]:
    rows = (row for event in chart.events if (state, event) in cells for row in cells[state, event].rows)
    return frozenset(row.to for row in rows if row.to in chart.states and row.to is not None)


def _closure(steps: Mapping[str, frozenset[str]], start: str) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for target in steps[waiting.pop()] - seen:
            seen.add(target)
            waiting.append(target)
    return frozenset(seen)


def _running(
    chart: Chart, cells: Mapping[Key, Cell], postponed: set[str]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Follow the timers from where they start, along rows, to where they are cancelled, fire or reach the end."""
    running: dict[str, set[str]] = {name: set() for name in chart.states}
    arriving: dict[str, set[str]] = {name: set() for name in chart.states}
    if chart.initial not in chart.states:
        return running, arriving
    _enter(chart, chart.initial, set(), running, arriving)
    # Only initial was entered; every state that is entered for the first time, or with more timers, is walked again.
    waiting, walked = [chart.initial], {chart.initial}
    while waiting:
        state = waiting.pop()
        for event in chart.events:
            for row in cells[state, event].rows if (state, event) in cells else ():
                left = _left_running(chart, state, row, running[state], postponed)
                target = row.to if row.to is not None else state
                if target not in chart.states:
                    continue
                grown = _enter(chart, target, left, running, arriving) if row.to else _stay(state, left, running)
                if grown or target not in walked:
                    walked.add(target)
                    waiting.append(target)
    return running, arriving


def _left_running(chart: Chart, state: str, row: Row, before: set[str], postponed: set[str]) -> set[str]:
    """The timers that may run after a row's exit and own effects."""
    left = set(before)
    event = chart.events[row.event]
    if event.kind == "timer" and len(event.origin) == 1 and row.event not in postponed:
        left.discard(event.origin[0])
    return _apply(left, (chart.leaving(state) if row.to is not None else ()) + row.effects.listed())


def _enter(
    chart: Chart, state: str, left: set[str], running: dict[str, set[str]], arriving: dict[str, set[str]]
) -> bool:
    arriving[state] |= left
    if state in chart.final:
        return False
    found = chart.states[state]
    inside = _apply(left, found.enter.listed()) | set(found.timers)
    return _stay(state, inside, running)


def _stay(state: str, left: set[str], running: dict[str, set[str]]) -> bool:
    before = len(running[state])
    running[state] |= left
    return len(running[state]) > before


def _apply(timers: set[str], effects: Iterable[Effect]) -> set[str]:
    after = set(timers)
    for kind, name in effects:
        if kind == "cancel":
            after.discard(name)
        elif kind == "start":
            after.add(name)
    return after


def _derive_impossible(
    chart: Chart, cells: dict[Key, Cell], running: Mapping[str, set[str]], onward: Mapping[str, frozenset[str]]
) -> None:
    """Decide what nobody needs to write: timers that cannot run here cannot fire, nor can the other role's events."""
    for event in chart.events.values():
        waits_in = {state for state in chart.states if _postpones(cells, state, event.name)}
        later = frozenset().union(*(onward[state] for state in waits_in))
        for state in chart.states.values():
            if (state.name, event.name) in cells:
                continue
            silent = event.kind == "timer" and not running[state.name] & set(event.origin) and state.name not in later
            if silent:
                reason = f"{' and '.join(event.origin)} cannot be running here"
                cells[state.name, event.name] = Cell(verdict="impossible", reason=reason, origin="derived")
            elif {event.role, state.role} == {"uac", "uas"}:
                reason = f"a {event.role} event in a {state.role} state"
                cells[state.name, event.name] = Cell(verdict="impossible", reason=reason, origin="derived")


def _postpones(cells: Mapping[Key, Cell], state: str, event: str) -> bool:
    cell = cells.get((state, event))
    return cell is not None and cell.verdict == "postponed"
