"""Which values the guards of a cell can have together, within what the chart says of exclusion and implication.

Declared are pairs: `a excludes b`, `a implies b`. Their closure is complete, as it is for every set of two-literal
clauses, so guards that are linked only through a third one are judged rightly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from session_fsm.chart.model import Chart, Guard

Valuation = dict[str, bool]
"Guard -> its value."


def implied(guards: Mapping[str, Guard], name: str) -> frozenset[str]:
    """The guards that are true whenever this one is, itself included."""
    seen = {name}
    waiting = [name]
    while waiting:
        guard = guards.get(waiting.pop())
        for other in guard.implies if guard else ():
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return frozenset(seen)


def excluded(guards: Mapping[str, Guard], one: str, other: str) -> bool:
    """Whether two guards can never be true together. A guard that contradicts itself excludes itself."""
    ours, theirs = implied(guards, one), implied(guards, other)
    return any(
        b in guards[a].excludes or a in guards[b].excludes for a in ours for b in theirs if a in guards and b in guards
    )


def valuations(chart: Chart, names: Sequence[str]) -> Iterator[Valuation]:
    """Every combination of values that these guards can have together."""
    must = {name: implied(chart.guards, name) & set(names) for name in names}
    never = {name: {other for other in names if excluded(chart.guards, name, other)} for name in names}
    for values in product((True, False), repeat=len(names)):
        valuation = dict(zip(names, values, strict=True))
        true = {name for name in names if valuation[name]}
        if all(must[name] <= true and not never[name] & true for name in true):
            yield valuation
