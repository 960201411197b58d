"""A chart, or several, as SCXML (W3C Recommendation, 2015); `session-fsm import` reads one chart back.

Groups are expanded into their states. Guards are data of the document, false until somebody sets them; timers are
delayed events; what is done locally is logged. What SCXML has no word for stands in a namespace of our own, which other
processors pass over: reasons, how a timer grows, where an event comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from session_fsm.chart import Chart, Effects, Role, Row, State
from session_fsm.render.several import parts

SCXML = "http://www.w3.org/2005/07/scxml"
OURS = "urn:session-fsm:chart"
# SCXML §6.2.4: sessions of other names. An event that is raised, or sent without a target, would come back to us.
PEER, OTHERS = "#_scxml_peer", "#_scxml_others"
DO = "do"  # the label of what is done


def scxml(*charts: Chart) -> str:
    """A chart as the text of an SCXML document. Several are the regions of a parallel state."""
    register_namespace("", SCXML)
    register_namespace("fsm", OURS)
    root = Element(_tag("scxml"), {"version": "1.0", "datamodel": "ecmascript"})
    guards = {f"{_before(word, '_')}{name}": None for word, chart in parts(charts) for name in chart.guards}
    if guards:
        model = SubElement(root, _tag("datamodel"))
        for name in guards:
            SubElement(model, _tag("data"), {"id": name, "expr": "false"})
    if len(charts) == 1:
        root.attrib |= {"name": charts[0].id}
        _Chart(charts[0], "").write(root)
    else:
        name = "_and_".join(word for word, _ in parts(charts))
        root.attrib |= {"name": name, "initial": name}
        region = SubElement(root, _tag("parallel"), {"id": name})
        for word, chart in parts(charts):
            _Chart(chart, word).write(SubElement(region, _tag("state"), {"id": word}))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _before(word: str, mark: str = ".") -> str:
    return word + mark if word else ""


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


class _Chart:
    """One chart's elements. Its ids and events begin with a word of its own, where there are several."""

    def __init__(self, chart: Chart, word: str) -> None:
        self.chart = chart
        self.word = word

    def id(self, name: str) -> str:
        return _before(self.word) + name

    def write(self, root: Element) -> None:
        chart = self.chart
        root.attrib |= {"initial": self.id(chart.initial)}
        root.attrib |= _ours(version=str(chart.version), role=chart.role, source=chart.source, doc=chart.doc)
        for kind, attributes in _declared(chart):
            SubElement(root, _own(kind), attributes)
        for state in chart.states.values():
            self.state(root, state)

    def state(self, root: Element, state: State) -> None:
        # A final state of SCXML has no transitions; ours may still have rows that stay.
        found = SubElement(root, _tag("state"), {"id": self.id(state.name)})
        final = "true" if state.name in self.chart.final else ""
        found.attrib |= _ours(source=state.source, doc=state.doc, final=final)
        found.attrib |= _ours(role=state.role if state.role != "both" else "")
        last = self.chart.analysis.arriving[state.name] if final else ()
        if state.enter.listed() or state.timers or last:
            place = SubElement(found, _tag("onentry"))
            for name in last:
                SubElement(place, _tag("cancel"), {"sendid": self.id(name), _own("runs"): name})
            self.content(place, state.enter)
            for name in state.timers:
                self.start(place, name, "runs")
        if state.exit.listed() or state.timers:
            place = SubElement(found, _tag("onexit"))
            for name in state.timers:
                SubElement(place, _tag("cancel"), {"sendid": self.id(name), _own("runs"): name})
            self.content(place, state.exit)
        for event in self.chart.events:
            self.cell(found, state, event)

    def cell(self, found: Element, state: State, event: str) -> None:
        """What is decided of one event; what holds on one side only says so."""
        chart = self.chart
        sides: tuple[Role, ...] = ("uac", "uas") if chart.sided else (chart.role,)
        every = {side: chart.for_role(side).cells.get((state.name, event)) for side in sides}
        cells = {side: cell for side, cell in every.items() if cell is not None}
        rows = {row.id: row for cell in cells.values() for row in cell.rows}
        order = [row.id for _, decisions in chart.all_decisions() for row in decisions.rows]
        for name in sorted(rows, key=order.index):
            where = [side for side, cell in cells.items() if any(row.id == name for row in cell.rows)]
            role = where[0] if len(where) < len(cells) else ""
            is_own = any(row.id == name for row in state.decisions.rows)
            self.row(found, rows[name], role=role, is_own=is_own)
        told: dict[tuple[str, str], list[Role]] = {}
        for side, cell in cells.items():
            if cell.verdict and cell.origin != "derived":
                told.setdefault((cell.verdict, cell.reason), []).append(side)
        for (verdict, reason), where in told.items():
            role = where[0] if len(where) < len(cells) else ""
            SubElement(found, _own(verdict), _attributes(event=event, reason=reason, role=role))

    def row(self, state: Element, row: Row, *, role: str, is_own: bool) -> None:
        cond = " && ".join(("" if c.value else "!") + _before(self.word, "_") + c.guard for c in row.when)
        target = self.id(row.to) if row.to else ""
        found = SubElement(state, _tag("transition"), _attributes(event=self.id(row.event), cond=cond, target=target))
        found.attrib |= _ours(row=row.id if is_own else "", why=row.why, role=role)
        self.content(found, row.effects)

    def content(self, place: Element, effects: Effects) -> None:
        """Executable content, in the order in which it runs."""
        for kind, name in effects.listed():
            if kind == "cancel":
                SubElement(place, _tag("cancel"), {"sendid": self.id(name)})
            elif kind == "start":
                self.start(place, name, "starts")
            elif kind == "do":
                SubElement(place, _tag("log"), {"label": DO, "expr": f"'{name}'"})
            else:
                SubElement(place, _tag("send"), {"event": name, "target": PEER if kind == "send" else OTHERS})

    def start(self, place: Element, name: str, how: str) -> None:
        """A timer as an event that comes later; a growing one comes as it does the first time."""
        timer = self.chart.timers[name]
        delay = f"{timer.after.seconds(self.chart.parameters) * 1000:.0f}ms"
        told = {"event": self.id(timer.event), "id": self.id(name), "delay": delay, _own(how): name}
        SubElement(place, _tag("send"), told)


def _attributes(**values: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def _ours(**values: str) -> dict[str, str]:
    return {_own(key): value for key, value in values.items() if value}


def _tag(name: str) -> str:
    return f"{{{SCXML}}}{name}"


def _own(name: str) -> str:
    return f"{{{OURS}}}{name}"
