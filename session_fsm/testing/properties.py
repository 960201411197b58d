"""What must be so of every run: of a call between two phones, and of any chart by itself.

A property looks at a run that was not finished and says in words what is wrong, or None. It may finish the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from session_fsm.chart import START, Chart
from session_fsm.machine import reference_machine, replay
from session_fsm.session.events import MediaState
from session_fsm.testing.chart_run import ChartRun
from session_fsm.testing.pair_run import PairRun
from session_fsm.testing.phone import Leftovers
from session_fsm.testing.runs import Run

LADDER = tuple(str(state) for state in MediaState)[:5]
FLOWING = {"Established", "Active", "Stalled", "Held"}


def pair_properties(charts: Sequence[Chart]) -> Mapping[str, Callable[[PairRun], str | None]]:
    """What is asked of each run of a call, in this order."""
    return {
        "no-fault": no_fault,
        "never-impossible": never_impossible,
        "media-paths": media_paths,
        "both-end": both_end,
        "engines-agree": engines_agree,
        "replays": partial(replays, charts=charts),
    }


def chart_properties(chart: Chart) -> Mapping[str, Callable[[ChartRun], str | None]]:
    """What is asked of each run of a chart by itself: what holds of every chart, and what this one claims."""
    claims = [name for name, claim in chart.properties.items() if claim.kind in ("always", "never")]
    return {
        "no-fault": no_fault,
        "never-impossible": never_impossible,
        "engines-agree": stock_agrees,
        "replays": partial(replays, charts=[chart]),
        **{name: partial(claimed, name=name) for name in claims},
    }


def no_fault(run: Run) -> str | None:
    """No exception leaves the engine, and no effect of ours fails."""
    return run.fault


def never_impossible(run: Run) -> str | None:
    """Nothing happens that a chart calls impossible."""
    impossible = (row for rows in run.traces() for row in rows if row.verdict == "impossible")
    row = next(impossible, None)
    return (
        None if row is None else f"{row.machine} had {row.event} in {row.from_state}, which its chart calls impossible"
    )


def replays(run: Run, charts: Iterable[Chart]) -> str | None:
    """The trace is data: the charts, stepped over its guards, go the same way."""
    differences = (replay(rows, charts) for rows in run.traces())
    return next((str(found) for found in differences if found is not None), None)


def engines_agree(run: PairRun) -> str | None:
    """The same run on the stock Machine of `transitions` writes the same rows."""
    if run.fault is not None:
        return None
    for ours, theirs in zip(run.traces(), run.on("transitions").traces(), strict=True):
        for row, other in zip(ours, theirs, strict=False):
            if not row.same_step(other):
                return f"row {row.n} is {row.as_dict()} on the table and {other.as_dict()} on transitions"
        if len(ours) != len(theirs):
            return f"{len(ours)} rows on the table, {len(theirs)} on transitions"
    return None


def stock_agrees(run: ChartRun) -> str | None:
    """The stock Machine of `transitions`, asked about each row, gives the same step."""
    stock = reference_machine(run.chart)
    for row in (row for row in run.rows if row.event != START):
        step = stock.step(row.from_state, row.event, dict(row.guards).__getitem__)
        ours = (row.to_state, row.verdict, row.row, row.effects)
        theirs = (step.state, step.verdict, step.row, step.effects)
        if ours != theirs:
            return f"row {row.n}: {ours} on the table, {theirs} on transitions"
    return None


def claimed(run: ChartRun, name: str) -> str | None:
    """A chart's own `always` or `never`."""
    claim = run.chart.properties[name]
    for row in run.rows:
        if (row.to_state in claim.states) != (claim.kind == "always"):
            return f"it is {row.to_state}, and {name} says {claim.kind} {' or '.join(claim.states)}"
    return None


def media_paths(run: PairRun) -> str | None:
    """Each side's media path is a prefix of the ladder, followed by what may come after it."""
    for line in run.lines:
        wrong = off_ladder(line.media_path)
        if wrong is not None:
            return f"{line.phone.name}: {wrong}"
    return None


def off_ladder(path: Sequence[str]) -> str | None:
    """What is wrong with a media path: it climbs the ladder one by one, then flows, stalls or is held, then closes."""
    steps = list(path[:-1] if path and path[-1] == "Closed" else path)
    climbed = 0
    while climbed < min(len(steps), len(LADDER)) and steps[climbed] == LADDER[climbed]:
        climbed += 1
    rest = steps[climbed:]
    # From Ready it may be held at once; from Established on it may go anywhere among those that are open.
    held_at_once = rest[:1] == ["Held"] and steps[climbed - 1 : climbed] == ["Ready"]
    if rest and not ((held_at_once or "Established" in steps[:climbed]) and set(rest) <= FLOWING):
        return f"{rest[0]} after {' '.join(steps[:climbed]) or 'nothing'} is not on the ladder"
    return None


def both_end(run: PairRun) -> str | None:
    """Whatever was lost: once everybody has hung up and all timers have fired, nothing is left."""
    run.finish()
    if run.fault is not None:
        return f"{run.fault} (after everybody hung up)"
    for line in run.lines:
        if line.state not in line.session.call.chart.final:
            return f"{line.phone.name}'s call is still {line.state} when all is quiet"
    for name, phone in run.phones.items():
        if phone.leftovers != Leftovers():
            return f"{name} still has {phone.leftovers}"
    return None
