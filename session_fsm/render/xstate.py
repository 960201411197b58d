"""A chart, or several, as the JSON of an XState v5 machine: what `createMachine` takes. stately.ai/docs/machines.

Groups are expanded, as XState has no group of states that is no state. `meta` holds what XState has no word for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from session_fsm.chart import Chart, Effect, Row
from session_fsm.render.several import parts

Json = dict[str, object]


def xstate(*charts: Chart) -> str:
    """A chart as JSON, indented. Several are the regions of a parallel machine, each with events of its own."""
    machines = {word: _machine(chart, f"{word}." if word else "") for word, chart in parts(charts)}
    found: Json = machines.get("") or {"id": "_and_".join(machines), "type": "parallel", "states": machines}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _machine(chart: Chart, before: str) -> Json:
    """A machine; its events begin with `before`, so that it does not hear those of others that have the same name."""
    name: Json = {} if before else {"id": chart.id, "version": str(chart.version)}
    return name | {
        "description": chart.doc or chart.source,
        "initial": chart.initial,
        "states": {name: _state(chart, name, before) for name in chart.states},
    }


def _state(chart: Chart, name: str, before: str) -> Json:
    state = chart.states[name]
    found: Json = {"description": state.doc or state.source} if state.doc or state.source else {}
    if name in chart.final:
        found["type"] = "final"
    entry, leave = (_actions(effects) for effects in (chart.entering(name), chart.leaving(name)))
    cells = {event: cell for (where, event), cell in chart.cells.items() if where == name}
    rows = {before + event: [_row(row) for row in cell.rows] for event, cell in cells.items() if cell.rows}
    verdicts = {before + event: [cell.verdict, cell.reason] for event, cell in cells.items() if cell.verdict}
    parts = (("entry", entry), ("exit", leave), ("on", rows), ("meta", verdicts))
    return found | {key: part for key, part in parts if part}


def _row(row: Row) -> Json:
    found: Json = {"target": row.to, "reenter": True} if row.to else {}
    if len(row.when) == 1 and row.when[0].value:
        found["guard"] = row.when[0].guard
    elif row.when:
        guards = [c.guard if c.value else {"type": "not", "params": {"guard": c.guard}} for c in row.when]
        found["guard"] = guards[0] if len(guards) == 1 else {"type": "and", "params": {"guards": guards}}
    actions = _actions(row.effects.listed())
    if actions:
        found["actions"] = actions
    return found | {"meta": {"row": row.id}} | ({"description": row.why} if row.why else {})


def _actions(effects: Iterable[Effect]) -> list[Json]:
    return [{"type": name if kind == "do" else f"{kind} {name}"} for kind, name in effects]
