"""Breadth first through a product, so that the first run to anything is a shortest one."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import numpy.typing as npt

from session_fsm.explore.abstract import Event, Outcome
from session_fsm.explore.product import REMEMBERED, Actor, Follow, Half

SHIFT = 24  # bits of a state's number that are the second side's part
LOW = (1 << SHIFT) - 1
TELL_EVERY = 20_000  # states between two calls of `progress`

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Progress = Callable[[int, int], object]
"Told how many states were found and how many of them were walked."


@dataclass(slots=True)
class Faulty:
    """An outcome that must not be, and the first state in which it can come."""

    state: int
    side: int
    event: Event
    outcome: Outcome


@dataclass(slots=True)
class Found:
    """Everything that can be reached."""

    halves: tuple[Half, Half]
    codes: list[int]
    "The states, in the order in which they were found: (part << SHIFT) | part."
    parents: array[int]
    edges: array[int]
    offsets: array[int]
    "Where the edges of each state end."
    settled: array[int]
    "States in which nothing that is on its way would change anything."
    faulty: list[Faulty] = field(default_factory=list)
    complete: bool = True
    seconds: float = 0.0

    def parts(self) -> tuple[Numbers, Numbers]:
        """The parts of all states, of one side and of the other."""
        codes = np.fromiter(self.codes, dtype=np.int64, count=len(self.codes))
        return codes >> SHIFT, codes & LOW

    def counts(self) -> Numbers:
        """How many edges leave each state that was walked."""
        ends = np.frombuffer(self.offsets, dtype=np.uint64).astype(np.int64)
        found: Numbers = np.concatenate((ends[:1], ends[1:] - ends[:-1]))
        return found

    def part_of(self, state: int, side: int) -> int:
        """One side's part in one state."""
        return self.codes[state] & LOW if side else self.codes[state] >> SHIFT

    def path_to(self, state: int) -> list[int]:
        """The states of the shortest run to this one."""
        path = [state]
        while path[-1] != 0:
            path.append(self.parents[path[-1]])
        return path[::-1]

    def can_reach(self, target: Mask) -> Mask:
        """The states from which one of these can be reached. States that were not walked count as if they could."""
        able = target.copy()
        walked = len(self.offsets)
        able[walked:] = True
        source = np.repeat(np.arange(walked, dtype=np.uint32), self.counts())
        goal = np.frombuffer(self.edges, dtype=np.uint32) if len(self.edges) else np.zeros(0, dtype=np.uint32)
        while True:
            open_ones = ~able[source]
            source, goal = source[open_ones], goal[open_ones]
            found = source[able[goal]]
            if not len(found):
                return able
            able[found] = True


def begin(first: Actor, second: Actor) -> Found:
    """Two sides before anything has happened."""
    halves = (Half(first, 0), Half(second, 1))
    return starting(halves, halves[0].start << SHIFT | halves[1].start)


def starting(halves: tuple[Half, Half], code: int) -> Found:
    """Nothing but one state, to be walked from."""
    return Found(halves, [code], array("I", [0]), array("I"), array("Q"), array("I"))


def search(first: Actor, second: Actor, *, limit: int | None = None, progress: Progress | None = None) -> Found:
    """Walk everything that two sides and their network can do, or the first `limit` states of it."""
    begun = perf_counter()
    found = begin(first, second)
    walk(found, limit, progress)
    found.seconds = perf_counter() - begun
    return found


def walk(found: Found, limit: int | None = None, progress: Progress | None = None) -> None:
    """Walk everything that follows from the first state."""
    # Millions of tuples are made, and none of them in a cycle: looking for cycles would take longer than the walk.
    collecting = gc.isenabled()
    gc.disable()
    try:
        _walk(found, limit, progress)
    finally:
        if collecting:
            gc.enable()
    found.complete = len(found.offsets) == len(found.codes)


def _walk(found: Found, limit: int | None, progress: Progress | None) -> None:
    """The hot loop: a state is one number, and what may follow a part was worked out before."""
    left, right = found.halves
    codes, parents, edges, offsets, settled = found.codes, found.parents, found.edges, found.offsets, found.settled
    seen = {codes[0]: 0}
    known_left: dict[tuple[int, int], Follow] = {}
    known_right: dict[tuple[int, int], Follow] = {}
    parts_left, parts_right = left.parts, right.parts
    state = 0
    while state < len(codes) and (limit is None or len(codes) < limit):
        code = codes[state]
        one, two = code >> SHIFT, code & LOW
        part_one, part_two = parts_left[one], parts_right[two]
        ours = known_left.get((one, part_two.sent))
        if ours is None:
            if len(known_left) > REMEMBERED:
                known_left.clear()
            ours = known_left[one, part_two.sent] = left.following(one, right, part_two.sent)
            _note(found, left, state)
        theirs = known_right.get((two, part_one.sent))
        if theirs is None:
            if len(known_right) > REMEMBERED:
                known_right.clear()
            theirs = known_right[two, part_one.sent] = right.following(two, left, part_one.sent)
            _note(found, right, state)
        numbers = [part << SHIFT | two for part in ours.plain]
        high = code & ~LOW
        numbers += [high | part for part in theirs.plain]
        if ours.sending or ours.leaving:
            minds = right.minds(part_two.place, left)
            numbers += [left.keeping(part, minds) << SHIFT | two for part in ours.sending]
            for keep, parts in ours.leaving:
                rest = right.keeping(two, keep)
                numbers += [left.keeping(part, minds) << SHIFT | rest for part in parts]
        if theirs.sending or theirs.leaving:
            minds = left.minds(part_one.place, right)
            numbers += [high | right.keeping(part, minds) for part in theirs.sending]
            for keep, parts in theirs.leaving:
                rest = left.keeping(one, keep) << SHIFT
                numbers += [rest | right.keeping(part, minds) for part in parts]
        for number in numbers:
            goal = seen.get(number)
            if goal is None:
                goal = seen[number] = len(codes)
                codes.append(number)
                parents.append(state)
            edges.append(goal)
        if ours.calm and theirs.calm and _is_settled(found, code, ours.replying, theirs.replying):
            settled.append(state)
        offsets.append(len(edges))
        state += 1
        if progress is not None and state % TELL_EVERY == 0:
            progress(len(codes), state)


def _is_settled(found: Found, code: int, ours: tuple[int, ...], theirs: tuple[int, ...]) -> bool:
    """Whether all that arrives is answered in words to which the other side is deaf."""
    left, right = found.halves
    one, two = code >> SHIFT, code & LOW
    minds = right.minds(right.parts[two].place, left)
    if any(left.keeping(part, minds) != one for part in ours):
        return False
    minds = left.minds(left.parts[one].place, right)
    return all(right.keeping(part, minds) == two for part in theirs)


def _note(found: Found, half: Half, state: int) -> None:
    """Outcomes with faults that have come up now can come in this state, and in none that was found before."""
    if half.faulty:
        found.faulty += [Faulty(state, half.number, event, outcome) for event, outcome in half.faulty]
        half.faulty.clear()
