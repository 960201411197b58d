"""The charts of one side, with what follows from them for whoever explores: tables, routes, and what a timer is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from session_fsm.chart import Cell, Chart, Effect, Row, Timer, is_application_event
from session_fsm.explore.abstract import Key, Place, Side, Stand
from session_fsm.machine import Step, Table, compile_chart
from session_fsm.session.routing import Routes, routes_of

CALL_CHARTS = ("call", "dialog", "offer_answer", "media")
"A call has one machine of each, and enters them in this order."

CLIENTS = frozenset({"invite_client", "non_invite_client"})
SERVERS = frozenset({"invite_server", "non_invite_server"})
TRANSACTION_CHARTS = ("invite_client", "invite_server", "non_invite_client", "non_invite_server")

APART = (
    "quality",
    "source",
    "silence",
    "consent",
    "microphone",
    "authentication",
    "registration",
    "dtmf_receiver",
    "dtmf_sender",
)
"Charts that are not explored with a call: what is heard and dialled moves no other, and nobody asks who we are."


Updates = Literal["never", "early", "always"]
"When an UPDATE leaves (RFC 3311 §5.1): early is only where no INVITE may, as the default of two of ours is."


class Plan(NamedTuple):
    """What a step does, as far as an explorer looks at it."""

    step: Step
    taken: tuple[str, str]
    "(chart, row); the row is empty when a verdict took the event."
    entered: tuple[str, str]
    "(chart, state afterwards)."
    effects: tuple[Effect, ...]
    "What is done, sent and emitted to other machines, in order."
    timers: tuple[tuple[bool, str], ...]
    "(whether it is started, or else cancelled; timer), of the timers that a place remembers."


class Rules:
    """One side's charts. Made once for an exploration."""

    def __init__(self, charts: Iterable[Chart], side: Side) -> None:
        whole = list(charts)
        self.side = side
        self.updates: Updates = "never"
        "When what is wished is offered by UPDATE."
        self.told: frozenset[str] = frozenset()
        "What is emitted to the application and looked at all the same."
        self.session: str = side
        "What a trace calls the session of this side."
        self.charts: Mapping[str, Chart] = {c.id: c.for_role(side) if c.sided else c for c in whole}
        self.tables: Mapping[str, Table] = {name: compile_chart(chart) for name, chart in self.charts.items()}
        self.routes: Routes = routes_of(whole)
        self.repeating = {key for key in self._timers() if self._repeats(*key)}
        self.lingering = {key for key in self._timers() if self._lingers(*key)}
        self.observed = {name for name in self._media_events() if self._only_tells(name)}
        self._minds: dict[tuple[str, str, str], bool] = {}
        self._hears: dict[tuple[str, str, str], bool] = {}
        self._remaining: dict[tuple[str, str], tuple[str, ...] | None] = {}
        self._last: tuple[Place | None, dict[Key, Stand], dict[str, object]] = (None, {}, {})
        self._plans: dict[int, Plan] = {}
        self.inert = {
            name: frozenset(s for s in chart.states if self._is_inert(chart, s)) for name, chart in self.charts.items()
        }
        "States in which a machine can only repeat what it sent, or end without a word."
        self.quiet = {
            name: frozenset(state for state in chart.states if not self._is_led_out(chart, state))
            for name, chart in self.charts.items()
        }
        "States that only time leads out of, and in which nobody is told anything: as `Machine.rests` has it."
        self.permanent = {
            name: frozenset(state for state in chart.states if self._is_permanent(chart, state))
            for name, chart in self.charts.items()
        }
        "States that a machine leaves only by a timer that lingers."

    def known(self, place: Place) -> tuple[dict[Key, Stand], dict[str, object]]:
        """Copies of a place's machines and facts, by name. The next question is mostly for the same place."""
        if place is not self._last[0]:
            self._last = (place, dict(place.machines), place.facts._asdict())
        return self._last[1].copy(), self._last[2].copy()

    def plan(self, chart: str, found: Step) -> Plan:
        """What a step of a chart's table does; worked out once."""
        plan = self._plans.get(id(found))
        if plan is None:
            heard = [(k, n) for k, n in found.effects if k != "emit" or not is_application_event(n) or n in self.told]
            timers = [(k == "start", n) for k, n in heard if k in ("start", "cancel") and self.kept(chart, n)]
            effects = tuple((kind, name) for kind, name in heard if kind not in ("start", "cancel"))
            taken, entered = (chart, found.row or ""), (chart, found.state)
            # The plan keeps the step, and so its identity.
            plan = self._plans[id(found)] = Plan(found, taken, entered, effects, tuple(timers))
        return plan

    def kept(self, chart: str, timer: str) -> bool:
        """Whether a place remembers that this timer runs. What only repeats or lingers is not worth remembering."""
        return (chart, timer) not in self.repeating and (chart, timer) not in self.lingering

    def _timers(self) -> Iterator[tuple[str, str]]:
        for name, chart in self.charts.items():
            yield from ((name, timer) for timer in chart.timers)

    def _cells(self, chart: str, event: str) -> Iterator[Cell]:
        return (cell for (_, name), cell in self.charts[chart].cells.items() if name == event)

    def _repeats(self, chart: str, timer: str) -> bool:
        """A timer that only sends again and starts anew: in a network that forgets nothing it changes nothing."""
        rows = [row for cell in self._cells(chart, self._timer(chart, timer).event) for row in cell.rows]
        again = {name for name, t in self.charts[chart].timers.items() if t.event == self._timer(chart, timer).event}
        return bool(rows) and all(
            row.to is None and again & set(row.effects.start) and not row.effects.emit and not row.effects.do
            for row in rows
        )

    def _lingers(self, chart: str, timer: str) -> bool:
        """A timer that only keeps a finished transaction open for copies that are still on their way."""
        cells = list(self._cells(chart, self._timer(chart, timer).event))
        final = self.charts[chart].final
        return not self._timer(chart, timer).gives_up and all(
            cell.verdict in (None, "impossible")
            and all(row.to in final and not row.effects.listed() for row in cell.rows)
            for cell in cells
        )

    def minds(self, chart: str, state: str, event: str) -> bool:
        """Whether an event can still do more than repeat what was sent, here or in a later state."""
        found = self._minds.get((chart, state, event))
        if found is None:
            made = self.charts[chart]
            cells = [made.cells[name, event] for name in (state, *made.analysis.onward[state])]
            found = any(cell.verdict == "postponed" or not _only_sends(cell.rows) for cell in cells)
            self._minds[chart, state, event] = found
        return found

    def hears(self, chart: str, state: str, event: str) -> bool:
        """Whether an event can do anything at all, here or in a later state."""
        found = self._hears.get((chart, state, event))
        if found is None:
            made = self.charts[chart]
            cells = [made.cells[name, event] for name in (state, *made.analysis.onward[state])]
            found = self._hears[chart, state, event] = any(cell.rows or cell.verdict == "postponed" for cell in cells)
        return found

    def remaining(self, chart: str, state: str) -> tuple[str, ...] | None:
        """What a machine may still emit, if it can do nothing else but repeat what it sent; None if it can do more."""
        if (chart, state) not in self._remaining:
            self._remaining[chart, state] = self._emits_only(self.charts[chart], state)
        return self._remaining[chart, state]

    def _emits_only(self, chart: Chart, state: str) -> tuple[str, ...] | None:
        places = {state, *chart.analysis.onward[state]}
        rows = [row for (name, _), cell in chart.cells.items() if name in places for row in cell.rows]
        emitted: dict[str, None] = {}
        for row in rows:
            effects = row.effects.listed() + (chart.entering(row.to) if row.to is not None else ())
            for kind, name in effects:
                if kind == "emit":
                    emitted[name] = None
                elif (kind == "send" and row.to is not None) or (kind == "do" and name != "forget"):
                    return None
        return tuple(emitted)

    def _is_inert(self, chart: Chart, state: str) -> bool:
        rows = [row for (name, _), cell in chart.cells.items() if name == state for row in cell.rows]
        return all(
            row.to in chart.final and not row.effects.listed() if row.to is not None else _only_sends([row])
            for row in rows
        )

    def _is_led_out(self, chart: Chart, state: str) -> bool:
        return any(
            row.to is not None or row.effects.emit
            for (name, event), cell in chart.cells.items()
            if name == state and chart.events[event].kind in ("message", "command")
            for row in cell.rows
        )

    def _is_permanent(self, chart: Chart, state: str) -> bool:
        last = {chart.timers[timer].event for name, timer in self.lingering if name == chart.id}
        cells = [(event, cell) for (name, event), cell in chart.cells.items() if name == state]
        return all(row.to is None or event in last for event, cell in cells for row in cell.rows)

    def _timer(self, chart: str, timer: str) -> Timer:
        return self.charts[chart].timers[timer]

    def _media_events(self) -> Iterator[str]:
        media = self.charts.get("media")
        for event in media.events.values() if media else ():
            if event.kind in ("message", "world"):
                yield event.name

    def _only_tells(self, event: str) -> bool:
        """A fact that moves no machine wherever it comes: it is tried once in each state and never kept waiting."""
        return all(
            cell.verdict != "impossible"
            and all(row.to is None and not row.when and _tells(row.effects.listed()) for row in cell.rows)
            for cell in self._cells("media", event)
        )


def _only_sends(rows: Iterable[Row]) -> bool:
    return all(row.to is None and {kind for kind, _ in row.effects.listed()} <= {"send"} for row in rows)


def _tells(effects: Iterable[tuple[str, str]]) -> bool:
    return all((kind == "emit" and name[0].isupper()) or name == "note_rtcp" for kind, name in effects)
