"""Breadth first through a product, many states at a time, so that the first run to anything is a shortest one."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from session_fsm.explore.abstract import Event, Outcome
from session_fsm.explore.book import Actor, Book
from session_fsm.explore.numbering import Growing, Ints, Numbering, distinct
from session_fsm.explore.product import LOW, Half

AT_ONCE = 20_000  # states that are walked together, all of them equally far from the first

Mask = npt.NDArray[np.bool_]
Columns = tuple[Ints, Ints]
"Of the first side and of the second."
Progress = Callable[[int, int], object]
"Told how many states were found and how many of them were walked."


class Standing(NamedTuple):
    """One state of a product, in the numbers of its halves."""

    places: tuple[int, int]
    sent: tuple[int, int]
    "The sets of what each side has sent, without what its peer is deaf to."

    def moved(self, side: int, place: int, ours: int, theirs: int) -> Standing:
        """After one side's doing, which may also leave less of the other's messages."""
        if side == 0:
            return Standing((place, self.places[1]), (ours, theirs))
        return Standing((self.places[0], place), (theirs, ours))


@dataclass(slots=True)
class Faulty:
    """An outcome that must not be, and the first state in which it can come."""

    state: int
    side: int
    event: Event
    outcome: Outcome


class Found:
    """Everything that can be reached. States are numbered in the order in which they were found."""

    def __init__(self, halves: tuple[Half, Half], start: Standing) -> None:
        self.halves = halves
        self.faulty: list[Faulty] = []
        self.walked = 0
        "How many states were walked; those with the lowest numbers."
        self.seconds = 0.0
        self.parents = Growing()
        "The state that each was found from."
        self._states = Numbering(2)
        self._edges: list[npt.NDArray[np.uint64]] = []
        "(state << 32) | the state that follows, sorted; one array for each handful of states that was walked."
        self._before: tuple[Ints, npt.NDArray[np.uint32]] | None = None
        self._settled: list[Ints] = []
        here = [np.array([place << 32 | sent]) for place, sent in zip(start.places, start.sent, strict=True)]
        self.add((here[0], here[1]), np.zeros(1, dtype=np.int64))

    def __len__(self) -> int:
        return len(self._states)

    @property
    def complete(self) -> bool:
        """Whether everything was walked."""
        return self.walked == len(self)

    @property
    def edges(self) -> int:
        """How many pairs of different states follow each other."""
        return sum(map(len, self._edges))

    def add(self, codes: Columns, origins: Ints) -> Ints:
        """The numbers of these states; the new ones were found from their origins."""
        numbers, fresh = self._states.of(*codes)
        self.parents.extend(origins[fresh])
        return numbers

    def note(self, edges: Ints, settled: Ints) -> None:
        """Edges, and states in which nothing that is on its way would change anything."""
        self._edges.append(edges.view(np.uint64))
        self._settled.append(settled)

    def codes(self, begin: int = 0, end: int | None = None) -> Columns:
        """Each side's place, in the upper 32 bits, and the set of what it sent."""
        first, second = (column.all[begin:end] for column in self._states.columns)
        return first, second

    def places(self, side: int) -> Ints:
        """One side's place in every state."""
        found: Ints = self.codes()[side] >> 32
        return found

    def standing(self, state: int) -> Standing:
        """One state in full."""
        first, second = (int(column[0]) for column in self.codes(state, state + 1))
        return Standing((first >> 32, second >> 32), (first & LOW, second & LOW))

    @property
    def settled(self) -> Ints:
        """States in which nothing that is on its way would change anything, in order."""
        return np.sort(np.concatenate(self._settled)) if self._settled else np.empty(0, dtype=np.int64)

    def stuck(self) -> Mask:
        """States from which nothing leads away, among those that were walked."""
        found = np.zeros(len(self), dtype=bool)
        found[: self.walked] = True
        for edges in self._edges:
            found[(edges >> np.uint64(32)).view(np.int64)] = False
        return found

    def path_to(self, state: int) -> list[int]:
        """The states of the shortest run to this one."""
        path = [state]
        while path[-1] != 0:
            path.append(int(self.parents.all[path[-1]]))
        return path[::-1]

    def can_reach(self, target: Mask) -> Mask:
        """The states from which one of these can be reached. States that were not walked count as if they could."""
        able = target.copy()
        able[self.walked :] = True
        starts, sources = self._backwards()
        front = np.flatnonzero(able)
        while len(front):
            before = _members(starts, sources, front)
            front = distinct(before[~able[before]])
            able[front] = True
        return able

    def _backwards(self) -> tuple[Ints, npt.NDArray[np.uint32]]:
        """(where the run of each state begins, the states that it follows), made once."""
        if self._before is None or len(self._before[0]) != len(self) + 1:
            turned = np.concatenate(self._edges) if self._edges else np.empty(0, dtype=np.uint64)
            turned = turned << np.uint64(32) | turned >> np.uint64(32)
            turned.sort()
            counts = np.bincount((turned >> np.uint64(32)).view(np.int64), minlength=len(self))
            starts: Ints = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
            self._before = (starts, turned.astype(np.uint32))
        return self._before


