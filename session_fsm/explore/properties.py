"""What must hold in everything that was explored: what charts claim of themselves, and what a call owes to its users.

A finding names the property, what was wrong, and a state; the shortest run to that state is the counterexample.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from session_fsm.chart import Chart, Property
from session_fsm.explore.abstract import FORKED, REVERSED, SIDES, Event, Key, Outcome, Place
from session_fsm.explore.promises import PROMISES
from session_fsm.explore.search import Found, Mask

DURING = {
    "no-impossible-cell": "no event comes where a chart calls it impossible",
    "no-refused-command": "no machine is sent a command that it refuses by another machine",
    "no-lost-event": "no machine is sent an event that its chart does not have",
    "no-effect-fails": "every effect finds what it needs",
    "no-endless-turn": "what follows from one event comes to an end",
    "no-media-before-ready": "nobody sends media before Ready",
}
"Properties that are watched while a turn runs."

CALLS = {
    "no-deadlock": "until both sides have ended there is always something that can happen",
    "can-end": "from every state that can be reached both sides can still end",
    "media-agrees": "when nothing is lost both sides agree on the direction and on the media state",
    "ends-together": "when nothing is lost and nobody gave up, no side is left in a call that the other has ended",
    "answers-arrive": "when nothing is lost every request gets its final response, and every 2xx to an INVITE its ACK",
    "ready-at-agreement": "a side that has agreed on media is Ready or further",
    "no-ghost-call": "nobody is in a call whose end it has been told",
    "active-implies-established": "media that is Active on one side has been Established on the other",
}
"Properties of both sides of a call together."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One property that does not hold."""

    property: str
    kind: str
    "turn, together, ending, lossless (where nobody gives up), or the kind of a chart's own property."
    what: str
    "What is wrong, in one sentence."
    state: int
    "Where a shortest run leads; for a fault of a turn, the state in which its event comes."
    side: int = -1
    event: Event | None = None
    outcome: Outcome | None = None
    "For a fault of a turn: the outcome that has it, which is the last step of the run."


def claimed(charts: Sequence[Chart], promised: Collection[str], *, calls: bool) -> dict[str, str]:
    """Properties with a sentence: ours, of whole calls or not, and the charts' own [properties] as `chart.property`."""
    named = {name: doc for name, doc in DURING.items() if calls or name != "no-media-before-ready"}
    named |= CALLS if calls else {}
    named |= {name: doc for name, doc in PROMISES.items() if name in promised}
    for chart in charts:
        for claim in chart.properties.values():
            states = ", ".join(claim.states)
            named[f"{chart.id}.{claim.name}"] = claim.doc or f"{claim.kind.replace('_', ' ')}: {states}"
    return named


def turn_findings(found: Found) -> Iterator[Finding]:
    """What went wrong within a turn, each kind of it once, at its first state."""
    told: set[tuple[str, str]] = set()
    for faulty in found.faulty:
        for rule, what in faulty.outcome.faults:
            if (rule, what) not in told:
                told.add((rule, what))
                yield Finding(
                    property=rule,
                    kind="turn",
                    what=f"{SIDES[faulty.side]}: {what}",
                    state=faulty.state,
                    side=faulty.side,
                    event=faulty.event,
                    outcome=faulty.outcome,
                )


def chart_findings(found: Found, charts: Sequence[Chart], *, only: Collection[str] | None = None) -> Iterator[Finding]:
    """What the charts claim of their own states, for the machines that a product has. `only` names charts."""
    for chart in charts:
        if only is not None and chart.id not in only:
            continue
        for claim in chart.properties.values():
            yield from _judged(found, chart, claim)


def _judged(found: Found, chart: Chart, claim: Property) -> Iterator[Finding]:
    name = f"{chart.id}.{claim.name}"
    inside = [_where(found, side, chart.id, set(claim.states), absent=False) for side in (0, 1)]
    if claim.kind == "sometimes":
        if not (inside[0] | inside[1]).any() and found.complete:
            yield Finding(
                property=name, kind=claim.kind, what=f"{chart.id} is never in {' or '.join(claim.states)}", state=0
            )
        return
    for side in (0, 1):
        if claim.kind == "reachable_from_everywhere":
            goal = _where(found, side, chart.id, set(claim.states), absent=True)
            wrong, why = ~found.can_reach(goal), f"can never come to {' or '.join(claim.states)}"
        elif claim.kind == "never":
            wrong, why = inside[side], f"is in {' or '.join(claim.states)}"
        else:
            wrong = ~_where(found, side, chart.id, set(claim.states), absent=True)
            why = f"is not in {' or '.join(claim.states)}"
        yield from _first(name, claim.kind, wrong, f"{SIDES[side]}: {chart.id} {why}")


def _first(name: str, kind: str, wrong: Mask, what: str) -> Iterator[Finding]:
    if wrong.any():
        yield Finding(property=name, kind=kind, what=what, state=int(np.argmax(wrong)))


def _where(found: Found, side: int, chart: str, states: set[str], *, absent: bool) -> Mask:
    """The states in which a machine of this chart stands in one of these; `absent`: or there is none that does not."""

    def holds(place: Place) -> bool:
        stands = [stand.state in states for key, stand in place.machines if key.chart == chart]
        return all(stands) if absent else any(stands)

    return _by_place(found, side, holds)


def _by_place(found: Found, side: int, holds: Callable[[Place], bool]) -> Mask:
    half = found.halves[side]
    places = np.fromiter((holds(place) for place in half.places), dtype=bool, count=len(half.places))
    answer: Mask = places[found.places(side)]
    return answer


