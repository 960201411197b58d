"""How wide a text is, so that a box can be made for it before anything is drawn.

The widths are those of Helvetica and the fonts made to its measure (Arial, Liberation Sans, Arimo), in thousandths of
the font's size. A seventh is added, so that a text still fits where a
computer sets it in a wider font, such as DejaVu Sans.
"""

from __future__ import annotations

FONT = "Helvetica, Arial, 'Liberation Sans', Arimo, sans-serif"

ROOM = 8 / 7
USUAL = 556
BOLD = 1.06  # bold letters are so much wider on average

WIDTHS = {
    **dict.fromkeys("ijl'|", 222),
    **dict.fromkeys("I.,:;!/ ft[]\\", 278),
    **dict.fromkeys("()r-`", 333),
    **dict.fromkeys("*", 389),
    **dict.fromkeys("ckvxyzsJ", 500),
    **dict.fromkeys("+=<>~", 584),
    **dict.fromkeys("FTZ", 611),
    **dict.fromkeys("ABEKPSVXY&", 667),
    **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("mM", 833),
    **dict.fromkeys("W%", 944),
}


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line of text, in the unit of its size."""
    units = sum(WIDTHS.get(letter, USUAL if letter < "\u2000" else 1000) for letter in text)
    return units * size / 1000 * ROOM * (BOLD if bold else 1)
