"""What two traces say to somebody whose test has failed: where both sides stand, what has not happened, the ladder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from session_fsm.chart import Chart
from session_fsm.machine import TraceRow
from session_fsm.session.building import shipped_charts

# What is waited for: an answered call, and media that flow.
GOALS = {
    "call": ("Initiating", "Proceeding", "Ringing", "Active"),
    "media": ("Negotiating", "Ready", "Established", "Active"),
}
STRAYED = ("Stalled", "Held")


def story(sides: Mapping[str, Sequence[TraceRow]], others: Mapping[str, Chart] | None = None) -> str:
    """The story of one call, from the traces of its sides by name; others are charts in the place of shipped ones."""
    # A wing may look at the drawing wing when it is asked to show something.
    from session_fsm.render import ladder_text

    charts = {**shipped_charts(), **(others or {})}
    lines = [f"{name}: {', '.join(_stands(rows)) or 'nothing has happened'}" for name, rows in sides.items()]
    missing = [f"{name}: {row}" for name, rows in sides.items() for row in missing_rows(rows, charts)]
    lines += ["has not happened:", *(f"    {row}" for row in missing)] if missing else []
    if not any(sides.values()):
        return "\n".join(lines)
    left, right = ([*sides.values(), ()])[:2]
    return "\n".join([*lines, "", ladder_text(left, right).rstrip("\n")])


def _stands(rows: Sequence[TraceRow]) -> Iterator[str]:
    stands = _last(rows)
    return (f"{chart} {stands[chart].to_state}" for chart in GOALS if chart in stands)


def _last(rows: Sequence[TraceRow]) -> dict[str, TraceRow]:
    """The newest row of each chart, in the newest session."""
    session = next((row.session for row in reversed(rows) if row.session), "")
    return {row.chart: row for row in rows if row.session == session}


def missing_rows(rows: Sequence[TraceRow], charts: Mapping[str, Chart]) -> Iterator[str]:
    """The transitions that lead on towards an answered call and flowing media."""
    stands = _last(rows)
    for name in GOALS:
        if name not in stands or stands[name].to_state == "Active":
            continue
        last = stands[name]
        chart = charts[name].for_role("uas" if last.role.lower() == "uas" else "uac")
        yield from dict.fromkeys(f"{name} {row}" for row in _onward(chart, last.to_state, GOALS[name]))


def _onward(chart: Chart, state: str, goals: Sequence[str]) -> Iterator[str]:
    ahead = goals if state in STRAYED else goals[goals.index(state) + 1 :] if state in goals else goals[:1]
    for (at, _), cell in chart.cells.items():
        for row in cell.rows if at == state else ():
            if row.to in ahead:
                guard = f" [{' and '.join(map(str, row.when))}]" if row.when else ""
                yield f"{state} → {row.to} on {row.event}{guard}"
