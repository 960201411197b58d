"""A chart as the JSON of an XState v5 machine: what `createMachine` takes. stately.ai/docs/machines.

Groups are expanded, as XState has no group of states that is no state. `meta` holds what XState has no word for.
"""

from __future__ import annotations

import json

from session_fsm.chart import Chart, Effects, Row

Json = dict[str, object]


def xstate(chart: Chart) -> str:
    """A chart as JSON, indented."""
    found: Json = {
        "id": chart.id,
        "version": str(chart.version),
        "description": chart.doc or chart.source,
        "initial": chart.initial,
        "states": {name: _state(chart, name) for name in chart.states},
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _state(chart: Chart, name: str) -> Json:
    state = chart.states[name]
    found: Json = {"description": state.doc or state.source} if state.doc or state.source else {}
    if name in chart.final:
        found["type"] = "final"
    entry = [*_actions(state.enter), *({"type": f"start {timer}"} for timer in state.timers)]
    leave = [*({"type": f"cancel {timer}"} for timer in state.timers), *_actions(state.exit)]
    cells = {event: cell for (where, event), cell in chart.cells.items() if where == name}
    rows = {event: [_row(row) for row in cell.rows] for event, cell in cells.items() if cell.rows}
    verdicts = {event: [cell.verdict, cell.reason] for event, cell in cells.items() if cell.verdict}
    parts = (("entry", entry), ("exit", leave), ("on", rows), ("meta", verdicts))
    return found | {key: part for key, part in parts if part}


def _row(row: Row) -> Json:
    found: Json = {"target": row.to, "reenter": True} if row.to else {}
    if len(row.when) == 1 and row.when[0].value:
        found["guard"] = row.when[0].guard
    elif row.when:
        guards = [c.guard if c.value else {"type": "not", "params": {"guard": c.guard}} for c in row.when]
        found["guard"] = guards[0] if len(guards) == 1 else {"type": "and", "params": {"guards": guards}}
    actions = _actions(row.effects)
    if actions:
        found["actions"] = actions
    return found | {"meta": {"row": row.id}} | ({"description": row.why} if row.why else {})


def _actions(effects: Effects) -> list[Json]:
    return [{"type": name if kind == "do" else f"{kind} {name}"} for kind, name in effects.listed()]
