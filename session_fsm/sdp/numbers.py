"""Numbers in text, read in bounded time: a hundred digits are refused before anything is computed from them."""

from __future__ import annotations


def number(text: str, *, at_most: int) -> int | None:
    """The decimal number that `text` is, or None when it is no number or more than `at_most`."""
    if len(text) > len(str(at_most)) or not text.isascii() or not text.isdigit():
        return None
    value = int(text)
    return value if value <= at_most else None
