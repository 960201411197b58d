"""Numbers in text, read in bounded time: a hundred digits are refused before anything is computed from them."""

from __future__ import annotations

LONGEST = 20  # digits of 2**64


def number(text: str, *, at_most: int) -> int | None:
    """The decimal number that `text` is, or None when it is no number or more than `at_most`."""
    if len(text) > LONGEST or not text.isascii() or not text.isdigit():
        return None
    value = int(text)
    return value if value <= at_most else None
