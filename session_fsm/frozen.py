"""Frozen dataclasses made cheaply: filled in by plain assignment, and frozen when they are complete.

The `__init__` of a frozen dataclass sets each field through `object.__setattr__`; a draft costs a seventh of that, and
a call makes more than twenty events and a dozen parts of descriptions. Nobody but its maker ever holds a draft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TypeVar, cast

Value = TypeVar("Value")


def plain(kind: type[Value]) -> type[Value]:
    """The class itself. Where its module is compiled (docs/performance.md), it stays a class of Python's own.

    So drafts of it can be made, it can be copied, and its fields take what their annotations do not say.
    """
    return kind


def maker_of(kind: type[Value], *, behind: int | None = None) -> Callable[..., Value]:
    """A function that makes values of this slotted, frozen dataclass. Takes every field, in order or by name.

    What stands `behind` so many fields comes as one tuple. Checks nothing: `__post_init__` is not called. Written as
    text, as `dataclass` writes its own: a loop over the names would cost what is to be saved.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # dataclasses only
    singly = names if behind is None else names[:behind]
    packed = [f"self.{name}," for name in names[len(singly) :]]
    known: dict[str, object] = {"_kind": kind, "_draft": _draft_class(kind)}
    lines = [f"def make({', '.join(singly)}{'' if behind is None else ', packed'}):", "    self = _draft()"]
    lines += [f"    self.{name} = {name}" for name in singly]
    lines += [f"    {' '.join(packed)} = packed"] if packed else []
    exec("\n".join([*lines, "    self.__class__ = _kind", "    return self"]), known)
    return cast("Callable[..., Value]", known["make"])


def _draft_class(kind: type[Value]) -> type[Value]:
    """The same class but for its attributes, which can be assigned, and its making, which takes and checks nothing."""
    of_object = ("__init__", "__setattr__", "__delattr__")
    body = {"__slots__": (), **{name: getattr(object, name) for name in of_object}}
    return type(f"DraftOf{kind.__name__}", (kind,), body)