def _members(starts: Ints, values: npt.NDArray[np.uint32], numbers: Ints) -> Ints:
    """The values in the runs of these numbers."""
    counts = starts[numbers + 1] - starts[numbers]
    ahead = np.cumsum(counts) - counts
    at = np.arange(int(counts.sum()), dtype=np.int64) + np.repeat(starts[numbers] - ahead, counts)
    found: Ints = values[at].astype(np.int64)
    return found


def begin(first: Actor, second: Actor) -> Found:
    """Two sides before anything has happened."""
    return beginning(Book(first), Book(second))


def beginning(first: Book, second: Book, *, patient: bool = False) -> Found:
    """The same with the books of two sides, of which much may be known already; `patient`: nobody ever gives up."""
    halves = (Half(first, 0, patient=patient), Half(second, 1, patient=patient))
    return Found(halves, Standing((first.start, second.start), (0, 0)))


def search(first: Actor, second: Actor, *, limit: int | None = None, progress: Progress | None = None) -> Found:
    """Walk everything that two sides and their network can do, or until `limit` states of it were found."""
    found = begin(first, second)
    walk(found, limit, progress)
    return found


def walk(found: Found, limit: int | None = None, progress: Progress | None = None) -> None:
    """Walk everything that follows from the first state."""
    begun = perf_counter()
    # Millions of tuples are made, and none of them in a cycle: looking for cycles would take longer than the walk.
    collecting = gc.isenabled()
    gc.disable()
    try:
        while not found.complete and (limit is None or len(found) < limit):
            level = len(found)
            while found.walked < level and (limit is None or len(found) < limit):
                _expand(found, min(found.walked + AT_ONCE, level))
                if progress is not None:
                    progress(len(found), found.walked)
    finally:
        if collecting:
            gc.enable()
        found.seconds += perf_counter() - begun


class _Edges(NamedTuple):
    """What leads away from some states by one side's doing."""

    sources: Ints
    "Counted from the first of these states."
    codes: Columns
    progress: Ints


def _expand(found: Found, end: int) -> None:
    """Walk the next states, all at once. They are equally far from the first."""
    first = found.walked
    codes = found.codes(first, end)
    places = (codes[0] >> 32, codes[1] >> 32)
    halves = found.halves
    follows = [half.following(places[me], codes[1 - me] & LOW, halves[1 - me]) for me, half in enumerate(halves)]
    for me, half in enumerate(halves):
        half.book.judge(places[me], halves[1 - me].book)
        found.faulty += [Faulty(first + position, me, event, outcome) for event, outcome, position in half.faulty]
        half.faulty.clear()
    sides = [_edges(halves, me, codes, follows[me]) for me in (0, 1)]
    sources = np.concatenate([edges.sources for edges in sides])
    one, two = (np.concatenate([edges.codes[side] for edges in sides]) for side in (0, 1))
    goals = found.add((one, two), first + sources)
    moved = np.zeros(end - first, dtype=bool)
    for edges in sides:
        moved[edges.sources[edges.progress != 0]] = True
    found.note(distinct((first + sources) << 32 | goals), first + np.flatnonzero(~moved))
    found.walked = end


def _edges(halves: tuple[Half, Half], me: int, codes: Columns, follows: Ints) -> _Edges:
    """The edges of one side, without those that lead back to where they come from."""
    half, peer = halves[me], halves[1 - me].book
    sources, records = half.follows.of(follows)
    after, said, progress, rest = (column.all[records] for column in half.follows.columns)
    theirs = codes[1 - me][sources] >> 32
    ours = half.book.sets.joined(codes[me][sources] & LOW, said, peer.deafness.all[theirs])
    mine, their = after << 32 | ours, theirs << 32 | rest
    changed = (mine != codes[me][sources]) | (their != codes[1 - me][sources])
    found = (mine[changed], their[changed])
    return _Edges(sources[changed], found if me == 0 else (found[1], found[0]), progress[changed])
