"""Makes the text of a chart from an SCXML document: what `scxml` wrote comes back whole, and anybody else's as far as a
chart can say it. Nested states are flattened: a state has the transitions of those around it, after its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

from session_fsm.render.scxml import DO, OTHERS, OURS, SCXML
from session_fsm.render.toml_writing import Value, written

EFFECTS = {"cancel": ("cancel", "sendid"), "send": ("send", "event"), "raise": ("emit", "event"), "log": ("do", "expr")}
DECLARED = {"effect": "effects", "message": "sends", "emission": "emits"}
VERDICTS = ("ignored", "postponed", "refused", "impossible")
CANNOT = {"parallel": "states at once", "history": "history"}
DISCARDED = "SCXML: an event that no transition takes is discarded"

Table = dict[str, Value]


class NotAChart(Exception):
    """A document that cannot become a chart: what, where, and what is possible."""


def chart_text(document: bytes, name: str) -> str:
    """The text of the chart that a document describes."""
    # An entity can grow without end, and a document of states needs none.
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise NotAChart("it declares a document type; possible: SCXML without one")
    try:
        root = fromstring(document)
    except (ParseError, ValueError, LookupError) as error:
        raise NotAChart(f"this is not XML: {error}") from None
    if root.tag != _tag("scxml"):
        raise NotAChart(f"the root is {_local(root)}; possible: scxml in the namespace {SCXML}")
    return written(_Reading(root, name).chart())


class _Reading:
    """Goes once over a document."""

    def __init__(self, root: Element, name: str) -> None:
        self.root = root
        self.name = name
        self.names: dict[str, dict[str, Value]] = {
            key: {} for key in ("parameters", "timers", "events", "guards", "effects", "sends", "emits", "properties")
        }
        self.around: dict[Element, Element] = {child: parent for parent in root.iter() for child in parent}
        self.all = [element for element in root.iter() if _local(element) in ("state", "final", *CANNOT)]
        self.ids = {str(element.get("id")): element for element in self.all if element.get("id")}

    def chart(self) -> Table:
        for element in self.all:
            self._refuse(element)
        leaves = [element for element in self.all if not _inner(element)]
        if not leaves:
            raise NotAChart("it has no state; possible: at least one <state> or <final>")
        self._declared()
        self._delayed()
        states = {_name(str(leaf.get("id"))): self._state(leaf) for leaf in leaves}
        final = [_name(str(leaf.get("id"))) for leaf in leaves if _is_final(leaf, self.root)]
        root = self.root
        head: Table = {
            "id": _name(root.get("name") or self.name),
            "version": int(version) if (version := root.get(_own("version"), "1")).isdigit() else 1,
            "role": root.get(_own("role"), "both"),
            "source": root.get(_own("source"), ""),
            "doc": root.get(_own("doc"), ""),
            "initial": self._leaf(root.get("initial") or str(leaves[0].get("id")), "the document"),
        }
        self._fill(states, final)
        return head | {"final": list(final)} | dict(self.names) | {"states": dict(states)}

    def _refuse(self, element: Element) -> None:
        kind, where = _local(element), element.get("id") or "a state without an id"
        if kind in CANNOT:
            raise NotAChart(f"{where}: a chart has no {CANNOT[kind]} ({kind}); possible: state and final")
        if not element.get("id"):
            raise NotAChart(f"a {kind} has no id; possible: an id for each state")

    def _declared(self) -> None:
        for element in self.root:
            if not element.tag.startswith(f"{{{OURS}}}"):
                continue
            told = dict(element.attrib)
            name = told.pop("name", "")
            kind = _local(element)
            if kind == "parameter":
                self.names["parameters"][name] = _number(told.get("value", ""), name)
            elif kind == "timer":
                self.names["timers"][name] = _timer(name, told)
            elif kind == "event":
                self.names["events"][name] = _event(told)
            elif kind == "guard":
                lists: Table = {key: list(told[key].split()) for key in ("excludes", "implies") if key in told}
                self.names["guards"][name] = {"doc": told.get("doc", ""), **lists} if lists else told.get("doc", "")
            elif kind == "property":
                claim: Table = {told.get("kind", "always"): list(told.get("states", "").split())}
                self.names["properties"][name] = claim | ({"doc": told["doc"]} if "doc" in told else {})
            elif kind in DECLARED:
                self.names[DECLARED[kind]][name] = told.get("doc", "")

    def _state(self, leaf: Element) -> Table:
        found: Table = {key: value for key in ("source", "doc", "role") if (value := leaf.get(_own(key), ""))}
        timers = [
            str(part.get(_own("runs"))) for part in leaf.iterfind(f"{_tag('onentry')}/{_tag('send')}[@{_own('runs')}]")
        ]
        found |= {"timers": list(timers)} if timers else {}
        for place, key in (("onentry", "enter"), ("onexit", "exit")):
            effects = self._effects(
                [part for block in leaf.findall(_tag(place)) for part in block], str(leaf.get("id"))
            )
            found |= {key: effects} if effects else {}
        rows = [row for element in self._lineage(leaf) for row in self._rows(element)]
        found |= {"rows": list(_once(rows))} if rows else {}
        for verdict in VERDICTS:
            told = _rulings(leaf.findall(_own(verdict)))
            found |= {verdict: told} if told else {}
        return found

    def _lineage(self, leaf: Element) -> Iterator[Element]:
        at = leaf
        while at is not self.root:
            yield at
            at = self.around[at]

    def _rows(self, state: Element) -> Iterator[Table]:
        where = str(state.get("id"))
        for transition in state.findall(_tag("transition")):
            events = (transition.get("event") or "").split()
            if not events:
                raise NotAChart(f"{where}: a transition has no event; possible: the name of one")
            for event in events:
                yield self._row(transition, event.removesuffix(".*"), where)

    def _row(self, transition: Element, event: str, where: str) -> Table:
        if event == "*":
            raise NotAChart(f"{where}: a transition takes any event (*); possible: the names of events")
        name = _name(event)
        if not self._is_timers(name):
            self.names["events"].setdefault(name, {"world": f"{event}, as the SCXML document names it"})
        row: Table = {"event": name}
        guards = self._guards(transition.get("cond") or "")
        row |= {"guard": guards[0] if len(guards) == 1 else list(guards)} if guards else {}
        target = (transition.get("target") or "").split()
        if len(target) > 1:
            raise NotAChart(f"{where}: {event} has {len(target)} targets; possible: one")
        row |= {"to": self._leaf(target[0], f"{where}: {event}")} if target else {}
        row |= self._effects(list(transition), where)
        own = {"id": transition.get(_own("row"), ""), "why": transition.get(_own("why"), "")}
        own["role"] = transition.get(_own("role"), "")
        return row | {key: value for key, value in own.items() if value and value != f"{where}.{event}"}

    def _is_timers(self, event: str) -> bool:
        return any(
            isinstance(timer, dict) and timer.get("event", f"timer_{name}") == event
            for name, timer in self.names["timers"].items()
        )

    def _guards(self, cond: str) -> list[str]:
        """`a`, `not a`, `!a`, joined by `and` or `&&`; anything else becomes one guard that is told in its words."""
        found = []
        for part in re.split(r" and |&&", cond) if cond else ():
            word = part.strip()
            negated = word.startswith(("not ", "!"))
            plain = word.removeprefix("not ").removeprefix("!").strip()
            name = _name(plain)
            self.names["guards"].setdefault(name, plain)
            found.append(f"not {name}" if negated else name)
        return found

    def _effects(self, content: list[Element], where: str) -> Table:
        found: dict[str, list[Value]] = {}
        for part in content:
            if part.get(_own("runs")):
                continue  # one of the state's own timers
            kind, key = _local(part), "name"
            if part.tag.startswith(f"{{{SCXML}}}"):
                if kind not in EFFECTS:
                    raise NotAChart(f"{where}: <{kind}> holds code or data; possible: {', '.join(EFFECTS)}")
                kind, key = EFFECTS[kind]
            name = str(part.get(key) or part.get("id") or part.get("label") or "unnamed")
            if kind == "do" and key == "expr":
                name = name.strip("'") if part.get("label") == DO else _name(f"log {part.get('label') or name}")
            if kind == "send" and part.get("target") == OTHERS:
                kind = "emit"
            elif kind == "send" and part.get("delay"):
                kind, name = "start", _timer_of(part)
            if kind in ("send", "emit", "do"):
                table = {"send": "sends", "emit": "emits", "do": "effects"}[kind]
                name = name if name in self.names[table] else _name(name)
                self.names[table].setdefault(name, name)
            elif (name if name in self.names["timers"] else _name(name)) in self.names["timers"]:
                name = name if name in self.names["timers"] else _name(name)
            else:
                # A cancelled `send` of somebody else's is something that is done.
                kind, name = "do", _name(f"{kind}_{name}")
                self.names["effects"].setdefault(name, name)
            found.setdefault(kind, []).append(name)
        return {kind: list(names) for kind, names in found.items()}

    def _delayed(self) -> None:
        """An event to oneself that comes later is a timer."""
        for send in self.root.iter(_tag("send")):
            name, delay = _timer_of(send), send.get("delay")
            if delay is None or send.get(_own("runs")) or name in self.names["timers"]:
                continue
            found = re.fullmatch(r"(\d+|\d*\.\d+)(ms|s)", delay)
            if found is None:
                raise NotAChart(f"{send.get('event')} is delayed by {delay!r}; possible: seconds (5s) or ms (50ms)")
            after = float(found[1]) / (1000 if found[2] == "ms" else 1)
            self.names["timers"][name] = {"after": after, "event": _name(send.get("event") or "unnamed")}

    def _leaf(self, target: str, where: str) -> str:
        """The innermost state that entering this one leads to."""
        seen: set[str] = set()
        while True:
            element = self.ids.get(target)
            if element is None or target in seen:
                raise NotAChart(f"{where}: no state is called {target}; possible: {', '.join(self.ids)}")
            seen.add(target)
            inner = _inner(element)
            if not inner:
                return _name(target)
            first = element.find(f"{_tag('initial')}/{_tag('transition')}")
            target = (
                element.get("initial")
                or (first.get("target") if first is not None else None)
                or str(inner[0].get("id"))
            )

    def _fill(self, states: dict[str, Table], final: list[str]) -> None:
        """SCXML discards what no transition takes; a chart says so."""
        if any(verdict in state for state in states.values() for verdict in VERDICTS):
            return
        for state in states.values():
            taken: dict[str, bool] = {}
            rows = state.get("rows", [])
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row, dict):
                    taken[str(row["event"])] = taken.get(str(row["event"]), False) or "guard" not in row
            late = [str(timer["event"]) for timer in self.names["timers"].values() if isinstance(timer, dict)]
            lacking = [event for event in (*self.names["events"], *late) if not taken.get(event, False)]
            if lacking:
                state["ignored"] = dict.fromkeys(lacking, DISCARDED)


def _timer_of(send: Element) -> str:
    return send.get(_own("starts")) or _name(send.get("id") or send.get("event") or "unnamed")


def _rulings(elements: list[Element]) -> Table:
    """Event -> why it changes nothing. What both sides say with different reasons is said once."""
    found: Table = {}
    for element in elements:
        event, reason, role = (element.get(key, "") for key in ("event", "reason", "role"))
        reason = reason or DISCARDED
        found[event] = {"reason": reason, "role": role} if role and event not in found else reason
    return found


def _once(rows: list[Table]) -> Iterator[Table]:
    """Without rows that an earlier one for the same event and guard hides."""
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        event, guard, role = (str(row.get(key, "")) for key in ("event", "guard", "role"))
        hiding = {(event, shown, side) for shown in (guard, "") for side in (role, "")}
        if not hiding & seen:
            seen.add((event, guard, role))
            yield row


def _timer(name: str, told: dict[str, str]) -> Table:
    found: Table = {"after": _duration(told.get("after", ""), name)}
    found |= {"event": told["event"]} if told.get("event", f"timer_{name}") != f"timer_{name}" else {}
    found |= {"grow": _number(told["grow"], name)} if "grow" in told else {}
    found |= {"cap": _duration(told["cap"], name)} if "cap" in told else {}
    found |= {"gives_up": True} if told.get("gives_up") == "true" else {}
    return found | {key: told[key] for key in ("source", "doc") if key in told}


def _event(told: dict[str, str]) -> Table:
    kind, origin = told.get("kind", "world"), told.get("origin", "")
    listed = origin.split() if kind == "machine" else []
    found: Table = {kind: list(listed) if len(listed) > 1 else origin}
    return found | {key: told[key] for key in ("of", "role", "doc") if key in told}


def _duration(text: str, name: str) -> Value:
    return text if any(letter.isalpha() for letter in text) else _number(text, name)


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotAChart(f"{name}: {text!r} is no number; possible: seconds") from None


def _inner(element: Element) -> list[Element]:
    return [child for child in element if _local(child) in ("state", "final", *CANNOT)]


def _is_final(leaf: Element, root: Element) -> bool:
    return leaf.get(_own("final")) == "true" or (_local(leaf) == "final" and leaf in list(root))


def _name(text: str) -> str:
    """A name that a chart may have."""
    plain = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    return plain if plain and not plain[0].isdigit() else f"_{plain}"


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _tag(name: str) -> str:
    return f"{{{SCXML}}}{name}"


def _own(name: str) -> str:
    return f"{{{OURS}}}{name}"
