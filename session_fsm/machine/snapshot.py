"""A machine as plain data: where it is, what it waits for, and how long each timer has left.

Seconds are stored as what remains, never as moments: a snapshot may come back in another process, under another clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from session_fsm.chart import NOWHERE, Chart, Seconds

SCHEMA = 1
"The version of a snapshot's form."

Plain = dict[str, object]
"What JSON can hold."

Convert = Callable[[object], object]
"Payload -> plain data, or the other way round."


@dataclass(slots=True, kw_only=True)
class Saved:
    """What is taken out of a machine, and what is put back."""

    state: str
    "NOWHERE when the machine has not entered its initial state."
    timers: dict[str, Seconds]
    "Timer -> what it has left, in the order in which they were started."
    grown: dict[str, Seconds]
    "Growing timer -> how long its next run is."
    parameters: dict[str, Seconds]
    "What was set for this machine alone."
    postponed: list[tuple[str, object]]
    queued: list[tuple[str, object]]


def to_plain(saved: Saved, chart: Chart, label: str, session: str, dump: Convert | None) -> Plain:
    """The snapshot's form. Raises TypeError for a waiting payload that is not plain data and has no `dump`."""
    return {
        "schema": SCHEMA,
        "chart": chart.id,
        "version": chart.version,
        "role": chart.role,
        "label": label,
        "session": session,
        "state": None if saved.state == NOWHERE else saved.state,
        "timers": saved.timers,
        "grown": saved.grown,
        "parameters": saved.parameters,
        "postponed": [[event, _dumped(event, payload, dump)] for event, payload in saved.postponed],
        "queued": [[event, _dumped(event, payload, dump)] for event, payload in saved.queued],
    }


def from_plain(data: Mapping[str, object], chart: Chart, revive: Convert | None) -> Saved:
    """Read a snapshot of this chart. Raises ValueError when it is of another chart, version or role."""
    for key, ours in (("schema", SCHEMA), ("chart", chart.id), ("version", chart.version), ("role", chart.role)):
        if data.get(key) != ours:
            raise ValueError(f"the snapshot has {key} {data.get(key)!r}, the chart {ours!r}")
    saved = Saved(
        state=cast("str | None", data["state"]) or NOWHERE,
        timers=cast("dict[str, float]", data["timers"]),
        grown=cast("dict[str, float]", data["grown"]),
        parameters=cast("dict[str, float]", data["parameters"]),
        postponed=_revived(data["postponed"], revive),
        queued=_revived(data["queued"], revive),
    )
    known = {saved.state} - {NOWHERE} <= set(chart.states) and {*saved.timers, *saved.grown} <= set(chart.timers)
    events = {event for event, _ in (*saved.postponed, *saved.queued)}
    if not known or not events <= set(chart.events):
        raise ValueError(f"the snapshot names a state, timer or event that {chart.id} does not have")
    return saved


def _dumped(event: str, payload: object, dump: Convert | None) -> object:
    if dump is not None:
        payload = dump(payload)
    if not _plain(payload):
        raise TypeError(f"{event} waits with a {type(payload).__name__}; give `dump` to make plain data of it")
    return payload


def _plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    return value is None or isinstance(value, str | int | float | bool)


def _revived(waiting: object, revive: Convert | None) -> list[tuple[str, object]]:
    pairs = cast(Sequence[tuple[str, object]], waiting)
    return [(event, revive(payload) if revive else payload) for event, payload in pairs]
