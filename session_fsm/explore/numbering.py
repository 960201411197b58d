"""Numbers for rows of numbers, many at once: what lets the search look at a hundred thousand states in one breath.

A row gets the next number when it comes for the first time, and the same number ever after. Nothing here is a guess: a
row is found by its hash and compared in full.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Slots = npt.NDArray[np.int32]

# Odd constants whose bits look random, one for each column: Fibonacci hashing, with the constants of splitmix64.
MULTIPLIERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
FULL = 0.5  # how much of a table may be filled before it is made larger
FIRST_BITS = 10  # a new table has so many slots, as a power of two


def distinct(values: Ints) -> Ints:
    """Each value once, in order. By sorting, which for numbers that repeat little is faster than `numpy.unique`."""
    found = np.sort(values)
    if len(found):
        first = np.empty(len(found), dtype=bool)
        first[0] = True
        np.not_equal(found[1:], found[:-1], out=first[1:])
        found = found[first]
    return found


class Growing:
    """A column that grows at its end."""

    def __init__(self) -> None:
        self._room: Ints = np.empty(1 << FIRST_BITS, dtype=np.int64)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def all(self) -> Ints:
        """Everything so far; not to be kept while it grows."""
        return self._room[: self._length]

    def extend(self, values: Ints | list[int]) -> None:
        """More at the end."""
        end = self._length + len(values)
        if end > len(self._room):
            larger = np.empty(max(end, 2 * len(self._room)), dtype=np.int64)
            larger[: self._length] = self.all
            self._room = larger
        self._room[self._length : end] = values
        self._length = end


class Numbering:
    """Rows of so many columns -> 0, 1, 2 … in the order in which they come."""

    def __init__(self, columns: int) -> None:
        self.columns = [Growing() for _ in range(columns)]
        "The rows by their numbers, a column at a time."
        self._bits = FIRST_BITS
        self._table: Slots = np.full(1 << FIRST_BITS, -1, dtype=np.int32)
        self._claims: Slots = np.zeros(1 << FIRST_BITS, dtype=np.int32)

    def __len__(self) -> int:
        return len(self.columns[0])

    def of(self, *rows: Ints) -> tuple[Ints, Ints]:
        """(the number of each row, where each new row came first: in the order of their numbers)."""
        self._reserve(len(rows[0]))
        slots = self._slots(rows)
        numbers = np.full(len(rows[0]), -1, dtype=np.int64)
        waiting: Ints = np.arange(len(rows[0]), dtype=np.int64)
        fresh = []
        while len(waiting):
            at = slots[waiting]
            empty = self._table[at] < 0
            if empty.any():
                fresh.append(self._claim(rows, waiting[empty], at[empty]))
            held = self._table[at]
            same = np.ones(len(waiting), dtype=bool)
            for column, row in zip(self.columns, rows, strict=True):
                same &= column.all[held] == row[waiting]
            numbers[waiting[same]] = held[same]
            waiting = waiting[~same]
            slots[waiting] = (slots[waiting] + 1) & (len(self._table) - 1)
        return numbers, np.concatenate(fresh) if fresh else np.empty(0, dtype=np.int64)

    def _claim(self, rows: tuple[Ints, ...], positions: Ints, slots: Ints) -> Ints:
        """One row for each empty slot; where several want the same one, the others look again."""
        self._claims[slots] = positions
        won: Ints = positions[self._claims[slots] == positions]
        spots = slots[self._claims[slots] == positions]
        self._table[spots] = np.arange(len(self), len(self) + len(won))
        for column, row in zip(self.columns, rows, strict=True):
            column.extend(row[won])
        return won

    def _slots(self, rows: tuple[Ints, ...]) -> Ints:
        mixed = np.zeros(len(rows[0]), dtype=np.uint64)
        for row, multiplier in zip(rows, MULTIPLIERS, strict=False):
            mixed ^= row.view(np.uint64)
            mixed *= np.uint64(multiplier)
            mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(MULTIPLIERS[0])
        slots: Ints = (mixed >> np.uint64(64 - self._bits)).view(np.int64)
        return slots

    def _reserve(self, more: int) -> None:
        """Room for so many new rows: the table is made anew, twice as large or more."""
        wanted = len(self) + more
        if wanted <= FULL * len(self._table):
            return
        while wanted > FULL * (1 << self._bits):
            self._bits += 1
        self._table = np.full(1 << self._bits, -1, dtype=np.int32)
        self._claims = np.zeros(1 << self._bits, dtype=np.int32)
        slots = self._slots(tuple(column.all for column in self.columns))
        waiting: Ints = np.arange(len(self), dtype=np.int64)
        while len(waiting):
            at = slots[waiting]
            free = self._table[at] < 0
            self._claims[at[free]] = waiting[free]
            mine = free & (self._claims[at] == waiting)
            self._table[at[mine]] = waiting[mine]
            waiting = waiting[~mine]
            slots[waiting] = (slots[waiting] + 1) & (len(self._table) - 1)


class Runs:
    """For each number a run of records, in columns; numbers come in order."""

    def __init__(self, columns: int) -> None:
        self.columns = [Growing() for _ in range(columns)]
        self._starts = Growing()
        self._counts = Growing()

    def extend(self, counts: Ints | list[int], *columns: Ints | list[int]) -> None:
        """The runs of the next numbers: how long each is, and their records one after the other."""
        counts = np.asarray(counts, dtype=np.int64)
        self._starts.extend(len(self.columns[0]) + np.cumsum(counts) - counts)
        self._counts.extend(counts)
        for column, values in zip(self.columns, columns, strict=True):
            column.extend(values)

    def of(self, numbers: Ints) -> tuple[Ints, Ints]:
        """(positions in `numbers`, records), for every record of each of these numbers."""
        counts = self._counts.all[numbers]
        positions = np.repeat(np.arange(len(numbers), dtype=np.int64), counts)
        ahead = np.cumsum(counts) - counts
        records = np.arange(len(positions), dtype=np.int64) + np.repeat(self._starts.all[numbers] - ahead, counts)
        return positions, records
