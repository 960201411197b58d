"""A chart as SCXML (W3C Recommendation, 2015), which `session-fsm import` reads back.

Groups are expanded into their states. What SCXML has no word for stands in a namespace of our own, which other
processors pass over: reasons, what is done locally, how long a timer runs, where an event comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from session_fsm.chart import Chart, Effects, Role, Row, State

SCXML = "http://www.w3.org/2005/07/scxml"
OURS = "urn:session-fsm:chart"


def scxml(chart: Chart) -> str:
    """A chart as the text of an SCXML document."""
    register_namespace("", SCXML)
    register_namespace("fsm", OURS)
    root = Element(_tag("scxml"), _attributes(version="1.0", name=chart.id, initial=chart.initial, datamodel="null"))
    root.attrib |= _ours(version=str(chart.version), role=chart.role, source=chart.source, doc=chart.doc)
    for kind, attributes in _declared(chart):
        SubElement(root, _own(kind), attributes)
    for state in chart.states.values():
        _state(root, chart, state)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _declared(chart: Chart) -> Iterator[tuple[str, dict[str, str]]]:
    for name, value in chart.parameters.items():
        yield "parameter", _attributes(name=name, value=f"{value:g}")
    for timer in chart.timers.values():
        grow = f"{timer.grow:g}" if timer.grow != 1 else ""
        gives_up = "true" if timer.gives_up else ""
        cap = str(timer.cap) if timer.cap else ""
        yield (
            "timer",
            _attributes(
                name=timer.name,
                after=str(timer.after),
                event=timer.event,
                grow=grow,
                cap=cap,
                gives_up=gives_up,
                source=timer.source,
                doc=timer.doc,
            ),
        )
    for event in chart.events.values():
        if event.kind != "timer":
            role = event.role if event.role != "both" else ""
            origin = " ".join(event.origin) if event.kind == "machine" else event.origin[0]
            about = _attributes(name=event.name, kind=event.kind, origin=origin, of=event.of, role=role, doc=event.doc)
            yield "event", about
    for guard in chart.guards.values():
        related = _attributes(excludes=" ".join(guard.excludes), implies=" ".join(guard.implies))
        yield "guard", _attributes(name=guard.name, doc=guard.doc) | related
    for kind, named in (("effect", chart.effects), ("message", chart.sends), ("emission", chart.emits)):
        for name, doc in named.items():
            yield kind, _attributes(name=name, doc=doc)
    for claim in chart.properties.values():
        yield "property", _attributes(name=claim.name, kind=claim.kind, states=" ".join(claim.states), doc=claim.doc)


def _state(root: Element, chart: Chart, state: State) -> None:
    # A final state of SCXML has no transitions; ours may still have rows that stay.
    found = SubElement(root, _tag("state"), _attributes(id=state.name))
    found.attrib |= _ours(source=state.source, doc=state.doc, final="true" if state.name in chart.final else "")
    found.attrib |= _ours(role=state.role if state.role != "both" else "")
    for name in state.timers:
        SubElement(found, _own("runs"), {"timer": name})
    for place, effects in (("onentry", state.enter), ("onexit", state.exit)):
        if effects.listed():
            _content(SubElement(found, _tag(place)), effects)
    for event in chart.events:
        _cell(found, chart, state, event)


def _cell(found: Element, chart: Chart, state: State, event: str) -> None:
    """What is decided of one event; what holds on one side only says so."""
    sides: tuple[Role, ...] = ("uac", "uas") if chart.sided else ("both",)
    cells = {side: cell for side in sides if (cell := chart.for_role(side).cells.get((state.name, event))) is not None}
    rows = {row.id: row for cell in cells.values() for row in cell.rows}
    order = [row.id for _, decisions in chart.all_decisions() for row in decisions.rows]
    for name in sorted(rows, key=order.index):
        where = [side for side, cell in cells.items() if any(row.id == name for row in cell.rows)]
        role = where[0] if len(where) < len(cells) else ""
        is_own = any(row.id == name for row in state.decisions.rows)
        _row(found, rows[name], role=role, is_own=is_own)
    told: dict[tuple[str, str], list[Role]] = {}
    for side, cell in cells.items():
        if cell.verdict and cell.origin != "derived":
            told.setdefault((cell.verdict, cell.reason), []).append(side)
    for (verdict, reason), where in told.items():
        role = where[0] if len(where) < len(cells) else ""
        SubElement(found, _own(verdict), _attributes(event=event, reason=reason, role=role))


def _row(state: Element, row: Row, *, role: str, is_own: bool) -> None:
    cond = " and ".join(map(str, row.when))
    found = SubElement(state, _tag("transition"), _attributes(event=row.event, cond=cond, target=row.to or ""))
    found.attrib |= _ours(row=row.id if is_own else "", why=row.why, role=role)
    _content(found, row.effects)


def _content(place: Element, effects: Effects) -> None:
    """Executable content, in the order in which it runs."""
    for kind, name in effects.listed():
        if kind == "cancel":
            SubElement(place, _tag("cancel"), {"sendid": name})
        elif kind == "send":
            SubElement(place, _tag("send"), {"event": name, "target": "#peer"})
        elif kind == "emit":
            SubElement(place, _tag("raise"), {"event": name})
        else:
            SubElement(place, _own(kind), {"name": name})


def _attributes(**values: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _ours(**values: str) -> dict[str, str]:
    return {_own(key): value for key, value in values.items() if value}


def _tag(name: str) -> str:
    return f"{{{SCXML}}}{name}"


def _own(name: str) -> str:
    return f"{{{OURS}}}{name}"
