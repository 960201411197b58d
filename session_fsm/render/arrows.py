"""What a picture of a chart shows, before any language of pictures: boxes, arrows, and what happens inside a state.

A row that several states share is one arrow from the box around them, as the chart writes it once. Where a box cannot
say it (boxes that cross, a target inside, a state that decides otherwise) the row is drawn from each state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from session_fsm.chart import Chart, Effects, Group, Row, State

Start = Literal["state", "box", "member", "anywhere"]
"What an arrow leaves from: a state; the edge of a group's box; a sign for any member of a group; a sign for any state."

# With fewer states an arrow from each of them is as easy to read as a sign that stands for all.
MANY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """From one state or box to a state, with a line for each row."""

    source: str
    "A state's name, or a group's."
    target: str
    labels: tuple[str, ...]
    start: Start = "state"
    rows: tuple[tuple[str, ...], ...] = ()
    "The ids of the rows behind each label."

    @property
    def every_row(self) -> tuple[str, ...]:
        """The ids of all rows behind it."""
        return tuple(row for rows in self.rows for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A group that is drawn around its states."""

    name: str
    states: tuple[str, ...]
    "Those that stand directly in it, not in a box inside."
    boxes: tuple[Box, ...] = ()

    @property
    def members(self) -> tuple[str, ...]:
        """Every state in it, at any depth."""
        return self.states + tuple(name for box in self.boxes for name in box.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Everything that a picture of one chart shows."""

    chart: Chart
    boxes: tuple[Box, ...]
    "The outermost ones."
    states: tuple[str, ...]
    "Those that stand in no box."
    arrows: tuple[Arrow, ...]
    inside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    "State -> lines about what happens without leaving it."
    exits: tuple[Arrow, ...] = ()
    "Arrows that are no lines: each is told in a list where it begins."

    @property
    def path(self) -> tuple[str, ...]:
        """The states of the chart's main path."""
        return (self.chart.initial, *(str(row.to) for _, row in main_path(self.chart)))

    @property
    def anywhere(self) -> bool:
        """Whether an arrow leaves from every state."""
        return any(arrow.start == "anywhere" for arrow in (*self.arrows, *self.exits))

    @property
    def signs(self) -> tuple[str, ...]:
        """The groups for whose members a sign stands."""
        every = (*self.arrows, *self.exits)
        return tuple(dict.fromkeys(arrow.source for arrow in every if arrow.start == "member"))


def drawing(chart: Chart, *, internal: bool = False, boxes: bool = True) -> Drawing:
    """What a picture of a chart shows; `internal` adds entry, exit and the rows that stay in their state.

    Without boxes a sign stands for any member of a group.
    """
    groups = _boxed(chart) if boxes else []
    boxed = {name for group in groups for name in group.states}
    return Drawing(
        chart=chart,
        boxes=_nested(groups),
        states=tuple(name for name in chart.states if name not in boxed),
        arrows=_merged(_arrows(chart, groups if boxes else None)),
        inside={name: lines for name in chart.states if (lines := _inside(chart, chart.states[name]))}
        if internal
        else {},
    )


def main_path(chart: Chart) -> list[tuple[str, Row]]:
    """(state, row) along the shortest way from the initial state to the one that the chart promises to reach.

    That is the first state of its first `sometimes` property; without one there is no main path.
    """
    goals = [name for claim in chart.properties.values() if claim.kind == "sometimes" for name in claim.states]
    ways: dict[str, list[tuple[str, Row]]] = {chart.initial: []}
    waiting = [chart.initial]
    for state in waiting:
        for event in chart.events:
            for row in chart.cells[state, event].rows if (state, event) in chart.cells else ():
                if row.to is not None and row.to not in ways:
                    ways[row.to] = [*ways[state], (state, row)]
                    waiting.append(row.to)
    return next((ways[goal] for goal in goals if goal in ways), [])


def label(row: Row, chart: Chart, among: Sequence[Row]) -> str:
    """A row in one line: event, side, guards (`else` after rows of the same event that had some), and what it sends.

    Guards that make no difference to the picture are left out.
    """
    side = {row.role, chart.events[row.event].role} - {"both"} if chart.sided else ()
    words = [row.event, *(f"({role})" for role in side)]
    if len({(other.to, other.effects.send) for other in among}) == 1 and not among[-1].when:
        pass
    elif row.when:
        words.append(f"[{' and '.join(map(str, row.when))}]")
    elif among[0] is not row:
        words.append("[else]")
    if row.effects.send:
        words.append(f"/ {', '.join(row.effects.send)}")
    return " ".join(words)


def shared(chart: Chart, group: Group, row: Row) -> tuple[str, ...]:
    """The states of a group in which its row holds, because they do not decide the event themselves."""
    return tuple(
        name
        for name in _concerned(chart, group, row)
        if (cell := chart.cells.get((name, row.event))) is not None and row in cell.rows
    )


def _concerned(chart: Chart, group: Group, row: Row) -> tuple[str, ...]:
    """The states of a group in which a side can be that takes this row."""
    return tuple(name for name in group.states if _meets(chart, name, row))


def _meets(chart: Chart, state: str, row: Row) -> bool:
    """Whether there is a side that can be in that state and take this row: the caller's is not for a callee."""
    states = (state,) if row.to is None else (state, row.to)
    roles = {row.role, chart.events[row.event].role, *(chart.states[name].role for name in states)}
    return len(roles - {"both"}) < 2


def _boxed(chart: Chart) -> list[Group]:
    """The groups that become boxes: the ones that save most arrows, as long as boxes nest."""
    worth = {group.name: _saved(chart, group) for group in chart.groups.values() if not group.everywhere}
    found: list[Group] = []
    for name in sorted(worth, key=lambda name: -worth[name]):
        group = chart.groups[name]
        if worth[name] > 0 and all(_nest(set(group.states), set(other.states)) for other in found):
            found.append(group)
    return found


def _saved(chart: Chart, group: Group) -> int:
    targets = {row.to for row in group.decisions.rows if _leaves_as_one(chart, group, row)}
    return len(targets) * (len(group.states) - 1)


def _leaves_as_one(chart: Chart, group: Group, row: Row) -> bool:
    return row.to is not None and row.to not in group.states and _is_everyones(chart, group, row)


def _is_everyones(chart: Chart, group: Group, row: Row) -> bool:
    """Whether every state of the group that the row concerns takes it."""
    states = _concerned(chart, group, row)
    return len(states) > 1 and shared(chart, group, row) == states


def _nest(one: set[str], other: set[str]) -> bool:
    return one < other or other < one or not one & other


def _nested(groups: Iterable[Group]) -> tuple[Box, ...]:
    """Boxes from groups, the small ones inside the large ones."""
    by_size = sorted(groups, key=lambda group: len(group.states))
    outermost: list[Box] = []
    for group in by_size:
        inner = [box for box in outermost if set(box.members) <= set(group.states)]
        taken = {name for box in inner for name in box.members}
        own = tuple(name for name in group.states if name not in taken)
        outermost = [box for box in outermost if box not in inner]
        outermost.append(Box(name=group.name, states=own, boxes=tuple(inner)))
    return tuple(outermost)


def _arrows(chart: Chart, boxes: list[Group] | None) -> Iterator[Arrow]:
    for state in chart.states.values():
        for row in state.decisions.rows:
            if row.to is not None:
                text = label(row, chart, state.decisions.rows_for(row.event))
                yield Arrow(source=state.name, target=row.to, labels=(text,), rows=((row.id,),))
    for group in chart.groups.values():
        for row in group.decisions.rows:
            if row.to is not None:
                yield from _of_group(chart, group, row, row.to, boxes)


def _of_group(chart: Chart, group: Group, row: Row, to: str, boxes: list[Group] | None) -> Iterator[Arrow]:
    states = shared(chart, group, row)
    start = _start(chart, group, row, boxes)
    text = label(row, chart, group.decisions.rows_for(row.event))
    if start == "state":
        yield from (Arrow(source=name, target=to, labels=(text,), rows=((row.id,),)) for name in states)
        return
    others = [name for name in _concerned(chart, group, row) if name not in (*states, *chart.final, to)]
    text += f" (not in {', '.join(others)})" if others else ""
    yield Arrow(source=group.name, target=to, labels=(text,), start=start, rows=((row.id,),))


def _start(chart: Chart, group: Group, row: Row, boxes: list[Group] | None) -> Start:
    """How a row that a group shares is drawn."""
    everyone = _is_everyones(chart, group, row)
    if group.everywhere:
        return "anywhere"
    if boxes is None:
        return "member" if everyone else "state"
    if group not in boxes or not everyone:
        return "state"
    if row.to not in group.states:
        return "box"
    return "member" if len(group.states) >= MANY else "state"


def _merged(arrows: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """One arrow for all rows with the same ends."""
    found: dict[tuple[str, str, Start], Arrow] = {}
    told: dict[tuple[str, str, Start], dict[str, tuple[str, ...]]] = {}
    for arrow in arrows:
        key = (arrow.source, arrow.target, arrow.start)
        lines = told.setdefault(key, {})
        for line, rows in zip(arrow.labels, arrow.rows, strict=True):
            lines[line] = (*lines.get(line, ()), *rows)
        found[key] = replace(arrow, labels=tuple(lines), rows=tuple(lines.values()))
    return tuple(found.values())


def _inside(chart: Chart, state: State) -> tuple[str, ...]:
    lines = [
        f"{where} / {told(effects)}"
        for where, effects in (("enter", state.enter), ("exit", state.exit))
        if told(effects)
    ]
    lines += [f"timers {', '.join(state.timers)}"] if state.timers else []
    cells = [cell for (name, _), cell in chart.cells.items() if name == state.name]
    rows = [(cell, row) for cell in cells for row in cell.rows if row.to is None and _meets(chart, state.name, row)]
    lines += [label(row, chart, cell.rows) for cell, row in rows]
    return tuple(dict.fromkeys(lines))


def told(effects: Effects) -> str:
    """Every effect of one place in words: `do` without a word before it, the others with theirs."""
    return ", ".join(name if kind == "do" else f"{kind} {name}" for kind, name in effects.listed())
