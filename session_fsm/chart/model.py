"""What a chart is: frozen values with the names that a chart file gives, and nothing that runs.

Reading a file is `chart.load`, the derived tables are `chart.cells`, every rule is `chart.check`; a `Chart` reaches
them through its own methods, so that nobody else needs to know. Source: the house's design, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from session_fsm.errors import ChartError, ChartFault

if TYPE_CHECKING:
    from session_fsm.chart.cells import Analysis

Seconds = float
"A duration, or a moment of one monotonic clock."

Role = Literal["uac", "uas", "both"]
"The side of the call that a chart, a state or an event belongs to."

Verdict = Literal["row", "ignored", "postponed", "refused", "impossible"]
"What became of an event: a row took it, or the chart says why none does."

VERDICTS: tuple[Verdict, ...] = ("ignored", "postponed", "refused", "impossible")

Effect = tuple[str, str]
"(kind, name), such as ('send', 'INVITE'); the kinds are those of `EFFECT_KINDS`."

# The order inside one list of effects: what is cancelled goes first, so that a timer that is cancelled and started
# in one row runs afresh; what is started goes last, so that a local effect may set the timer's parameter.
EFFECT_KINDS = ("cancel", "do", "send", "emit", "start")

START: Final = "[start]"
"The event by which a machine enters its initial state; no chart can name one like it."

NOWHERE: Final = "[*]"
"Where a machine is before it has entered its initial state."

SOURCES = ("message", "command", "machine", "world")
"Where an event of a chart's [events] can come from; events of timers come from 'timer'."


class Condition(NamedTuple):
    """One guard of a row and the value that it must have."""

    guard: str
    "The guard's name."
    value: bool = True
    "True for `name`, False for `not name`."

    def __str__(self) -> str:
        return self.guard if self.value else f"not {self.guard}"


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of seconds, a parameter, or a multiple of one: 0.5, `T1`, `64*T1`."""

    factor: float
    "The number, in seconds when there is no parameter."
    parameter: str | None = None
    "The parameter's name, or None."

    def seconds(self, parameters: Mapping[str, float]) -> Seconds:
        """The duration with these parameters."""
        return self.factor if self.parameter is None else self.factor * parameters[self.parameter]

    def __str__(self) -> str:
        if self.parameter is None:
            return f"{self.factor:g}"
        return self.parameter if self.factor == 1 else f"{self.factor:g}*{self.parameter}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A timer of a chart and the event that it raises."""

    name: str
    after: Duration
    "How long it runs the first time."
    event: str
    "What it raises; `timer_<name>` unless the chart says otherwise."
    grow: float = 1.0
    "Each further start in the same machine runs this many times longer, up to `cap`."
    cap: Duration | None = None
    "The longest that a growing timer runs."
    gives_up: bool = False
    "True when its firing means that the peer is believed gone."
    source: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that can happen to a machine, with the one place that it comes from."""

    name: str
    kind: str
    "message, command, machine, world or timer."
    origin: tuple[str, ...]
    "The message, command, `chart.emit` names, timers, or the sentence about the world."
    doc: str = ""
    role: Role = "both"
    of: str = ""
    "For an event from a transaction: the purpose of that transaction, such as INVITE."


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A named predicate over data that the chart does not hold."""

    name: str
    doc: str = ""
    excludes: tuple[str, ...] = ()
    "Guards that are false whenever this one is true."
    implies: tuple[str, ...] = ()
    "Guards that are true whenever this one is true."


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A claim over states that the explorer proves."""

    name: str
    kind: str
    "always, never, sometimes or reachable_from_everywhere."
    states: tuple[str, ...]
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What happens in one place: on entering, on leaving, or in a row."""

    cancel: tuple[str, ...] = ()
    do: tuple[str, ...] = ()
    send: tuple[str, ...] = ()
    emit: tuple[str, ...] = ()
    start: tuple[str, ...] = ()

    def listed(self) -> tuple[Effect, ...]:
        """All of them as (kind, name), in the order in which they run."""
        return tuple((kind, name) for kind in EFFECT_KINDS for name in getattr(self, kind))


