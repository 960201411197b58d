"""Drafts of frozen dataclasses: filled in by assignment, and frozen when they are complete.

The `__init__` of a frozen dataclass sets each field through `object.__setattr__`; a draft costs a seventh of that, and
a call makes more than twenty events. Nobody but its maker ever holds a draft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import TypeVar, cast

Value = TypeVar("Value")


@cache
def drafts_of(kind: type[Value]) -> Callable[..., Value]:
    """A function that makes drafts of this slotted, frozen dataclass. Takes every field, in order or by name."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # dataclasses only
    known: dict[str, object] = {"draft_class": _draft_class(kind), "new": object.__new__}
    # Written as text, as `dataclass` writes its own: a loop over the names would cost what is to be saved.
    lines = [
        f"def draft({', '.join(names)}):",
        "    self = new(draft_class)",
        *[f"    self.{name} = {name}" for name in names],
        "    return self",
    ]
    exec("\n".join(lines), known)
    return cast("Callable[..., Value]", known["draft"])


def freeze(draft: Value) -> Value:
    """From now on it is of its own class, and nothing about it can change."""
    draft.__class__ = draft.__frozen__  # type: ignore[attr-defined]  # every draft has it
    return draft


def _draft_class(kind: type[Value]) -> type[Value]:
    """The same class but for its attributes, which can be assigned."""
    body = {
        "__slots__": (),
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
        "__frozen__": kind,
    }
    return type(f"DraftOf{kind.__name__}", (kind,), body)
