"""Whether datagrams came when they had to, on a machine that has other things to do."""

from __future__ import annotations

from collections.abc import Sequence

EARLY = 0.02  # seconds; the first datagram leaves this much after the turn that starts its timer, on a busy machine
LATE = 0.5  # seconds; how late a busy machine may be: in virtual time other tests prove the schedule exactly
HASTY_T1 = 0.02  # seconds; for the tests that wait until nobody tries any more


def off_schedule(times: Sequence[float], multiples: Sequence[int], unit: float) -> list[tuple[int, float]]:
    """The times, counted from the first, that are not at their multiple of `unit`; as many as there are multiples."""
    counted = [time - times[0] for time in times]
    if len(counted) != len(multiples):
        return [(-1, time) for time in counted]
    return [
        (multiple, time)
        for multiple, time in zip(multiples, counted, strict=True)
        if not multiple * unit - EARLY <= time <= multiple * unit + LATE
    ]
