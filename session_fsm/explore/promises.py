"""What must hold of registering, challenges, digits and quality, beside what their charts claim of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from session_fsm.explore.abstract import Place
from session_fsm.explore.asking import Asked
from session_fsm.explore.challenging import ChallengedSide
from session_fsm.explore.digits import DigitSide, digits
from session_fsm.explore.registering import REGISTRATION, RegistrarSide, binding
from session_fsm.explore.search import Found

PROMISES = {
    "registered-by-2xx": "nothing makes us registered but a 2xx that lists our Contact",
    "registered-is-kept": "while we are registered an honest registrar keeps our Contact",
    "left-is-forgotten": "when nothing is lost and nobody gave up, a willing registrar has forgotten us once we left",
    "no-rejected-answer-again": "what rejected our credentials is not sent the same again",
    "given-up-stays-so": "a call that was given up is not placed again by a challenge",
    "tries-end": "a request that is challenged is sent four times at most",
    "told-once": "whoever sent a request is told once what became of it",
    "told-at-last": "from every state whoever sent a request can still be told what becomes of it",
    "digits-once": "no digit is told twice, by RTP or INFO",
    "digits-in-order": "digits are told in the order in which they were sent",
    "digits-were-heard": "a digit that is told as sent by INFO has been told on the other side",
    "changes-are-told": "a change of quality is told once, and is one",
    "better-has-lasted": "a better quality is told only when it has lasted",
}
"Properties of what is beside calls."

Judge = Callable[[Place, Place], bool]


def apart_findings(found: Found, *, patient: bool) -> Iterator[tuple[str, str, int]]:
    """(property, what is wrong, the first state in which it is)."""
    asking, answering = (half.actor for half in found.halves)
    if isinstance(answering, RegistrarSide):
        what = "we are registered, and the registrar does not keep our Contact"
        yield from _first(found, "registered-is-kept", what, _unkept)
        if patient:
            what = "we have left, nothing is under way, and the registrar keeps our Contact"
            yield from _first(found, "left-is-forgotten", what, _remembered, settled=True)
    if isinstance(asking, ChallengedSide):
        told = np.array([_is_told(place) for place in found.halves[0].places], dtype=bool)
        lost = ~found.can_reach(told[found.places(0)])
        if lost.any():
            yield "told-at-last", "whoever sent the request can never be told what becomes of it", int(np.argmax(lost))
    if isinstance(asking, DigitSide) and isinstance(answering, DigitSide):
        what = "a digit is told as sent by INFO, and the other side was not told of it"
        yield from _first(found, "digits-were-heard", what, lambda one, two: _unheard(one, two) or _unheard(two, one))


def _first(
    found: Found, name: str, what: str, is_wrong: Judge, *, settled: bool = False
) -> Iterator[tuple[str, str, int]]:
    """The first state whose two places are wrong together."""
    states = found.settled if settled else np.arange(len(found), dtype=np.int64)
    first, second = found.places(0)[states], found.places(1)[states]
    pairs, where = np.unique(first << 32 | second, return_index=True)
    halves = found.halves
    wrong = [
        int(states[at])
        for pair, at in zip(pairs.tolist(), where.tolist(), strict=True)
        if is_wrong(halves[0].places[pair >> 32], halves[1].places[pair & 0xFFFFFFFF])
    ]
    if wrong:
        yield name, what, min(wrong)


def _state(place: Place) -> str:
    return dict(place.machines)[REGISTRATION].state


def _unkept(ours: Place, theirs: Place) -> bool:
    return _state(ours) == "Registered" and not binding(theirs).kept


def _remembered(ours: Place, theirs: Place) -> bool:
    kept = binding(theirs)
    return _state(ours) == "Unregistered" and kept.kept and not kept.unwilling


def _is_told(place: Place) -> bool:
    """Or nothing is there that could be told of: a time-out tells, and so does who withdraws."""
    kept = place.facts.apart
    return not place.machines or (isinstance(kept, Asked) and kept.heard > 0)


def _unheard(ours: Place, theirs: Place) -> bool:
    return not set(digits(ours.facts).accepted) <= set(digits(theirs.facts).said)