def call_findings(found: Found) -> Iterator[Finding]:
    """What both sides of a call owe together."""
    halves = found.halves
    both = _by_place(found, 0, lambda place: _has_ended(found, 0, place))
    both &= _by_place(found, 1, lambda place: _has_ended(found, 1, place))
    stuck = found.stuck() & ~both
    what = "nothing can happen any more, and the call has not ended on both sides"
    yield from _first("no-deadlock", "ending", stuck, what)
    yield from _first("can-end", "ending", ~found.can_reach(both), "there is no way for both sides to end")
    for side in (0, 1):
        active = _by_place(found, side, lambda place: _state(place, "media") == "Active")
        heard = _by_place(found, 1 - side, lambda place: place.facts.established)
        what = f"media is Active at the {SIDES[side]}, and was never Established at the {SIDES[1 - side]}"
        yield from _first("active-implies-established", "together", active & ~heard, what)
    for side in (0, 1):
        what = f"the {SIDES[side]} is in a call though it has answered the other's BYE"
        yield from _first("no-ghost-call", "together", _by_place(found, side, _is_ghost), what)
    for side in (0, 1):
        what = f"the {SIDES[side]} has agreed on media, which are not Ready"
        yield from _first("ready-at-agreement", "together", _by_place(found, side, _agreed_unready), what)
    told: set[str] = set()
    for state in found.settled.tolist():
        places = [half.places[place] for half, place in zip(halves, found.standing(state).places, strict=True)]
        for name, kind, what in (
            ("media-agrees", "together", _disagreement(places[0], places[1].each[places[0].facts.dialog])),
            ("ends-together", "lossless", _left_alone(found, places)),
            ("answers-arrive", "lossless", _left_waiting(found, places)),
        ):
            if what and what not in told:
                told.add(what)
                yield Finding(property=name, kind=kind, what=what, state=state)


def _state(place: Place, chart: str) -> str:
    return next((stand.state for key, stand in place.machines if key == Key(chart)), "")


def _has_ended(found: Found, side: int, place: Place) -> bool:
    """A callee that was never called has nothing to end; of several, all have ended."""
    final = found.halves[side].actor.rules.charts["call"].final
    idle = side == 1 and not any(key.chart == "dialog" for key, _ in place.machines)
    ended = idle or _state(place, "call") in final
    return ended and all(_has_ended(found, side, other) for other in place.others)


def _disagreement(one: Place, two: Place) -> str:
    """What two answered sides do not agree on, though nothing that was sent is still to come; empty when they do."""
    if any(_state(place, "offer_answer") != "Agreed" or _state(place, "call") not in ANSWERED for place in (one, two)):
        return ""
    if any("glare" in stand.timers for place in (one, two) for _, stand in place.machines):
        return ""  # who was refused at first tries again
    ours, theirs = one.facts.agreement, two.facts.agreement
    if ours and REVERSED.get(theirs) != ours:
        return f"the caller's media is {ours}, the callee's {theirs}"
    media = [_state(place, "media") for place in (one, two)]
    if media[0] != media[1] and "Stalled" not in media:
        return f"the caller's media state is {media[0]}, the callee's {media[1]} ({ours} and {theirs})"
    return ""


def _left_alone(found: Found, places: Sequence[Place]) -> str:
    """Which side is left in an answered call that the other has ended; empty when none is."""
    caller, callees = places[0], places[1].each
    for fork, callee in enumerate(callees):
        # Of several callees the caller is in a call with the one that answered first, and with no other.
        counts = fork == caller.facts.dialog
        if _is_answered(callee) and (not counts or _has_ended(found, 0, caller)):
            return f"the {SIDES[1]} is left in a call that the {SIDES[0]} has ended"
        if _is_answered(caller) and counts and callee.machines and _has_ended(found, 1, callee):
            return f"the {SIDES[0]} is left in a call that the {SIDES[1]} has ended"
    return ""


def _left_waiting(found: Found, places: Sequence[Place]) -> str:
    """What still waits though nothing is on its way; the first INVITE may wait for the callee's application."""
    decided = _is_decided(found, places[1].each)
    for side, place in [(0, places[0]), *((1, callee) for callee in places[1].each)]:
        permanent = found.halves[side].actor.rules.permanent
        for key, stand in place.machines:
            first = key.purpose == "INVITE" and (key.cseq > 1 or not decided)
            waits = key.chart == "answer" or (key.chart.endswith("_client") and stand.state not in permanent[key.chart])
            if waits and not (first and key.chart != "answer"):
                return f"{key} of the {SIDES[side]} waits for ever"
    return ""


def _is_decided(found: Found, callees: Sequence[Place]) -> bool:
    """Somebody has answered, or everybody has refused."""
    refused = all(callee.machines and _has_ended(found, 1, callee) for callee in callees)
    return refused or any(map(_is_answered, callees))


def _is_answered(place: Place) -> bool:
    return _state(place, "call") in ANSWERED


def _is_ghost(place: Place) -> bool:
    """A BYE ends the dialog that it comes in, or will make; nothing may begin there afterwards."""
    servers = (*(key for key, _ in place.machines), *place.facts.absorbed)
    byes = [key for key in servers if key.chart == "non_invite_server" and key.purpose == "BYE"]
    told = any(key.branch // FORKED == place.facts.dialog for key in byes)
    return told and _state(place, "call") in ANSWERED


def _agreed_unready(place: Place) -> bool:
    return bool(place.facts.agreement) and _state(place, "media") in UNREADY


ANSWERED = ("Active", "OnHold")
UNREADY = ("Idle", "Negotiating")
"Media states before Ready."
