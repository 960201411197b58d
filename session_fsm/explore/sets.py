"""Sets of one side's messages, by number; what was joined and taken away once is remembered."""

from __future__ import annotations

from session_fsm.explore.numbering import Growing, Ints, Numbering, Runs

BITS = 21  # bits of a set's number, so that three of them fit into one key


class Sets:
    """Sets of small numbers. Number 0 is the empty set."""

    def __init__(self) -> None:
        self.masks: list[int] = []
        "One bit for each member."
        self._numbers: dict[int, int] = {}
        self._members = Runs(1)
        self._keys = Numbering(1)
        self._joined = Growing()
        self.number_of(0)

    def number_of(self, mask: int) -> int:
        """A set's number; a new one if it was not seen before."""
        found = self._numbers.get(mask)
        if found is None:
            found = self._numbers[mask] = len(self.masks)
            assert found < 1 << BITS, "there are more sets of messages than their numbers have room for"
            self.masks.append(mask)
            members = _members(mask)
            self._members.extend([len(members)], members)
        return found

    def numbers_in(self, number: int) -> list[int]:
        """The members of one set."""
        return _members(self.masks[number])

    def elements(self, sets: Ints) -> tuple[Ints, Ints]:
        """(position, member) for every member of each set."""
        positions, records = self._members.of(sets)
        return positions, self._members.columns[0].all[records]

    def joined(self, sets: Ints, more: Ints, without: Ints) -> Ints:
        """Each set with the members of another, and then without those of a third."""
        numbers, fresh = self._keys.of(sets << 2 * BITS | more << BITS | without)
        if len(fresh):
            masks = self.masks
            found = zip(sets[fresh].tolist(), more[fresh].tolist(), without[fresh].tolist(), strict=True)
            self._joined.extend([self.number_of((masks[a] | masks[b]) & ~masks[c]) for a, b, c in found])
        result: Ints = self._joined.all[numbers]
        return result

    def joined_one(self, number: int, more: int, without: int) -> int:
        """The same for one."""
        return self.number_of((self.masks[number] | self.masks[more]) & ~self.masks[without])


def _members(mask: int) -> list[int]:
    return [number for number in range(mask.bit_length()) if mask >> number & 1]