NO_EFFECTS = Effects()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One transition: an event, the guards that must hold, where it leads and what it does."""

    id: str
    event: str
    when: tuple[Condition, ...] = ()
    "All must hold; empty means always."
    to: str | None = None
    "The target, or None to stay and run only the row's own effects."
    effects: Effects = NO_EFFECTS
    why: str = ""
    role: Role = "both"
    "The side whose chart has this row."

    def __str__(self) -> str:
        guard = f" [{' and '.join(map(str, self.when))}]" if self.when else ""
        return f"{self.event}{guard} -> {self.to or '(stays)'}"


class Ruling(NamedTuple):
    """What becomes of an event that no row takes, and why."""

    verdict: Verdict
    reason: str
    role: Role = "both"
    "The side for which it is said."


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What one state, or one group of states, says about events."""

    rows: tuple[Row, ...] = ()
    verdicts: Mapping[str, tuple[Ruling, ...]] = field(default_factory=dict)
    "For events without a row, or after guarded rows that all refused; several only when each is of another role."

    def rows_for(self, event: str) -> tuple[Row, ...]:
        """The rows of one event, in the order of the file."""
        return tuple(row for row in self.rows if row.event == event)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state with its timers, its effects on entering and leaving, and its decisions."""

    name: str
    source: str = ""
    doc: str = ""
    role: Role = "both"
    timers: tuple[str, ...] = ()
    "Started on entering, dead on leaving."
    enter: Effects = NO_EFFECTS
    exit: Effects = NO_EFFECTS
    decisions: Decisions = Decisions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Decisions that several states share; a state's own decision about an event is stronger."""

    name: str
    states: tuple[str, ...]
    everywhere: bool = False
    'True for `states = ["*"]`, the weakest.'
    decisions: Decisions = Decisions()
    source: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a chart decides about one event in one state: rows in order, then a verdict if none of them holds."""

    rows: tuple[Row, ...] = ()
    verdict: Verdict | None = None
    reason: str = ""
    origin: str = ""
    "The state or group that decided, or 'derived'."

    def guards(self) -> tuple[str, ...]:
        """The guards that its rows name, each once, in order."""
        return tuple(dict.fromkeys(condition.guard for row in self.rows for condition in row.when))


@dataclass(frozen=True, kw_only=True, eq=False)
class Chart:
    """One state machine as a chart file declares it. Made by `Chart.load` or `Chart.parse`, which check it.

    Two charts are equal only when they are the same object, so a chart is a fine key of a cache.
    """

    id: str
    version: int
    role: Role
    initial: str
    states: Mapping[str, State]
    events: Mapping[str, Event]
    "Every event, those of timers included."
    final: tuple[str, ...] = ()
    source: str = ""
    doc: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    timers: Mapping[str, Timer] = field(default_factory=dict)
    guards: Mapping[str, Guard] = field(default_factory=dict)
    effects: Mapping[str, str] = field(default_factory=dict)
    sends: Mapping[str, str] = field(default_factory=dict)
    emits: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, Property] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    file: str = ""
    "Where it was read from, as complaints name it."
    whole: Chart | None = field(default=None, repr=False)
    "The chart of both roles that this one is a projection of."

    @staticmethod
    def load(name_or_path: str | Path) -> Chart:
        """Read and check a shipped chart by its name, or any chart by its path. Raises ChartError with every fault."""
        from session_fsm.chart.load import load

        return load(name_or_path)

    @staticmethod
    def parse(text: str, file: str = "<text>") -> Chart:
        """Read and check the text of a chart. Raises ChartError with every fault."""
        from session_fsm.chart.load import parse

        return parse(text, file)

    def for_role(self, role: Role) -> Chart:
        """The chart as one side sees it: without events and states of the other, and the rows that use them."""
        from session_fsm.chart.project import project

        if role == self.role:
            return self
        if self.role != "both":
            message = f"a chart of role {self.role} has no {role} side"
            raise ChartError([ChartFault(self.file or self.id, "role", message)])
        return project(self, role)

    @cached_property
    def sided(self) -> bool:
        """Whether it says something of one role only, so that a side must be chosen before it can run."""
        roles = {event.role for event in self.events.values()} | {state.role for state in self.states.values()}
        for _, decisions in self.all_decisions():
            roles.update(row.role for row in decisions.rows)
            roles.update(ruling.role for rulings in decisions.verdicts.values() for ruling in rulings)
        return self.role == "both" and roles != {"both"}

    @cached_property
    def analysis(self) -> Analysis:
        """Everything that follows from the file: cells with groups expanded, timers that may run, reachability."""
        from session_fsm.chart.cells import analyse

        return analyse(self)

    @property
    def cells(self) -> Mapping[tuple[str, str], Cell]:
        """(state, event) -> what is decided there, groups expanded; an undecided cell is missing."""
        return self.analysis.cells

    @cached_property
    def fingerprint(self) -> str:
        """A few letters that are others as soon as the chart means something else; words for people do not count."""
        from session_fsm.chart.fingerprint import fingerprint

        return fingerprint(self)

    def leaving(self, state: str) -> tuple[Effect, ...]:
        """The effects of leaving a state: its own timers die first."""
        found = self.states[state]
        return tuple(("cancel", timer) for timer in found.timers) + found.exit.listed()

    def entering(self, state: str) -> tuple[Effect, ...]:
        """The effects of entering a state: its own timers start last; a final state stops every timer first."""
        found = self.states[state]
        last = tuple(("cancel", timer) for timer in self.analysis.arriving[state]) if state in self.final else ()
        return last + found.enter.listed() + tuple(("start", timer) for timer in found.timers)

    def all_decisions(self) -> Iterable[tuple[State | Group, Decisions]]:
        """Each state and each group with what it decides, as the file has them."""
        for state in self.states.values():
            yield state, state.decisions
        for group in self.groups.values():
            yield group, group.decisions

    def _repr_html_(self) -> str:
        """A picture for notebooks; a table where the drawing wing is not installed."""
        from session_fsm.chart.display import html

        return html(self)
