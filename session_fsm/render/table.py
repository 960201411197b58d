"""A chart as a plain table for a terminal or a review: one line for each row, states first, then groups.

A row that several states share is written once, under its group, as in the chart's file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from session_fsm.chart import Chart, Decisions, Effects, Group, State

HEAD = ("state", "event [guard]", "to", "sends", "emits", "does")
NARROWEST = 10
GAP = "  "

Line = tuple[str, str, str, str, str, str]


def table(chart: Chart, *, width: int = 132) -> str:
    """A chart's rows, its effects on entering and leaving, and what it ignores, postpones, refuses or cannot see."""
    found = blocks(chart)
    widths = _widths([HEAD, *(line for block in found for line in block)], width)
    rule = GAP.join("-" * column for column in widths)
    parts = ["\n".join(_wrapped(line, widths) for line in block) for block in found]
    return "\n".join([_title(chart), "", _wrapped(HEAD, widths), rule, f"\n{rule}\n".join(parts)]) + "\n"


def _title(chart: Chart) -> str:
    side = f", {chart.role}" if chart.whole else ""
    source = f"  {chart.source}" if chart.source else ""
    return f"{chart.id} (version {chart.version}{side}){source}"


def blocks(chart: Chart) -> list[list[Line]]:
    """The lines of each state, then of each group; the name stands in the first line of a block only."""
    return [[_named(line, n) for n, line in enumerate(block)] for block in _blocks(chart) if block]


def _named(line: Line, n: int) -> Line:
    return line if n == 0 else ("", *line[1:])


def _blocks(chart: Chart) -> Iterator[list[Line]]:
    for state in chart.states.values():
        name = state.name + marks(chart, state)
        yield [*_places(name, state), *decided(chart, name, state.decisions)] or [(name, "", "", "", "", "")]
    for group in chart.groups.values():
        yield list(decided(chart, group_name(group), group.decisions))


def marks(chart: Chart, state: State) -> str:
    """What is to be said of a state beside its name."""
    words = ["initial"] if state.name == chart.initial else []
    words += ["final"] if state.name in chart.final else []
    words += [state.role] if state.role != "both" else []
    return f" ({', '.join(words)})" if words else ""


def group_name(group: Group) -> str:
    """A group with its states."""
    return f"{group.name}: {'every state' if group.everywhere else ', '.join(group.states)}"


def _places(name: str, state: State) -> Iterator[Line]:
    start = Effects(start=state.timers)
    if state.enter.listed() or state.timers:
        both = (state.enter, start)
        yield (name, "(enter)", "", *_told(*both))
    if state.exit.listed():
        yield (name, "(exit)", "", *_told(state.exit))


def decided(chart: Chart, name: str, decisions: Decisions) -> Iterator[Line]:
    """The lines of one state's or group's decisions: its rows, then a line for each verdict."""
    for row in decisions.rows:
        side = row.role if row.role != "both" else chart.events[row.event].role
        guard = f" [{' and '.join(map(str, row.when))}]" if row.when else ""
        role = f" ({side})" if side != "both" and chart.sided else ""
        yield (name, row.event + role + guard, row.to or "(stays)", *_told(row.effects))
    verdicts: dict[str, list[str]] = {}
    for event, rulings in decisions.verdicts.items():
        for ruling in rulings:
            verdicts.setdefault(ruling.verdict, []).append(event)
    for verdict, events in verdicts.items():
        yield (name, ", ".join(events), f"({verdict})", "", "", "")


def _told(*places: Effects) -> tuple[str, str, str]:
    sends = [name for effects in places for name in effects.send]
    emits = [name for effects in places for name in effects.emit]
    does = [f"cancel {name}" for effects in places for name in effects.cancel]
    does += [name for effects in places for name in effects.do]
    does += [f"start {name}" for effects in places for name in effects.start]
    return ", ".join(sends), ", ".join(emits), ", ".join(does)


def _widths(lines: Iterable[Sequence[str]], width: int) -> list[int]:
    """As wide as needed; where that is too wide, the widest columns give way first."""
    columns = [max(map(len, column)) for column in zip(*lines, strict=True)]
    room = width - len(GAP) * (len(columns) - 1)
    while sum(columns) > room and max(columns) > NARROWEST:
        columns[columns.index(max(columns))] -= 1
    return columns


def _wrapped(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [_wrap(cell, width) for cell, width in zip(line, widths, strict=True)]
    height = max(map(len, cells))
    rows = [[cell[n] if n < len(cell) else "" for cell in cells] for n in range(height)]
    return "\n".join(_spread(row, widths) for row in rows)


def _spread(row: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _wrap(cell: str, width: int) -> list[str]:
    """Break between words; a word that is too long is cut."""
    lines = [""]
    for word in cell.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= width:
            lines[-1] = joined
            continue
        lines += [word[n : n + width] for n in range(0, len(word), width)]
    return lines if lines[0] or len(lines) == 1 else lines[1:]
