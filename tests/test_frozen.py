"""Frozen dataclasses that are filled by assignment, and no different afterwards."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from session_fsm.frozen import maker_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    x: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Point):
    kind: str = "town"


def test_what_is_made_equals_what_the_class_makes():
    """Fields in their order, those of the base first."""
    assert Place(x=1, kind="self") == maker_of(Place)(1, "self")


def test_what_is_made_is_of_the_class_itself():
    """Nobody sees that there was a draft."""
    assert Place is type(maker_of(Place)(x=1, kind="city"))


def test_what_is_made_cannot_be_changed():
    """As with every frozen dataclass."""
    with pytest.raises(FrozenInstanceError):
        maker_of(Place)(1, "city").x = 2


def test_what_is_made_can_be_hashed_and_replaced():
    """What dataclasses give to their classes works."""
    made = maker_of(Place)(1, "city")

    assert {Place(x=2, kind="city")} == {replace(made, x=2)}


def test_every_field_must_be_given():
    """Also one that has a default: nothing may be forgotten where nobody checks."""
    with pytest.raises(TypeError):
        maker_of(Place)(1)


def test_the_last_fields_may_come_in_a_tuple():
    """The fields that a class adds to its base's are then given as they are kept."""
    assert Place(x=1, kind="city") == maker_of(Place, behind=1)(1, ("city",))
