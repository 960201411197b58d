"""Plain data as the TOML of a chart: scalars first, one line for each name, row and timer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"]

BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def written(chart: Mapping[str, Value]) -> str:
    """A chart's tables as text. Empty ones are left out."""
    lines = [
        f"{key(name)} = {inline(value)}" for name, value in chart.items() if not isinstance(value, Mapping) and value
    ]
    for name, table in chart.items():
        if isinstance(table, Mapping) and table:
            lines += _states(table) if name == "states" else _table(name, table)
    return "\n".join(lines) + "\n"


def _table(name: str, table: Mapping[str, Value]) -> Iterator[str]:
    yield from ("", f"[{name}]")
    yield from (f"{key(entry)} = {inline(value)}" for entry, value in table.items())


def _states(states: Mapping[str, Value]) -> Iterator[str]:
    for name, state in states.items():
        if not isinstance(state, Mapping):
            continue
        yield from ("", f"[states.{key(name)}]")
        for entry, value in state.items():
            if entry == "rows" and isinstance(value, Sequence):
                yield from ("rows = [", *(f"  {inline(row)}," for row in value), "]")
            elif not isinstance(value, Mapping) or entry in ("enter", "exit"):
                yield f"{entry} = {inline(value)}"
        for entry, value in state.items():
            if isinstance(value, Mapping) and entry not in ("enter", "exit"):
                yield f"[states.{key(name)}.{entry}]"
                yield from (f"{key(event)} = {inline(reason)}" for event, reason in value.items())


def key(name: str) -> str:
    """A key, quoted where it must be."""
    return name if BARE.match(name) else inline(name)


def inline(value: Value) -> str:
    """A value on one line. JSON's strings are TOML's, but for DEL."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) and value.is_integer() else repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key(name)} = {inline(part)}" for name, part in value.items()) + " }"
    return "[" + ", ".join(inline(part) for part in value) + "]"
