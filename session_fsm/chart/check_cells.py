"""The rules about single cells: each is decided, once, by rows that can be taken and leave nothing open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_fsm.chart.guards import Valuation, valuations
from session_fsm.chart.model import Cell, Chart, Decisions, Row
from session_fsm.errors import ChartFault

MOST_GUARDS = 10  # of one cell; its valuations are tried one by one, and 1024 are as many as a reader can bear


def check_cells(chart: Chart) -> Iterator[ChartFault]:
    """Undecided cells, two decisions about one, verdicts that do not fit, rows that are dead or leave a gap."""
    yield from _undecided(chart)
    for (state, event), groups in chart.analysis.conflicts.items():
        message = f"the groups {' and '.join(groups)} both decide {event}; decide it in the state or in one of them"
        yield ChartFault(chart.file, "two-decisions", message, state)
    for place, decisions in chart.all_decisions():
        yield from _verdicts(chart, place.name, decisions)
        for event in dict.fromkeys(row.event for row in decisions.rows):
            yield from _rows(chart, place.name, event, decisions)
    yield from _overridden(chart)
    yield from _final_states(chart)


def _undecided(chart: Chart) -> Iterator[ChartFault]:
    for state in chart.states:
        for event in chart.events.values():
            # A timer that may fire where nothing decides about it is the timers' own rule; one that was postponed
            # comes up where it cannot run.
            fires = event.kind == "timer" and chart.analysis.running[state] & set(event.origin)
            if (state, event.name) not in chart.cells and not fires:
                message = f"nothing decides {event.name} here; give it a row, or ignore, postpone{_more(event.kind)} it"
                yield ChartFault(chart.file, "undecided", message, state)


def _more(kind: str) -> str:
    if kind == "message":
        return ""
    return " or refuse" if kind == "command" else " or call impossible"


def _verdicts(chart: Chart, place: str, decisions: Decisions) -> Iterator[ChartFault]:
    for name, rulings in decisions.verdicts.items():
        if name not in chart.events:
            continue
        event, verdict = chart.events[name], rulings[0].verdict
        if verdict == "refused" and event.kind != "command":
            message = f"{name} is a {event.kind} event; only a command can be refused"
            yield ChartFault(chart.file, "refused-not-command", message, place)
        if verdict == "impossible" and event.kind == "message":
            message = f"{name} is a message; a peer can send anything at any time, so it is never impossible"
            yield ChartFault(chart.file, "impossible-message", message, place)


def _rows(chart: Chart, place: str, event: str, decisions: Decisions) -> Iterator[ChartFault]:
    """Dead rows and gaps among the rows of one event in one place."""
    rows, rulings = decisions.rows_for(event), decisions.verdicts.get(event, ())
    names = Cell(rows=rows).guards()
    if len(names) > MOST_GUARDS:
        message = f"the rows of {event} use {len(names)} guards; {MOST_GUARDS} are the most that one cell can have"
        yield ChartFault(chart.file, "too-many-guards", message, place)
        return
    possible = list(valuations(chart, names))
    first = [next((n for n, row in enumerate(rows) if _holds(row, valuation)), None) for valuation in possible]
    for n, row in enumerate(rows):
        if n not in first:
            yield ChartFault(chart.file, "dead-row", _why_dead(rows, n, possible), place, row.id)
    gaps = [valuation for valuation, taken in zip(possible, first, strict=True) if taken is None]
    if gaps and not rulings:
        case = " and ".join(guard if value else f"not {guard}" for guard, value in gaps[0].items())
        message = f"no row takes {event} when {case}; add a row without a guard or a verdict for it"
        yield ChartFault(chart.file, "no-fall-through", message, place, rows[-1].id)
    if rulings and not gaps:
        message = f"{event} is listed as {rulings[0].verdict}, but its rows take it in every case"
        yield ChartFault(chart.file, "dead-verdict", message, place)


def _holds(row: Row, valuation: Valuation) -> bool:
    return all(valuation[guard] == value for guard, value in row.when)


def _why_dead(rows: Sequence[Row], n: int, possible: Sequence[Valuation]) -> str:
    cases = [valuation for valuation in possible if _holds(rows[n], valuation)]
    if not cases:
        return f"its guard [{' and '.join(map(str, rows[n].when))}] can never hold"
    for earlier in rows[:n]:
        if all(_holds(earlier, valuation) for valuation in cases):
            return f"it is never reached: the earlier row {earlier.id} takes every {rows[n].event} that it could"
    return f"it is never reached: the earlier rows together take every {rows[n].event} that it could"


def _overridden(chart: Chart) -> Iterator[ChartFault]:
    """What a group says and every one of its states says otherwise."""
    decided = {(cell.origin, event) for (_, event), cell in chart.cells.items()}
    for group in chart.groups.values():
        events = dict.fromkeys((*(row.event for row in group.decisions.rows), *group.decisions.verdicts))
        for event in events:
            if (group.name, event) not in decided:
                rows = group.decisions.rows_for(event)
                message = f"the group decides {event} for nobody: each of its states is decided elsewhere"
                yield ChartFault(chart.file, "dead-row", message, group.name, rows[0].id if rows else None)


def _final_states(chart: Chart) -> Iterator[ChartFault]:
    for name in (name for name in chart.final if name in chart.states):
        state = chart.states[name]
        starts = [*state.timers, *state.enter.start]
        for event in chart.events:
            for row in chart.cells[name, event].rows if (name, event) in chart.cells else ():
                starts += row.effects.start
                if row.to is not None:
                    message = f"{event} leads to {row.to}, but {name} is final; decide {event} here without a target"
                    yield ChartFault(chart.file, "final-state-moves", message, name, row.id)
        for timer in starts:
            yield ChartFault(chart.file, "final-state-starts", f"timer {timer} is started in a final state", name)
