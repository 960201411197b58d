"""Which media states each role can pass through, and whether both roles can pass through the same.

For each role the charts of a call are composed, everything but media's states is hidden, and what is left is made
deterministic: an automaton whose words are the media paths of that role. The two roles are compared in any call, and in
each kind of call by itself, so that what fails in one kind is not hidden by another that leads the same way. The
bounds are those of `explore.composition`; of a forked call one dialog is composed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from session_fsm.chart import Chart, Role
from session_fsm.explore.composition import Composition, Configuration, composed

COMPOSED = ("call", "dialog", "offer_answer", "media")
WATCHED = "media"


class Scenario(NamedTuple):
    """A kind of call: what holds in it and what never comes."""

    name: str
    assuming: Mapping[str, bool] = MappingProxyType({})
    "`chart.guard` -> its value in every call of this kind. A guard that a chart does not have is passed over."
    without: tuple[str, ...] = ()
    "Events that never come, as `chart.event`."


ANY_CALL = Scenario("in any call")
WITH_OFFER = MappingProxyType({"call.offering": True, "call.offerless": False})
WITHOUT_OFFER = MappingProxyType({"call.offering": False, "call.offerless": True, "call.offer_acceptable": False})

OFFERLESS = Scenario("without an offer in the INVITE", WITHOUT_OFFER)
SCENARIOS = (
    ANY_CALL,
    Scenario("with the offer in the INVITE", WITH_OFFER),
    # RFC 3261 §13.3.1.4: the callee need not wait for the ACK, which may be lost, to take the session as agreed.
    Scenario("with the offer in the INVITE and no ACK", WITH_OFFER, ("dialog.acknowledged",)),
    OFFERLESS,
)

Path = tuple[str, ...]
"Media states, the initial one first."


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPaths:
    """The media paths of one role, as a deterministic automaton in which every state accepts."""

    role: Role
    initial: str
    "The media state that every path begins with."
    edges: tuple[dict[str, int], ...]
    "For each state of the automaton: the media state that is entered next -> the automaton's next state; 0 is first."
    configurations: int
    "How many configurations of the composed charts were walked."

    def accepts(self, path: Sequence[str]) -> bool:
        """Whether a side of this role can pass through these media states, in this order, from the start."""
        if not path or path[0] != self.initial:
            return False
        here: int | None = 0
        for state in path[1:]:
            here = self.edges[here].get(state) if here is not None else None
        return here is not None


def media_paths(charts: Iterable[Chart], role: Role, scenario: Scenario = ANY_CALL) -> MediaPaths:
    """The media paths of one role in one kind of call."""
    composition = _composition(charts, role, scenario)
    return _determined(_Walk(composition), composition.charts[-1].initial, role)


def compare_media_paths(charts: Iterable[Chart], scenarios: Iterable[Scenario] = SCENARIOS) -> list[str]:
    """What one role can pass through and the other cannot; empty when the charts agree.

    For each kind of call the shortest differing path of each role, with the events that lead along it.
    """
    charts = list(charts)
    if WATCHED not in {chart.id for chart in charts}:
        return [f"there is no chart {WATCHED} whose paths could be compared"]
    return [difference for scenario in scenarios for difference in _compared(charts, scenario)]


def _compared(charts: list[Chart], scenario: Scenario) -> Iterator[str]:
    uac, uas = (media_paths(charts, role, scenario) for role in ("uac", "uas"))
    told: set[Role] = set()
    for path, has, lacks in _differences(uac, uas):
        if has.role not in told:
            told.add(has.role)
            way = ", ".join(run_to(charts, has.role, path, scenario))
            yield (
                f"{scenario.name} a {has.role} can pass through {' > '.join(path)} and a {lacks.role} cannot; "
                f"the {has.role} does by {way}"
            )


def run_to(charts: Iterable[Chart], role: Role, path: Sequence[str], scenario: Scenario = ANY_CALL) -> list[str]:
    """The events of a shortest run along a media path, as `chart.event [guards]`; empty when there is no such run.

    What follows by itself, without a guard, is not named.
    """
    composition = _composition(charts, role, scenario)
    number = len(composition.charts) - 1
    start = (composition.start, 1)
    came: dict[tuple[Configuration, int], tuple[tuple[Configuration, int], str] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here[1] == len(path):
            return _events(came, here)
        for move in composition.moves(here[0]):
            entered = move.after.states[number]
            at = here[1]
            if entered != here[0].states[number]:
                if path[at] != entered:
                    continue
                at += 1
            if (move.after, at) not in came:
                name = f"{composition.charts[move.machine].id}.{move.outcome.cause}"
                came[move.after, at] = (here, name if move.free or "[" in name else "")
                waiting.append((move.after, at))
    return []


def _composition(charts: Iterable[Chart], role: Role, scenario: Scenario) -> Composition:
    composed_charts = composed(charts, COMPOSED)
    return Composition(composed_charts, role, assuming=scenario.assuming, without=scenario.without)


class _Walk:
    """Every configuration that can be reached, numbered, with what may follow: quietly, or entering a media state."""

    def __init__(self, composition: Composition) -> None:
        watched = len(composition.charts) - 1
        numbers = {composition.start: 0}
        self.quiet: list[set[int]] = []
        self.entering: list[dict[str, set[int]]] = []
        for here in (waiting := [composition.start]):
            quiet: set[int] = set()
            entering: dict[str, set[int]] = {}
            for after in composition.following(here):
                if after not in numbers:
                    numbers[after] = len(numbers)
                    waiting.append(after)
                entered = after.states[watched]
                changed = entered != here.states[watched]
                (entering.setdefault(entered, set()) if changed else quiet).add(numbers[after])
            self.quiet.append(quiet)
            self.entering.append(entering)

    def closed(self, start: Iterable[int]) -> frozenset[int]:
        """These configurations and all that follow from them without a change of the media state."""
        seen = set(start)
        waiting = list(seen)
        while waiting:
            for following in self.quiet[waiting.pop()] - seen:
                seen.add(following)
                waiting.append(following)
        return frozenset(seen)


def _determined(walk: _Walk, initial: str, role: Role) -> MediaPaths:
    """The subset construction."""
    first = walk.closed([0])
    numbers = {first: 0}
    edges: list[dict[str, int]] = []
    for subset in (waiting := [first]):
        targets: dict[str, set[int]] = {}
        for number in subset:
            for entered, following in walk.entering[number].items():
                targets.setdefault(entered, set()).update(following)
        edges.append({})
        for entered in sorted(targets):
            target = walk.closed(targets[entered])
            if target not in numbers:
                numbers[target] = len(numbers)
                waiting.append(target)
            edges[-1][entered] = numbers[target]
    return MediaPaths(role=role, initial=initial, edges=tuple(edges), configurations=len(walk.quiet))


def _differences(uac: MediaPaths, uas: MediaPaths) -> Iterable[tuple[Path, MediaPaths, MediaPaths]]:
    """(path, who has it, who lacks it), shortest first, one for each pair of states that differ there."""
    seen = {(0, 0)}
    waiting: deque[tuple[int, int, Path]] = deque([(0, 0, (uac.initial,))])
    while waiting:
        left, right, path = waiting.popleft()
        ours, theirs = uac.edges[left], uas.edges[right]
        for entered in sorted(ours.keys() | theirs.keys()):
            if entered not in theirs:
                yield (*path, entered), uac, uas
            elif entered not in ours:
                yield (*path, entered), uas, uac
            elif (ours[entered], theirs[entered]) not in seen:
                seen.add((ours[entered], theirs[entered]))
                waiting.append((ours[entered], theirs[entered], (*path, entered)))


def _events(
    came: dict[tuple[Configuration, int], tuple[tuple[Configuration, int], str] | None], last: tuple[Configuration, int]
) -> list[str]:
    found: list[str] = []
    step = came[last]
    while step is not None:
        before, name = step
        found += [name] if name else []
        step = came[before]
    return found[::-1]
