"""Reads one TOML table field by field and remembers every fault with its place, instead of stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from session_fsm.chart.model import Condition, Duration
from session_fsm.errors import ChartFault

# A state, event, guard, effect, emit, timer or parameter; what is sent may also begin with a digit: `200`, `2xx`.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# What is emitted may say which sort of an application event it is: `MediaEvent:stalled`.
EMIT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?::[a-z][a-z0-9_]*)?\Z")
SENT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z")
DURATION = re.compile(r"(?:(?P<factor>[0-9]+(?:\.[0-9]+)?)\s*\*\s*)?(?P<parameter>[A-Za-z_][A-Za-z0-9_]*)\Z")

KINDS_IN_WORDS = {str: "text", dict: "a table", list: "a list", bool: "true or false", int: "a whole number"}


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name: the nearest known ones, else all of them while they are few."""
    names = list(known)
    near = get_close_matches(name, names, n=2, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known are: {', '.join(names)}" if 0 < len(names) <= 30 else "none like it is declared"


class Faults:
    """The complaints about one file, in the order in which they were found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[ChartFault] = []

    def add(self, rule: str, message: str, state: str | None = None, row: str | None = None) -> None:
        """Remember one complaint; the same one is remembered once."""
        fault = ChartFault(self.file, rule, message, state, row)
        if fault not in self.found:
            self.found.append(fault)


class Table:
    """One table of the file. Each field is taken once; `finish` complains about what nobody took."""

    def __init__(
        self, faults: Faults, data: object, where: str, place: str | None = None, row: str | None = None
    ) -> None:
        self.faults = faults
        self.where = where
        self.place = place
        self.row = row
        self.data: dict[str, object] = {}
        self.taken: list[str] = []
        if isinstance(data, dict):
            self.data = data
        else:
            self.complain("wrong-type", f"{where} must be a table, found {data!r}")

    def complain(self, rule: str, message: str) -> None:
        """Remember a fault at this place."""
        self.faults.add(rule, message, self.place, self.row)

    def take(self, key: str, kind: type, *, required: bool = False) -> object | None:
        """The value of a key if it is there and of this kind."""
        self.taken.append(key)
        if key not in self.data:
            if required:
                self.complain("missing-key", f"{self.where} has no `{key}`")
            return None
        value = self.data[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.complain("wrong-type", f"{self.where}: `{key}` must be {KINDS_IN_WORDS[kind]}, found {value!r}")
            return None
        return value

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """A text."""
        value = self.take(key, str, required=required)
        return value if isinstance(value, str) else default

    def name(self, key: str, *, required: bool = False) -> str | None:
        """A name, or None when it is missing or is none."""
        value = self.take(key, str, required=required)
        return value if isinstance(value, str) and self.is_name(value, f"`{key}`") else None

    def is_name(self, value: str, what: str, pattern: re.Pattern[str] = NAME) -> bool:
        """Whether a text can be a name; complains when not."""
        if pattern.match(value):
            return True
        self.complain("bad-name", f"{self.where}: {what} is {value!r}; a name has letters, digits and underscores")
        return False

    def one_of(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value in choices:
            return value
        self.complain("wrong-value", f"{self.where}: `{key}` is {value!r}; it can be {', '.join(choices)}")
        return default

    def names(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        value = self.take(key, list, required=required)
        if not isinstance(value, list):
            return ()
        wrong = [item for item in value if not isinstance(item, str)]
        if wrong:
            self.complain("wrong-type", f"{self.where}: `{key}` must hold names only, found {wrong[0]!r}")
        doubled = {item for item in value if isinstance(item, str) and value.count(item) > 1}
        if doubled:
            self.complain("twice", f"{self.where}: `{key}` names {sorted(doubled)[0]} twice")
        return tuple(item for item in value if isinstance(item, str))

    def number(self, key: str, default: float) -> float:
        """A number."""
        self.taken.append(key)
        value = self.data.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        self.complain("wrong-type", f"{self.where}: `{key}` must be a number, found {value!r}")
        return default

    def duration(self, key: str, parameters: Mapping[str, float]) -> Duration | None:
        """Seconds as a number, PARAMETER, or NUMBER*PARAMETER; None when the key is missing or wrong."""
        self.taken.append(key)
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return Duration(float(value))
        match = DURATION.match(value) if isinstance(value, str) else None
        if match is None:
            self.complain("bad-duration", f"{self.where}: `{key}` is {value!r}; write 0.5, T1 or 64*T1")
            return None
        parameter = match["parameter"]
        if parameter not in parameters:
            self.complain(
                "unknown-name",
                f"{self.where}: `{key}` uses parameter {parameter}; {suggestion(parameter, parameters)}",
            )
            return None
        return Duration(float(match["factor"] or 1), parameter)

    def conditions(self, key: str) -> tuple[Condition, ...]:
        """A guard: "name", "not name", or a list of them of which all must hold."""
        self.taken.append(key)
        value = self.data.get(key, [])
        found = []
        for item in value if isinstance(value, list) else [value]:
            words = item.split() if isinstance(item, str) else []
            if len(words) == 1 and NAME.match(words[0]):
                found.append(Condition(words[0]))
            elif len(words) == 2 and words[0] == "not" and NAME.match(words[1]):
                found.append(Condition(words[1], False))
            else:
                self.complain("bad-name", f'{self.where}: guard is {item!r}; write "name", "not name" or a list')
        return tuple(found)

    def table(self, key: str) -> Table:
        """A table inside this one; an empty one when it is missing."""
        self.taken.append(key)
        where = f"[{key}]" if self.where == "the chart" else f"{self.where}.{key}"
        return Table(self.faults, self.data.get(key, {}), where, self.place, self.row)

    def tables(self, key: str) -> dict[str, Table]:
        """The named tables inside a table: [events], [timers], [states]."""
        outer = self.table(key)
        return {
            name: Table(self.faults, data, f"[{key}.{name}]")
            for name, data in outer.data.items()
            if outer.is_name(name, "a key")
        }

    def documented(self, key: str, pattern: re.Pattern[str] = NAME) -> dict[str, str]:
        """A table of name = "doc"."""
        inner = self.table(key)
        return {name: inner.text(name) for name in inner.data if inner.is_name(name, "a key", pattern)}

    def finish(self) -> None:
        """Complain about every key that nobody took."""
        for key in self.data:
            if key not in self.taken:
                self.complain("unknown-key", f"{self.where} has `{key}`; {suggestion(key, self.taken)}")
