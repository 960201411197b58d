"""Several charts of one role as one machine: what one emits the others take, until nothing is left to take.

What the charts do not decide is free: every message, command and fact of the world may come at any time, a timer may
fire wherever it can be running, and guards are tried both ways, as far as the chart does not exclude it. So is what
charts outside emit, but that what a client transaction emits comes only once its request was sent.

Two bounds keep it finite. An event from inside is postponed at most once at a time. A free event that is postponed is
forgotten: it may come again by itself, right after the state has changed, which is when it would have come back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from session_fsm.chart import Chart, Event, Role, valuations
from session_fsm.machine import compile_chart, step
from session_fsm.session.routing import Routes, routes_of

Post = tuple[int, str]
"(number of the machine, event)."


class Configuration(NamedTuple):
    """Where all machines stand, and what waits to be taken."""

    states: tuple[str, ...]
    queue: tuple[Post, ...] = ()
    "What was emitted and not yet taken, first in first out."
    postponed: tuple[Post, ...] = ()
    "Oldest first."
    sent: frozenset[str] = frozenset()
    "The requests that have left, of those that somebody waits for."


class Outcome(NamedTuple):
    """One thing that an event may lead to in one machine."""

    state: str
    postponed: bool
    posts: tuple[Post, ...]
    sends: frozenset[str]
    "The requests that leave, of those that somebody waits for."
    cause: str
    "The event, with the values of the guards that were asked."


class Move(NamedTuple):
    """One event taken by one machine."""

    machine: int
    outcome: Outcome
    after: Configuration
    free: bool
    "True when it came from outside."


class Composition:
    """The charts of one role, composed. Charts are numbered in the order in which they are given."""

    def __init__(
        self,
        charts: Sequence[Chart],
        role: Role,
        *,
        assuming: Mapping[str, bool] | None = None,
        without: Collection[str] = (),
    ) -> None:
        self.assuming = assuming or {}
        self.charts = [chart.for_role(role) if chart.sided else chart for chart in charts]
        self.numbers = {chart.id: number for number, chart in enumerate(self.charts)}
        self.routes: Routes = routes_of(self.charts)
        self.start = Configuration(tuple(chart.initial for chart in self.charts))
        self.free = [
            (number, event.name, self._request_of(event))
            for number, chart in enumerate(self.charts)
            for event in chart.events.values()
            if f"{chart.id}.{event.name}" not in without and self._is_free(event)
        ]
        self.awaited = frozenset(request for _, _, request in self.free if request)
        self._outcomes: dict[tuple[int, str, str], tuple[Outcome, ...]] = {}
        self._ways: dict[tuple[int, str], tuple[tuple[str, Outcome], ...]] = {}

    def following(self, here: Configuration) -> Iterator[Configuration]:
        """Where `moves` leads to, without causes: once what several events lead to, and never what changes nothing."""
        if here.queue:
            yield from (move.after for move in self.moves(here))
            return
        for number, state in enumerate(here.states):
            for request, outcome in self._free_ways(number, state):
                if not request or request in here.sent:
                    yield _settled(here, number, outcome, state != outcome.state)

    def _free_ways(self, number: int, state: str) -> tuple[tuple[str, Outcome], ...]:
        """(the request that must have left, what comes of it) for each thing that free events do to a machine here."""
        found = self._ways.get((number, state))
        if found is None:
            distinct = {
                (request, outcome[:-1]): (request, outcome)
                for machine, event, request in self.free
                if machine == number
                for outcome in self.outcomes(number, state, event)
                # What is free and postponed may come again by itself.
                if not outcome.postponed and (outcome.state != state or outcome.posts or outcome.sends)
            }
            found = self._ways[number, state] = tuple(distinct.values())
        return found

    def moves(self, here: Configuration) -> Iterator[Move]:
        """Everything that may happen next: what waits comes first; only when nothing waits comes what is free."""
        if here.queue:
            (number, event), rest = here.queue[0], here.queue[1:]
            yield from self._taken(here._replace(queue=rest), number, event, free=False)
            return
        for number, event, request in self.free:
            if not request or request in here.sent:
                yield from self._taken(here, number, event, free=True)

    def _taken(self, here: Configuration, number: int, event: str, *, free: bool) -> Iterator[Move]:
        before = here.states[number]
        for outcome in self.outcomes(number, before, event):
            if outcome.postponed:
                kept = (
                    here.postponed if free or (number, event) in here.postponed else (*here.postponed, (number, event))
                )
                after = here._replace(postponed=kept)
            else:
                after = _settled(here, number, outcome, before != outcome.state)
            yield Move(number, outcome, after, free)

    def outcomes(self, number: int, state: str, event: str) -> tuple[Outcome, ...]:
        """What an event may lead to in one machine; nothing where the chart says that it cannot come."""
        key = (number, state, event)
        found = self._outcomes.get(key)
        if found is None:
            found = self._outcomes[key] = tuple(self._step(number, state, event))
        return found

    def _step(self, number: int, state: str, event: str) -> Iterator[Outcome]:
        chart = self.charts[number]
        cell = chart.cells[state, event]
        if cell.verdict == "impossible" and not cell.rows:
            return
        seen: set[tuple[str, bool, tuple[Post, ...], frozenset[str]]] = set()
        for values in valuations(chart, cell.guards()):
            if any(self.assuming.get(f"{chart.id}.{guard}", value) != value for guard, value in values.items()):
                continue
            taken = step(compile_chart(chart), state, event, values.__getitem__)
            posts = tuple(self._posts(chart, (name for kind, name in taken.effects if kind == "emit")))
            sends = self.awaited & {name for kind, name in taken.effects if kind == "send"}
            what = (taken.state, taken.verdict == "postponed", posts, sends)
            if what not in seen:
                seen.add(what)
                yield Outcome(*what, cause=_cause(event, taken.guards))

    def _posts(self, chart: Chart, emitted: Iterable[str]) -> Iterator[Post]:
        for name in emitted:
            for route in self.routes.get((chart.id, name), ()):
                if not route.of:
                    yield self.numbers[route.chart], route.event

    def _is_free(self, event: Event) -> bool:
        return event.kind != "machine" or bool(self._outside(event))

    def _outside(self, event: Event) -> list[str]:
        """The charts that are not composed and raise this event."""
        return [chart for origin in event.origin if (chart := origin.partition(".")[0]) not in self.numbers]

    def _request_of(self, event: Event) -> str:
        """The request that must have left before a client transaction can raise this event; empty for others."""
        outside = self._outside(event)
        clients = event.kind == "machine" and all(
            chart.endswith("_client") or chart == "authentication" for chart in outside
        )
        return event.of if clients else ""


def _settled(here: Configuration, number: int, outcome: Outcome, changed: bool) -> Configuration:
    """gen_statem's order: what the machine posts to itself, then what it had postponed, then the others."""
    states = (*here.states[:number], outcome.state, *here.states[number + 1 :])
    if not outcome.posts and not here.postponed:
        return Configuration(states, here.queue, (), here.sent | outcome.sends)
    own = tuple(post for post in outcome.posts if post[0] == number)
    others = tuple(post for post in outcome.posts if post[0] != number)
    back = tuple(post for post in here.postponed if changed and post[0] == number)
    kept = tuple(post for post in here.postponed if post not in back)
    return Configuration(states, (*own, *back, *here.queue, *others), kept, here.sent | outcome.sends)


def _cause(event: str, guards: Iterable[tuple[str, bool]]) -> str:
    asked = ", ".join(name if value else f"not {name}" for name, value in guards)
    return f"{event} [{asked}]" if asked else event


def composed(charts: Iterable[Chart], names: Sequence[str]) -> list[Chart]:
    """The charts with these ids, in that order; those that are missing are left out."""
    found: Mapping[str, Chart] = {chart.id: chart for chart in charts}
    return [found[name] for name in names if name in found]
