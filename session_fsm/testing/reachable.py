"""Which pairs of both sides' states the explorer reaches: what the coverage of fuzzed calls is measured against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from session_fsm.chart import Chart
from session_fsm.explore.abstract import Place
from session_fsm.explore.products import products
from session_fsm.explore.search import Found, walk

Pair = tuple[str, ...]
"The caller's `call / media`, and the callee's."


def reachable_pairs(charts: Iterable[Chart], *, reinvites: int = 0) -> set[Pair]:
    """Every pair in which both sides have a call, within this bound. Takes as long as `explore` does."""
    used = list(charts)
    pairs: set[Pair] = set()
    for product in products(reinvites):
        if product.bounds is not None and not product.forked and product.stranger is None:
            found = product.begun(used)
            walk(found)
            pairs |= _pairs(found)
    return pairs


def _pairs(found: Found) -> set[Pair]:
    stands: dict[str, int] = {}
    columns = []
    for side, half in enumerate(found.halves):
        numbers = np.array([_number(place, stands) for place in half.places], dtype=np.int64)
        columns.append(numbers[found.places(side)])
    names: Sequence[str] = list(stands)
    codes = np.unique(columns[0] * len(names) + columns[1])
    pairs = ((names[code // len(names)], names[code % len(names)]) for code in codes.tolist())
    return {pair for pair in pairs if all(pair)}


def _number(place: Place, stands: dict[str, int]) -> int:
    """A number for where a side's call and media stand; empty for a side that has no call yet."""
    states = {key.chart: stand.state for key, stand in place.machines}
    stand = f"{states['call']} / {states['media']}" if "call" in states and "media" in states else ""
    return stands.setdefault(stand, len(stands))
